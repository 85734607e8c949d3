"""The texts of messages: what each says now, an editor with a live preview, older versions."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import message_texts as texts
from classes import message_wordings
from classes.message_examples import Examples
from classes.message_text_forms import LABELS, WordingForm
from classes.message_wordings import SHIPPED, NewerVersion, TextKey
from classes.models import MessageTemplate
from learners.models import Learner
from staff.requests import StaffRequest


def message_texts(request: StaffRequest) -> HttpResponse:
    """Every text of one language, with its size as the longest names make it."""
    language = request.GET.get("language", Learner.Language.JAPANESE)
    if language not in Learner.Language.values:
        raise Http404
    examples = Examples()
    context = {
        "language": language,
        "languages": Learner.Language.choices,
        "rows": [
            (row, examples.preview(row.wording, language, row.key.form, kind=row.key.kind))
            for row in message_wordings.listed(language)
        ],
    }
    return render(request, "classes/message_texts.html", context)


def message_text(request: StaffRequest, kind: str, language: str, form: str) -> HttpResponse:
    """One text: its wording to change, and the versions before it."""
    key = _key(kind, language, form)
    versions = message_wordings.versions(key)
    newest = versions[0] if versions else None
    stands = message_wordings.wording_of(key, newest)
    if request.method != "POST":
        initial = {"wording": stands, "seen": newest.version if newest else SHIPPED}
        editor = WordingForm(initial=initial, key=key, examples=Examples())
        return _editor(request, editor, versions)
    editor = WordingForm(request.POST, key=key, examples=Examples())
    if not editor.is_valid():
        return _editor(request, editor, versions)
    typed = editor.cleaned_data
    try:
        made = message_wordings.save(
            key, typed["wording"], seen=typed["seen"], by=request.user, now=timezone.now()
        )
    except NewerVersion as newer:
        # Saving once more puts what was typed in the place of theirs.
        editor.data = request.POST.copy()
        editor.data["seen"] = str(newer.newest.version)
        return _editor(request, editor, message_wordings.versions(key), newer=newer.newest)
    messages.success(request, _("Saved.") if made else _("Nothing was changed."))
    return redirect("message_text", kind, language, form)


@require_POST
def message_text_preview(
    request: StaffRequest, kind: str, language: str, form: str
) -> HttpResponse:
    """What is in the box, as somebody would receive it, with its cost and what is wrong."""
    key = _key(kind, language, form)
    editor = WordingForm(request.POST, key=key, examples=Examples())
    return render(request, "classes/_message_text_preview.html", {"form": editor})


@require_POST
def message_text_restore(
    request: StaffRequest, kind: str, language: str, form: str
) -> HttpResponse:
    """An older version, or the text that ships, stands again."""
    key = _key(kind, language, form)
    try:
        version = int(request.POST.get("version", ""))
        made = message_wordings.bring_back(key, version, by=request.user, now=timezone.now())
    except (ValueError, MessageTemplate.DoesNotExist) as error:
        raise Http404 from error
    except NewerVersion:
        messages.warning(request, _("Somebody changed this text meanwhile: look once more."))
        return redirect("message_text", kind, language, form)
    messages.success(request, _("It stands again.") if made else _("Nothing was changed."))
    return redirect("message_text", kind, language, form)


def _key(kind: str, language: str, form: str) -> TextKey:
    known = (
        kind in MessageTemplate.Kind.values
        and language in Learner.Language.values
        and form in MessageTemplate.Form.values
    )
    if not known:
        raise Http404
    return TextKey(kind, language, form)


def _editor(
    request: StaffRequest,
    editor: WordingForm,
    versions: list[MessageTemplate],
    *,
    newer: MessageTemplate | None = None,
) -> HttpResponse:
    key = editor.key
    values = editor.examples.values(key.language, key.form, key.kind)
    context = {
        "form": editor,
        "key": key,
        "kind": MessageTemplate.Kind(key.kind).label,
        "form_name": MessageTemplate.Form(key.form).label,
        "language_name": Learner.Language(key.language).label,
        "other_forms": [
            (language, name, form, label, (language, form) == (key.language, key.form))
            for language, name in Learner.Language.choices
            for form, label in MessageTemplate.Form.choices
        ],
        "placeholders": [
            (f"{{{name}}}", LABELS[name], values[name])
            for name in texts.PLACEHOLDERS[key.kind]
            if name != "people" or key.form == MessageTemplate.Form.SEVERAL
        ],
        "versions": versions,
        "in_force": versions[0].version if versions and versions[0].wording else SHIPPED,
        "newer": newer,
    }
    return render(request, "classes/message_text.html", context)
