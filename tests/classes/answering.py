"""Somebody who was told something by SMS, and answers."""

import datetime
import itertools
import uuid
from typing import Any

from classes.models import ClassSession, Notice, Reply
from learners.models import Learner, PhoneNumber
from sms.models import InboundMessage, OutboundMessage
from tests import factories
from tests.factories import tokyo

MOBILE = "+819031174912"
NOW = tokyo(2026, 10, 4, 12)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
_numbers = itertools.count(1)


def reachable(e164: str = MOBILE, **fields: Any) -> Learner:
    """Somebody who agreed to SMS at this number."""
    person = factories.learner(phone=e164, **fields)
    person.phone_numbers.update(sms_consent=PhoneNumber.Consent.GIVEN)
    return person


def message(
    *,
    to: str = MOBILE,
    status: OutboundMessage.Status = OutboundMessage.Status.DELIVERED,
    at: datetime.datetime = NOW,
    body: str = "八王子市スマホ教室",
) -> OutboundMessage:
    went = status not in (OutboundMessage.Status.QUEUED, OutboundMessage.Status.CANCELLED)
    return OutboundMessage.objects.create(
        to=to,
        body=body,
        segments=1,
        purpose="reminder",
        dedupe_key=f"test:{next(_numbers)}",
        created_at=at - HOUR,
        send_after=at,
        expires_at=at + 9 * DAY,
        status=status,
        status_at=at,
        sent_at=at if went else None,
    )


def told(
    person: Learner,
    class_session: ClassSession,
    *,
    sent: OutboundMessage | None = None,
    purpose: Notice.Purpose = Notice.Purpose.REMINDER,
    number: int = 1,
    **fields: Any,
) -> Notice:
    """A notice about a lesson that went out by SMS."""
    lesson = class_session.lessons.get(number=number)
    sent = sent or message()
    is_open = sent.status in OutboundMessage.UNDERWAY
    fields.setdefault("occasion", f"lesson:{lesson.pk}:{lesson.revision}:1:{next(_numbers)}")
    return Notice.objects.create(
        intake=class_session.intake,
        learner=person,
        application=person.applications.first(),
        class_session=class_session,
        lesson=lesson,
        message=sent,
        purpose=purpose,
        channel=Notice.Channel.SMS,
        sentence="あした、10時から教室です。",
        created_at=NOW - DAY,
        due_at=NOW,
        settled_at=None if is_open else NOW,
        outcome="" if is_open else Notice.Outcome.DELIVERED,
        **fields,
    )


def wrote(body: str, *, sender: str = MOBILE, at: datetime.datetime = NOW + HOUR) -> InboundMessage:
    return InboundMessage.objects.create(
        sid=f"SM{uuid.uuid4().hex}",
        sender=sender,
        body=body,
        received_at=at,
        source=InboundMessage.Source.WEBHOOK,
    )


def taken_as(inbound: InboundMessage) -> Reply:
    return Reply.objects.get(inbound=inbound)
