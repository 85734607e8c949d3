"""What is said of a claimed message right before it goes out (rule 53)."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sms.models import OutboundMessage


@dataclass(frozen=True)
class Send:
    """It still holds, in these words, rendered anew (明日 → 本日)."""

    body: str


@dataclass(frozen=True)
class Drop:
    """It no longer holds: cancelled, nothing goes out."""


@dataclass(frozen=True)
class Later:
    """It holds, but not before this moment."""

    send_after: datetime.datetime


Verdict = Send | Drop | Later
# Asked with a batch of claimed messages and the moment; a message without an entry is dropped.
StillHolds = Callable[[Sequence[OutboundMessage], datetime.datetime], Mapping[int, Verdict]]
