"""Signed callbacks over real HTTP before, during and after our own record; storms; forgeries."""

import logging
import os
import random
import subprocess
import sys
import uuid
from concurrent import futures
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone
from twilio.request_validator import RequestValidator

from sms import delivery
from sms.models import InboundMessage, OutboundMessage, SendingHours
from sms.transports import twilio
from tests.sms.conftest import PUBLIC
from tests.sms.outbox import HOUR, MOBILE, TEXT, as_they_are, message
from tests.sms.standin import TOKEN, StandIn, inbound

pytestmark = pytest.mark.django_db(transaction=True)
Status = OutboundMessage.Status
INBOUND = f"{PUBLIC}/sms/twilio/inbound/"


@pytest.fixture(autouse=True)
def _day() -> None:
    """The live server reads the real clock, so these messages may go at any hour."""
    SendingHours.objects.create(pk=1, opens="00:00", closes="23:59:59.999999", opens_early="00:00")


def queued(**fields: Any) -> OutboundMessage:
    return message(now=timezone.now(), **fields)


def deliver() -> None:
    delivery.deliver(
        twilio.from_settings(),
        still_holds=as_they_are,
        clock=timezone.now,
        until=timezone.now() + HOUR,
    )


def test_a_callback_that_overtakes_the_answer_loses_nothing(called_back: StandIn) -> None:
    called_back.before_answer = ("queued", "sent", "delivered")
    row = queued()
    deliver()
    row.refresh_from_db()
    [created] = called_back.messages
    assert (row.status, row.sid, row.attempts) == (Status.DELIVERED, created["sid"], 1)
    assert row.sent_at is not None


def test_a_callback_between_the_answer_and_our_record_loses_nothing(
    called_back: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = delivery.record

    def record_late(answers: Any, *args: Any, **more: Any) -> None:
        for created in called_back.messages if answers else ():
            assert called_back.call_back(created, "delivered") == 204
        record(answers, *args, **more)

    monkeypatch.setattr(delivery, "record", record_late)
    row = queued()
    deliver()
    row.refresh_from_db()
    assert (row.status, row.sid) == (Status.DELIVERED, called_back.messages[0]["sid"])


def test_a_callback_after_our_record_settles_the_message(called_back: StandIn) -> None:
    row = queued()
    deliver()
    row.refresh_from_db()
    assert row.status == Status.SENT
    assert called_back.call_back(called_back.messages[0], "undelivered", "30008") == 204
    row.refresh_from_db()
    assert (row.status, row.error_code) == (Status.UNDELIVERED, "30008")


def test_a_callback_settles_what_a_lost_answer_left_unknown(called_back: StandIn) -> None:
    called_back.faults[MOBILE].append("created drop")
    row = queued()
    deliver()
    row.refresh_from_db()
    assert row.status == Status.UNKNOWN
    called_back.call_back(called_back.messages[0], "sent")
    row.refresh_from_db()
    assert (row.status, row.sid) == (Status.SENT, called_back.messages[0]["sid"])


def test_a_callback_is_one_query_or_two(
    called_back: StandIn, client: Client, django_assert_num_queries: Any
) -> None:
    row = queued(status=Status.SENT, attempts=1)
    path = forged(row).removeprefix(PUBLIC)

    def post(word: str) -> int:
        said = {"MessageSid": "SM1", "MessageStatus": word}
        signature = RequestValidator(TOKEN).compute_signature(forged(row), said)
        return client.post(path, said, HTTP_X_TWILIO_SIGNATURE=signature).status_code

    with django_assert_num_queries(1):
        assert post("delivered") == 204
    with django_assert_num_queries(2):
        assert post("sent") == 204


def test_a_storm_of_callbacks_in_any_order_ends_in_delivered(called_back: StandIn) -> None:
    row = queued()
    deliver()
    [created] = called_back.messages
    said = ["delivered", "sent", "queued", "accepted", "sending"] * 6
    random.Random(7).shuffle(said)
    with futures.ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda word: called_back.call_back(created, word), said))
    row.refresh_from_db()
    assert set(answers) == {204}
    assert row.status == Status.DELIVERED


def test_a_number_that_turns_out_not_capable_stops_its_queue(called_back: StandIn) -> None:
    queued()  # rule 54
    deliver()
    waiting = queued()
    called_back.call_back(called_back.messages[0], "undelivered", "30006")
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED


def forged(row: OutboundMessage) -> str:
    return f"{PUBLIC}/sms/twilio/status/{row.uuid}/?try=1"


