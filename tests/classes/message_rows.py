"""Messages for the tests of pages: sent, with or without somebody whom they told something."""

import datetime
import itertools

from classes.models import Notice
from learners.models import PhoneNumber
from sms.models import InboundMessage, OutboundMessage
from tests import factories
from tests.factories import tokyo

NOW = tokyo(2026, 10, 5, 10)  # a Monday
MOBILE = "+819031174912"
TEXT = "八王子市スマホ教室「ニュース」は明日10/6(火)10:00、南大沢です。"

_numbers = itertools.count(1)


def sent(to: str = MOBILE, *, at: datetime.datetime = NOW, **fields) -> OutboundMessage:
    """A message that was delivered, unless fields say otherwise."""
    number = next(_numbers)
    values = {
        "body": TEXT,
        "segments": 1,
        "purpose": "reminder",
        "dedupe_key": f"page:{number}",
        "created_at": at,
        "send_after": at,
        "expires_at": at + datetime.timedelta(days=1),
        "status": OutboundMessage.Status.DELIVERED,
        "status_at": at,
        "sent_at": at,
        "attempts": 1,
        "sid": f"SIM{number}",
    }
    return OutboundMessage.objects.create(to=to, **(values | fields))


def queued(to: str = MOBILE, *, at: datetime.datetime = NOW, **fields) -> OutboundMessage:
    """A message that waits."""
    none = {"status": OutboundMessage.Status.QUEUED, "sent_at": None, "attempts": 0, "sid": ""}
    return sent(to, at=at, **(none | fields))


def came(sender: str = MOBILE, body: str = "1", *, at: datetime.datetime = NOW) -> InboundMessage:
    """A message that came in."""
    return InboundMessage.objects.create(
        sid=f"IN{next(_numbers)}", sender=sender, body=body, received_at=at, source="simulator"
    )


def told(message: OutboundMessage, name: str = "山田 節子") -> Notice:
    """Somebody with a seat to whom the message speaks."""
    learner = factories.learner(name=name)
    PhoneNumber.objects.create(
        learner=learner, e164=message.to, as_spoken=message.to, sms_consent="given"
    )
    (application,) = factories.registered(factories.class_session(), learner)
    return Notice.objects.create(
        intake=application.intake,
        learner=learner,
        application=application,
        message=message,
        purpose="reminder",
        occasion=f"test:{message.pk}",
        channel="sms",
        sentence="",
        created_at=message.created_at,
        due_at=message.created_at,
    )
