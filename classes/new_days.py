"""A new day for a lesson that could not be held: proposed, and what stands in its way."""

import datetime
from collections.abc import Iterable, Mapping

from django.utils import timezone
from django.utils.translation import gettext

from classes import timetable
from classes.models import Lesson
from classes.timetable import Planned

# A same weekday that is closed or taken is left out so many times before one is proposed anyway.
LONGEST_LOOK = 8


def of_lessons(pks: Iterable[int]) -> list[Lesson]:
    """Lessons with what a new day for them looks at."""
    return list(
        Lesson.objects.filter(pk__in=list(pks))
        .select_related("venue", "class_session__course__level__current", "class_session__intake")
        .prefetch_related(
            "class_session__lessons", "class_session__instructors", "class_session__assistants"
        )
        .order_by("starts_at", "class_session__code", "pk")
    )


def proposed(lesson: Lesson, *, now: datetime.datetime) -> Planned:
    """The weekday and hour of the lesson, after the last one of its class, where its hall is open
    and free and its instructors are; else the first open day."""
    last = max(each.day for each in lesson.class_session.lessons.all())
    start = max(last, timezone.localdate(now)) + datetime.timedelta(days=1)
    try:
        dates, _skipped = timetable.propose_dates(
            start=start,
            weekdays=[lesson.day.isoweekday()],
            count=LONGEST_LOOK,
            venue=lesson.venue,
            begins=timezone.localtime(lesson.starts_at).time(),
            ends=timezone.localtime(lesson.ends_at).time(),
        )
    except timetable.NoDates:
        week = datetime.timedelta(days=7)
        return Planned(lesson.number, lesson.starts_at + week, lesson.ends_at + week, lesson.venue)
    plans = [Planned(lesson.number, each.starts_at, each.ends_at, lesson.venue) for each in dates]
    return next((plan for plan in plans if not in_the_way(lesson, plan)), plans[0])


def in_the_way(lesson: Lesson, plan: Planned) -> list[str]:
    """Warnings for one lesson at its new day (rule 38)."""
    session = lesson.class_session
    instructors = list(session.instructors.all())
    found = timetable.conflicts(
        [plan],
        capacity=0,
        helpers=[*instructors, *session.assistants.all()],
        instructors=instructors,
        class_session=session,
    )
    own = [
        other
        for other in session.lessons.all()
        if other.pk != lesson.pk and other.cancelled_at is None and plan.overlaps(other)
    ]
    words = [conflict.text for conflict in found if conflict.number is not None]
    return words + [gettext("Two lessons of this class overlap.") for _ in own]


def all_in_the_way(lessons: Iterable[Lesson], plans: Mapping[int, Planned]) -> dict[int, list[str]]:
    """The warnings of each lesson, and of two of them that would meet in one hall."""
    lessons = [lesson for lesson in lessons if lesson.pk in plans]
    found = {lesson.pk: in_the_way(lesson, plans[lesson.pk]) for lesson in lessons}
    for lesson in lessons:
        for other in lessons:
            here, there = plans[lesson.pk], plans[other.pk]
            same_hall = here.venue.pk == there.venue.pk
            if other.pk != lesson.pk and same_hall and here.overlaps(there):
                text = gettext("%(venue)s is used by %(other)s at this time.")
                named = {"venue": here.venue, "other": other.class_session}
                found[lesson.pk].append(text % named)
    return found
