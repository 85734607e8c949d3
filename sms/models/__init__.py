"""Text to a number. One room per subject; import models from here."""

from sms.models.messages import InboundMessage, OutboundMessage
from sms.models.numbers import NumberSuppression, SimulatedPhone
from sms.models.sending import DayOff, InboundCursor, SenderPace, SendingHours

__all__ = [
    "DayOff",
    "InboundCursor",
    "InboundMessage",
    "NumberSuppression",
    "OutboundMessage",
    "SenderPace",
    "SendingHours",
    "SimulatedPhone",
]
