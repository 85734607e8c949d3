"""The class-day board: what instructors tap in the classroom."""

import datetime

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from classes import lesson_board, lesson_taps, teaching
from classes.lesson_forms import WalkInForm
from classes.lesson_requests import Companions, Unreadable, read_taps
from classes.lesson_taps import Presence, Rating, Tap
from skill_levels.models import Support
from staff.access_log import record_view
from staff.models import StaffMember
from staff.requests import StaffRequest

SHOWN = ("name", "kana", "attendance", "assessments")


def lesson_list(request: StaffRequest) -> HttpResponse:
    """Today's lessons first, then those to come and those of the week past."""
    now = timezone.now()
    today = timezone.localtime(now).date()
    lessons = lesson_board.upcoming(request.user, now=now)
    context = {
        "today": [lesson for lesson in lessons if lesson.day == today],
        "coming": [lesson for lesson in lessons if lesson.day > today],
        "past": [lesson for lesson in reversed(lessons) if lesson.day < today],
    }
    return render(request, "classes/lesson_list.html", context)


def lesson_board_page(request: StaffRequest, pk: int) -> HttpResponse:
    """People × competencies of one lesson; 404 for a lesson one may not open (rule 65)."""
    now = timezone.now()
    board = get_board(request.user, pk, now=now)
    record_view(request, [row.learner for row in board.rows], "lesson_board", SHOWN)
    context = {**context_of(board, now=now), "walk_in_form": WalkInForm(today=timezone.localdate())}
    return render(request, "classes/lesson_board.html", context)


def lesson_changes(request: StaffRequest, pk: int) -> HttpResponse:
    """What others tapped since a version was shown; 204 if nothing."""
    now = timezone.now()
    lesson = teaching.lessons_of(request.user, now=now).filter(pk=pk).first()
    if lesson is None:
        raise Http404
    if request.GET.get("version") == lesson_board.version(lesson):
        return HttpResponse(status=204)
    since = _moment(request.GET.get("since", "")) or lesson.starts_at
    changed = lesson_board.changed_since(lesson, since)
    board = get_board(request.user, pk, now=now)
    cells, marked = lesson_board.changes(board, changed)
    shown = {int(key) for key in request.GET.get("rows", "").split(",") if key.isdecimal()}
    context = {
        **context_of(board, now=now),
        "cells": cells,
        "marked": marked,
        "new_rows": [row for row in board.rows if row.learner.pk not in shown],
        "gone": sorted(shown - {row.learner.pk for row in board.rows}),
    }
    return render(request, "classes/_lesson_changes.html", context)


def lesson_tap(request: StaffRequest, pk: int) -> HttpResponse:
    """Record taps in their order, each exactly once, and say of each what became of it.

    The observations themselves say who saw what when (rule 64): they are only ever appended.
    """
    now = timezone.now()
    try:
        taps = read_taps(request.body)
    except Unreadable:
        return JsonResponse({"why": _("This page is out of date. Load it again.")}, status=400)
    results = []
    for tap in taps:
        why = _record(pk, tap, by=request.user, now=now)
        results.append({"uuid": str(tap.client_uuid), "ok": not why, "why": why})
    return JsonResponse({"results": results})


def _record(pk: int, tap: Tap | Companions, *, by: StaffMember, now: datetime.datetime) -> str:
    """Why it could not be recorded; "" if it was. A tap is never dropped without a word."""
    try:
        _apply(pk, tap, by=by, now=now)
    except lesson_taps.NoSuchLesson:
        return _("This lesson is no longer yours to fill in.")
    except lesson_taps.NotInThisLesson:
        return _("This person is no longer in the class.")
    except lesson_taps.CancelledByCity:
        return _("The city cancelled this lesson, so attendance is not taken.")
    except lesson_taps.NothingToTakeBack:
        return ""
    except ValueError:
        return _("This cannot be recorded. Load the page again.")
    return ""


def _apply(pk: int, tap: Tap | Companions, *, by: StaffMember, now: datetime.datetime) -> None:
    if isinstance(tap, Companions):
        lesson_taps.count_companions(pk, tap.number, by=by, now=now)
    elif isinstance(tap, Rating):
        lesson_taps.rate(pk, tap, by=by, now=now)
    elif isinstance(tap, Presence):
        lesson_taps.mark(pk, tap, by=by, now=now)


def get_board(who: StaffMember, pk: int, *, now: datetime.datetime) -> lesson_board.Board:
    """The board for somebody who may open it. Raises Http404 (rule 65)."""
    board = lesson_board.of(pk, who=who, now=now)
    if board is None:
        raise Http404
    return board


def context_of(board: lesson_board.Board, *, now: datetime.datetime) -> dict[str, object]:
    """What the board's templates need."""
    return {
        "board": board,
        "lesson": board.lesson,
        "session": board.lesson.class_session,
        "values": [(value.value, value.label) for value in Support],
        "since": now.isoformat(),
        "is_today": board.lesson.day == timezone.localtime(now).date(),
    }


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or timezone.is_naive(moment):
        return None
    # Far years overflow when a time zone or a margin is reckoned in.
    return moment if 2000 <= moment.year <= 2099 else None
