"""Whether everything runs: /healthz for a machine, the status page for people."""

import datetime
import json

import pytest
import time_machine
from django.db import OperationalError

from classes import health, heartbeats
from classes.models import WorkerHeartbeat
from sms.models import OutboundMessage
from tests import factories
from tests.classes.message_rows import NOW, queued, sent
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)
Status = OutboundMessage.Status


@pytest.fixture(autouse=True)
def _ten_in_the_morning():
    with time_machine.travel(NOW, tick=False):
        yield


def healthz(client):
    response = client.get("/healthz")
    return response.status_code, json.loads(response.content)


def test_all_is_well_while_a_worker_lives_and_nothing_waits_too_long(client):
    heartbeats.begin("one", now=NOW - MINUTE)
    queued(at=NOW - 5 * MINUTE)
    assert healthz(client) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "worker_age_seconds": 60.0,
            "oldest_due_message_seconds": 300.0,
            "problems": [],
        },
    )


def test_without_a_sign_of_life_the_answer_is_503(client):
    assert healthz(client)[1]["problems"] == ["no worker"]
    heartbeats.begin("one", now=NOW - 2 * MINUTE)
    status, said = healthz(client)
    assert (status, said["worker_age_seconds"], said["problems"]) == (503, 120.0, ["no worker"])
    WorkerHeartbeat.objects.update(seen_at=NOW, stopped_at=NOW)
    assert healthz(client)[0] == 503


def test_messages_that_wait_too_long_are_a_503(client):
    heartbeats.begin("one", now=NOW)
    queued(at=NOW - 31 * MINUTE)
    assert healthz(client)[0] == 503
    # Not yet due, or too late to go at all: neither waits for the worker.
    OutboundMessage.objects.update(send_after=NOW + MINUTE)
    assert healthz(client)[0] == 200


def test_a_database_that_does_not_answer_is_said_without_its_words(client, monkeypatch):
    def broken(*, now):
        raise OperationalError("connection to 10.0.0.7 as desk (山田) refused")

    monkeypatch.setattr(health, "pulse", broken)
    status, said = healthz(client)
    assert (status, said["database"]) == (503, "no answer")
    assert "10.0.0.7" not in json.dumps(said)


def test_a_watching_machine_costs_two_queries(client, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get("/healthz")


def look():
    return health.look(now=NOW)


def test_the_status_counts_what_waits_and_what_became_of_the_last_day():
    queued(at=NOW - 2 * MINUTE)
    queued(send_after=NOW + 60 * MINUTE)
    sent()
    sent(status=Status.SENT)
    sent(status=Status.UNDELIVERED, error_code="30003")
    sent(status=Status.UNDELIVERED, error_code="30003")
    sent(status=Status.FAILED, error_code="99999")
    sent(status=Status.UNKNOWN, status_at=NOW - 5 * MINUTE, sid="")
    sent(at=NOW - datetime.timedelta(hours=25))
    shown = look()
    assert (shown.due, shown.oldest_due_at) == (1, NOW - 2 * MINUTE)
    assert (shown.later, shown.next_at) == (1, NOW + 60 * MINUTE)
    assert (shown.unknown, shown.is_unsettled) == (1, False)
    assert shown.last_day["delivered"] == shown.last_day["sent"] == 1  # rule 55
    assert [(each.code, each.count) for each in shown.failures] == [("30003", 2), ("99999", 1)]


def test_a_message_unknown_for_an_hour_asks_for_somebody_to_look():  # rule 57
    heartbeats.begin("one", now=NOW)
    sent(status=Status.UNKNOWN, status_at=NOW - 61 * MINUTE, sid="")
    assert look().is_unsettled
    assert not look().is_well


def test_outside_the_hours_the_status_says_when_messages_go_out_again():  # rule 51
    evening = tokyo(2026, 10, 5, 21)
    assert health.look(now=evening).opens_at == tokyo(2026, 10, 6, 9)
    assert look().opens_at is None


def test_a_demo_beside_an_account_is_said(settings):
    heartbeats.begin("one", now=NOW)
    factories.intake(is_demo=True)
    assert look().is_well
    settings.TWILIO_ACCOUNT_SID = "AC0"
    assert look().is_kept_from_phones
    assert not look().is_well


@pytest.mark.parametrize(
    ("role", "status"), [("reception", 403), ("instructor", 403), ("coordinator", 200)]
)
def test_coordinators_see_the_status(client, role, status):
    client.force_login(factories.staff_member(role=role))
    assert client.get("/status/").status_code == status


def test_only_beside_an_account_the_status_says_until_when_answers_were_read(client, settings):
    # On the simulator they are there as soon as they are typed.
    client.force_login(factories.staff_member(role="coordinator", language="en"))
    assert "Answers read until" not in client.get("/status/").content.decode()
    settings.TWILIO_ACCOUNT_SID = "AC0"
    assert "Answers read until" in client.get("/status/").content.decode()


def test_the_status_costs_as_much_whatever_there_is(
    client, django_assert_num_queries, django_assert_max_num_queries
):
    client.force_login(factories.staff_member(role="administrator", language="en"))
    client.get("/status/")
    with django_assert_max_num_queries(15) as few:
        client.get("/status/")
    for number in range(20):
        sent(status=Status.UNDELIVERED, error_code=f"3000{number % 9}")
        queued(f"+8190311749{number:02d}")
        heartbeats.begin(f"worker {number}", now=NOW)
    with django_assert_num_queries(len(few)):
        page = client.get("/status/").content.decode()
    assert "switched off or out of reach" in page
    assert "+8190" not in page


@pytest.mark.parametrize(("account", "times"), [("", 0), ("AC0", 1)])
def test_how_far_answers_were_read_is_said_where_they_are_asked_for(
    client, settings, account, times
):
    # The simulator hands an answer over at once: an old time would look like a fault.
    settings.TWILIO_ACCOUNT_SID = account
    client.force_login(factories.staff_member(role="administrator", language="en"))
    page = client.get("/status/").content.decode()
    assert page.count("Answers read until") == times


def test_the_page_renews_only_its_part(client):
    client.force_login(factories.staff_member(role="coordinator"))
    part = client.get("/status/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "status-word" in part
