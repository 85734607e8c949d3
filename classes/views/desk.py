"""The desk: one page for a call, from the search to the sentence that is read aloud."""

import uuid

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import retarget

from classes import desk, desk_hints, desk_registration, disruptions
from classes.desk_forms import CallForm, NewPersonForm, TypedCall, read_call
from classes.models import Intake
from classes.views.desk_answers import levels_of, say, show_answer
from learners import search
from learners.models import Learner
from staff.access_log import record_view
from staff.requests import StaffRequest

SESSION_KEY = "desk_intake"


def desk_page(request: StaffRequest) -> HttpResponse:
    """The page, for the intake that was asked for, worked on last, or open now."""
    now = timezone.now()
    asked = request.GET.get("intake") or request.session.get(SESSION_KEY)
    intake, others = desk.choose_intake(asked, now=now)
    if intake is None:
        return render(request, "classes/desk_closed.html")
    if request.session.get(SESSION_KEY) != intake.code:
        request.session[SESSION_KEY] = intake.code
    rows = desk.class_rows(intake, now=now)
    context = {
        "intake": intake,
        "intakes": others,
        "is_open": intake.takes_applications_at(now),
        "rows": rows,
        "version": desk.version(rows),
        "figures": desk.figures(intake, rows),
        "recent": desk.recent_calls(request.user, intake, now=now),
        "call_form": CallForm(moment=now),
        "bad_days": disruptions.asked_about(now=now),
    }
    return render(request, "classes/desk.html", context)


def desk_live(request: StaffRequest, code: str) -> HttpResponse:
    """The numbers anew, out of band; the whole list of classes only if it has changed."""
    now = timezone.now()
    intake = get_object_or_404(Intake, code=code)
    rows = desk.live_rows(intake, now=now)
    version = desk.version(rows)
    changed = request.GET.get("version", version) != version
    context = {
        "intake": intake,
        "rows": desk.class_rows(intake, now=now) if changed else rows,
        "version": version,
        "changed": changed,
        "figures": desk.figures(intake, rows),
        "recent": desk.recent_calls(request.user, intake, now=now),
        "bad_days": disruptions.asked_about(now=now),
    }
    return render(request, "classes/_desk_live.html", context)


def desk_search(request: StaffRequest, code: str) -> HttpResponse:
    """People by name, kana or number, and the application of a receipt number (rules 2 and 5)."""
    intake = get_object_or_404(Intake, code=code)
    text = request.POST.get("q", "")
    receipt = desk.find_by_receipt(text, intake)
    found = desk.results(intake, search.find(text), receipt, now=timezone.now())
    if found:
        record_view(request, [result.learner for result in found], "desk_search")
    return render(
        request,
        "classes/_desk_results.html",
        {"intake": intake, "results": found, "asked": bool(text.strip())},
    )


def desk_person(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """The card of the person who was confirmed, and the form of this call."""
    intake = get_object_or_404(Intake, code=code)
    card = _card(request, intake, pk)
    context = {**_panel(intake, first_card=card), "levels": levels_of(intake, card.learner)}
    return render(request, "classes/_desk_person.html", context)


def desk_new_person(request: StaffRequest, code: str) -> HttpResponse:
    """The fields of somebody new, begun with what was searched for."""
    intake = get_object_or_404(Intake, code=code)
    initial = desk_hints.begin(request.POST.get("q", ""))
    form = NewPersonForm(initial=initial, prefix="first", today=timezone.localdate())
    return render(request, "classes/_desk_person.html", _panel(intake, first_form=form))


def desk_second_person(request: StaffRequest, code: str) -> HttpResponse:
    """もうお一人: a second person with the first one's phone, address and caller (rule 26)."""
    intake = get_object_or_404(Intake, code=code)
    known = None
    if request.POST.get("learner"):
        known = _learner(request.POST["learner"])
        record_view(request, [known], "desk_card")
    form = NewPersonForm(
        initial=desk_hints.beside(request.POST, known),
        prefix="second",
        today=timezone.localdate(),
    )
    context = {"intake": intake, "second_form": form, "second_uuid": uuid.uuid4()}
    return render(request, "classes/_desk_second.html", context)


def desk_second_known(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """もうお一人, when that is somebody on record."""
    intake = get_object_or_404(Intake, code=code)
    card = _card(request, intake, pk)
    context = {"intake": intake, "second_card": card, "second_uuid": uuid.uuid4()}
    return render(request, "classes/_desk_second.html", context)


def desk_check(request: StaffRequest, code: str) -> HttpResponse:
    """While somebody new is typed: the age, a whole number, people who may be the same."""
    prefix = "second" if request.POST.get("checking") == "second" else "first"
    hints = desk_hints.hints(
        request.POST, prefix, today=timezone.localdate(), area_code=settings.CITY_AREA_CODE
    )
    if hints.duplicates:
        record_view(request, [found.learner for found in hints.duplicates], "desk_duplicates")
    context = {"hints": hints, "prefix": prefix, "code": code}
    return render(request, "classes/_desk_hints.html", context)


def desk_register(request: StaffRequest, code: str) -> HttpResponse:
    """Enter: everything about this call in one POST and one transaction."""
    now = timezone.now()
    intake = get_object_or_404(Intake, code=code)
    typed = read_call(request.POST, moment=now, today=timezone.localdate())
    if typed.call is None:
        return _typed_anew(request, intake, typed)
    try:
        answer = desk_registration.take(intake, typed.call, by=request.user, now=now)
    except (desk_registration.NoSuchPerson, ValueError):
        return say(request, _("This person or class has changed meanwhile. Choose once more."))
    return show_answer(request, intake, answer, wishes=typed.call.wishes)


def _typed_anew(request: StaffRequest, intake: Intake, typed: TypedCall) -> HttpResponse:
    """The fields with what was typed and what is wrong with it; only a class may be missing."""
    if typed.only_wishes_missing:
        return say(request, _("Choose a class with its digit."))
    learner = request.POST.get("learner")
    second_learner = request.POST.get("second_learner")
    context = {
        **_panel(
            intake,
            first_form=typed.first,
            first_card=_card(request, intake, learner) if learner else None,
        ),
        "call_form": typed.call_form,
        "application_uuid": request.POST.get("application_uuid", ""),
        "placement": request.POST.get("placement", ""),
        "second_form": typed.second,
        "second_card": _card(request, intake, second_learner) if second_learner else None,
        "second_uuid": request.POST.get("second_uuid", ""),
        "has_errors": True,
    }
    response = render(request, "classes/_desk_person.html", context, status=422)
    return retarget(response, "#desk-person")


def _panel(
    intake: Intake,
    *,
    first_card: desk.Card | None = None,
    first_form: NewPersonForm | None = None,
) -> dict[str, object]:
    return {
        "intake": intake,
        "first_card": first_card,
        "first_form": first_form,
        "call_form": CallForm(moment=timezone.now()),
        "application_uuid": uuid.uuid4(),
    }


def _learner(pk: str | int) -> Learner:
    """A person who is on record now. Raises Http404."""
    if not str(pk).isascii() or not str(pk).isdigit():
        raise Http404
    return get_object_or_404(Learner.objects.current().prefetch_related("phone_numbers"), pk=pk)


def _card(request: StaffRequest, intake: Intake, pk: str | int) -> desk.Card:
    learner = _learner(pk)
    record_view(request, [learner], "desk_card")
    return desk.card(intake, learner, now=timezone.now())
