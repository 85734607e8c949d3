"""How a message leaves the house: Twilio, or the simulator where no account is set.

A transport talks to the provider and to nothing else: it touches no table, so that threads may use
it, and what it answers is recorded by `sms.transitions`.
"""

import datetime
import decimal
import enum
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings

from sms.models import OutboundMessage


class Fate(enum.Enum):
    """What the provider knows of a message, as far as we tell the cases apart."""

    # Taken, queued there, handed to the network: on its way, and never more than that (rule 55).
    GOING = "going"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Report:
    """What the provider says of one message; segments and price as soon as it has them."""

    sid: str
    fate: Fate
    error_code: str = ""
    segments: int | None = None
    price: decimal.Decimal | None = None
    price_unit: str = ""


@dataclass(frozen=True)
class Received:
    """A message that came in."""

    sid: str
    sender: str
    to: str
    body: str
    received_at: datetime.datetime


@dataclass(frozen=True)
class Accepted:
    """The provider took the message and will try."""

    sid: str


@dataclass(frozen=True)
class Refused:
    """The provider will not send this message, for this reason of its own."""

    code: str


@dataclass(frozen=True)
class TryLater:
    """The message surely did not go out, but may another time: 429, nobody listening."""

    reason: str


@dataclass(frozen=True)
class Unclear:
    """It may have gone out or not; only asking tells (rule 57)."""

    reason: str


Answer = Accepted | Refused | TryLater | Unclear


class Unreachable(Exception):
    """The provider could not be asked; what is to be settled waits."""


class Transport(Protocol):
    """A road to phones. Every method may be called from any thread and touches no table."""

    # Whose rate is kept, and the account whose messages are read.
    sender: str
    account: str
    # Messages a second that the sender may send; None: as fast as they go.
    per_second: float | None
    concurrency: int
    # How long after sending the provider is first asked what became of a message.
    first_check: datetime.timedelta
    # How long after an unclear answer "there is no such message" is believed.
    grace: datetime.timedelta
    # How often the messages that came in are asked for.
    inbound_pause: datetime.timedelta

    def send(self, message: OutboundMessage) -> Answer:
        """Ask the provider once to send; never raises for what the network does."""
        ...

    def find(self, message: OutboundMessage, *, known: Collection[str]) -> Report | None:
        """The message at the provider, by number, text and time, none of the known sids.

        None where there is no such message. Raises Unreachable.
        """
        ...

    def status(self, message: OutboundMessage) -> Report | None:
        """What became of a message with a sid; None where it is not known. Raises Unreachable."""
        ...

    def received(self, since: datetime.datetime) -> Iterator[Received]:
        """What came in since then, in any order. Raises Unreachable."""
        ...


def current() -> Transport:
    """Twilio where an account is set, else the simulator as its phones stand now (one query)."""
    if settings.TWILIO_ACCOUNT_SID:
        from sms.transports.twilio import from_settings

        return from_settings()
    from sms.transports.simulator import from_phones

    return from_phones()
