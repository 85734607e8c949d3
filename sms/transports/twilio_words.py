"""Twilio's words for what became of a message, apart from the SDK, which web workers do without."""

from sms.transports import Fate

FATES = {
    "delivered": Fate.DELIVERED,
    "read": Fate.DELIVERED,
    "undelivered": Fate.UNDELIVERED,
    "failed": Fate.FAILED,
    "canceled": Fate.FAILED,
}


def fate(word: str) -> Fate:
    """Twilio's status in our terms; what is not an end is on its way."""
    return FATES.get(word, Fate.GOING)
