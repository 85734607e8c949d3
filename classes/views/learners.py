"""People on record: searched, shown, written, changed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import cancelling, learner_changes, learner_page
from learners import changes, duplicates, people, search
from learners.forms import DeathForm, EmergencyForm, NumberForm, PersonForm
from learners.models import Learner
from staff.access_log import record_view
from staff.requests import StaffRequest

LISTED_FIELDS = ("name", "kana", "birth_date", "address", "phone_numbers")
EMERGENCY_FIELDS = ("emergency_name", "emergency_relation", "emergency_phone")
MORE = 100


def learner_list(request: StaffRequest) -> HttpResponse:
    """Search by POST, so that what was typed stands in no address and no log."""
    text = request.POST.get("q", "")
    limit = MORE if "more" in request.POST else search.LIMIT
    found = search.find(text, limit=limit + 1)
    rows = learner_page.rows(found[:limit], now=timezone.now())
    if rows:
        record_view(request, [row.learner for row in rows], "learner_search", LISTED_FIELDS)
    context = {
        "text": text,
        "asked": bool(text.strip()),
        "rows": rows,
        "has_more": len(found) > limit,
        "can_show_more": limit < MORE,
    }
    page = "learners/_results.html" if request.htmx else "learners/learner_list.html"
    return render(request, page, context)


def learner_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """Everything known of one person but the emergency contact (rule 65)."""
    learner = get_object_or_404(Learner.objects.select_related("merged_into"), pk=pk)
    shown = learner_page.page(learner, now=timezone.now())
    people_shown = [learner, *(duplicate.learner for duplicate in shown.duplicates)]
    record_view(request, people_shown, "learner_page", (*people.FIELDS, "phone_numbers"))
    return render(request, "learners/learner_detail.html", {"page": shown, "learner": learner})


def learner_create(request: StaffRequest) -> HttpResponse:
    """Somebody new outside a call; people who may be the same are shown first (rule 4)."""
    now = timezone.now()
    today = timezone.localdate()
    if request.method != "POST":
        context = _new_forms(PersonForm(initial={"language": "ja"}, today=today), NumberForm())
        return render(request, "learners/learner_create.html", context)
    person = PersonForm(request.POST, today=today)
    calls_are_unwanted = bool(request.POST.get("no_phone_calls"))
    number = NumberForm(request.POST, prefix="phone", is_required=not calls_are_unwanted)
    if not (person.is_valid() & number.is_valid()):
        context = _new_forms(person, number)
        return render(request, "learners/learner_create.html", context, status=422)
    found = [] if "not_same" in request.POST else _likely(person, number)
    if found:
        record_view(request, [each.learner for each in found], "learner_duplicates", LISTED_FIELDS)
        context = {**_new_forms(person, number), "duplicates": found}
        return render(request, "learners/learner_create.html", context, status=422)
    phones = [number.number_input()] if number.cleaned_data["number"] else []
    learner = people.create(person.fields_of_person(), phones, by=request.user, now=now)
    record_view(request, [learner], "learner_created", people.FIELDS)
    messages.success(request, _("%(name)s is on record now.") % {"name": learner})
    return redirect("learner_detail", learner.pk)


def learner_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change the record, unless somebody else changed it since the page was opened."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    today = timezone.localdate()
    version = people.version(learner)
    if request.method != "POST":
        record_view(request, [learner], "learner_edit", people.FIELDS)
        form = PersonForm.begin(learner, today=today, seen=version)
        return _edit_page(request, learner, form)
    form = PersonForm(request.POST, today=today)
    if not form.is_valid():
        return _edit_page(request, learner, form, status=422)
    if form.cleaned_data["seen"] != version:
        return _edit_page(request, learner, form, status=422, newer=version)
    changed = learner_changes.change(
        pk, form.fields_of_person(), by=request.user, now=timezone.now()
    )
    record_view(request, [learner], "learner_changed", changed)
    messages.success(request, _("Saved."))
    return redirect("learner_detail", pk)


@require_POST
def learner_emergency(request: StaffRequest, pk: int) -> HttpResponse:
    """The emergency contact, opened by one press that is logged (rule 65)."""
    learner = get_object_or_404(Learner, pk=pk)
    record_view(request, [learner], "emergency_contact_opened", EMERGENCY_FIELDS)
    page = "learners/_emergency.html" if request.htmx else "learners/learner_emergency.html"
    return render(request, page, {"learner": learner})


def learner_emergency_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change whom to call if something happens."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    form = EmergencyForm(request.POST) if request.method == "POST" else EmergencyForm.begin(learner)
    if request.method == "POST" and form.is_valid():
        changed = people.update(pk, form.cleaned_data, by=request.user, now=timezone.now())
        record_view(request, [learner], "emergency_contact_changed", changed)
        messages.success(request, _("Saved."))
        return redirect("learner_detail", pk)
    record_view(request, [learner], "emergency_contact_opened", EMERGENCY_FIELDS)
    context = {"learner": learner, "form": form}
    status = 422 if form.errors else 200
    return render(request, "learners/learner_emergency_edit.html", context, status=status)


def learner_history(request: StaffRequest, pk: int) -> HttpResponse:
    """Who changed what and when."""
    learner = get_object_or_404(Learner, pk=pk)
    record_view(request, [learner], "learner_history", people.FIELDS)
    context = {"learner": learner, "changes": changes.of(learner)}
    return render(request, "learners/learner_history.html", context)


def learner_deceased(request: StaffRequest, pk: int) -> HttpResponse:
    """ご逝去: stops every message and call, frees the seats; asked once more first (rule 42)."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    today = timezone.localdate()
    form = DeathForm(request.POST if request.method == "POST" else None, today=today)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["on"]
        cancelling.record_death(pk, on=day, by=request.user, now=timezone.now())
        record_view(request, [learner], "learner_deceased", ("deceased_on",))
        messages.success(request, _("Recorded. Nothing more is sent or called."))
        return redirect("learner_detail", pk)
    record_view(request, [learner], "learner_deceased", ("name", "kana"))
    context = {"learner": learner, "form": form}
    status = 422 if form.errors else 200
    return render(request, "learners/learner_deceased.html", context, status=status)


