"""When to try again, and how many calls can still be made today at the pace so far."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from classes import calls
from classes.models import CallAttempt

# The pace is that of the last hour; fewer minutes than this say nothing yet.
WINDOW = datetime.timedelta(minutes=60)
SHORTEST = datetime.timedelta(minutes=5)
RETRY_AFTER = datetime.timedelta(hours=2)
RETRY_BEFORE_DUE = datetime.timedelta(minutes=30)
# A call that is due within this is tried again in time, also before the usual hours: a class that
# is cancelled in the morning cannot wait for nine o'clock (rule 51).
PRESSING = datetime.timedelta(hours=3)


@dataclass(frozen=True)
class Pace:
    """Tonight's list against the clock. `per_hour` is None while there is no pace to go by."""

    to_make: int
    until: datetime.datetime
    made_today: int
    per_hour: float | None
    can_be_made: int | None

    @property
    def left_over(self) -> int | None:
        """Calls that will not be made today at this pace."""
        return None if self.can_be_made is None else self.to_make - self.can_be_made


def pace(*, now: datetime.datetime) -> Pace:
    """How many of tonight's calls can still be made, over all operators together."""
    until = closing_time(now=now)
    tonight = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lt=until)
    to_make = calls.open_tasks(now=now).filter(tonight).count()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    recent = Q(at__gt=now - WINDOW)
    made = CallAttempt.objects.filter(at__gte=midnight, at__lte=now).aggregate(
        today=Count("pk"), recent=Count("pk", filter=recent), since=Min("at")
    )
    per_hour = None
    if made["recent"]:
        span = min(now - made["since"], WINDOW)
        if span >= SHORTEST:
            per_hour = made["recent"] / (span / datetime.timedelta(hours=1))
    left = max(until - now, datetime.timedelta()) / datetime.timedelta(hours=1)
    can = 0 if not left else None if per_hour is None else min(to_make, int(per_hour * left))
    return Pace(to_make, until, made["today"], per_hour, can)


def closing_time(*, now: datetime.datetime) -> datetime.datetime:
    """Today's time after which nobody is called any more."""
    return timezone.localtime(now).replace(
        hour=settings.CALLS_UNTIL.hour,
        minute=settings.CALLS_UNTIL.minute,
        second=0,
        microsecond=0,
    )


def next_attempt(*, due_at: datetime.datetime, now: datetime.datetime) -> datetime.datetime:
    """When to try again: in two hours, sooner where it is pressing, else the next morning."""
    local = timezone.localtime(now)
    closing = closing_time(now=now)
    if local < due_at <= local + PRESSING:
        pause = min(RETRY_BEFORE_DUE, (due_at - local) / 2)
        return max(_to_five_minutes(local + pause), local + datetime.timedelta(minutes=1))
    opening = local.replace(
        hour=settings.CALLS_FROM.hour, minute=settings.CALLS_FROM.minute, second=0, microsecond=0
    )
    if local < opening:
        return opening
    later = _to_five_minutes(local + RETRY_AFTER)
    if later < closing:
        return later
    morning = opening + datetime.timedelta(days=1)
    soon = _to_five_minutes(local + RETRY_BEFORE_DUE)
    if due_at < morning and soon < closing:
        return soon
    return morning


def _to_five_minutes(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
