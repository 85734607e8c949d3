"""Loan phones: a venue's pool, counted lesson by lesson; never promised twice (rule 39)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Q

from classes.locking import lock_intake
from classes.models import ClassSession, Enrollment, Lesson, Venue
from staff.models import StaffMember


class NoLoanPhoneLeft(Exception):
    """At this lesson every phone of the venue is promised already."""

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(str(lesson.pk))
        self.lesson = lesson


class SeatEnded(Exception):
    """The seat is no longer held."""


@dataclass(frozen=True)
class Usage:
    """Phones at one lesson: the venue's, and those promised in whatever runs there meanwhile."""

    lesson: Lesson
    available: int
    promised: int

    @property
    def left(self) -> int:
        return self.available - self.promised


def promise(enrollment_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> Enrollment:
    """Promise a phone for every lesson to come. Raises NoLoanPhoneLeft or SeatEnded.

    Locks the intake's row, then those of the venues, so that two intakes meet at the venue.
    """
    with transaction.atomic():
        seat = _locked_seat(enrollment_pk)
        if seat.has_loan_phone:
            return seat
        lessons = _lessons_to_come(seat.class_session, now)
        _lock_venues(lesson.venue_id for lesson in lessons)
        for usage in _usage(lessons, now=now):
            if usage.left < 1:
                raise NoLoanPhoneLeft(usage.lesson)
        seat.has_loan_phone = True
        seat.save(update_fields=["has_loan_phone"])
        return seat


def release(enrollment_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> Enrollment:
    """The person brings a phone after all. Raises SeatEnded."""
    with transaction.atomic():
        seat = _locked_seat(enrollment_pk)
        seat.has_loan_phone = False
        seat.save(update_fields=["has_loan_phone"])
        return seat


def usage(class_session: ClassSession, *, now: datetime.datetime) -> list[Usage]:
    """Phones at each lesson to come, in two queries."""
    return _usage(_lessons_to_come(class_session, now), now=now)


def _locked_seat(enrollment_pk: int) -> Enrollment:
    seats = Enrollment.objects.held().select_related("class_session")
    found = seats.filter(pk=enrollment_pk).first()
    if found is None:
        raise SeatEnded
    lock_intake(found.class_session.intake_id)
    locked = seats.filter(pk=enrollment_pk).first()
    if locked is None:
        raise SeatEnded
    return locked


def _lock_venues(pks: Iterable[int]) -> None:
    list(Venue.objects.select_for_update().filter(pk__in=set(pks)).order_by("pk"))


def _lessons_to_come(class_session: ClassSession, now: datetime.datetime) -> list[Lesson]:
    return list(
        Lesson.objects.filter(
            class_session=class_session, cancelled_at__isnull=True, ends_at__gt=now
        )
        .select_related("venue")
        .order_by("starts_at")
    )


def _usage(lessons: list[Lesson], *, now: datetime.datetime) -> list[Usage]:
    """The most phones promised at any one moment of each lesson."""
    if not lessons:
        return []
    others = list(
        Lesson.objects.filter(
            venue__in={lesson.venue_id for lesson in lessons},
            starts_at__lt=max(lesson.ends_at for lesson in lessons),
            ends_at__gt=min(lesson.starts_at for lesson in lessons),
            cancelled_at__isnull=True,
            class_session__cancelled_at__isnull=True,
        )
    )
    promised = _promised({other.class_session_id for other in others}, now)
    return [
        Usage(lesson, lesson.venue.loan_phones, _busiest(lesson, others, promised))
        for lesson in lessons
    ]


def _promised(class_sessions: Iterable[int], now: datetime.datetime) -> dict[int, int]:
    """Phones promised by class session; a cancelled seat keeps its phone until it cannot be
    undone any more (rule 30)."""
    kept = Q(ended_at__isnull=True) | Q(undo_until__gt=now)
    rows = (
        Enrollment.objects.filter(kept, class_session__in=class_sessions, has_loan_phone=True)
        .order_by()
        .values("class_session")
        .annotate(phones=Count("pk"))
        .values_list("class_session", F("phones"))
    )
    return dict(rows)


def _busiest(lesson: Lesson, others: Iterable[Lesson], promised: dict[int, int]) -> int:
    meanwhile = [
        other
        for other in others
        if other.venue_id == lesson.venue_id
        and other.starts_at < lesson.ends_at
        and other.ends_at > lesson.starts_at
    ]
    moments = {max(lesson.starts_at, other.starts_at) for other in meanwhile}
    return max(
        (
            sum(
                promised.get(other.class_session_id, 0)
                for other in meanwhile
                if other.starts_at <= moment < other.ends_at
            )
            for moment in moments
        ),
        default=0,
    )
