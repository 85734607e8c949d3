"""The lessons of a class session: set as planned, moved with a new revision, and those told."""

import datetime
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils.translation import gettext

from classes import lesson_notices
from classes.locking import lock_intake
from classes.models import ClassSession, Enrollment, Lesson
from classes.timetable import Planned
from staff.models import StaffMember

# Numbers step aside by this much while lessons change places, since a class has each but once.
OUT_OF_THE_WAY = 1000


class LessonHeld(ValueError):
    """A lesson stays because of what hangs on it; the message, translated, says what."""


def set_lessons(
    class_session: ClassSession,
    planned: Sequence[Planned],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Lesson]:
    """Make the lessons those of the plan, numbered in time order, under the intake's lock.

    A lesson that moves gets a new revision, and whoever holds a seat is told of it (rule 52), as
    of one that is added; one that only gets another number is not changed. Raises LessonHeld
    where a lesson would go or move that has begun, or go while seats are held.
    """
    with transaction.atomic():
        lock_intake(class_session.intake_id)
        stored = list(class_session.lessons.order_by("number"))
        ordered = sorted(planned, key=lambda lesson: lesson.starts_at)
        places = _matched(ordered, stored)
        gone = [lesson for lesson in stored if lesson not in places]
        has_seats = Enrollment.objects.held().filter(class_session=class_session).exists()
        _check_may_go(gone, has_seats=has_seats, now=now)
        for lesson in gone:
            lesson.delete()
        _make_way(places)
        added: list[Lesson] = []
        moved: list[tuple[Lesson, datetime.datetime]] = []
        for number, (plan, place) in enumerate(zip(ordered, places, strict=True), start=1):
            lesson = place or Lesson(class_session=class_session)
            if place is None:
                added.append(lesson)
            elif not _same(place, plan):
                _check_may_move(place, plan, now=now)
                moved.append((place, place.starts_at))
                place.revision += 1
                # The new day is what was missing for one that the city had cancelled.
                place.cancelled_at, place.cancel_reason = None, ""
            elif place.number == number:
                continue
            lesson.number, lesson.venue = number, plan.venue
            lesson.starts_at, lesson.ends_at = plan.starts_at, plan.ends_at
            lesson._history_user = by  # type: ignore[attr-defined]
            lesson.save()
        if has_seats:
            _tell(class_session, added, moved, by=by, now=now)
        return list(class_session.lessons.all())


def move(
    lesson: Lesson,
    plan: Planned,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> Lesson:
    """Move one lesson of its series; the others stay. Raises LessonHeld if it has begun."""
    with transaction.atomic():
        lock_intake(lesson.class_session.intake_id)
        series = lesson.class_session.lessons.select_related("venue")
        planned = [
            plan
            if other.pk == lesson.pk
            else Planned(other.number, other.starts_at, other.ends_at, other.venue)
            for other in series
        ]
        set_lessons(lesson.class_session, planned, by=by, now=now)
        return Lesson.objects.get(pk=lesson.pk)


def _matched(ordered: Sequence[Planned], stored: Sequence[Lesson]) -> list[Lesson | None]:
    """Which stored lesson each planned one is: the same, else of the same day, else in order."""
    left = list(stored)
    found: list[Lesson | None] = [None] * len(ordered)
    rules: tuple[Callable[[Lesson, Planned], bool], ...] = (
        _same,
        lambda lesson, plan: lesson.day == plan.day,
        lambda lesson, plan: True,
    )
    for fits in rules:
        for index, plan in enumerate(ordered):
            if found[index] is None:
                found[index] = next((lesson for lesson in left if fits(lesson, plan)), None)
                left = [lesson for lesson in left if lesson is not found[index]]
    return found


def _check_may_go(gone: Sequence[Lesson], *, has_seats: bool, now: datetime.datetime) -> None:
    if any(lesson.starts_at <= now for lesson in gone):
        raise LessonHeld(gettext("A lesson that has begun cannot be taken away."))
    if gone and has_seats:
        raise LessonHeld(
            gettext("People hold seats in this class: a lesson can be moved, but not taken away.")
        )


def _check_may_move(lesson: Lesson, plan: Planned, *, now: datetime.datetime) -> None:
    # A mistyped time of a past lesson may be put right, but it cannot be held anew; one that was
    # cancelled has not been held.
    if lesson.starts_at <= now < plan.starts_at and lesson.cancelled_at is None:
        raise LessonHeld(gettext("A lesson that has begun cannot be moved to a day to come."))


def _make_way(places: Sequence[Lesson | None]) -> None:
    changing = [
        lesson
        for number, lesson in enumerate(places, start=1)
        if lesson is not None and lesson.number != number
    ]
    for lesson in changing:
        aside = lesson.number + OUT_OF_THE_WAY
        Lesson.objects.filter(pk=lesson.pk).update(number=aside)


def _tell(
    class_session: ClassSession,
    added: Sequence[Lesson],
    moved: Sequence[tuple[Lesson, datetime.datetime]],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """Everybody who holds a seat hears of what is still to come."""
    for lesson, old_starts_at in moved:
        if max(lesson.starts_at, old_starts_at) > now:
            lesson.class_session = class_session
            lesson_notices.changed(lesson, old_starts_at=old_starts_at, by=by, now=now)
    for lesson in added:
        if lesson.starts_at > now:
            lesson_notices.added(lesson, now=now)


def _same(lesson: Lesson, plan: Planned) -> bool:
    return (lesson.starts_at, lesson.ends_at, lesson.venue_id) == (
        plan.starts_at,
        plan.ends_at,
        plan.venue.pk,
    )
