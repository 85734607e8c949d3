"""What the desk answers: an outcome with its sentence and the keys that lead on from it."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django_htmx.http import retarget, trigger_client_event

from classes import overlaps
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
        "overlaps": overlaps.of_applications(answer.class_session, applications)
        if isinstance(answer, Enrolled)
        else (),
    }
    response = render(request, "classes/_desk_answer.html", context)
    if kind == "seat_gone" or applications:
        trigger_client_event(response, "desk-changed")
    return response


def show_sentence(
    request: StaffRequest, title: str, sentence: str, *, changed: bool = True, **context: Any
) -> HttpResponse:
    """Something done for the caller, with what to read aloud about it."""
    context |= {"title": title, "sentence": sentence}
    response = render(request, "classes/_desk_sentence.html", context)
    if changed:
        trigger_client_event(response, "desk-changed")
    return response


def say(request: StaffRequest, text: str) -> HttpResponse:
    """A word to the operator, not to the caller."""
    response = render(request, "classes/_desk_word.html", {"text": text})
    return retarget(response, "#desk-word")
