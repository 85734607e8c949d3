"""The one place where a status changes once a message left QUEUED.

Every change is a conditional update: it names the states it may come from, so that two workers, a
late callback or a replayed one change nothing that is not theirs to change. `attempts` is the
number of the try that is under way or was the last; it goes out with the message and comes back in
the callback, so that what is said of an earlier try is not taken for the present one.

A row that waits or is being sent keeps the sid of its last try, if it had one.
"""

import contextlib
import datetime
import uuid
from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from sms import segments, suppression
from sms.models import NumberSuppression, OutboundMessage
from sms.models.messages import OutboundMessageQuerySet
from sms.transports import Fate, Report

Status = OutboundMessage.Status
Reason = NumberSuppression.Reason
# Rule 54.
NOT_CAPABLE = frozenset({"21211", "21614", "21635", "30006"})
OPTED_OUT = "21610"
SWITCHED_OFF = "30003"
# After each of these a phone that was switched off is tried again; then it counts as unreached.
SWITCHED_OFF_PAUSES = tuple(datetime.timedelta(hours=hours) for hours in (1, 3, 6))
# Our own, in the words of Twilio's list: the text, rendered anew, became too long to be carried.
TOO_LONG = "21617"
# While the provider says "later": a quarter of a minute, doubling, up to a quarter of an hour.
FIRST_PAUSE, LONGEST_PAUSE = datetime.timedelta(seconds=15), datetime.timedelta(minutes=15)
# When the price of a message whose fate is known is asked for.
PRICE_PAUSE = datetime.timedelta(minutes=2)


def lease() -> datetime.timedelta:
    """Within which time after its claim a worker must have begun a call, or may not begin it.

    A third of the time after which it is given up for dead, so that what others take over is never
    still being sent.
    """
    return datetime.timedelta(seconds=settings.SMS_CLAIM_SECONDS / 3)


def claim(limit: int, *, now: datetime.datetime) -> list[OutboundMessage]:
    """Take up to so many due messages, the urgent first, for this worker alone.

    Committed before anything is sent; call it outside a transaction.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        taken = _take(_due(limit, now=now), token, now=now)
    if not taken:
        return []
    order = ("priority", "send_after", "pk")
    return list(OutboundMessage.objects.filter(claim=token, status=Status.SENDING).order_by(*order))


def _due(limit: int, *, now: datetime.datetime) -> list[int]:
    """Which messages come next; on PostgreSQL those that no other worker is just taking."""
    due = OutboundMessage.objects.due(now).order_by("priority", "send_after", "pk")
    connection = transaction.get_connection()
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    return list(due.values_list("pk", flat=True)[:limit])


def _take(pks: Sequence[int], token: uuid.UUID, *, now: datetime.datetime) -> int:
    """Compare and swap: what somebody else took meanwhile is not queued any more."""
    if not pks:
        return 0
    return OutboundMessage.objects.filter(pk__in=pks, status=Status.QUEUED).update(
        status=Status.SENDING, status_at=now, claim=token, claimed_at=now
    )


def _held(messages: Iterable[OutboundMessage]) -> OutboundMessageQuerySet:
    """Those of the messages that are still in their claimer's hands."""
    rows = list(messages)
    return OutboundMessage.objects.filter(
        pk__in=[row.pk for row in rows],
        claim__in={row.claim for row in rows},
        status=Status.SENDING,
    )


def hand_back(
    messages: Collection[OutboundMessage], *, send_after: datetime.datetime, now: datetime.datetime
) -> int:
    """Claimed, but the provider was not asked: they wait again."""
    if not messages:
        return 0
    return _held(messages).update(
        status=Status.QUEUED, status_at=now, send_after=send_after, claim=None, claimed_at=None
    )


def not_called(messages: Collection[OutboundMessage], *, now: datetime.datetime) -> int:
    """Their claim became too old before the call: they wait again, and it was no try."""
    if not messages:
        return 0
    return _held(messages).update(
        status=Status.QUEUED,
        status_at=now,
        attempts=F("attempts") - 1,
        claim=None,
        claimed_at=None,
    )


