"""When things happen in the demo: rounds relative to today, on days when a city office works."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import jpholiday
from django.utils import timezone

DAY = datetime.timedelta(days=1)
WEEK = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Round:
    """One intake: the month it is named after, its reception, the first day for lessons."""

    month: datetime.date
    opens_at: datetime.datetime
    closes_at: datetime.datetime
    lessons_from: datetime.date
    # A second intake of the month: 追加募集.
    is_extra: bool = False

    @property
    def code(self) -> str:
        return f"{self.month:%Y-%m}{'T' if self.is_extra else ''}"

    @property
    def spoken_name(self) -> str:
        return f"{self.month.month}月{'追加' if self.is_extra else ''}"

    @property
    def reference_date(self) -> datetime.date:
        """Ages are reckoned on 1 April of the lessons' fiscal year."""
        starts = self.lessons_from
        return datetime.date(starts.year if starts.month >= 4 else starts.year - 1, 4, 1)


@dataclass(frozen=True)
class Calendar:
    """Every round of the demo, as seen from one moment."""

    now: datetime.datetime
    past: tuple[Round, ...]
    running: Round
    current: Round
    lottery: Round
    coming: Round
    # Two lotteries: one drawn, its results being told; one closed and ready to be drawn.
    drawn: Round
    ready: Round

    @property
    def today(self) -> datetime.date:
        return timezone.localtime(self.now).date()


def around(*, now: datetime.datetime) -> Calendar:
    """Three rounds over, one with lessons today, two open since the last working day, one to come.

    Their months always differ, so that "12月の42番" means one application.
    """
    today = timezone.localtime(now).date()
    opened = working_day_before(today)
    month = (today + 24 * DAY).replace(day=1)
    after, last = next_month(month), next_month(next_month(month))
    opens = working_day_from(today + 20 * DAY)
    return Calendar(
        now=now,
        past=tuple(_past_round(today - days * DAY) for days in (215, 150, 85)),
        running=_past_round(today - 14 * DAY),
        current=Round(month, clock(opened, 9), _closing(today + 12 * DAY), today + 24 * DAY),
        lottery=Round(
            after, clock(opened, 9), _closing(today + 6 * DAY), max(after, today + 35 * DAY)
        ),
        drawn=_extra(month, today - 18 * DAY, today - 5 * DAY, today + 26 * DAY),
        ready=_extra(after, today - 12 * DAY, today - 2 * DAY, max(after, today + 37 * DAY)),
        coming=Round(last, clock(opens, 9), _closing(opens + 14 * DAY), last + 4 * DAY),
    )


def clock(day: datetime.date, hour: int, minute: int = 0, second: int = 0) -> datetime.datetime:
    """A moment of that day as the city's clock shows it."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, minute, second)))


def working_day_from(day: datetime.date) -> datetime.date:
    """This day, or the next on which the city's office is open."""
    while day.weekday() >= 5 or is_closed(day):
        day += DAY
    return day


def working_day_before(day: datetime.date) -> datetime.date:
    """The last day before this one on which the city's office was open."""
    day -= DAY
    while day.weekday() >= 5 or is_closed(day):
        day -= DAY
    return day


def is_closed(day: datetime.date) -> bool:
    """A public holiday, or the days around the New Year."""
    return jpholiday.is_holiday(day) or is_new_year(day)


def is_new_year(day: datetime.date) -> bool:
    """年末年始: every hall is closed."""
    return (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)


def days_around(today: datetime.date, *, before: int, after: int) -> Sequence[datetime.date]:
    """Weekly days of which today is one, whatever day it is; the others are no holidays."""
    days = [today]
    for step, count in ((-WEEK, before), (WEEK, after)):
        day = today
        found = 0
        while found < count:
            day += step
            if not is_closed(day):
                days.append(day)
                found += 1
    return sorted(days)


def next_month(first: datetime.date) -> datetime.date:
    """The first day of the month after this one."""
    return (first + 31 * DAY).replace(day=1)


def _closing(day: datetime.date) -> datetime.datetime:
    return clock(working_day_from(day), 17)


def _extra(
    month: datetime.date, opens: datetime.date, closes: datetime.date, lessons_from: datetime.date
) -> Round:
    opened, closed = working_day_before(opens), working_day_before(closes)
    return Round(month, clock(opened, 9), clock(closed, 17), lessons_from, is_extra=True)


def _past_round(lessons_from: datetime.date) -> Round:
    opened = working_day_before(lessons_from - 34 * DAY)
    return Round(
        month=lessons_from.replace(day=1),
        opens_at=clock(opened, 9),
        closes_at=_closing(opened + 14 * DAY),
        lessons_from=lessons_from,
    )
