"""Whether everything runs: the worker, the queue of messages, the lines. It names nobody."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from classes import heartbeats, stalled
from classes.demo import state
from classes.models import ClassSession, Reply
from sms import sending_hours
from sms.models import InboundCursor, InboundMessage, OutboundMessage

Status = OutboundMessage.Status
DAY = datetime.timedelta(days=1)
# A message that was due so long ago and is still here: sending does not go on.
LATE_AFTER = datetime.timedelta(minutes=30)
# Unknown for so long, though asked for: somebody should look.
UNSETTLED_AFTER = datetime.timedelta(hours=1)
# What the provider's codes mean, as far as somebody here can act on it.
CODES: Mapping[str, StrOrPromise] = {
    "21211": _("no such number"),
    "21610": _("has opted out"),
    "21614": _("not a mobile phone"),
    "21635": _("a landline"),
    "30003": _("switched off or out of reach"),
    "30005": _("no such number"),
    "30006": _("a landline, or the network does not carry it"),
    "30007": _("stopped by the network as unwanted"),
    "": _("the network gave no reason"),
}


@dataclass(frozen=True)
class Pulse:
    """What a machine that watches us needs to know."""

    worker_age: float | None
    oldest_due_age: float
    problems: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, object]:
        """Numbers and fixed words only."""
        return {
            "status": "ok" if self.is_well else "trouble",
            "database": "ok",
            "worker_age_seconds": self.worker_age,
            "oldest_due_message_seconds": self.oldest_due_age,
            "problems": list(self.problems),
        }


def pulse(*, now: datetime.datetime) -> Pulse:
    """Two small queries. Raises DatabaseError where the database does not answer."""
    seen = [each.row.seen_at for each in heartbeats.workers(now=now) if not each.row.stopped_at]
    oldest = OutboundMessage.objects.due(now).aggregate(Min("send_after"))["send_after__min"]
    worker_age = (now - max(seen)).total_seconds() if seen else None
    oldest_age = (now - oldest).total_seconds() if oldest else 0.0
    problems = []
    if worker_age is None or worker_age > heartbeats.SILENT_AFTER.total_seconds():
        problems.append("no worker")
    if oldest_age > LATE_AFTER.total_seconds():
        problems.append("messages wait too long")
    return Pulse(worker_age, oldest_age, tuple(problems))


@dataclass(frozen=True)
class Failure:
    """Messages of the last 24 hours that failed for one reason."""

    code: str
    meaning: StrOrPromise
    count: int


@dataclass(frozen=True)
class Look:
    """Everything of the status page."""

    workers: list[heartbeats.Worker]
    due: int
    oldest_due_at: datetime.datetime | None
    # Queued for later: their day is still to come, or the sending hours are.
    later: int
    next_at: datetime.datetime | None
    # The next moment within the sending hours; None while messages go out.
    opens_at: datetime.datetime | None
    last_day: Mapping[str, int]
    failures: list[Failure]
    unknown: int
    unknown_since: datetime.datetime | None
    standing_still: list[ClassSession]
    inbox: int
    last_received_at: datetime.datetime | None
    read_until: datetime.datetime | None
    is_simulated: bool
    is_kept_from_phones: bool
    now: datetime.datetime

    @property
    def has_worker(self) -> bool:
        return any(worker.is_at_work for worker in self.workers)

    @property
    def is_late(self) -> bool:
        return bool(self.oldest_due_at and self.now - self.oldest_due_at > LATE_AFTER)

    @property
    def is_unsettled(self) -> bool:
        return bool(self.unknown_since and self.now - self.unknown_since > UNSETTLED_AFTER)

    @property
    def failed(self) -> int:
        return self.last_day["undelivered"] + self.last_day["failed"]

    @property
    def is_well(self) -> bool:
        wrong = self.is_late or self.is_unsettled or self.standing_still or self.is_kept_from_phones
        return self.has_worker and not wrong


def look(*, now: datetime.datetime) -> Look:
    """The state of everything, in as many queries whatever there is."""
    queued = Q(status=Status.QUEUED, expires_at__gt=now)
    is_due, is_later = queued & Q(send_after__lte=now), queued & Q(send_after__gt=now)
    unknown = Q(status__in=(Status.UNKNOWN, Status.SENDING))
    waiting = OutboundMessage.objects.filter(
        status__in=(Status.QUEUED, Status.UNKNOWN, Status.SENDING)
    ).aggregate(
        due=Count("pk", filter=is_due),
        oldest_due_at=Min("send_after", filter=is_due),
        later=Count("pk", filter=is_later),
        next_at=Min("send_after", filter=is_later),
        unknown=Count("pk", filter=Q(status=Status.UNKNOWN)),
        unknown_since=Min("status_at", filter=unknown),
    )
    recent = list(
        OutboundMessage.objects.filter(status_at__gte=now - DAY)
        .order_by()
        .values_list("status", "error_code")
        .annotate(count=Count("pk"))
    )
    hours = sending_hours.load()
    return Look(
        workers=heartbeats.workers(now=now),
        **waiting,
        opens_at=None if hours.is_open(now) else hours.next_open(now),
        last_day={
            status: sum(count for each, _code, count in recent if each == status)
            for status in Status.values
        },
        failures=_failures(recent),
        standing_still=stalled.standing_still(now=now),
        inbox=Reply.objects.open().count(),
        last_received_at=InboundMessage.objects.aggregate(Max("received_at"))["received_at__max"],
        read_until=InboundCursor.objects.aggregate(Max("read_until"))["read_until__max"],
        is_simulated=not settings.TWILIO_ACCOUNT_SID,
        is_kept_from_phones=state.is_kept_from_phones(),
        now=now,
    )


def _failures(recent: Iterable[tuple[str, str, int]]) -> list[Failure]:
    """Those that did not arrive, by the provider's reason, the most frequent first."""
    ended = (Status.UNDELIVERED, Status.FAILED)
    found = [
        Failure(code, CODES.get(code, _("see the provider's list")), count)
        for status, code, count in recent
        if status in ended
    ]
    return sorted(found, key=lambda failure: -failure.count)
