"""What is to be sent: put in, within the caller's transaction, and taken back while it waits."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from sms import segments
from sms.models import OutboundMessage

Status = OutboundMessage.Status


class TooLong(ValueError):
    """No network carries so long a text (rule 49)."""


class NotInTransaction(RuntimeError):
    """A message is queued together with what it tells of, or not at all."""


def build(
    to: str,
    body: str,
    *,
    dedupe_key: str,
    purpose: str,
    expires_at: datetime.datetime,
    now: datetime.datetime,
    send_after: datetime.datetime | None = None,
    priority: int = 5,
    may_be_early: bool = False,
) -> OutboundMessage:
    """A message that is not yet saved, for inserts of many rows at once. Raises TooLong."""
    size = segments.measure(body)
    if size.is_refused:
        raise TooLong(str(size.units))
    return OutboundMessage(
        to=to,
        body=body,
        segments=size.segments,
        purpose=purpose,
        dedupe_key=dedupe_key,
        priority=priority,
        may_be_early=may_be_early,
        created_at=now,
        send_after=send_after or now,
        expires_at=expires_at,
        status=Status.QUEUED,
        status_at=now,
    )


def enqueue(
    to: str,
    body: str,
    *,
    dedupe_key: str,
    purpose: str,
    expires_at: datetime.datetime,
    now: datetime.datetime,
    **more: Any,
) -> OutboundMessage:
    """Queue one message in the caller's transaction; the same key gives the same message.

    More keywords are those of `build`. Raises TooLong or NotInTransaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction
    made = build(
        to, body, dedupe_key=dedupe_key, purpose=purpose, expires_at=expires_at, now=now, **more
    )
    values = {
        field.attname: getattr(made, field.attname)
        for field in OutboundMessage._meta.concrete_fields
        if field.attname not in ("id", "dedupe_key")
    }
    message, _ = OutboundMessage.objects.get_or_create(dedupe_key=dedupe_key, defaults=values)
    return message


def cancel(message_pks: Iterable[int], *, now: datetime.datetime) -> int:
    """Take back what is still queued; what is on its way goes on. Returns how many."""
    queued = OutboundMessage.objects.filter(pk__in=list(message_pks), status=Status.QUEUED)
    return queued.change(status=Status.CANCELLED, status_at=now)


def cancel_to(e164: str, *, now: datetime.datetime) -> int:
    """Take back everything that is queued for a number (rule 58). Returns how many."""
    queued = OutboundMessage.objects.filter(to=e164, status=Status.QUEUED)
    return queued.change(status=Status.CANCELLED, status_at=now)


def requeue(
    message_pk: int, body: str, *, send_after: datetime.datetime, now: datetime.datetime
) -> bool:
    """Put back what was cancelled before it went out: what it tells of stands again."""
    size = segments.measure(body)
    cancelled = OutboundMessage.objects.filter(
        pk=message_pk, status=Status.CANCELLED, attempts=0, expires_at__gt=now
    )
    return bool(
        cancelled.update(
            status=Status.QUEUED,
            status_at=now,
            settled_at=None,
            body=body,
            segments=size.segments,
            send_after=send_after,
        )
    )