def put_off_until(
    waiting: OutboundMessageQuerySet, moment: datetime.datetime, *, now: datetime.datetime
) -> int:
    """Queued messages may not go before this moment; those that cannot wait are too late now."""
    waiting.filter(status=Status.QUEUED, expires_at__lte=moment).change(
        status=Status.EXPIRED, status_at=now
    )
    return waiting.filter(status=Status.QUEUED).change(send_after=moment)


def drop(messages: Collection[OutboundMessage], *, now: datetime.datetime) -> int:
    """Claimed, but what they say no longer holds, or their number is suppressed (rule 53)."""
    if not messages:
        return 0
    return _held(messages).update(status=Status.CANCELLED, status_at=now)


def leave(
    worded: Sequence[tuple[OutboundMessage, str]], *, sender: str, now: datetime.datetime
) -> tuple[list[OutboundMessage], int]:
    """The last record before the calls: the text as sent, the number of the try.

    Returns what may go, and how many became too long and are refused here (rule 49). What a late
    callback proved to have gone out meanwhile does not go again.
    """
    refused_here = 0
    going, reworded = [], []
    for message, body in worded:
        size = segments.measure(body)
        if size.is_refused:
            refused_here += _held([message]).update(
                status=Status.FAILED, status_at=now, error_code=TOO_LONG
            )
            continue
        going.append(message)
        if body != message.body:
            message.body, message.segments = body, size.segments
            reworded.append(message)
    if not going:
        return [], refused_here
    with transaction.atomic():
        if reworded:
            _held(reworded).bulk_update(reworded, ["body", "segments"])
        _held(going).update(attempts=F("attempts") + 1, sender=sender, error_code="")
        held = set(_held(going).values_list("pk", flat=True))
    going = [message for message in going if message.pk in held]
    for message in going:
        message.attempts += 1
    return going, refused_here


def sent(
    accepted: Sequence[tuple[OutboundMessage, str]],
    *,
    first_check: datetime.timedelta,
    now: datetime.datetime,
) -> None:
    """The provider took these, under these sids; never over what a callback said (rule 55)."""
    if not accepted:
        return
    pks = [message.pk for message, _ in accepted]
    sids = Case(*(When(pk=message.pk, then=Value(sid)) for message, sid in accepted))
    ours = OutboundMessage.objects.filter(
        pk__in=pks,
        claim__in={message.claim for message, _ in accepted},
        status__in=(Status.SENDING, Status.UNKNOWN),
    )
    try:
        with _savepoint():
            done = ours.update(sid=sids, **_going(first_check, now=now))
    except IntegrityError:
        done = 0  # a sid is taken: one by one
    if done == len(accepted):
        return
    left = set(
        OutboundMessage.objects.filter(
            pk__in=pks, status__in=(Status.SENDING, Status.UNKNOWN, Status.QUEUED)
        ).values_list("pk", flat=True)
    )
    for message, sid in accepted:
        if message.pk in left:
            report = Report(sid, Fate.GOING)
            apply(report, pk=message.pk, attempt=message.attempts, check=first_check, now=now)


def unclear(messages: Collection[OutboundMessage], *, now: datetime.datetime) -> int:
    """Nobody knows whether these went out: to be asked before any second try (rule 57)."""
    if not messages:
        return 0
    return _held(messages).update(status=Status.UNKNOWN, status_at=now, check_at=now, checks=0)


def try_later(messages: Collection[OutboundMessage], *, now: datetime.datetime) -> int:
    """The provider did not take these: they wait, each time longer.

    It is no try, for nothing reached the provider's hands; until they go out, `checks` counts how
    often they were put off.
    """
    done = 0
    for message in messages:
        longer = FIRST_PAUSE * 2 ** min(message.checks, 10)
        done += _held([message]).update(
            status=Status.QUEUED,
            status_at=now,
            send_after=now + min(longer, LONGEST_PAUSE),
            attempts=F("attempts") - 1,
            checks=F("checks") + 1,
            claim=None,
            claimed_at=None,
        )
    return done


