"""無断欠席: somebody did not come and had not said so; they hear when the next lesson is."""

import datetime
from collections.abc import Iterator

from django.utils import timezone

from classes import follow_ups, planned_notices
from classes.models import Attendance, Lesson, MessageTemplate, Notice
from classes.planned_notices import DAY, Due

Purpose = Notice.Purpose

# Attendance is often put right the day after, so nobody is written to at once.
WAIT_DAYS = 2
# A lesson missed longer ago than this is not spoken of.
LATEST_DAYS = 21


def due(*, now: datetime.datetime) -> Iterator[Due]:
    """Absences two days after, or the day before the next lesson where that comes sooner.

    None after the last lesson, none for 欠席(連絡あり), none for a lesson that the city cancelled
    (rule 63).
    """
    today = timezone.localdate(now)
    rows = list(
        follow_ups.attended(
            Attendance.Status.ABSENT, Purpose.ABSENT, since=today - LATEST_DAYS * DAY
        )
        .filter(planned_notices.may_be_reminded("enrollment__application__learner", today=today))
        .filter(lesson__ends_at__lte=now)
        .values_list(
            "lesson",
            "enrollment__application__learner",
            "enrollment__application__learner__language",
            "enrollment__application",
        )
    )
    lessons = planned_notices.load_lessons({row[0] for row in rows})
    for lesson_pk, learner_pk, language, application_pk in rows:
        lesson = lessons[lesson_pk]
        following = follow_ups.next_lesson(lesson)
        if following is None or following.starts_at <= now:
            continue
        day = told_on(lesson, following)
        if day > today:
            continue
        yield Due(
            learner_pk=learner_pk,
            language=language,
            intake_pk=lesson.class_session.intake_id,
            application_pk=application_pk,
            lesson=following,
            purpose=Purpose.ABSENT,
            kind=MessageTemplate.Kind.ABSENT,
            occasion=f"lesson:{lesson.pk}",
            due_at=planned_notices.at(day, planned_notices.MORNING),
            until=following.starts_at,
            leaves_at=planned_notices.at(day, planned_notices.LETTERS_LEAVE),
        )


def told_on(missed: Lesson, following: Lesson) -> datetime.date:
    """The day on which somebody who missed a lesson hears of the next one."""
    return max(missed.day, min(missed.day + WAIT_DAYS * DAY, following.day - DAY))
