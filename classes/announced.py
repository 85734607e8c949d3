"""「休みます」 and 「行きます」 before a lesson, beside what instructors tap (rules 37 and 61)."""

import datetime
from collections.abc import Iterable

from django.db.models import Q

from classes.models import Attendance, Lesson, Notice
from classes.told_lately import Seat

Status = Attendance.Status
FOR_LESSON = "answered_for"


class TappedOtherwise(Exception):
    """Somebody of the city noted something else for this lesson: staff look at it."""


def absent(seat: Seat, *, at: datetime.datetime) -> None:
    """欠席(連絡あり): the seat stays theirs; a later tap of an instructor wins.

    Raises TappedOtherwise. Call it inside a transaction.
    """
    found, is_new = Attendance.objects.select_for_update().get_or_create(
        enrollment=seat.enrollment,
        lesson=seat.lesson,
        defaults={"status": Status.ABSENT_TOLD, "marked_at": at},
    )
    if not is_new and found.status != Status.ABSENT_TOLD:
        if found.status or found.marked_at > at:
            raise TappedOtherwise
        _mark(found, Status.ABSENT_TOLD, at)
    _answer(seat, Notice.Answer.ABSENT, at)


def will_come(seat: Seat, *, at: datetime.datetime) -> None:
    """They come; an absence they had announced themselves is taken back.

    Raises TappedOtherwise. Call it inside a transaction.
    """
    found = (
        Attendance.objects.select_for_update()
        .filter(enrollment=seat.enrollment, lesson=seat.lesson)
        .exclude(status__in=("", Status.PRESENT))
        .first()
    )
    if found is not None:
        if found.marked_by_id is not None or found.status != Status.ABSENT_TOLD:
            raise TappedOtherwise
        if found.marked_at <= at:
            _mark(found, "", at)
    _answer(seat, Notice.Answer.CONFIRMED, at)


def answers_for(lessons: Iterable[Lesson]) -> dict[tuple[int, int], Notice]:
    """(learner, lesson) → the notice with their latest answer about it; one query."""
    of_class = {lesson.pk: lesson.class_session_id for lesson in lessons}
    answered = Notice.objects.filter(
        Q(lesson__in=of_class) | Q(class_session__in=of_class.values()),
        answered_at__isnull=False,
    ).order_by("answered_at", "pk")
    return {
        (notice.learner_id, lesson_pk): notice
        for notice in answered
        if (lesson_pk := notice.facts.get(FOR_LESSON, notice.lesson_id)) in of_class
    }


def _mark(found: Attendance, status: str, at: datetime.datetime) -> None:
    found.status, found.marked_by, found.marked_at = status, None, at
    found.save()


def _answer(seat: Seat, answer: Notice.Answer, at: datetime.datetime) -> None:
    """The answer stands on the notice; an older one that arrives later changes nothing."""
    notice = Notice.objects.select_for_update().get(pk=seat.notice.pk)
    if notice.answered_at is not None and notice.answered_at > at:
        return
    notice.answer, notice.answered_at = answer, at
    notice.facts = {**notice.facts, FOR_LESSON: seat.lesson.pk}
    notice.save(update_fields=["answer", "answered_at", "facts"])