def refused(message: OutboundMessage, code: str, *, now: datetime.datetime) -> bool:
    """The provider will not send this one; what that says of the number is kept (rule 54)."""
    with transaction.atomic():
        moved = _held([message]).update(status=Status.FAILED, status_at=now, error_code=code[:10])
        if moved:
            _suppress(message.to, code, now=now)
    return bool(moved)


def give_up_claims(*, now: datetime.datetime) -> int:
    """Claims whose worker died: the call may have been made, so they are unknown (rule 57)."""
    stale = OutboundMessage.objects.filter(
        status=Status.SENDING,
        claimed_at__lte=now - datetime.timedelta(seconds=settings.SMS_CLAIM_SECONDS),
    )
    return stale.change(status=Status.UNKNOWN, status_at=now, check_at=now, checks=0)


def not_sent(message: OutboundMessage, *, now: datetime.datetime) -> bool:
    """The provider has no such message: it waits again, as if it had not been tried."""
    unknown = OutboundMessage.objects.filter(
        pk=message.pk,
        status=Status.UNKNOWN,
        attempts=message.attempts,
        # Another worker may have asked, sent and lost it again meanwhile.
        status_at=message.status_at,
    )
    return bool(
        unknown.update(
            status=Status.QUEUED,
            status_at=now,
            send_after=now,
            claim=None,
            claimed_at=None,
            check_at=None,
            checks=0,
        )
    )


def expire(*, now: datetime.datetime) -> int:
    """What still waits after its time is not sent any more."""
    late = OutboundMessage.objects.filter(status=Status.QUEUED, expires_at__lte=now)
    return late.change(status=Status.EXPIRED, status_at=now)


def apply(
    report: Report,
    *,
    attempt: int,
    now: datetime.datetime,
    check: datetime.timedelta,
    pk: int | None = None,
    key: uuid.UUID | None = None,
    only_with_sid: bool = False,
) -> bool:
    """What the provider says of the message, by pk or by the UUID in the callback's address.

    `check` is the pause until it is asked again; `only_with_sid` is for reports found by looking,
    which are another message's if their sid is. Nothing happens where the row knows better; the
    answer is whether something did.
    """
    rows = OutboundMessage.objects.filter(attempts=attempt)
    rows = rows.filter(Q(uuid=key) if key else Q(pk=pk))
    # A new sid: the present try's. The row's own sid is then of an earlier one.
    underway = Q(status__in=(Status.SENDING, Status.UNKNOWN)) & ~Q(sid=report.sid)
    told = _told(report)
    if report.fate == Fate.GOING:
        wrongly_queued = Q(status=Status.QUEUED) & ~Q(sid=report.sid)
        return _update(
            rows.filter(underway | wrongly_queued),
            report.sid,
            _going(check, now=now) | told,
            only_with_sid=only_with_sid,
        )
    if report.fate == Fate.DELIVERED:
        not_final = Q(status__in=(Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.SENT))
        values = {
            "status": Status.DELIVERED,
            "status_at": now,
            "sent_at": Coalesce("sent_at", Value(now)),
            "delivered_at": now,
            "error_code": "",
            # Whoever took note of its silence has news to take note of.
            "settled_at": None,
        }
        values |= _ask_price(told, now=now)
        rows = rows.filter(not_final)
        return _update(rows, report.sid, values, only_with_sid=only_with_sid)
    rows = rows.filter(underway | Q(status=Status.SENT))
    return _came_to_nothing(report, rows, told, only_with_sid=only_with_sid, now=now)


