"""The sign of life that every worker leaves, and who has been silent for too long."""

import datetime
from dataclasses import dataclass

from django.db.models import F

from classes.models import WorkerHeartbeat

# After so long without a sign a worker that did not say goodbye is taken for dead.
SILENT_AFTER = datetime.timedelta(seconds=90)
# A long step leaves a sign so often.
EVERY = datetime.timedelta(seconds=5)
KEPT = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Worker:
    """One worker as it is shown."""

    row: WorkerHeartbeat
    is_at_work: bool
    is_silent: bool


def begin(name: str, *, now: datetime.datetime) -> None:
    """A worker begins; what was left by those of other days goes."""
    WorkerHeartbeat.objects.filter(seen_at__lt=now - KEPT).delete()
    WorkerHeartbeat.objects.update_or_create(
        name=name, defaults={"started_at": now, "seen_at": now, "stopped_at": None, "failures": 0}
    )


def beat(name: str, *, now: datetime.datetime) -> None:
    """A worker lives; one whose beginning could not be written has begun by now."""
    if not WorkerHeartbeat.objects.filter(name=name).update(seen_at=now):
        begin(name, now=now)


def end_round(name: str, *, failed: bool, now: datetime.datetime) -> None:
    """A round is over, well or not."""
    beat(name, now=now)
    failures = F("failures") + 1 if failed else 0
    WorkerHeartbeat.objects.filter(name=name).update(failures=failures)


def end(name: str, *, now: datetime.datetime) -> None:
    """A worker was told to end and does."""
    WorkerHeartbeat.objects.filter(name=name).update(seen_at=now, stopped_at=now)


def workers(*, now: datetime.datetime) -> list[Worker]:
    """Everyone seen within a day, the latest first; one query."""
    rows = WorkerHeartbeat.objects.filter(seen_at__gte=now - KEPT)
    return [
        Worker(
            row=row,
            is_at_work=row.stopped_at is None and row.seen_at > now - SILENT_AFTER,
            is_silent=row.stopped_at is None and row.seen_at <= now - SILENT_AFTER,
        )
        for row in rows
    ]
