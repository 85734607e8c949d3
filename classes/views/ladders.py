"""One person's ladder: the picture, the class that fits with "put in line", what is printed."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import (
    desk_registration,
    ladder_page,
    learner_timeline,
    lesson_board,
    recommending,
    standing,
)
from classes.desk_registration import Call, Caller, NoSuchPerson
from classes.models import Application, ClassSession
from classes.outcomes import AlreadyThere, Applied, Enrolled, Refused
from classes.places import WhenShort
from learners.models import Learner
from staff.access_log import record_view
from staff.keys import posted_key
from staff.requests import StaffRequest

SHOWN = ("name", "kana", "assessments", "attendance")
SHOWN_WITH_PLACES = (*SHOWN, "places")


def learner_ladder(request: StaffRequest, pk: int) -> HttpResponse:
    """The ladder as a picture, what is missing or due, the class that fits, the timeline."""
    now = timezone.now()
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    record_view(request, [learner], "learner_ladder", SHOWN_WITH_PLACES)
    places = standing.of_person(learner, now=now)
    context = {
        "learner": learner,
        "places": places,
        "applied_in": {place.application.intake_id for place in places},
        "picture": ladder_page.of(learner, now=now),
        "recommendation": recommending.recommend(learner, now=now),
        "timeline": learner_timeline.of(learner),
        "press": uuid.uuid4(),
    }
    return render(request, "learners/learner_ladder.html", context)


def learner_line_up(request: StaffRequest, pk: int) -> HttpResponse:
    """Into a class that fits: a seat where one is free, else an honest place in line."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    session = get_object_or_404(
        ClassSession.objects.select_related("intake"),
        pk=posted_key(request.POST.get("class", "")) or 0,
    )
    try:
        press = uuid.UUID(request.POST.get("press", ""))
    except ValueError:
        press = uuid.uuid4()
    call = Call(
        client_uuid=press,
        callers=(Caller(press, learner.pk),),
        wishes=(session.pk,),
        source=Application.Source.COUNTER,
        when_short=WhenShort.WAIT_TOGETHER,
        route="learner_line_up",
    )
    try:
        answer = desk_registration.take(session.intake, call, by=request.user, now=timezone.now())
    except (NoSuchPerson, ValueError):
        messages.error(request, _("This person or class has changed meanwhile. Choose once more."))
        return redirect("learner_ladder", pk)
    if isinstance(answer, AlreadyThere):
        said = _("There is an application in this intake already. Add the class at the desk (W).")
        messages.warning(request, said)
    elif isinstance(answer, Refused):
        messages.error(request, answer.sentence)
    else:
        done = _("In line")
        if isinstance(answer, Enrolled | Applied):
            done = _("Seat held") if isinstance(answer, Enrolled) else _("Application received")
        messages.success(request, f"{done}: {answer.sentence}")
    return redirect("learner_ladder", pk)


def learner_sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """To take home: what I can do alone, what to practise, the next class, whom to call."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    record_view(request, [learner], "learner_sheet", SHOWN)
    sheets = ladder_page.sheets([learner], now=timezone.now())
    return render(request, "learners/sheets.html", _printed(sheets=sheets, learner=learner))


def learner_certificate(request: StaffRequest, pk: int, level: str) -> HttpResponse:
    """A certificate for a level that was seen to be reached; 404 for any other."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    picture = ladder_page.of(learner, now=timezone.now())
    floors = [floor for floor in picture.reached if floor.level.code == level]
    if not floors:
        raise Http404
    record_view(request, [learner], "learner_certificate", SHOWN)
    context = _printed(certificates=[(learner, floors[0])], learner=learner)
    return render(request, "learners/certificates.html", context)


def lesson_sheets(request: StaffRequest, pk: int) -> HttpResponse:
    """The sheets of everybody on a lesson's board."""
    now = timezone.now()
    board, people = _people_of(request, pk)
    record_view(request, people, "lesson_sheets", SHOWN)
    sheets = ladder_page.sheets(people, now=now, recommends=False)
    return render(request, "learners/sheets.html", _printed(sheets=sheets, lesson=board.lesson))


def lesson_certificates(request: StaffRequest, pk: int) -> HttpResponse:
    """Certificates of the course's level for everybody on the board who has reached it."""
    board, people = _people_of(request, pk)
    level = board.lesson.class_session.course.level
    certificates = [
        (picture.learner, floor)
        for picture in ladder_page.of_many(people, now=timezone.now())
        for floor in picture.reached
        if floor.level == level
    ]
    record_view(request, [learner for learner, _floor in certificates], "certificates", SHOWN)
    context = _printed(certificates=certificates, lesson=board.lesson, level=level)
    return render(request, "learners/certificates.html", context)


def _printed(**context: object) -> dict[str, object]:
    """What stands on everything that is taken home: the city and the number to call."""
    return {**context, "today": timezone.localdate(), "phone": settings.CITY_PHONE}


def _people_of(request: StaffRequest, pk: int) -> tuple[lesson_board.Board, list[Learner]]:
    """Raises Http404 for a lesson one may not open (rule 65)."""
    board = lesson_board.of(pk, who=request.user, now=timezone.now())
    if board is None:
        raise Http404
    return board, [row.learner for row in board.rows]
