"""When a message may go out (rule 51): the next moment within the hours, off the days off."""

import datetime
from dataclasses import dataclass

import jpholiday
from django.utils import timezone

from sms.models import DayOff, SendingHours

LONGEST_WAIT = 60


@dataclass(frozen=True)
class Hours:
    """The hours in force, read once for many messages."""

    opens: datetime.time
    closes: datetime.time
    opens_early: datetime.time
    closed_weekdays: frozenset[int]
    closed_on_holidays: bool
    days_off: frozenset[datetime.date]

    def is_off(self, day: datetime.date) -> bool:
        """Whether nothing goes out on this day (what the city cancels does)."""
        return (
            day.isoweekday() in self.closed_weekdays
            or day in self.days_off
            or (self.closed_on_holidays and jpholiday.is_holiday(day))
        )

    def next_open(
        self, moment: datetime.datetime, *, may_be_early: bool = False
    ) -> datetime.datetime:
        """This moment if messages may go out then, else the next one at which they may.

        What may be early goes from `opens_early`, also on a day off (rule 51).
        """
        local = timezone.localtime(moment)
        opens = self.opens_early if may_be_early else self.opens
        for _ in range(LONGEST_WAIT):
            begins = datetime.datetime.combine(local.date(), opens, local.tzinfo)
            ends = datetime.datetime.combine(local.date(), self.closes, local.tzinfo)
            if local < ends and (may_be_early or not self.is_off(local.date())):
                return max(local, begins)
            local = datetime.datetime.combine(
                local.date() + datetime.timedelta(days=1), datetime.time.min, local.tzinfo
            )
        return local

    def is_open(self, moment: datetime.datetime, *, may_be_early: bool = False) -> bool:
        """Whether a message may go out at this moment."""
        return self.next_open(moment, may_be_early=may_be_early) <= moment


def load() -> Hours:
    """The hours as they stand, with the days off; two queries."""
    row = SendingHours.objects.filter(pk=1).first() or SendingHours()
    return Hours(
        opens=row.opens,
        closes=row.closes,
        opens_early=row.opens_early,
        closed_weekdays=frozenset(row.closed_weekdays),
        closed_on_holidays=row.closed_on_holidays,
        days_off=frozenset(DayOff.objects.values_list("day", flat=True)),
    )
