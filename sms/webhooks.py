"""What Twilio tells us by itself: whose words they are, and what they say (rule 56)."""

import datetime
import uuid

from django.conf import settings
from django.http import HttpRequest, QueryDict
from twilio.request_validator import RequestValidator

from sms import inbound, transitions
from sms.models import InboundMessage, OutboundMessage
from sms.transports import Fate, Received, Report
from sms.transports.twilio_words import fate

# A callback may still get lost: asked again after this.
ASK_AFTER = datetime.timedelta(minutes=5)


def is_signed(request: HttpRequest) -> bool:
    """Whether Twilio signed these words for the address that we gave it.

    The address is the configured one: what a proxy made of the host is nothing to go by.
    """
    if not (settings.TWILIO_AUTH_TOKEN and settings.PUBLIC_URL):
        return False
    address = settings.PUBLIC_URL + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature", "")
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(validator.validate(address, request.POST, signature))


def note_status(key: uuid.UUID, attempt: int, said: QueryDict, *, now: datetime.datetime) -> bool:
    """What became of one try of a message; False where there is no such message.

    One query, or two where it told us nothing new. Twice, late or in the wrong order changes
    nothing (rule 55).
    """
    became = fate(said.get("MessageStatus") or said.get("SmsStatus") or "")
    report = Report(
        sid=(said.get("MessageSid") or said.get("SmsSid") or "")[:40],
        fate=became,
        error_code=said.get("ErrorCode", "") if became != Fate.DELIVERED else "",
    )
    changed = transitions.apply(report, key=key, attempt=attempt, check=ASK_AFTER, now=now)
    return changed or OutboundMessage.objects.filter(uuid=key).exists()


def note_inbound(said: QueryDict, *, now: datetime.datetime) -> bool:
    """Keep a message that came in; whether it was new."""
    received = Received(
        sid=said.get("MessageSid", ""),
        sender=said.get("From", ""),
        to=said.get("To", ""),
        body=said.get("Body", ""),
        received_at=now,
    )
    return bool(inbound.keep([received], source=InboundMessage.Source.WEBHOOK))
