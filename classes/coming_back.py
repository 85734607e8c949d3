"""Who is slipping away, and who was told what lies ahead; the queries do not grow with the people.

Slipping is whoever's series ended with nothing booked since, whoever missed two lessons in a row
without a word, and whoever's re-check has come while nothing is booked. A lesson that the city
cancelled counts for nothing here (rule 63).
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classes.models import (
    Application,
    Attendance,
    ClassSession,
    Enrollment,
    Lesson,
    Notice,
    WaitlistEntry,
    WalkIn,
)
from learners.models import Learner
from skill_levels import rechecks

DAY = datetime.timedelta(days=1)
# Whoever has been away for longer is gone, and no longer slipping.
HORIZON_DAYS = 365
TOLD_DAYS = 30
Status = Attendance.Status
Outcome = Notice.Outcome
Channel = Notice.Channel


class Reason(TextChoices):
    ENDED = "ended", _("series ended, nothing booked")
    ABSENT = "absent", _("missed two in a row without notice")
    RECHECK = "recheck", _("re-check overdue")


@dataclass(frozen=True)
class Slipping:
    """One person who may slip away: why, since when, and at which level they learned last."""

    learner_pk: int
    reasons: tuple[Reason, ...]
    since: datetime.date
    level_pk: int


@dataclass(frozen=True)
class Filters:
    """Which of them are wanted; empty: all."""

    level_pk: int | None = None
    reason: Reason | None = None

    def wants(self, each: Slipping) -> bool:
        """Whether this person is one of them."""
        return (self.level_pk is None or each.level_pk == self.level_pk) and (
            self.reason is None or self.reason in each.reasons
        )


def slipping(*, now: datetime.datetime) -> list[Slipping]:
    """Everybody who is slipping, the longest first."""
    today = timezone.localtime(now).date()
    ended = _ended(now)
    missed = _missed_twice(now)
    due = rechecks.overdue(now=now)
    booked = have_a_place_ahead(now=now)
    oldest = today - HORIZON_DAYS * DAY
    found = []
    for pk in _reachable({*ended, *missed, *due}):
        reasons: list[tuple[Reason, datetime.date, int]] = []
        if pk in missed:
            reasons.append((Reason.ABSENT, *missed[pk]))
        if pk not in booked and pk in ended:
            reasons.append((Reason.ENDED, *ended[pk]))
        if pk not in booked and pk in due and due[pk].since >= oldest:
            reasons.append((Reason.RECHECK, due[pk].since, due[pk].level_pk))
        if reasons:
            found.append(
                Slipping(
                    pk,
                    tuple(reason for reason, _day, _level in reasons),
                    min(day for _reason, day, _level in reasons),
                    reasons[0][2],
                )
            )
    return sorted(found, key=lambda each: (each.since, each.learner_pk))


def count_by_reason(people: Iterable[Slipping]) -> dict[Reason, int]:
    """How many there are of each reason; one person may have two."""
    counted = Counter(reason for each in people for reason in each.reasons)
    return {reason: counted[reason] for reason in Reason}


def _ended(now: datetime.datetime) -> dict[int, tuple[datetime.date, int]]:
    """By learner the day their last series ended, and its level; held seats only."""
    ends = {
        pk: (timezone.localtime(last).date(), level)
        for pk, (_first, last, level) in series_ends(
            since=now - HORIZON_DAYS * DAY, until=now
        ).items()
    }
    found: dict[int, tuple[datetime.date, int]] = {}
    seats = Enrollment.objects.held().filter(class_session__in=ends)
    rows = seats.order_by().values_list("application__learner", "class_session")
    for learner, session in rows.iterator():
        if learner not in found or found[learner][0] < ends[session][0]:
            found[learner] = ends[session]
    return found


def series_ends(
    *, since: datetime.datetime, until: datetime.datetime
) -> dict[int, tuple[datetime.datetime, datetime.datetime, int]]:
    """Class sessions that ended in this time: first start, last end and level; one query."""
    standing = Q(lessons__cancelled_at__isnull=True)
    rows = (
        ClassSession.objects.running()
        .order_by()
        .annotate(
            first=Min("lessons__starts_at", filter=standing),
            last=Max("lessons__ends_at", filter=standing),
        )
        .filter(last__gte=since, last__lt=until)
    )
    return {
        pk: (first, last, level)
        for pk, first, last, level in rows.values_list("pk", "first", "last", "course__level")
    }


def _missed_twice(now: datetime.datetime) -> dict[int, tuple[datetime.date, int]]:
    """By learner the day of the second miss, where the last two lessons were missed unannounced."""
    since = now - HORIZON_DAYS * DAY
    missers = (
        Attendance.objects.counted()
        .filter(status=Status.ABSENT, lesson__starts_at__gte=since, lesson__starts_at__lt=now)
        .order_by()
        .values("enrollment__application__learner")
        .annotate(times=Count("pk"))
        .filter(times__gte=2)
        .values("enrollment__application__learner")
    )
    marks: dict[int, list[tuple[datetime.datetime, str, int]]] = defaultdict(list)
    seen = (
        Attendance.objects.counted()
        .filter(
            enrollment__application__learner__in=missers,
            enrollment__application__status=Application.Status.ACTIVE,
            lesson__starts_at__gte=since,
            lesson__starts_at__lt=now,
        )
        .exclude(status="")
        .order_by()
        .values_list(
            "enrollment__application__learner",
            "lesson__starts_at",
            "status",
            "lesson__class_session__course__level",
        )
    )
    walked_in = (
        WalkIn.objects.standing()
        .filter(learner__in=missers, lesson__starts_at__gte=since, lesson__starts_at__lt=now)
        .order_by()
        .values_list("learner", "lesson__starts_at", "lesson__class_session__course__level")
    )
    for learner, starts_at, status, level in seen:
        marks[learner].append((starts_at, status, level))
    for learner, starts_at, level in walked_in:
        marks[learner].append((starts_at, Status.PRESENT, level))
    found = {}
    for learner, rows in marks.items():
        last = sorted(rows)[-2:]
        if len(last) == 2 and all(status == Status.ABSENT for _at, status, _level in last):
            found[learner] = (timezone.localtime(last[1][0]).date(), last[1][2])
    return found


def have_a_place_ahead(*, now: datetime.datetime) -> set[int]:
    """Whoever has something ahead: a seat, a place in line, an application before its draw.

    A lesson that the city cancelled is still owed a new day, and counts until its date.
    """
    coming = Lesson.objects.filter(ends_at__gte=now)
    ahead = ClassSession.objects.running().filter(lessons__in=coming).values("pk")
    seats = Enrollment.objects.held().filter(class_session__in=ahead)
    lines = WaitlistEntry.objects.waiting().filter(
        class_session__in=ahead, party__applications__status=Application.Status.ACTIVE
    )
    to_be_drawn = Application.objects.active().filter(
        intake__method="lottery",
        intake__drawn_at__isnull=True,
        party__choices__class_session__in=ahead,
    )
    return {
        *seats.values_list("application__learner", flat=True),
        *lines.values_list("party__applications__learner", flat=True),
        *to_be_drawn.values_list("learner", flat=True),
    }


def _reachable(pks: Collection[int]) -> Sequence[int]:
    """Those who live and stand on record; asked without naming them, for they may be many."""
    gone = Learner.objects.filter(
        Q(deceased_on__isnull=False) | Q(merged_into__isnull=False) | Q(anonymised_at__isnull=False)
    )
    return sorted(set(pks) - set(gone.values_list("pk", flat=True)))


@dataclass(frozen=True)
class ToldCount:
    """How many notices of one purpose went which way."""

    purpose: str
    by_text: int
    sent: int
    waiting: int
    by_phone: int
    to_call: int
    by_letter: int
    to_post: int
    missed: int

    @property
    def total(self) -> int:
        parts = (self.by_text, self.sent, self.waiting, self.by_phone, self.to_call)
        return sum(parts) + self.by_letter + self.to_post + self.missed


PURPOSES = (
    Notice.Purpose.REMINDER,
    Notice.Purpose.FOLLOW_UP,
    Notice.Purpose.ABSENT,
    Notice.Purpose.NEXT_CLASS,
)


def told(*, now: datetime.datetime) -> list[ToldCount]:
    """What came due in the last thirty days, and how it was told; one query."""
    is_open = Q(settled_at__isnull=True)
    rows = (
        Notice.objects.filter(
            purpose__in=PURPOSES, due_at__gte=now - TOLD_DAYS * DAY, due_at__lt=now + DAY
        )
        .exclude(outcome=Outcome.DROPPED)
        .order_by()
        .values("purpose")
        .annotate(
            by_text=Count("pk", filter=Q(outcome=Outcome.DELIVERED)),
            sent=Count("pk", filter=Q(outcome=Outcome.SENT)),
            waiting=Count("pk", filter=is_open & Q(channel=Channel.SMS)),
            by_phone=Count("pk", filter=Q(outcome__in=(Outcome.TOLD, Outcome.LEFT_WORD))),
            to_call=Count("pk", filter=is_open & Q(channel=Channel.CALL)),
            by_letter=Count("pk", filter=Q(outcome__in=(Outcome.POSTED, Outcome.FAXED))),
            to_post=Count("pk", filter=is_open & Q(channel=Channel.POST)),
            missed=Count("pk", filter=Q(outcome=Outcome.MISSED)),
        )
    )
    found = {row["purpose"]: ToldCount(**row) for row in rows}
    none = dict.fromkeys(
        ("by_text", "sent", "waiting", "by_phone", "to_call", "by_letter", "to_post", "missed"), 0
    )
    return [found.get(purpose) or ToldCount(purpose, **none) for purpose in PURPOSES]
