"""The official SDK over real HTTP against a stand-in."""

import decimal
import logging
import socket
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from sms.models import OutboundMessage
from sms.transports import Accepted, Fate, Refused, Report, TryLater, Unclear, Unreachable, current
from sms.transports import twilio as transport
from sms.transports.twilio import Twilio
from tests.sms.outbox import HOUR, MOBILE, NOW, SECOND, TEXT, message
from tests.sms.standin import SENDER, StandIn

pytestmark = pytest.mark.django_db


def now_sent(**fields: Any) -> OutboundMessage:
    """A message whose try begins at this moment by the stand-in's own clock."""
    return message(claimed_at=timezone.now(), attempts=1, **fields)


def test_a_message_is_created_with_number_text_and_sender(
    standin: StandIn, account: Twilio
) -> None:
    answer = account.send(message())
    [created] = standin.messages
    assert answer == Accepted(created["sid"])
    assert (created["to"], created["body"], created["callback"]) == (MOBILE, TEXT, "")


def test_the_callbacks_address_names_our_uuid_and_the_try(standin: StandIn) -> None:
    with override_settings(PUBLIC_URL="https://desk.example.jp"):
        queued = message(attempts=2)
        transport.from_settings().send(queued)
    [created] = standin.messages
    assert created["callback"] == f"https://desk.example.jp/sms/twilio/status/{queued.uuid}/?try=2"


def test_a_key_of_its_own_takes_the_place_of_the_token(standin: StandIn) -> None:
    with override_settings(
        TWILIO_API_KEY="SK-of-the-tests", TWILIO_API_SECRET="its-secret", TWILIO_AUTH_TOKEN=""
    ):
        assert isinstance(transport.from_settings().send(message()), Accepted)


def test_with_an_account_it_is_the_current_transport(standin: StandIn) -> None:
    assert isinstance(current(), Twilio)


@pytest.mark.parametrize("code", ["21211", "21610", "21614", "21635"])
def test_what_is_wrong_with_the_number_refuses_the_message(  # rule 54
    code: str, standin: StandIn, account: Twilio
) -> None:
    standin.faults[MOBILE].append(code)
    assert account.send(message()) == Refused(code)


@pytest.mark.parametrize("fault", ["429", "401", "30001"])
def test_what_is_wrong_with_pace_or_account_lets_the_message_wait(
    fault: str, standin: StandIn, account: Twilio
) -> None:
    standin.faults[MOBILE].append(fault)
    assert isinstance(account.send(message()), TryLater)
    assert standin.messages == []


def test_nobody_listening_lets_the_message_wait(standin: StandIn) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = taken.getsockname()[1]
        with override_settings(TWILIO_BASE_URL=f"http://127.0.0.1:{port}"):
            assert isinstance(transport.from_settings().send(message()), TryLater)


@pytest.mark.parametrize(
    "fault",
    ["500", "503", "hang", "drop", "created 500", "created hang", "created drop", "created torn"],
)
def test_what_may_have_gone_out_is_unclear_and_not_tried_again(  # rule 57
    fault: str, standin: StandIn, account: Twilio
) -> None:
    standin.faults[MOBILE].append(fault)
    assert isinstance(account.send(message()), Unclear)
    assert standin.creates[MOBILE] == 1


@pytest.mark.parametrize("fault", ["created 500", "created drop", "created torn"])
def test_what_went_out_unseen_is_found_by_looking(
    fault: str, standin: StandIn, account: Twilio
) -> None:
    standin.faults[MOBILE].append(fault)
    sent = now_sent()
    account.send(sent)
    [created] = standin.messages
    assert account.find(sent, known=()) == Report(created["sid"], Fate.GOING, segments=1)


def test_a_known_one_an_older_one_and_another_text_are_not_the_one(
    standin: StandIn, account: Twilio
) -> None:
    sent = now_sent()
    known = standin.add(MOBILE, TEXT)
    standin.add(MOBILE, "別の文です。")
    standin.add(MOBILE, TEXT, direction="inbound")
    standin.messages.append(
        standin.messages[0]
        | {
            "sid": "SM-old",
            "direction": "outbound-api",
            "date_created": "Mon, 05 Oct 2020 01:00:00 +0000",
        }
    )
    assert account.find(sent, known={known["sid"]}) is None


def test_looking_follows_the_pages(standin: StandIn, account: Twilio, monkeypatch: Any) -> None:
    monkeypatch.setattr(transport, "PAGE_SIZE", 2)
    sent = now_sent()
    wanted = standin.add(MOBILE, TEXT)
    for number in range(7):
        standin.add(MOBILE, f"文{number}")
    report = account.find(sent, known=())
    assert report is not None
    assert report.sid == wanted["sid"]


def test_a_status_tells_fate_segments_and_what_it_cost(standin: StandIn, account: Twilio) -> None:
    created = standin.add(MOBILE, TEXT, num_segments="2")
    standin.end(created, "undelivered", 30006)
    assert account.status(message(sid=created["sid"])) == Report(
        created["sid"], Fate.UNDELIVERED, "30006", 2, decimal.Decimal("12.00"), "JPY"
    )


def test_an_unknown_sid_has_no_status_and_a_broken_provider_cannot_be_asked(
    standin: StandIn, account: Twilio
) -> None:
    stranger_to_all = message(sid="SM-none")
    assert account.status(stranger_to_all) is None
    with override_settings(TWILIO_AUTH_TOKEN="another"):
        stranger = transport.from_settings()
    with pytest.raises(Unreachable):
        stranger.status(stranger_to_all)
    with pytest.raises(Unreachable):
        stranger.find(stranger_to_all, known=())
    with pytest.raises(Unreachable):
        list(stranger.received(NOW))


def test_what_came_in_is_read_page_by_page(
    standin: StandIn, account: Twilio, monkeypatch: Any
) -> None:
    monkeypatch.setattr(transport, "PAGE_SIZE", 2)
    for number in range(5):
        came_in = {"direction": "inbound", "from": MOBILE, "status": "received"}
        standin.add(SENDER, f"答え{number}", **came_in)
    standin.add(MOBILE, TEXT)
    received = list(account.received(NOW - 24 * HOUR))
    assert sorted(each.body for each in received) == [f"答え{number}" for number in range(5)]
    assert {each.sender for each in received} == {MOBILE}


def test_a_sender_that_is_a_name_gets_no_answers_and_is_not_asked_for_them(
    standin: StandIn,
) -> None:
    standin.add("CITY", "１", direction="inbound", status="received")
    with override_settings(TWILIO_SENDER="CITY"):
        assert list(transport.from_settings().received(NOW)) == []


def test_no_log_tells_a_number_or_a_text(
    standin: StandIn, account: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    standin.faults[MOBILE].extend(["", "21211", "500", "drop"])
    sent = now_sent()
    for _ in range(4):
        account.send(sent)
    account.find(sent, known=())
    account.status(message(sid=standin.messages[0]["sid"]))
    for secret in (MOBILE, MOBILE.removeprefix("+"), TEXT, "the-tests"):
        assert secret not in caplog.text


def test_the_callers_patience_ends_at_the_time_out(standin: StandIn) -> None:
    with override_settings(TWILIO_TIMEOUT=0.05):
        standin.faults[MOBILE].append("hang")
        answer = transport.from_settings().send(message(send_after=NOW + SECOND))
    assert answer == Unclear("ReadTimeout")
