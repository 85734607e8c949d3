"""What became of messages, and what came in, by asking: always for prices and for what is unknown,
and the only road where nothing can come in from outside (rules 56 and 57)."""

import collections
import datetime
import logging
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef

from sms import inbound, transitions
from sms.models import InboundCursor, InboundMessage, OutboundMessage
from sms.models.messages import OutboundMessageQuerySet
from sms.transports import Fate, Report, Transport, Unreachable

logger = logging.getLogger(__name__)
Status = OutboundMessage.Status
Clock = Callable[[], datetime.datetime]
LARGEST_BATCH = 50
# While an answer is awaited nobody else asks.
ASKING = datetime.timedelta(minutes=2)
# Seconds, minutes and hours until the next question; after the last nothing is expected any more.
PAUSES = tuple(
    datetime.timedelta(seconds=seconds)
    for seconds in (15, 30, 60, 120, 300, 900, 3600, 3 * 3600, 6 * 3600, 24 * 3600, 48 * 3600)
)
PRICE_PAUSES = PAUSES[4:10]
# The provider could not be asked: not at once again.
UNREACHABLE_PAUSE = datetime.timedelta(seconds=30)
# Messages may be listed late; what was read before is known by its sid.
OVERLAP = datetime.timedelta(minutes=10)
FIRST_LOOK_BACK = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Polled:
    """What one round of asking brought, in numbers of messages."""

    # Unknown ones that were found at the provider, or are not there and wait again.
    found: int = 0
    queued_again: int = 0
    # Those of which something new was told.
    settled: int = 0
    received: int = 0
    unreachable: int = 0

    @property
    def did_something(self) -> bool:
        return any(vars(self).values())


def poll(
    transport: Transport,
    *,
    clock: Clock,
    until: datetime.datetime,
    stop: Callable[[], bool] = lambda: False,
) -> Polled:
    """Settle what is unknown, ask for statuses and prices that are due, read what came in.

    Ends when nothing is due, at `until`, at `stop()`, or when the provider cannot be reached. Call
    it outside a transaction.
    """
    counts: collections.Counter[str] = collections.Counter()
    for step in (_settle_unknown, _ask_statuses):
        while clock() < until and not stop() and not counts["unreachable"]:
            if not step(transport, counts, now=clock()):
                break
    if not counts["unreachable"]:
        _read_inbound(transport, counts, now=clock())
    return Polled(**counts)


def _settle_unknown(
    transport: Transport, counts: collections.Counter[str], *, now: datetime.datetime
) -> bool:
    """Look unknown messages up at the provider; nothing is sent a second time before that."""
    sibling = OutboundMessage.objects.filter(
        to=OuterRef("to"), body=OuterRef("body"), status=Status.SENDING
    )
    # The same words to the same number, just being sent, could be taken for this one.
    rows = OutboundMessage.objects.filter(~Exists(sibling), status=Status.UNKNOWN)
    asked = _take(rows, now=now)
    known = set(
        OutboundMessage.objects.filter(to__in={row.to for row in asked})
        .exclude(sid="")
        .values_list("sid", flat=True)
    )
    answers = _ask(lambda row: transport.find(row, known=known), asked, transport, now=now)
    for row, report in answers:
        if report is None:
            _not_found(row, transport, counts, now=now)
        elif not _sibling_is_sent(row) and transitions.apply(
            report, pk=row.pk, attempt=row.attempts, check=PAUSES[0], only_with_sid=True, now=now
        ):
            known.add(report.sid)
            counts["found"] += 1
        else:
            transitions.ask_again(row, at=now + PAUSES[0])
    counts["unreachable"] += len(asked) - len(answers)
    return bool(asked)


def _sibling_is_sent(row: OutboundMessage) -> bool:
    """Whether the same words are being sent to the same number at this moment."""
    same = OutboundMessage.objects.filter(to=row.to, body=row.body, status=Status.SENDING)
    return same.exists()


