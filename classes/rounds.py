"""How the worker does its steps: each bounded in time, and none kept from its turn by another.

Which steps, and in which order, stands in `classes.work`.
"""

import datetime
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from django.db import connections

logger = logging.getLogger("work")
Clock = Callable[[], datetime.datetime]
# So long may one step of a round take, so that offers expire on time however much is to be sent.
LONGEST_STEP = datetime.timedelta(seconds=10)


def never() -> bool:
    """Nobody asked to stop."""
    return False


@dataclass(frozen=True)
class Turn:
    """What a step is given: the clock, until when it may take on more, and whether to stop.

    A step that loops asks `stop` between two pieces of work; that is also the sign of life.
    """

    clock: Clock
    until: datetime.datetime
    stop: Callable[[], bool] = never


@dataclass(frozen=True)
class Did:
    """What a step did, in numbers by word, and what is to be said of it."""

    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    more_is_due: bool = False
    # Codes of classes whose line stands still although seats are free (rule 29).
    standing_still: tuple[str, ...] = ()
    # What whoever runs the worker must know, in a sentence without personal data.
    warning: str = ""

    @property
    def something(self) -> bool:
        return any(self.counts.values())


@dataclass(frozen=True)
class Step:
    """One thing that a round does, and that a command does alone."""

    name: str
    do: Callable[[Turn], Did]


@dataclass(frozen=True)
class Round:
    """What one round did: by step, and which steps failed with which kind of error."""

    did: Mapping[str, Did]
    failed: Mapping[str, str]

    @property
    def did_something(self) -> bool:
        return any(did.something for did in self.did.values())

    @property
    def more_is_due(self) -> bool:
        return any(did.more_is_due for did in self.did.values())

    @property
    def standing_still(self) -> tuple[str, ...]:
        return tuple(code for did in self.did.values() for code in did.standing_still)

    @property
    def warnings(self) -> tuple[str, ...]:
        said = [did.warning for did in self.did.values() if did.warning]
        if self.standing_still:
            said.append(f"standing still: {', '.join(self.standing_still)}")
        return tuple(said)

    def count(self, word: str) -> int:
        """How many of something, over all steps."""
        return sum(did.counts.get(word, 0) for did in self.did.values())


def run(
    steps: Sequence[Step],
    *,
    clock: Clock,
    stop: Callable[[], bool] = never,
) -> Round:
    """Do the steps in their order; one that fails keeps no other from its turn."""
    did: dict[str, Did] = {}
    failed: dict[str, str] = {}
    for step in steps:
        if stop():
            break
        try:
            did[step.name] = run_step(step, clock=clock, stop=stop)
            _log(step, did[step.name])
        except Exception as error:
            failed[step.name] = describe(error)
            logger.error("%s failed: %s", step.name, failed[step.name])
            # A connection that broke is replaced before the next step needs it.
            renew_connections()
    return Round(did, failed)


def run_step(
    step: Step,
    *,
    clock: Clock,
    stop: Callable[[], bool] = never,
    longest: datetime.timedelta = LONGEST_STEP,
) -> Did:
    """Do one step, which takes on nothing new after `longest`."""
    return step.do(Turn(clock=clock, until=clock() + longest, stop=stop))


def renew_connections() -> None:
    """Put away connections that broke, for the next query to open others."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def describe(error: Exception) -> str:
    """The kind of an error and the line it came from; its words may quote rows, and stay out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _log(step: Step, did: Did) -> None:
    if did.something:
        words = ", ".join(f"{word} {count}" for word, count in did.counts.items() if count)
        logger.info("%s: %s", step.name, words)
