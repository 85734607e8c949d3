"""What was planned and no longer holds, or was not told in time (rule 53)."""

import datetime
from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Left, Length
from django.utils import timezone

from classes import notice_endings, planned_notices
from classes.locking import lock_intake
from classes.models import Application, Attendance, CallTask, Enrollment, Notice
from classes.planned_notices import DAY

Purpose = Notice.Purpose
Channel = Notice.Channel
Outcome = Notice.Outcome

# A call about a lesson that was is made within so many days, or not at all.
FOLLOW_UP_CALL_DAYS = 3
OF_A_SEAT = (Purpose.REMINDER, Purpose.FOLLOW_UP, Purpose.ABSENT)
PLANNED = (*OF_A_SEAT, Purpose.NEXT_CLASS)


def drop(*, now: datetime.datetime) -> int:
    """Take back what no longer holds, with its calls and messages; returns how many.

    A reminder of a lesson that moved or fell out, or of which a nearer one is due; whatever speaks
    of a seat that was given up; thanks and questions after an attendance that was put right; a
    proposal to somebody who applied since; all of it for whoever wants to be left alone a while,
    and for the dead.
    """
    return sum(
        _each_intake(rows, lambda pks: notice_endings.drop(Q(pk__in=pks), by=None, now=now))
        for rows in _outdated(now)
    )


def miss(*, now: datetime.datetime) -> int:
    """Calls and letters whose moment has passed leave the lists; returns how many.

    What a message became is settled by what is known of the message, and so are reminders of a
    lesson that has begun (`classes.unanswered`).
    """
    begun = Q(lesson__starts_at__lte=now)
    late = Q(due_at__lt=now - FOLLOW_UP_CALL_DAYS * DAY)
    # A call that only asks how somebody is names no class.
    closed = Q(class_session__isnull=False) & (
        Q(intake__closes_at__lte=now) | Q(class_session__cancelled_at__isnull=False)
    )
    passed = (
        Q(begun, purpose=Purpose.ABSENT)
        | Q(late, purpose=Purpose.FOLLOW_UP)
        | Q(closed, purpose=Purpose.NEXT_CLASS)
    )
    by_hand = _open().filter(passed, channel__in=(Channel.CALL, Channel.POST))
    return _each_intake(by_hand, lambda pks: _miss(pks, now))


def _miss(pks: Sequence[int], now: datetime.datetime) -> None:
    CallTask.objects.open().filter(notice__in=pks).update(
        closed_at=now, claimed_by=None, claimed_at=None
    )
    open_ones = Notice.objects.filter(pk__in=pks, settled_at__isnull=True)
    open_ones.update(settled_at=now, outcome=Outcome.MISSED)


def _each_intake(rows: "QuerySet[Notice]", end: Callable[[Sequence[int]], None]) -> int:
    """End these notices under the lock of their intake: whoever closes a call holds it."""
    ended = 0
    for intake_pk in list(rows.order_by("intake").values_list("intake", flat=True).distinct()):
        with transaction.atomic():
            lock_intake(intake_pk)
            pks = list(rows.filter(intake=intake_pk).values_list("pk", flat=True))
            for some in planned_notices.chunks(pks, planned_notices.CHUNK):
                end(some)
            ended += len(pks)
    return ended


def _outdated(now: datetime.datetime) -> list["QuerySet[Notice]"]:
    """The notices to drop, one query each."""
    today = timezone.localdate(now)
    morning = planned_notices.at(today, datetime.time.min)
    reminders = _open().filter(purpose=Purpose.REMINDER, lesson__isnull=False)
    seat = Enrollment.objects.held().filter(
        application=OuterRef("application"), class_session=OuterRef("class_session")
    )
    nearer = Notice.objects.filter(
        learner=OuterRef("learner"),
        purpose=Purpose.REMINDER,
        lesson=OuterRef("lesson"),
        pk__gt=OuterRef("pk"),
    )
    applied = Application.objects.active().filter(
        learner=OuterRef("learner"), intake=OuterRef("intake")
    )
    not_coming = Attendance.objects.filter(
        enrollment__application=OuterRef("application"),
        lesson=OuterRef("lesson"),
        status=Attendance.Status.ABSENT_TOLD,
    )
    return [
        reminders.filter(Exists(not_coming.order_by())),
        reminders.annotate(
            of_revision=Concat(
                planned_notices.occasion_of("lesson_id", ":", "lesson__revision"), Value(":")
            )
        ).exclude(
            lesson__cancelled_at__isnull=True,
            of_revision=Left("occasion", Length("of_revision")),
        ),
        reminders.filter(Exists(nearer.order_by()), due_at__lt=morning),
        _open().filter(~Exists(seat.order_by()), purpose__in=OF_A_SEAT),
        *(
            _open().filter(~Exists(_marked(status)), purpose=purpose)
            for purpose, status in (
                (Purpose.FOLLOW_UP, Attendance.Status.PRESENT),
                (Purpose.ABSENT, Attendance.Status.ABSENT),
            )
        ),
        _open().filter(
            Exists(applied.order_by()), purpose=Purpose.NEXT_CLASS, class_session__isnull=False
        ),
        _open().filter(purpose__in=PLANNED, learner__messages_paused_until__gt=today),
        # Written at the very moment of a death or a merge (rule 42).
        _open().filter(
            Q(learner__deceased_on__isnull=False) | Q(learner__merged_into__isnull=False)
        ),
    ]


def _open() -> "QuerySet[Notice]":
    return Notice.objects.filter(settled_at__isnull=True).order_by()


def _marked(status: Attendance.Status) -> "QuerySet[Attendance]":
    """The attendance that a notice speaks of, where it still stands so."""
    return (
        Attendance.objects.counted()
        .filter(enrollment__application=OuterRef("application"), status=status)
        .annotate(its_occasion=planned_notices.occasion_of("lesson_id"))
        .filter(its_occasion=OuterRef("occasion"))
        .order_by()
    )