def test_a_missing_signature_gets_403(called_back: StandIn) -> None:  # rule 56
    row = queued(status=Status.SENT, attempts=1)
    said = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    assert called_back.bring(forged(row), said, signed=False) == 403
    assert called_back.bring(INBOUND, inbound(MOBILE, "1"), signed=False) == 403
    row.refresh_from_db()
    assert row.status == Status.SENT
    assert not InboundMessage.objects.exists()


def test_a_refused_callback_says_in_the_log_what_to_look_at_and_fills_no_pages(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert Client().post("/sms/twilio/inbound/", inbound(MOBILE, "1")).status_code == 403
    assert "PUBLIC_URL" in caplog.text
    assert "Traceback" not in caplog.text
    assert MOBILE not in caplog.text


@pytest.mark.parametrize(
    "token_of_the_desk", ["another-token", ""], ids=["another token", "no token"]
)
def test_a_signature_by_another_token_gets_403(  # rule 56
    called_back: StandIn, token_of_the_desk: str
) -> None:
    row = queued(status=Status.SENT, attempts=1)
    with override_settings(TWILIO_AUTH_TOKEN=token_of_the_desk):
        assert called_back.bring(forged(row), {"MessageStatus": "delivered"}) == 403


def test_a_signature_for_other_words_or_another_message_gets_403(  # rule 56
    called_back: StandIn, client: Client
) -> None:
    row, other = queued(status=Status.SENT, attempts=1), queued(status=Status.SENT, attempts=1)
    said = {"MessageSid": "SM1", "MessageStatus": "sent"}
    signature = RequestValidator(TOKEN).compute_signature(forged(row), said)

    def post(address: str, words: dict[str, str]) -> int:
        path = address.removeprefix(PUBLIC)
        return client.post(path, words, HTTP_X_TWILIO_SIGNATURE=signature).status_code

    assert post(forged(row), said) == 204
    assert post(forged(row), said | {"MessageStatus": "delivered"}) == 403
    assert post(forged(other), said) == 403
    assert post(forged(row).replace("try=1", "try=2"), said) == 403


def test_the_address_is_the_configured_one_and_not_the_requests(  # rule 56
    called_back: StandIn, client: Client
) -> None:
    row = queued(status=Status.SENT, attempts=1)
    address = forged(row).replace(PUBLIC, "http://testserver")
    said = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    signature = RequestValidator(TOKEN).compute_signature(address, said)
    path = address.removeprefix("http://testserver")
    assert client.post(path, said, HTTP_X_TWILIO_SIGNATURE=signature).status_code == 403


def test_a_signed_callback_about_no_message_of_ours_is_not_found(called_back: StandIn) -> None:
    nobody = f"{PUBLIC}/sms/twilio/status/{uuid.uuid4()}/"
    assert called_back.bring(f"{nobody}?try=1", {"MessageStatus": "sent"}) == 404
    assert called_back.bring(nobody, {"MessageStatus": "sent"}) == 404


def test_an_inbound_message_is_kept_once_and_answered_with_nothing(
    called_back: StandIn, client: Client
) -> None:
    said = inbound(MOBILE, "１")
    assert [called_back.bring(INBOUND, said) for _ in range(3)] == [200, 200, 200]
    kept = InboundMessage.objects.get()
    assert (kept.sender, kept.body, kept.source) == (MOBILE, "１", InboundMessage.Source.WEBHOOK)
    assert kept.handled_at is None


def test_an_inbound_storm_keeps_each_message_once(called_back: StandIn) -> None:
    said = [inbound(MOBILE, f"答え{number}") for number in range(5)] * 4
    with futures.ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda words: called_back.bring(INBOUND, words), said))
    assert set(answers) == {200}
    assert InboundMessage.objects.count() == 5


def test_no_log_of_a_callback_tells_a_number_or_a_text(
    called_back: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    queued()
    deliver()
    called_back.call_back(called_back.messages[0], "delivered")
    called_back.bring(INBOUND, inbound(MOBILE, TEXT))
    called_back.bring(INBOUND, inbound(MOBILE, TEXT), signed=False)
    assert MOBILE.removeprefix("+") not in caplog.text
    assert TEXT not in caplog.text


def test_a_web_worker_does_without_the_sdk() -> None:
    # It would cost each of them a quarter of its memory.
    said = subprocess.run(
        [sys.executable, "-c", "import django, sys; django.setup(); import config.urls; "
         "print('twilio.rest' in sys.modules, 'requests' in sys.modules)"],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert said.stdout.split() == ["False", "False"]
