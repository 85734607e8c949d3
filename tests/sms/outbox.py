"""Messages for the tests of `sms`: rows, a moment, and a verdict that lets everything go."""

import datetime
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from sms import outbox
from sms.models import OutboundMessage
from sms.verdicts import Send, Verdict
from tests.factories import tokyo

NOW = tokyo(2026, 10, 5, 10)  # a Monday, within the sending hours
MOBILE = "+819031174912"
HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)
TEXT = "八王子市スマホ教室「ニュース」は明日10/6(火)10:00、南大沢です。"

_numbers = itertools.count(1)


def message(to: str = MOBILE, body: str = TEXT, **fields: Any) -> OutboundMessage:
    """A saved message, queued for now unless fields say otherwise."""
    now = fields.pop("now", NOW)
    built = {
        name: fields.pop(name)
        for name in ("send_after", "priority", "may_be_early", "dedupe_key", "expires_at")
        if name in fields
    }
    built.setdefault("dedupe_key", f"test:{next(_numbers)}")
    built.setdefault("expires_at", now + 24 * HOUR)
    row = outbox.build(to, body, purpose="reminder", now=now, **built)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def as_they_are(
    messages: Sequence[OutboundMessage], now: datetime.datetime
) -> Mapping[int, Verdict]:
    """Everything still holds, in the words it was queued with."""
    return {each.pk: Send(each.body) for each in messages}


class Clock:
    """A clock that stands until it is moved; pausing moves it."""

    def __init__(self, now: datetime.datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime.datetime:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += datetime.timedelta(seconds=seconds)
