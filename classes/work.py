"""One round of the worker: what time alone sets going. Any number of workers may run at once."""

import datetime
from dataclasses import dataclass

from classes import disruptions, offers, posting, replies, staff_tasks, stalled
from classes.models import ClassSession


@dataclass(frozen=True)
class Round:
    """What one round did, and the lines that stand still although seats are free (rule 29)."""

    announced: int
    expired: int
    rerouted: int
    finished: int
    standing_still: tuple[ClassSession, ...]
    # Answers by SMS that were taken up.
    understood: int = 0

    @property
    def did_something(self) -> bool:
        return bool(
            self.announced or self.expired or self.rerouted or self.finished or self.understood
        )


def do_round(*, now: datetime.datetime) -> Round:
    """Announce, expire, send by letter what may not be called, look for lines standing still.

    Every step takes the lock it needs and looks again under it, so that doing it twice changes
    nothing.
    """
    # First of all: what stood still on a bad day has its time back before anything expires.
    disruptions.end_passed(now=now)
    # Whoever wants no messages is heard before anything goes out.
    understood = replies.understand(now=now)
    posting.renew_deadlines(now=now)
    return Round(
        announced=offers.announce_due(now=now),
        expired=offers.expire_due(now=now),
        rerouted=posting.reroute_no_phone(now=now),
        finished=staff_tasks.finish_answered(now=now),
        understood=understood,
        standing_still=tuple(stalled.set_going(now=now)),
    )
