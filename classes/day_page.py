"""A day on one screen: its lessons hall by hall, who stands in, and what is to be called."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import jpholiday
from django.db.models import Count, Q
from django.utils import timezone

from classes import calls, disruptions
from classes.models import (
    Attendance,
    CallAttempt,
    CallTask,
    DisruptedLesson,
    Disruption,
    Enrollment,
    Lesson,
    Notice,
    StaffTask,
    Venue,
)
from classes.models.calls import CallTaskQuerySet
from staff.models import StaffMember

Status = Attendance.Status


@dataclass(frozen=True)
class Row:
    """One lesson of the day."""

    lesson: Lesson
    seats: int
    absences_told: int
    phones: int
    instructors: tuple[StaffMember, ...]
    assistants: tuple[StaffMember, ...]
    substitutes: tuple[StaffMember, ...]
    may_be_stopped: bool

    @property
    def expected(self) -> int:
        return self.seats - self.absences_told

    @property
    def is_untaught(self) -> bool:
        return not self.instructors and not self.substitutes


@dataclass(frozen=True)
class Hall:
    """The lessons of one hall, in the order of the hour."""

    venue: Venue
    rows: tuple[Row, ...]

    @property
    def may_be_stopped(self) -> bool:
        return any(row.may_be_stopped for row in self.rows)


@dataclass(frozen=True)
class DayPage:
    """Everything that a day asks of the people of the desk."""

    day: datetime.date
    holiday: str
    halls: tuple[Hall, ...]
    disruptions: Sequence[Disruption]
    # Purpose of the notice → calls to be made by the end of the day.
    calls: Sequence[tuple[str, int]]
    agreed: Sequence[CallTask]
    letters: int
    # Messages due by the end of the day of which nobody knows yet that they arrived.
    texts: int
    tasks: Sequence[StaffTask]

    @property
    def may_be_stopped(self) -> bool:
        return any(hall.may_be_stopped for hall in self.halls)

    @property
    def calls_in_all(self) -> int:
        return sum(count for _label, count in self.calls)


def of(day: datetime.date, *, now: datetime.datetime) -> DayPage:
    """The page of a day, in a constant number of queries."""
    lessons = list(
        disruptions.lessons_of(day)
        .select_related("venue", "class_session__course", "class_session__intake")
        .prefetch_related(
            "class_session__instructors",
            "class_session__assistants",
            "substitutes__instructor",
        )
    )
    by_hall: dict[int, list[Row]] = defaultdict(list)
    for row in _rows(lessons, now):
        by_hall[row.lesson.venue_id].append(row)
    halls = [Hall(rows[0].lesson.venue, tuple(rows)) for rows in by_hall.values()]
    ends = _begins(day) + datetime.timedelta(days=1)
    due = calls.open_tasks(now=now).filter(due_at__lt=ends)
    return DayPage(
        day=day,
        holiday=str(jpholiday.is_holiday_name(day) or ""),
        halls=tuple(sorted(halls, key=lambda hall: hall.venue.name)),
        disruptions=list(Disruption.objects.filter(day=day).order_by("started_at")),
        calls=_by_purpose(due),
        agreed=_agreed(day, now=now),
        letters=Notice.objects.to_post().filter(due_at__lt=ends).count(),
        texts=Notice.objects.to_text().filter(due_at__lt=ends).count(),
        tasks=list(
            StaffTask.objects.filter(done_at__isnull=True, due_on__lte=day)
            .select_related("learner", "intake")
            .order_by("due_on", "pk")
        ),
    )


def stopped_without_a_day() -> list[DisruptedLesson]:
    """Lessons that were cancelled and have no new day yet, whichever day they were of."""
    return list(
        disruptions.waiting_for_a_day()
        .select_related("disruption", "lesson__class_session__course", "lesson__venue")
        .order_by("starts_at", "pk")
    )


def _rows(lessons: Sequence[Lesson], now: datetime.datetime) -> list[Row]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    held = {
        row["class_session"]: row
        for row in Enrollment.objects.held()
        .filter(class_session__in={lesson.class_session_id for lesson in lessons})
        .order_by()
        .values("class_session")
        .annotate(seats=Count("pk"), phones=Count("pk", filter=Q(has_loan_phone=True)))
    }
    told = dict(
        Attendance.objects.filter(
            lesson__in=lessons, status=Status.ABSENT_TOLD, enrollment__ended_at__isnull=True
        )
        .order_by()
        .values_list("lesson")
        .annotate(Count("pk"))
    )
    return [
        Row(
            lesson=lesson,
            seats=held.get(lesson.class_session_id, {}).get("seats", 0),
            absences_told=told.get(lesson.pk, 0),
            phones=held.get(lesson.class_session_id, {}).get("phones", 0),
            instructors=tuple(lesson.class_session.instructors.all()),
            assistants=tuple(lesson.class_session.assistants.all()),
            substitutes=tuple(one.instructor for one in lesson.substitutes.all()),
            may_be_stopped=lesson.cancelled_at is None and lesson.starts_at >= midnight,
        )
        for lesson in lessons
    ]


def _by_purpose(due: CallTaskQuerySet) -> list[tuple[str, int]]:
    counted = dict(
        due.order_by()
        .values_list("notice__purpose")
        .annotate(Count("pk"))
        .values_list("notice__purpose", "pk__count")
    )
    return [
        (str(label), counted[purpose])
        for purpose, label in Notice.Purpose.choices
        if purpose in counted
    ]


def _agreed(day: datetime.date, *, now: datetime.datetime) -> list[CallTask]:
    """People who asked to be called back on this day, and when."""
    begins = _begins(day)
    asked = CallAttempt.objects.filter(
        outcome=CallAttempt.Outcome.CALL_BACK,
        call_back_at__gte=begins,
        call_back_at__lt=begins + datetime.timedelta(days=1),
    )
    return list(
        calls.open_tasks(now=now)
        .filter(pk__in=asked.values("task"), next_attempt_at__gte=begins)
        .filter(next_attempt_at__lt=begins + datetime.timedelta(days=1))
        .select_related("notice__learner")
        .order_by("next_attempt_at", "pk")
    )


def _begins(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
