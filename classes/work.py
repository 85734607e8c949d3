"""What time alone sets going, step by step. Any number of workers may do it at once.

Every step takes the lock it needs and looks again under it, so that doing it twice changes nothing.
"""

import datetime
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from classes import (
    disruptions,
    offers,
    outcomes_of_messages,
    posting,
    reminders,
    replies,
    sending,
    staff_tasks,
    stalled,
)
from classes.demo import state
from classes.rounds import Did, Round, Step, Turn, run_step
from sms import delivery, polling, transports
from sms.models import OutboundMessage


def understand(turn: Turn) -> Did:
    """Act on the answers that came in, or lay them into the inbox (rules 58 to 61)."""
    return Did({"understood": replies.understand(now=turn.clock())})


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


def plan(turn: Turn) -> Did:
    """Make the notices that are due by now, and take back those that no longer hold."""
    return Did(vars(reminders.plan(now=turn.clock())))


def deliver(turn: Turn) -> Did:
    """Send the messages that are due, for some seconds (rules 51 to 53)."""
    if state.is_kept_from_phones():
        return Did(warning="this is a demo and its numbers may be somebody's: no message is sent")
    done = delivery.deliver(
        transports.current(),
        still_holds=sending.still_holds,
        clock=turn.clock,
        until=turn.until,
        stop=turn.stop,
    )
    # Where nothing moved, the next try waits for the next round.
    more = done.did_something and OutboundMessage.objects.due(turn.clock()).exists()
    return Did(vars(done), more_is_due=more)


def poll(turn: Turn) -> Did:
    """Ask what became of messages and what came in (rules 56 and 57)."""
    done = polling.poll(transports.current(), clock=turn.clock, until=turn.until, stop=turn.stop)
    return Did(vars(done))


def sweep(turn: Turn) -> Did:
    """Turn what became of messages into calls (rules 54 and 55)."""
    return Did({"settled": outcomes_of_messages.sweep(now=turn.clock())})


def watch_lines(turn: Turn) -> Did:
    """Set lines going that stand still, and name those that only a press moves (rule 29)."""
    still = stalled.set_going(now=turn.clock())
    return Did(standing_still=tuple(f"{session.intake.code}/{session.code}" for session in still))


# The one list: a step that is written here is done in every round, in this place.
STEPS: Final = (
    # Whoever wants no more messages is heard before anything goes out.
    Step("replies", understand),
    Step("announce", announce),
    Step("expire", expire),
    Step("reroute", reroute),
    Step("tasks", finish_tasks),
    Step("lines", watch_lines),
    Step("plan", plan),
    Step("deliver", deliver),
    Step("poll", poll),
    Step("sweep", sweep),
)
BY_NAME: Final[Mapping[str, Step]] = MappingProxyType({step.name: step for step in STEPS})


# For whoever plays many rounds of one day.
WITHOUT_PLANNING: Final = tuple(step for step in STEPS if step.do is not plan)


def do_round(*, now: datetime.datetime, steps: Sequence[Step] = STEPS) -> Round:
    """Do every step once as of this moment; an error goes to whoever asked."""
    return Round({step.name: run_step(step, clock=lambda: now) for step in steps}, {})
