"""The month on paper and screen, and each instructor's calendar file."""

import datetime
import re
from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from classes import month
from classes.models import Venue
from staff import roles
from staff.keys import posted_key
from staff.models import StaffMember
from staff.requests import StaffRequest

DESK_ROLES = (roles.RECEPTION, roles.COORDINATOR, roles.ADMINISTRATOR)
CALENDAR, BY_VENUE, BY_INSTRUCTOR = "calendar", "venue", "instructor"
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


def timetable(request: StaffRequest) -> HttpResponse:
    """A month's lessons, as a calendar or by hall or instructor; instructors see their own."""
    now = timezone.now()
    first = _first(request.GET.get("month", ""), now)
    is_desk = request.user.has_role(*DESK_ROLES)
    venue = Venue.objects.filter(pk=posted_key(request.GET.get("venue", "")) or 0).first()
    who = _instructors().filter(pk=posted_key(request.GET.get("instructor", "")) or 0).first()
    shown = month.of(first, request.user, venue=venue, instructor=who if is_desk else None, now=now)
    view = request.GET.get("view", CALENDAR)
    columns: Sequence[Venue | StaffMember] = ()
    lines: Sequence[month.Line] = ()
    if view == BY_VENUE:
        columns, lines = shown.by_venue()
    elif view == BY_INSTRUCTOR:
        columns, lines = shown.by_instructor()
    else:
        view = CALENDAR
    before, after = month.months_around(first)
    context = {
        "month": shown,
        "view": view,
        "columns": columns,
        "lines": lines,
        "before": before,
        "after": after,
        "today": timezone.localdate(now),
        "venues": Venue.objects.filter(is_active=True),
        "instructors": _instructors() if is_desk else (),
        "venue": venue,
        "instructor": who,
        "is_desk": is_desk,
        "file_of": who if is_desk else request.user,
    }
    return render(request, "classes/timetable.html", context)


def timetable_file(request: StaffRequest, pk: int) -> HttpResponse:
    """One instructor's lessons for their phone; without learners' names, so nothing is logged."""
    who = get_object_or_404(StaffMember, pk=pk)
    if who != request.user and not request.user.has_role(*DESK_ROLES):
        raise Http404
    data = month.calendar_file(who, now=timezone.now())
    answer = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="lessons-{who.pk}.ics"'
    return answer


def _instructors() -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(groups__name=roles.INSTRUCTOR, is_active=True).order_by(
        "name", "username"
    )


def _first(text: str, now: datetime.datetime) -> datetime.date:
    """The first of the month asked for; of this month where none is."""
    found = _MONTH.fullmatch(text)
    if found:
        return datetime.date(int(found[1]), int(found[2]), 1)
    return timezone.localdate(now).replace(day=1)
