"""The simulator: the same road as Twilio up to the transport."""

import pytest

from sms import delivery, polling, suppression, transports
from sms.models import OutboundMessage, SimulatedPhone
from tests.sms.outbox import HOUR, MOBILE, NOW, Clock, as_they_are, message

pytestmark = pytest.mark.django_db
Status = OutboundMessage.Status
Behaviour = SimulatedPhone.Behaviour


def go(clock: Clock) -> None:
    """One round of the worker: send, then ask."""
    transport = transports.current()
    until = clock.now + HOUR
    delivery.deliver(transport, still_holds=as_they_are, clock=clock, until=until)
    polling.poll(transport, clock=clock, until=until)


def test_without_an_account_messages_go_to_the_simulator() -> None:
    assert transports.current().sender == "simulator"


def test_a_message_to_a_phone_without_a_row_arrives_and_its_cost_is_known() -> None:
    sent = message()
    go(Clock())
    sent.refresh_from_db()
    assert (sent.status, sent.delivered_at, sent.attempts) == (Status.DELIVERED, NOW, 1)
    assert (sent.billed_segments, sent.price_unit) == (1, "JPY")
    assert sent.price == 12
    assert sent.settled_at is None


def test_a_phone_that_never_confirms_stays_sent() -> None:  # rule 55
    SimulatedPhone.objects.create(e164=MOBILE, behaviour=Behaviour.SILENT)
    sent = message()
    go(Clock())
    sent.refresh_from_db()
    assert (sent.status, sent.delivered_at) == (Status.SENT, None)


def test_a_landline_gets_no_second_message() -> None:  # rule 54
    SimulatedPhone.objects.create(e164=MOBILE, behaviour=Behaviour.LANDLINE)
    first, second = message(), message(send_after=NOW + HOUR)
    go(Clock())
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.error_code) == (Status.UNDELIVERED, "30006")
    assert second.status == Status.CANCELLED
    assert suppression.of([MOBILE]) == {MOBILE: suppression.Reason.NOT_CAPABLE}


def test_a_phone_that_is_off_is_tried_a_bounded_number_of_times() -> None:  # rule 54
    SimulatedPhone.objects.create(e164=MOBILE, behaviour=Behaviour.SWITCHED_OFF)
    sent = message(expires_at=NOW + 72 * HOUR)
    clock = Clock()
    for _ in range(48):
        go(clock)
        clock.now += HOUR
    sent.refresh_from_db()
    assert (sent.status, sent.error_code, sent.attempts) == (Status.UNDELIVERED, "30003", 4)
