"""One round of sending: claim in batches, look again, send outside any transaction, record.

Several workers may run it at once, on several servers. Whenever one is killed, what it had claimed
becomes unknown and is settled by asking (sms.polling), so that nobody gets a message twice.
"""

import collections
import datetime
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from sms import pace, sending_hours, suppression, transitions
from sms.models import OutboundMessage
from sms.transports import Accepted, Answer, Refused, Transport, TryLater, Unclear
from sms.verdicts import Drop, Later, Send, StillHolds, Verdict

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime.datetime]
LARGEST_BATCH = 50
# A batch is at most what goes out in this time, so that a slow sender claims little ahead.
BATCH_SECONDS = 2.0
# How long results gather before they are recorded together.
GATHER_SECONDS = 0.25
# What cannot be looked at without an error waits so long, and others go.
ERROR_PAUSE = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Delivered:
    """What one round did, in numbers of messages."""

    sent: int = 0
    refused: int = 0
    # Put off by the provider, which was busy or not there.
    put_off: int = 0
    unknown: int = 0
    # No longer held, or to a suppressed number.
    dropped: int = 0
    expired: int = 0
    # Moved into the sending hours, or to the moment that `still_holds` named.
    moved: int = 0

    @property
    def did_something(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class NotCalled:
    """The claim became too old before its turn came; the provider was not asked."""


def deliver(
    transport: Transport,
    *,
    still_holds: StillHolds,
    clock: Clock,
    until: datetime.datetime,
    stop: Callable[[], bool] = lambda: False,
    pause: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Send what is due until nothing is, or `until`, or `stop()`; calls begun are finished.

    Call it outside a transaction. `clock` reads the time, for this is a loop; `still_holds` is
    asked with each batch right before it goes (rule 53).
    """
    counts: collections.Counter[str] = collections.Counter()
    counts["unknown"] += transitions.give_up_claims(now=clock())
    hours = sending_hours.load()
    counts["moved"] += keep_hours(hours, now=clock())
    counts["expired"] += transitions.expire(now=clock())
    size = batch_size(transport.per_second)
    metronome = pace.Metronome(transport.per_second, clock=clock, pause=pause)
    underway: dict[futures.Future[Answer | NotCalled], OutboundMessage] = {}
    more = True
    with futures.ThreadPoolExecutor(transport.concurrency) as threads:
        try:
            while more or underway:
                # Two batches ahead, so that no slot is lost while the database is busy.
                if more and len(underway) < 2 * size:
                    more = clock() < until and not stop()
                    counts["moved"] += keep_hours(hours, now=clock())
                    batch = transitions.claim(size, now=clock()) if more else []
                    more = bool(batch)
                    going = prepare(batch, transport, still_holds, counts, now=clock())
                    for message, slot in _slots(going, transport, now=clock()):
                        call = threads.submit(_call, transport, message, slot, metronome, clock)
                        underway[call] = message
                answers = _gather(underway, timeout=GATHER_SECONDS)
                record(answers, transport, counts, now=clock())
                if answers and all(isinstance(answer, TryLater) for _, answer in answers):
                    more = False  # nobody is there: no use to ask for each of the others
        finally:
            # After an error what was answered is written down all the same.
            record(_gather(underway, timeout=None), transport, counts, now=clock())
    return Delivered(**counts)


def batch_size(per_second: float | None) -> int:
    """How many messages are claimed at once."""
    if per_second is None:
        return LARGEST_BATCH
    return max(1, min(LARGEST_BATCH, int(per_second * BATCH_SECONDS)))


def keep_hours(hours: sending_hours.Hours, *, now: datetime.datetime) -> int:
    """Outside the hours: what is due waits for the next ones, what cannot wait is too late.

    No query within the hours.
    """
    moved = 0
    for early in (False, True):
        opens = hours.next_open(now, may_be_early=early)
        if opens > now:
            due = OutboundMessage.objects.due(now).filter(may_be_early=early)
            moved += transitions.put_off_until(due, opens, now=now)
    return moved


def prepare(
    batch: Sequence[OutboundMessage],
    transport: Transport,
    still_holds: StillHolds,
    counts: collections.Counter[str],
    *,
    now: datetime.datetime,
) -> list[OutboundMessage]:
    """Look at each claimed message once more (rule 53); returns what may go, in today's words."""
    if not batch:
        return []
    try:
        suppressed = suppression.of(message.to for message in batch)
        allowed = [message for message in batch if message.to not in suppressed]
        verdicts = _verdicts(allowed, still_holds, now=now)
    except BaseException:
        # The round ends with the error; these were not sent, and others go before them.
        transitions.hand_back(batch, send_after=now + ERROR_PAUSE, now=now)
        raise
    worded: list[tuple[OutboundMessage, str]] = []
    dropped: list[OutboundMessage] = []
    for message in batch:
        verdict: Verdict = verdicts.get(message.pk, Drop())
        if message.to in suppressed or isinstance(verdict, Drop):
            dropped.append(message)
        elif isinstance(verdict, Send):
            worded.append((message, verdict.body))
        elif isinstance(verdict, Later):
            counts["moved"] += transitions.hand_back(
                [message], send_after=verdict.send_after, now=now
            )
    counts["dropped"] += transitions.drop(dropped, now=now)
    going, refused = transitions.leave(worded, sender=transport.sender, now=now)
    counts["refused"] += refused
    return going


def _verdicts(
    messages: Sequence[OutboundMessage], still_holds: StillHolds, *, now: datetime.datetime
) -> Mapping[int, Verdict]:
    """What is said of each; one that cannot be looked at without an error holds up no other.

    Raises the error where it is not one message's.
    """
    if not messages:
        return {}
    try:
        return still_holds(messages, now)
    except (OperationalError, InterfaceError):
        raise  # the database is away, for all of them
    except Exception:
        verdicts: dict[int, Verdict] = {}
        failed = []
        for message in messages:
            try:
                verdicts |= still_holds([message], now)
            except Exception as error:
                failed.append(message.pk)
                logger.error("message %d: %s", message.pk, type(error).__name__)
        if len(failed) == len(messages):
            raise
        return verdicts | dict.fromkeys(failed, Later(now + ERROR_PAUSE))


def _slots(
    going: Sequence[OutboundMessage], transport: Transport, *, now: datetime.datetime
) -> list[tuple[OutboundMessage, datetime.datetime | None]]:
    """Each message with the moment at which it may go."""
    if not going or transport.per_second is None:
        return [(message, None) for message in going]
    slots = pace.take(transport.sender, len(going), per_second=transport.per_second, now=now)
    return list(zip(going, slots, strict=True))


def _gather(
    underway: dict[futures.Future[Answer | NotCalled], OutboundMessage], *, timeout: float | None
) -> list[tuple[OutboundMessage, Answer | NotCalled]]:
    """The calls that ended, or end within so many seconds; None waits for all."""
    ended, _ = futures.wait(underway, timeout=timeout)
    return [(underway.pop(call), call.result()) for call in ended]


def _call(
    transport: Transport,
    message: OutboundMessage,
    slot: datetime.datetime | None,
    metronome: pace.Metronome,
    clock: Clock,
) -> Answer | NotCalled:
    """In a thread of its own: HTTP and nothing else."""
    metronome.wait(slot)
    if message.claimed_at is None or clock() >= message.claimed_at + transitions.lease():
        return NotCalled()
    try:
        return transport.send(message)
    except Exception as error:
        # Whatever it was, the message may have left.
        return Unclear(type(error).__name__)


def record(
    answers: Collection[tuple[OutboundMessage, Answer | NotCalled]],
    transport: Transport,
    counts: collections.Counter[str],
    *,
    now: datetime.datetime,
) -> None:
    """Write down what the provider answered, in few queries."""
    accepted = [(row, answer.sid) for row, answer in answers if isinstance(answer, Accepted)]
    transitions.sent(accepted, first_check=transport.first_check, now=now)
    counts["sent"] += len(accepted)
    for row, answer in answers:
        if isinstance(answer, Refused):
            counts["refused"] += transitions.refused(row, answer.code, now=now)
        elif isinstance(answer, TryLater | Unclear):
            # The kind only: no text, no number.
            logger.warning("message %d: %s, %s", row.pk, type(answer).__name__, answer.reason)
    put_off = [row for row, answer in answers if isinstance(answer, TryLater)]
    counts["put_off"] += transitions.try_later(put_off, now=now)
    unclear = [row for row, answer in answers if isinstance(answer, Unclear)]
    counts["unknown"] += transitions.unclear(unclear, now=now)
    late = [row for row, answer in answers if isinstance(answer, NotCalled)]
    transitions.not_called(late, now=now)