def _not_found(
    row: OutboundMessage,
    transport: Transport,
    counts: collections.Counter[str],
    *,
    now: datetime.datetime,
) -> None:
    """Believed once the provider had time to write down what it had taken (rule 57)."""
    believed_from = row.status_at + transport.grace
    if now < believed_from:
        transitions.ask_again(row, at=believed_from)
    else:
        counts["queued_again"] += transitions.not_sent(row, now=now)


def _ask_statuses(
    transport: Transport, counts: collections.Counter[str], *, now: datetime.datetime
) -> bool:
    """Ask what became of those sent, and what those whose fate is known did cost."""
    ended = (Status.DELIVERED, Status.UNDELIVERED, Status.FAILED)
    rows = OutboundMessage.objects.filter(status__in=(Status.SENT, *ended)).exclude(sid="")
    asked = _take(rows, now=now)
    answers = _ask(transport.status, asked, transport, now=now)
    for row, report in answers:
        if row.status == Status.SENT:
            counts["settled"] += _tell(row, report, now=now)
        else:
            after = None
            if report is None or report.price is None:
                after = _next(PRICE_PAUSES, row.checks, now=now)
            transitions.note_price(report, row, next_check=after)
            counts["settled"] += report is not None and report.price is not None
    counts["unreachable"] += len(asked) - len(answers)
    return bool(asked)


def _tell(row: OutboundMessage, report: Report | None, *, now: datetime.datetime) -> bool:
    """What was answered of one that was only sent so far; whether its fate is known now."""
    if report is not None and report.fate != Fate.GOING:
        return transitions.apply(report, pk=row.pk, attempt=row.attempts, check=PAUSES[0], now=now)
    transitions.ask_again(row, at=_next(PAUSES, row.checks, now=now))
    return False


def _next(
    pauses: Sequence[datetime.timedelta], checks: int, *, now: datetime.datetime
) -> datetime.datetime | None:
    return now + pauses[checks] if checks < len(pauses) else None


def _take(rows: OutboundMessageQuerySet, *, now: datetime.datetime) -> list[OutboundMessage]:
    """Up to a batch of those to be asked about now; for a while no other worker asks."""
    due = rows.filter(check_at__lte=now).order_by("check_at", "pk")
    connection = transaction.get_connection()
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True, of=("self",))
    with transaction.atomic():
        taken = list(due[:LARGEST_BATCH])
        OutboundMessage.objects.filter(pk__in=[row.pk for row in taken]).update(
            check_at=now + ASKING
        )
    return taken


def _ask(
    question: Callable[[OutboundMessage], Report | None],
    rows: Sequence[OutboundMessage],
    transport: Transport,
    *,
    now: datetime.datetime,
) -> list[tuple[OutboundMessage, Report | None]]:
    """Ask for each, several at a time; those that could not be asked are left for later."""
    if not rows:
        return []
    answers = []
    with futures.ThreadPoolExecutor(min(transport.concurrency, len(rows))) as threads:
        calls = [(row, threads.submit(question, row)) for row in rows]
    for row, call in calls:
        try:
            answers.append((row, call.result()))
        except Unreachable as error:
            logger.warning("message %d could not be asked for: %s", row.pk, error)
            transitions.ask_again(row, at=now + UNREACHABLE_PAUSE)
    return answers


def _read_inbound(
    transport: Transport, counts: collections.Counter[str], *, now: datetime.datetime
) -> None:
    """Read what came in since last time, with an overlap; twice read is kept once."""
    cursor, _ = InboundCursor.objects.get_or_create(
        account=transport.account, defaults={"read_until": now - FIRST_LOOK_BACK}
    )
    if now < cursor.read_until + transport.inbound_pause:
        return
    try:
        received = list(transport.received(cursor.read_until - OVERLAP))
    except Unreachable as error:
        logger.warning("what came in could not be read: %s", error)
        counts["unreachable"] += 1
        return
    counts["received"] += inbound.keep(received, source=InboundMessage.Source.POLLING)
    InboundCursor.objects.filter(pk=cursor.pk, read_until__lt=now).update(read_until=now)