def _came_to_nothing(
    report: Report,
    rows: OutboundMessageQuerySet,
    told: dict[str, object],
    *,
    only_with_sid: bool,
    now: datetime.datetime,
) -> bool:
    """UNDELIVERED or FAILED; a phone that was switched off is tried again first (rule 54)."""
    message = rows.only("pk", "to", "attempts", "expires_at").first()
    if message is None:
        return False
    tried = message.attempts - 1
    values: dict[str, object] = {"status_at": now, "error_code": report.error_code[:10], **told}
    again = report.error_code == SWITCHED_OFF and tried < len(SWITCHED_OFF_PAUSES)
    if again and now + SWITCHED_OFF_PAUSES[tried] < message.expires_at:
        values |= {
            "status": Status.QUEUED,
            "send_after": now + SWITCHED_OFF_PAUSES[tried],
            "claim": None,
            "claimed_at": None,
            "check_at": None,
            "checks": 0,
        }
    else:
        failed = report.fate == Fate.FAILED
        values |= {
            "status": Status.FAILED if failed else Status.UNDELIVERED,
            "settled_at": None,
        }
        values |= _ask_price(told, now=now)
    rows = rows.filter(pk=message.pk)
    if not _update(rows, report.sid, values, only_with_sid=only_with_sid):
        return False
    if report.error_code in NOT_CAPABLE or report.error_code == OPTED_OUT:
        with transaction.atomic():
            _suppress(message.to, report.error_code, now=now)
    return True


def _going(check: datetime.timedelta, *, now: datetime.datetime) -> dict[str, object]:
    return {
        "status": Status.SENT,
        "status_at": now,
        "sent_at": now,
        "check_at": now + check,
        "checks": 0,
    }


def _told(report: Report) -> dict[str, object]:
    """Segments and price, where the report has them."""
    told: dict[str, object] = {}
    if report.segments is not None:
        told["billed_segments"] = report.segments
    if report.price is not None:
        told |= {"price": report.price, "price_unit": report.price_unit[:3]}
    return told


def _ask_price(told: dict[str, object], *, now: datetime.datetime) -> dict[str, object]:
    """When the price is to be asked for, if it is not told yet."""
    return told | {"check_at": None if "price" in told else now + PRICE_PAUSE, "checks": 0}


def _update(
    rows: OutboundMessageQuerySet, sid: str, values: dict[str, object], *, only_with_sid: bool
) -> bool:
    """One conditional update that keeps the sid, unless another row was given it first.

    That happens where two messages of the same words to the same number were settled by looking.
    """
    try:
        with _savepoint():
            return bool(rows.update(sid=sid, **values))
    except IntegrityError:
        return False if only_with_sid else bool(rows.update(**values))


def _savepoint() -> contextlib.AbstractContextManager[object]:
    """Inside a transaction an error would end it; outside, one statement needs none."""
    inside = transaction.get_connection().in_atomic_block
    return transaction.atomic() if inside else contextlib.nullcontext()


def _suppress(e164: str, code: str, *, now: datetime.datetime) -> None:
    if code not in NOT_CAPABLE and code != OPTED_OUT:
        return
    reason = Reason.NOT_CAPABLE if code in NOT_CAPABLE else Reason.OPTED_OUT
    provider = NumberSuppression.Source.PROVIDER
    suppression.suppress(e164, reason, source=provider, error_code=code, now=now)


def note_price(
    report: Report | None, message: OutboundMessage, *, next_check: datetime.datetime | None
) -> None:
    """What a message cost, learned after its fate; or when to ask again."""
    asked = OutboundMessage.objects.filter(pk=message.pk, sid=message.sid)
    told = _told(report) if report else {}
    asked.update(check_at=next_check, checks=F("checks") + 1, **told)


def ask_again(message: OutboundMessage, *, at: datetime.datetime | None) -> None:
    """Nothing new: ask again then, or never."""
    rows = OutboundMessage.objects.filter(
        pk=message.pk, status=message.status, attempts=message.attempts
    )
    rows.update(check_at=at, checks=F("checks") + 1)
