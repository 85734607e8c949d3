"""One more class like one that is too small: proposed with dates, hall and instructor, then made
by one press, its seats offered along the lines of its level (rules 25 and 28)."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from classes import added_class, class_sessions, timetable
from classes.locking import lock_intake
from classes.models import ClassSession, Offer
from classes.timetable import Conflict, Planned
from staff.models import StaffMember
from staff.roles import INSTRUCTOR

# People need time to be asked and to answer before the first lesson.
LEAD = datetime.timedelta(days=14)
SATURDAY = 6
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")


@dataclass(frozen=True)
class Proposal:
    """What a press would make."""

    like: ClassSession
    code: str
    planned: tuple[Planned, ...]
    instructors: tuple[StaffMember, ...]
    conflicts: tuple[Conflict, ...]
    waiting_parties: int

    @property
    def begins(self) -> datetime.datetime | None:
        return self.planned[0].starts_at if self.planned else None


def propose(like: ClassSession, *, now: datetime.datetime) -> Proposal:
    """A class of the same course, hall, hour and size, on the first weekday on which the hall and
    an instructor of this level are free in every week of the series."""
    series = [lesson for lesson in like.lessons.all() if lesson.cancelled_at is None]
    code = _free_code(like)
    waiting = added_class.parties_of_level(like)
    best = _best(_candidates(like, series, now=now), _teachers(like))
    if best is None:
        nothing = tuple(timetable.conflicts([], capacity=0, helpers=[], instructors=[]))
        return Proposal(like, code, (), (), nothing, waiting)
    planned, teacher = best
    instructors = (teacher,) if teacher else ()
    found = timetable.conflicts(
        planned, capacity=like.capacity, helpers=instructors, instructors=instructors
    )
    return Proposal(like, code, tuple(planned), instructors, tuple(found), waiting)


def create(
    like: ClassSession, *, offers: bool, by: StaffMember, now: datetime.datetime
) -> tuple[ClassSession, list[Offer]]:
    """Make what is proposed; with `offers`, ask along the lines of the level at once.

    Raises list_freeze.ListFrozen.
    """
    with transaction.atomic():
        lock_intake(like.intake_id)
        found = propose(like, now=now)
        fields = {"course": like.course, "code": found.code, "venue": like.venue, "notes": ""}
        made = class_sessions.create(
            like.intake,
            fields,
            seats=like.capacity,
            instructors=found.instructors,
            assistants=(),
            planned=found.planned,
            by=by,
            now=now,
        )
        asked = added_class.open_to_lines(made.pk, by=by, now=now) if offers else []
        return made, asked


def _free_code(like: ClassSession) -> str:
    """N4 after N1 to N3; a code without a number gets one."""
    taken = set(like.intake.class_sessions.values_list("code", flat=True))
    found = _NUMBERED.fullmatch(like.code)
    before, number, after = (found[1], int(found[2]), found[3]) if found else (like.code, 1, "")
    while f"{before}{number}{after}" in taken:
        number += 1
    return f"{before}{number}{after}"


def _candidates(
    like: ClassSession, series: Sequence[object], *, now: datetime.datetime
) -> list[list[Planned]]:
    """The series on each weekday, the one of the class itself first."""
    lessons = sorted(like.lessons.all(), key=lambda lesson: lesson.starts_at)
    if not lessons:
        return []
    first = lessons[0]
    begins, ends = timezone.localtime(first.starts_at), timezone.localtime(first.ends_at)
    start = max(timezone.localdate(now) + LEAD, begins.date())
    own = begins.isoweekday()
    weekdays = [own, *(day for day in range(1, SATURDAY) if day != own)]
    found = []
    for weekday in weekdays:
        try:
            dates, _skipped = timetable.propose_dates(
                start=start,
                weekdays=[weekday],
                count=len(series) or like.course.lesson_count,
                venue=like.venue,
                begins=begins.time(),
                ends=ends.time(),
            )
        except timetable.NoDates:
            continue
        found.append(
            [
                Planned(number, each.starts_at, each.ends_at, like.venue)
                for number, each in enumerate(dates, start=1)
            ]
        )
    return found


def _best(
    candidates: Sequence[list[Planned]], teachers: Sequence[StaffMember]
) -> tuple[list[Planned], StaffMember | None] | None:
    """The first series with a free hall and a free instructor; else with a free hall."""
    everything = [lesson for planned in candidates for lesson in planned]
    if not everything:
        return None
    others = timetable.lessons_around(everything, None)
    with_hall = None
    for planned in candidates:
        met = [other for other in others if any(lesson.overlaps(other) for lesson in planned)]
        if any(other.venue_id == planned[0].venue.pk for other in met):
            continue
        busy = {
            person.pk
            for other in met
            for person in (
                *other.class_session.instructors.all(),
                *other.class_session.assistants.all(),
            )
        }
        free = next((teacher for teacher in teachers if teacher.pk not in busy), None)
        if free is not None:
            return planned, free
        with_hall = with_hall or (planned, None)
    return with_hall or (candidates[0], None)


def _teachers(like: ClassSession) -> list[StaffMember]:
    """Who teaches a class of this level, those of the class itself first."""
    own = list(like.instructors.all())
    same = StaffMember.objects.filter(
        groups__name=INSTRUCTOR,
        is_active=True,
        taught_class_sessions__course__level=like.course.level_id,
    ).distinct()
    return list(dict.fromkeys([*own, *same.order_by("name", "username")]))
