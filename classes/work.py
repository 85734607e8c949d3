"""What time alone sets going, step by step. Any number of workers may do it at once.

Every step takes the lock it needs and looks again under it, so that doing it twice changes nothing.
"""

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from classes import disruptions, offers, posting, staff_tasks, stalled
from classes.rounds import Did, Round, Step, Turn, run_step


def announce(turn: Turn) -> Did:
    """Tell parties of seats whose undo window has passed (rule 30)."""
    disruptions.end_passed(now=turn.clock())
    return Did({"announced": offers.announce_due(now=turn.clock())})


def expire(turn: Turn) -> Did:
    """End offers whose time has passed (rule 29)."""
    # First of all: what stood still on a bad day has its time back before anything expires.
    disruptions.end_passed(now=turn.clock())
    posting.renew_deadlines(now=turn.clock())
    return Did({"expired": offers.expire_due(now=turn.clock())})


def reroute(turn: Turn) -> Did:
    """Send by letter what may not be called (rule 20)."""
    return Did({"rerouted": posting.reroute_no_phone(now=turn.clock())})


def finish_tasks(turn: Turn) -> Did:
    """Close staff tasks whose answer is on the record (rule 1)."""
    return Did({"finished": staff_tasks.finish_answered(now=turn.clock())})


def watch_lines(turn: Turn) -> Did:
    """Set lines going that stand still, and name those that only a press moves (rule 29)."""
    still = stalled.set_going(now=turn.clock())
    return Did(standing_still=tuple(f"{session.intake.code}/{session.code}" for session in still))


# The one list: a step that is written here is done in every round, in this place.
STEPS: Final = (
    Step("announce", announce),
    Step("expire", expire),
    Step("reroute", reroute),
    Step("tasks", finish_tasks),
    Step("lines", watch_lines),
)
BY_NAME: Final[Mapping[str, Step]] = MappingProxyType({step.name: step for step in STEPS})


def do_round(*, now: datetime.datetime) -> Round:
    """Do every step once as of this moment; an error goes to whoever asked."""
    return Round({step.name: run_step(step, clock=lambda: now) for step in STEPS}, {})
