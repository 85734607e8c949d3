"""What the desk answers: an outcome with its sentence and the keys that lead on from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_htmx.http import retarget, trigger_client_event

from classes import desk, desk_levels, overlaps
from classes.models import Application, Intake
from classes.outcomes import (
    AlreadyThere,
    Applied,
    ChooseSplit,
    Enrolled,
    Refused,
    Registration,
    SeatGone,
    Waitlisted,
)
from learners.models import Learner
from staff.requests import StaffRequest

KINDS: dict[type[Registration], str] = {
    Enrolled: "enrolled",
    Waitlisted: "waitlisted",
    Applied: "applied",
    AlreadyThere: "already_there",
    Refused: "refused",
    ChooseSplit: "choose_split",
    SeatGone: "seat_gone",
}

# Refused because of the hour: the key B counts the call.
OUTSIDE = ("before_opening", "after_closing")


def show_answer(
    request: StaffRequest, intake: Intake, answer: Registration, *, wishes: Sequence[int] = ()
) -> HttpResponse:
    """The outcome in words; where something was written, the numbers of the page follow."""
    kind = KINDS[type(answer)]
    applications: tuple[Application, ...] = getattr(answer, "applications", ())
    for application in applications:
        application.intake = intake
    context = {
        "intake": intake,
        "kind": kind,
        "answer": answer,
        "applications": applications,
        "wishes": wishes,
        "outside": isinstance(answer, Refused)
        and any(reason.kind in OUTSIDE for reason in answer.reasons),
        "overlaps": overlaps.of_applications(answer.class_session, applications)
        if isinstance(answer, Enrolled)
        else (),
    }
    response = render(request, "classes/_desk_answer.html", context)
    if kind == "seat_gone" or applications:
        trigger_client_event(response, "desk-changed")
    return response


@dataclass(frozen=True)
class Panel:
    """The caller's part of the page anew: a card, or only its keys beside the fields of a form."""

    learner_pk: int
    application: Application | None
    undoable: Application | None
    card: desk.Card | None = None
    levels: desk_levels.Levels | None = None


def levels_of(intake: Intake, learner: Learner) -> desk_levels.Levels:
    """Marks and recommendation beside a card, among the classes of this intake."""
    now = timezone.now()
    return desk_levels.of(intake, learner, desk.class_rows(intake, now=now), now=now)


def show_sentence(
    request: StaffRequest,
    intake: Intake,
    applications: Sequence[Application],
    title: str,
    sentence: str,
    word: str = "",
) -> HttpResponse:
    """Something done for the caller, with what to read aloud about it, or a word to the operator.

    Where the caller's card or fields are open, they follow, so that the keys fit what is now.
    """
    context = {
        "intake": intake,
        "applications": applications,
        "title": title,
        "sentence": sentence,
        "word": word,
        "panel": _panel(request, intake, applications),
    }
    response = render(request, "classes/_desk_sentence.html", context)
    return trigger_client_event(response, "desk-changed")


def _panel(
    request: StaffRequest, intake: Intake, applications: Sequence[Application]
) -> Panel | None:
    """What the open panel shows now, if it is about one of these applications."""
    now = timezone.now()
    for application in applications:
        if request.POST.get("learner") == str(application.learner_id):
            learner = Learner.objects.prefetch_related("phone_numbers").get(
                pk=application.learner_id
            )
            card = desk.card(intake, learner, now=now)
            active = card.standing.application if card.standing else None
            levels = levels_of(intake, learner)
            return Panel(learner.pk, active, card.undoable, card, levels)
        if request.POST.get("application_uuid") == str(application.client_uuid):
            keys = desk.card(intake, application.learner, now=now)
            active = keys.standing.application if keys.standing else None
            return Panel(application.learner_id, active, keys.undoable)
    return None


def say(request: StaffRequest, text: str) -> HttpResponse:
    """A word to the operator, not to the caller."""
    response = render(request, "classes/_desk_word.html", {"text": text})
    return retarget(response, "#desk-word")
