"""What is unknown is settled by asking; fates, prices and answers are fetched as well."""

import datetime
import itertools
from typing import Any

import pytest
import time_machine
from django.test import override_settings

from sms import delivery, polling
from sms.models import InboundCursor, InboundMessage, OutboundMessage
from sms.polling import Polled
from sms.transports import twilio
from tests.sms.outbox import HOUR, MOBILE, NOW, SECOND, TEXT, Clock, as_they_are, message
from tests.sms.standin import SENDER, StandIn

pytestmark = pytest.mark.django_db
Status = OutboundMessage.Status
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _frozen() -> Any:
    """The stand-in's clock stands at the same moment as ours."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


def deliver(clock: Clock) -> None:
    until = clock.now + HOUR
    delivery.deliver(twilio.from_settings(), still_holds=as_they_are, clock=clock, until=until)


def poll(clock: Clock) -> Polled:
    return polling.poll(twilio.from_settings(), clock=clock, until=clock.now + HOUR)


@pytest.mark.parametrize("fault", ["created 500", "created drop", "created torn", "created hang"])
def test_what_went_out_unseen_is_found_and_not_sent_again(  # rule 57
    fault: str, standin: StandIn, clock: Clock
) -> None:
    standin.faults[MOBILE].append(fault)
    row = message()
    deliver(clock)
    assert poll(clock).found == 1
    clock.now += 10 * MINUTE
    deliver(clock)
    row.refresh_from_db()
    assert (row.status, row.sid) == (Status.SENT, standin.messages[0]["sid"])
    assert standin.creates[MOBILE] == 1


def test_control_without_looking_the_phone_gets_it_twice(
    standin: StandIn, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio.Twilio, "find", lambda self, row, *, known: None)
    standin.faults[MOBILE].append("created drop")
    message()
    deliver(clock)
    clock.now += MINUTE
    poll(clock)
    deliver(clock)
    assert len(standin.sent_to(MOBILE)) == 2


@pytest.mark.parametrize("fault", ["500", "503", "drop", "hang"])
def test_what_is_not_there_is_sent_again_but_only_after_the_grace(  # rule 57
    fault: str, standin: StandIn, clock: Clock
) -> None:
    standin.faults[MOBILE].append(fault)
    row = message()
    deliver(clock)
    for _ in range(3):
        poll(clock)
        deliver(clock)
        row.refresh_from_db()
        assert row.status == Status.UNKNOWN
        clock.now += 19 * SECOND
    clock.now += 3 * SECOND
    assert poll(clock).queued_again == 1
    deliver(clock)
    row.refresh_from_db()
    assert row.status == Status.SENT
    assert len(standin.messages) == 1


@pytest.mark.parametrize("fault", ["hang", "503"])
def test_a_message_that_appears_late_at_the_provider_is_found_within_the_grace(
    fault: str, standin: StandIn, clock: Clock
) -> None:  # rule 57
    standin.faults[MOBILE].append(fault)
    row = message()
    deliver(clock)
    assert poll(clock).found == 0
    late = standin.add(MOBILE, TEXT)
    clock.now += 60 * SECOND
    assert poll(clock).found == 1
    row.refresh_from_db()
    assert row.sid == late["sid"]


def test_two_unknown_ones_of_the_same_words_never_share_what_was_found(
    standin: StandIn, clock: Clock
) -> None:  # rule 57
    standin.faults[MOBILE].extend(["created 500", "500"])
    message()
    message()
    deliver(clock)
    for _ in range(4):
        poll(clock)
        deliver(clock)
        clock.now += MINUTE
    assert len(standin.messages) == 2
    sids = set(OutboundMessage.objects.values_list("sid", flat=True))
    assert sids == {each["sid"] for each in standin.messages}


def test_while_the_same_words_are_being_sent_an_unknown_one_is_not_settled(
    standin: StandIn, clock: Clock
) -> None:  # rule 57
    unknown = message(
        status=Status.UNKNOWN, attempts=1, check_at=NOW, claimed_at=NOW, status_at=NOW - HOUR
    )
    message(status=Status.SENDING, attempts=1, claimed_at=NOW, claim=unknown.uuid)
    standin.add(MOBILE, TEXT)
    assert poll(clock) == Polled()
    unknown.refresh_from_db()
    assert unknown.status == Status.UNKNOWN


def test_a_provider_that_cannot_be_asked_settles_nothing(standin: StandIn, clock: Clock) -> None:
    standin.faults[MOBILE].append("500")
    row = message()
    deliver(clock)
    clock.now += HOUR
    with override_settings(TWILIO_AUTH_TOKEN="another"):
        assert poll(clock).unreachable == 1
    row.refresh_from_db()
    assert (row.status, row.check_at) == (Status.UNKNOWN, clock.now + polling.UNREACHABLE_PAUSE)


def test_429_and_nobody_listening_are_tried_again_until_it_is_too_late(
    standin: StandIn, clock: Clock
) -> None:
    standin.faults[MOBILE].extend(["429"] * 4)
    row = message()
    for _ in range(6):
        deliver(clock)
        clock.now += 3 * MINUTE
    row.refresh_from_db()
    assert row.status == Status.SENT
    assert (standin.creates[MOBILE], len(standin.messages)) == (5, 1)


def test_fates_and_prices_are_fetched_where_no_callback_comes(  # rule 56
    standin: StandIn, clock: Clock
) -> None:
    row = message()
    deliver(clock)
    [created] = standin.messages
    created["status"] = "sent"
    clock.now += 15 * SECOND
    poll(clock)
    row.refresh_from_db()
    assert (row.status, row.delivered_at) == (Status.SENT, None)  # rule 55
    created["status"] = "delivered"
    clock.now += MINUTE
    poll(clock)
    row.refresh_from_db()
    assert (row.status, row.delivered_at, row.price) == (Status.DELIVERED, clock.now, None)
    standin.end(created, "delivered")
    clock.now += 10 * MINUTE
    poll(clock)
    row.refresh_from_db()
    assert row.price == 12
    assert (row.price_unit, row.check_at) == ("JPY", None)


def test_questions_come_ever_more_rarely_and_end(standin: StandIn, clock: Clock) -> None:
    row = message()
    deliver(clock)
    moments = []
    for _ in range(30):
        row.refresh_from_db()
        if row.check_at is None:
            break
        moments.append(row.check_at)
        clock.now = row.check_at
        poll(clock)
    pauses = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert pauses == sorted(pauses)
    assert 10 <= len(moments) <= 15
    assert row.status == Status.SENT


def test_what_came_in_is_read_once_though_it_is_listed_twice(  # rule 56
    standin: StandIn, clock: Clock
) -> None:
    standin.add(SENDER, "２", direction="inbound", status="received", **{"from": MOBILE})
    assert poll(clock).received == 1
    clock.now += MINUTE
    assert poll(clock).received == 0
    kept = InboundMessage.objects.get()
    assert (kept.sender, kept.body, kept.source) == (MOBILE, "２", InboundMessage.Source.POLLING)
    assert InboundCursor.objects.get().read_until == clock.now


def test_a_failed_reading_is_read_again(standin: StandIn, clock: Clock) -> None:
    with override_settings(TWILIO_AUTH_TOKEN="another"):
        poll(clock)
    standin.add(SENDER, "２", direction="inbound", status="received", **{"from": MOBILE})
    clock.now += 5 * HOUR
    assert poll(clock).received == 1


def test_where_callbacks_come_in_asking_is_rare(standin: StandIn, clock: Clock) -> None:
    with override_settings(PUBLIC_URL="https://desk.example.jp"):
        row = message()
        deliver(clock)
        row.refresh_from_db()
        assert row.check_at == NOW + 5 * MINUTE
        poll(clock)
        standin.add(SENDER, "２", direction="inbound", status="received", **{"from": MOBILE})
        clock.now += MINUTE
        assert poll(clock).received == 0
        clock.now += 10 * MINUTE
        assert poll(clock).received == 1
