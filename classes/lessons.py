"""The lessons of a class session: set as planned, moved with a new revision, and those told."""

import datetime
from collections.abc import Sequence

from django.db import transaction

from classes import notices
from classes.locking import lock_intake
from classes.models import ClassSession, Enrollment, Lesson
from classes.timetable import Planned
from staff.models import StaffMember


class LessonHeld(ValueError):
    """A lesson that has begun cannot be taken away; its attendance would go with it."""


def set_lessons(
    class_session: ClassSession,
    planned: Sequence[Planned],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Lesson]:
    """Make the lessons those of the plan, in time order, under the intake's lock.

    A lesson that moves gets a new revision, and whoever holds a seat is told (rule 52). Lessons
    beyond the plan go. Raises LessonHeld where one of those has begun.
    """
    with transaction.atomic():
        lock_intake(class_session.intake_id)
        stored = {lesson.number: lesson for lesson in class_session.lessons.select_related("venue")}
        ordered = sorted(planned, key=lambda lesson: lesson.starts_at)
        moved: list[tuple[Lesson, datetime.datetime]] = []
        for number, plan in enumerate(ordered, start=1):
            lesson = stored.pop(number, None)
            if lesson is None:
                lesson = Lesson(class_session=class_session, number=number)
            elif _same(lesson, plan):
                continue
            else:
                moved.append((lesson, lesson.starts_at))
                lesson.revision += 1
            lesson.starts_at, lesson.ends_at = plan.starts_at, plan.ends_at
            lesson.venue = plan.venue
            lesson._history_user = by  # type: ignore[attr-defined]
            lesson.save()
        if any(lesson.starts_at <= now for lesson in stored.values()):
            raise LessonHeld
        for lesson in stored.values():
            lesson.delete()
        if moved and Enrollment.objects.held().filter(class_session=class_session).exists():
            for lesson, old_starts_at in moved:
                lesson.class_session = class_session
                notices.lesson_changed(lesson, old_starts_at=old_starts_at, now=now)
        return list(class_session.lessons.all())


def _same(lesson: Lesson, plan: Planned) -> bool:
    return (lesson.starts_at, lesson.ends_at, lesson.venue_id) == (
        plan.starts_at,
        plan.ends_at,
        plan.venue.pk,
    )