@require_POST
def learner_deceased_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """It was recorded of the wrong person."""
    learner = get_object_or_404(Learner, pk=pk)
    people.withdraw_death(pk, by=request.user, now=timezone.now())
    record_view(request, [learner], "learner_death_withdrawn", ("deceased_on",))
    messages.warning(request, _("Taken back. Check the places: those that ended stay ended."))
    return redirect("learner_detail", pk)


def _new_forms(person: PersonForm, number: NumberForm) -> dict[str, Any]:
    if not number.is_bound:
        number = NumberForm(prefix="phone")
    return {"form": person, "number_form": number}


def _likely(person: PersonForm, number: NumberForm) -> list[duplicates.Duplicate]:
    given, typed = person.cleaned_data, number.cleaned_data["number"]
    return duplicates.likely(
        kana=given["kana"],
        latin_name=given["latin_name"],
        phones=[typed.e164] if typed else [],
        birth_date=given["birth_date"],
    )


def _edit_page(
    request: StaffRequest,
    learner: Learner,
    form: PersonForm,
    *,
    status: int = 200,
    newer: int | None = None,
) -> HttpResponse:
    """The form; `newer` is the version that somebody else saved meanwhile."""
    context: dict[str, Any] = {"learner": learner, "form": form, "newer": newer}
    context["seen"] = newer if newer is not None else form["seen"].value()
    if newer is not None:
        latest = changes.of(learner)
        context["latest"] = latest[0] if latest else None
    return render(request, "learners/learner_edit.html", context, status=status)
