"""After a lesson that somebody attended: one thing to practise at home, and the next date."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from classes import planned_notices
from classes.models import Attendance, Lesson, MessageTemplate, Notice
from classes.planned_notices import DAY, Due
from skill_levels import progress
from skill_levels.models import Competency
from skill_levels.progress import Progress

Kind = MessageTemplate.Kind
Purpose = Notice.Purpose

# Attendance that is entered later than this is thanked for no more.
LATEST_DAYS = 3
# After the last lesson there is no next date that would end it.
USEFUL_DAYS = 7


def due(*, now: datetime.datetime) -> Iterator[Due]:
    """Whoever came, from the day after; nothing once their next lesson has begun."""
    today = timezone.localdate(now)
    rows = list(
        attended(Attendance.Status.PRESENT, Purpose.FOLLOW_UP, since=today - LATEST_DAYS * DAY)
        .filter(
            planned_notices.may_be_reminded("enrollment__application__learner", today=today),
            lesson__starts_at__lt=planned_notices.at(today, datetime.time.min),
        )
        .values_list(
            "lesson",
            "enrollment__application__learner",
            "enrollment__application__learner__language",
            "enrollment__application",
        )
    )
    if not rows:
        return
    lessons = planned_notices.load_lessons({row[0] for row in rows})
    hints = _hints({row[1]: lessons[row[0]].class_session.course.level_id for row in rows})
    for lesson_pk, learner_pk, language, application_pk in rows:
        lesson = lessons[lesson_pk]
        following = next_lesson(lesson)
        if following is not None and following.starts_at <= now:
            continue
        hint = hints.get(learner_pk)
        day = lesson.day + DAY
        due_at = planned_notices.at(day, planned_notices.MORNING)
        yield Due(
            learner_pk=learner_pk,
            language=language,
            intake_pk=lesson.class_session.intake_id,
            application_pk=application_pk,
            lesson=following or lesson,
            purpose=Purpose.FOLLOW_UP,
            kind=Kind.FOLLOW_UP if following else Kind.FOLLOW_UP_LAST,
            occasion=f"lesson:{lesson.pk}",
            due_at=due_at,
            until=following.starts_at if following else due_at + USEFUL_DAYS * DAY,
            leaves_at=planned_notices.at(day, planned_notices.LETTERS_LEAVE),
            facts={"hint": hint} if hint is not None else {},
        )


def attended(
    status: Attendance.Status, purpose: Notice.Purpose, *, since: datetime.date
) -> QuerySet[Attendance]:
    """Who was marked so at a lesson since that day, still holds the seat, and has no notice of
    this purpose about it. A lesson the city cancelled counts for nothing (rule 63)."""
    told = Notice.objects.filter(
        learner=OuterRef("enrollment__application__learner"),
        purpose=purpose,
        occasion=OuterRef("its_occasion"),
    ).order_by()
    return (
        Attendance.objects.counted()
        .filter(
            status=status,
            enrollment__ended_at__isnull=True,
            enrollment__class_session=F("lesson__class_session"),
            lesson__class_session__cancelled_at__isnull=True,
            lesson__starts_at__gte=planned_notices.at(since, datetime.time.min),
        )
        .annotate(its_occasion=planned_notices.occasion_of("lesson_id"))
        .filter(~Exists(told))
        .order_by("lesson", "enrollment__application__learner")
    )


def next_lesson(lesson: Lesson) -> Lesson | None:
    """The lesson of the class that takes place after this one; from the prefetch."""
    later = [
        other
        for other in lesson.class_session.lessons.all()
        if other.cancelled_at is None and other.starts_at > lesson.starts_at
    ]
    following = min(later, key=lambda other: other.starts_at, default=None)
    if following is not None:
        following.class_session = lesson.class_session
    return following


def _hints(levels: Mapping[int, int]) -> dict[int, int]:
    """Learner → the competency to practise: of the class's level, required, not yet alone.

    What was looked at comes before what was never shown; once all of it is mastered, what was
    mastered first is kept up (rule 48). Competencies without a hint are passed by.
    """
    with_hint = set(
        Competency.objects.current()
        .exclude(current__hint_ja="", current__hint_en="")
        .exclude(current=None)
        .values_list("pk", flat=True)
    )
    steps = progress.ladder()
    found = {}
    for pks in planned_notices.chunks(sorted(levels)):
        for learner_pk, standing in progress.of(pks, steps=steps).items():
            hint = _hint(standing, levels[learner_pk], with_hint)
            if hint is not None:
                found[learner_pk] = hint
    return found


def _hint(standing: Progress, level_pk: int, with_hint: set[int]) -> int | None:
    level = next((each for each in standing.levels if each.step.level_pk == level_pk), None)
    if level is None:
        return None
    abilities: Mapping[int, Any] = level.abilities
    missing = [rung.pk for rung in level.missing if rung.pk in with_hint]
    seen = [pk for pk in missing if pk in abilities]
    if missing:
        return (seen or missing)[0]
    mastered = [rung.pk for rung in level.step.required if rung.pk in with_hint]
    known = [pk for pk in mastered if pk in abilities]
    return min(known, key=lambda pk: abilities[pk].observed_at, default=None)
