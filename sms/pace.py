"""How fast a sender sends: all workers, on whichever server, take their slots from one row."""

import datetime
import threading
from collections.abc import Callable

from django.db import transaction

from sms.models import SenderPace

# By how much a late call may hurry to catch up with its slot.
TOLERANCE = datetime.timedelta(milliseconds=100)


def take(
    sender: str, count: int, *, per_second: float, now: datetime.datetime
) -> list[datetime.datetime]:
    """The next moments at which this sender may send, one a message; nobody else has them."""
    gap = datetime.timedelta(seconds=1 / per_second)
    with transaction.atomic():
        row, _ = SenderPace.objects.select_for_update().get_or_create(
            sender=sender, defaults={"free_at": now}
        )
        first = max(row.free_at, now)
        row.free_at = first + gap * count
        row.save(update_fields=["free_at"])
    return [first + gap * number for number in range(count)]


class Metronome:
    """Lets the threads of one worker go one after the other, each at its slot or later.

    Calls that come late, because all threads were busy, do not go out in a burst.
    """

    def __init__(
        self,
        per_second: float | None,
        *,
        clock: Callable[[], datetime.datetime],
        pause: Callable[[float], None],
    ) -> None:
        self.gap = datetime.timedelta(seconds=1 / per_second if per_second else 0)
        self.clock = clock
        self.pause = pause
        self.lock = threading.Lock()
        self.next: datetime.datetime | None = None

    def wait(self, slot: datetime.datetime | None) -> None:
        """Pause until the slot, or until the pace allows; without a slot go at once."""
        if slot is None:
            return
        with self.lock:
            now = self.clock()
            at = max(slot, self.next or slot, now - TOLERANCE)
            self.next = at + self.gap
        if at > now:
            self.pause((at - now).total_seconds())
