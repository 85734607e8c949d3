"""Who came back within sixty days of the end of their series, by level and quarter.

Counted is everybody who held a seat and came at least once. They came back if they applied again
from the day the series began until sixty days after its end, and the application still stands, or
if they came to a lesson of another class in the sixty days after its end.
"""

import datetime
import functools
from collections import defaultdict
from dataclasses import dataclass

from django.utils import timezone

from classes import coming_back
from classes.models import Application, Attendance, Enrollment, WalkIn
from skill_levels.models import SkillLevel

DAY = datetime.timedelta(days=1)
RETURN_DAYS = 60
QUARTERS = 6
# Of fewer people a share says nothing.
FEWEST = 5


@dataclass(frozen=True)
class Ended:
    """One person's series that ended."""

    learner_pk: int
    application_pk: int
    class_pk: int
    level_pk: int
    began: datetime.datetime
    ended: datetime.datetime
    came_back_at: datetime.datetime | None

    def has_time(self, now: datetime.datetime) -> bool:
        """Whether they did not come back, but the sixty days are not yet over."""
        return self.came_back_at is None and now < self.ended + RETURN_DAYS * DAY


@dataclass
class Rate:
    """One line: of those whose series ended, who came back, who has not, who still has time."""

    label: str
    came_back: int = 0
    away: int = 0
    has_time: int = 0
    # Came back, of those whose sixty days are over.
    came_back_in_full: int = 0

    @property
    def people(self) -> int:
        return self.came_back + self.away + self.has_time

    @property
    def share(self) -> int | None:
        """Per cent of those whose sixty days are over; None where they are too few to say."""
        whole = self.in_full
        return round(100 * self.came_back_in_full / whole) if whole >= FEWEST else None

    @property
    def in_full(self) -> int:
        """Those whose sixty days are over: the share is of them."""
        return self.came_back_in_full + self.away

    @property
    def parts(self) -> tuple[int, int, int]:
        return self.came_back, self.has_time, self.away


@dataclass(frozen=True)
class Level:
    """The return rate of one level, quarter by quarter, and over all of them."""

    level: SkillLevel
    quarters: tuple[Rate, ...]
    total: Rate


def series(*, now: datetime.datetime, since: datetime.datetime) -> list[Ended]:
    """Every person's series that ended since then; six queries however many."""
    ends = coming_back.series_ends(since=since, until=now)
    came = Attendance.objects.counted().filter(
        status=Attendance.Status.PRESENT, lesson__class_session__in=ends
    )
    present = set(came.order_by().values_list("enrollment", flat=True).distinct())
    seats = [
        seat
        for seat in Enrollment.objects.held()
        .filter(class_session__in=ends)
        .order_by()
        .values_list("pk", "application__learner", "application", "class_session")
        if seat[0] in present
    ]
    first = min((began for began, _last, _level in ends.values()), default=now)
    applied: dict[int, list[tuple[datetime.datetime, int]]] = defaultdict(list)
    for learner, received_at, pk in (
        Application.objects.active()
        .filter(received_at__gte=first, received_at__lt=now)
        .order_by("received_at")
        .values_list("learner", "received_at", "pk")
    ):
        applied[learner].append((received_at, pk))
    attended = _attended(since, now)
    found = []
    for _seat, learner, application, session in seats:
        began, ended, level = ends[session]
        until = ended + RETURN_DAYS * DAY
        again = [at for at, pk in applied[learner] if began <= at < until and pk != application]
        again += [at for at, klass in attended[learner] if ended < at < until and klass != session]
        back = min(again, default=None)
        found.append(Ended(learner, application, session, level, began, ended, back))
    return found


def _attended(
    since: datetime.datetime, until: datetime.datetime
) -> dict[int, list[tuple[datetime.datetime, int]]]:
    """By learner the lessons they came to, with a seat or without."""
    attended: dict[int, list[tuple[datetime.datetime, int]]] = defaultdict(list)
    span = {"lesson__starts_at__gte": since, "lesson__starts_at__lt": until}
    with_seat = Attendance.objects.counted().filter(status=Attendance.Status.PRESENT, **span)
    for learner, at, session in with_seat.order_by().values_list(
        "enrollment__application__learner", "lesson__starts_at", "lesson__class_session"
    ):
        attended[learner].append((at, session))
    walk_ins = WalkIn.objects.standing().filter(lesson__cancelled_at__isnull=True, **span)
    for learner, at, session in walk_ins.order_by().values_list(
        "learner", "lesson__starts_at", "lesson__class_session"
    ):
        attended[learner].append((at, session))
    return attended


def by_level(*, now: datetime.datetime) -> list[Level]:
    """The rate of every level that ended a series in the last six quarters, lowest first."""
    quarters = _quarters(now)
    rates: dict[int, dict[datetime.date, Rate]] = {}
    quarter_of = functools.cache(lambda moment: _quarter(timezone.localtime(moment).date()))
    for each in series(now=now, since=_midnight(quarters[0])):
        if each.level_pk not in rates:
            rates[each.level_pk] = {day: Rate(quarter_label(day)) for day in quarters}
        _count(rates[each.level_pk][quarter_of(each.ended)], each, now)
    levels = SkillLevel.objects.filter(pk__in=rates).select_related("current").order_by("number")
    return [_level(level, tuple(rates[level.pk].values())) for level in levels]


def _level(level: SkillLevel, quarters: tuple[Rate, ...]) -> Level:
    total = Rate("")
    for each in quarters:
        total.came_back += each.came_back
        total.away += each.away
        total.has_time += each.has_time
        total.came_back_in_full += each.came_back_in_full
    return Level(level, quarters, total)


def _count(rate: Rate, each: Ended, now: datetime.datetime) -> None:
    if each.has_time(now):
        rate.has_time += 1
    elif each.came_back_at is None:
        rate.away += 1
    else:
        rate.came_back += 1
        rate.came_back_in_full += now >= each.ended + RETURN_DAYS * DAY


def returned(*, now: datetime.datetime) -> list[Ended]:
    """Who came back lately: of the series that ended in the last 120 days, the latest first."""
    ended = series(now=now, since=now - 2 * RETURN_DAYS * DAY)
    back = [each for each in ended if each.came_back_at is not None]
    return sorted(back, key=lambda each: each.came_back_at or now, reverse=True)


def quarter_label(first_day: datetime.date) -> str:
    """2026/7-9, the quarter by its months."""
    return f"{first_day.year}/{first_day.month}-{first_day.month + 2}"


def _quarter(day: datetime.date) -> datetime.date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _quarters(now: datetime.datetime) -> list[datetime.date]:
    """The first days of the last six quarters, this one last."""
    first = _quarter(timezone.localtime(now).date())
    days = [first]
    while len(days) < QUARTERS:
        days.append(_quarter(days[-1] - DAY))
    return days[::-1]


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
