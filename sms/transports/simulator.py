"""The simulator: the same road up to the transport, and phones that behave as their rows say."""

import datetime
import decimal
from collections.abc import Collection, Iterator, Mapping

from django.conf import settings

from sms.models import OutboundMessage, SimulatedPhone
from sms.transports import Accepted, Answer, Fate, Received, Report

Behaviour = SimulatedPhone.Behaviour
FATES = {
    Behaviour.RECEIVES: (Fate.DELIVERED, ""),
    Behaviour.SWITCHED_OFF: (Fate.UNDELIVERED, "30003"),
    Behaviour.LANDLINE: (Fate.UNDELIVERED, "30006"),
    Behaviour.SILENT: (Fate.GOING, ""),
}


class Simulator:
    """Accepts everything; what the phone does with it is told when asked."""

    sender = "simulator"
    account = "simulator"
    per_second: float | None = None
    concurrency = 1
    first_check = datetime.timedelta(0)
    # Nothing leaves this process, so what was not recorded never went out.
    grace = datetime.timedelta(0)
    inbound_pause = datetime.timedelta(days=1)

    def __init__(self, behaviours: Mapping[str, str], *, segment_price: decimal.Decimal) -> None:
        self.behaviours = dict(behaviours)
        self.segment_price = segment_price

    def send(self, message: OutboundMessage) -> Answer:
        """Taken, under a name that says which message and which try it is."""
        return Accepted(f"SIM{message.uuid.hex}{message.attempts:02d}"[:40])

    def find(self, message: OutboundMessage, *, known: Collection[str]) -> Report | None:
        """Nothing is kept here: a message that was not recorded was not sent."""
        return None

    def status(self, message: OutboundMessage) -> Report | None:
        """What the phone does with it."""
        behaviour = Behaviour(self.behaviours.get(message.to, Behaviour.RECEIVES))
        fate, code = FATES[behaviour]
        return Report(
            sid=message.sid,
            fate=fate,
            error_code=code,
            segments=message.segments,
            price=self.segment_price * message.segments,
            price_unit="JPY",
        )

    def received(self, since: datetime.datetime) -> Iterator[Received]:
        """Answers are typed on the simulator's page, which keeps them itself."""
        return iter(())


def from_phones() -> Simulator:
    """The simulator with its phones as they stand; one query."""
    behaviours = SimulatedPhone.objects.values_list("e164", "behaviour")
    return Simulator(dict(behaviours), segment_price=settings.SMS_SEGMENT_PRICE)
