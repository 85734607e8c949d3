"""The simulator's phones: there only while no account is set."""

import datetime

import pytest
import time_machine

from classes import simulator
from sms.models import InboundMessage, SimulatedPhone
from staff.models import AccessEvent, AccessSubject
from tests import factories
from tests.classes.message_rows import MOBILE, NOW, came, queued, sent, told

pytestmark = pytest.mark.django_db
OTHER = "+819031170000"
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _ten_in_the_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client):
    client.force_login(factories.staff_member(language="en"))
    return client


def posted(desk, path, numbers=(MOBILE,), **fields):
    return desk.post(f"/simulator/{path}/", {"shown": simulator.seal(numbers), **fields})


def test_with_an_account_there_is_no_simulator(desk, settings):
    settings.TWILIO_ACCOUNT_SID = "AC0"
    assert desk.get("/simulator/").status_code == 404
    for path in ("phones", "live", "answer", "behaviour"):
        assert posted(desk, path, number=MOBILE, body="1").status_code == 404
    assert "/simulator/" not in desk.get("/messages/").content.decode()


def test_the_phones_last_at_work_are_shown_with_what_arrived_and_logged(desk):  # rule 64
    notice = told(sent(body="明日です"))
    sent(OTHER, body="届かない", status="undelivered", error_code="30003", at=NOW - MINUTE)
    page = desk.get("/simulator/").content.decode()
    assert page.index("090-3117-4912") < page.index("090-3117-0000")
    assert "明日です" in page
    assert "is-lost" in page
    assert AccessSubject.objects.filter(key=str(notice.learner_id)).exists()
    assert AccessEvent.objects.filter(route="simulator").exists()


def test_a_message_that_waits_is_announced_not_shown(desk):  # rule 51
    queued(body="まだです", send_after=NOW + 60 * MINUTE)
    page = desk.get("/simulator/").content.decode()
    assert "まだです" not in page
    assert "1 on its way, not before" in page


def test_a_phone_on_which_nothing_is_yet_says_so_and_stands_behind_those_at_work(desk):
    queued(body="まだです", at=NOW, send_after=NOW + 60 * MINUTE)
    sent(OTHER, at=NOW - 60 * MINUTE)
    page = desk.get("/simulator/").content.decode()
    assert page.index("090-3117-0000") < page.index("090-3117-4912")
    assert page.count("Nothing has arrived yet.") == 1


def test_a_phone_on_which_something_arrives_in_some_minutes_stands_first(desk):
    sent(OTHER, at=NOW - MINUTE)
    queued(at=NOW, send_after=NOW + 10 * MINUTE)
    page = desk.get("/simulator/").content.decode()
    assert page.index("090-3117-4912") < page.index("090-3117-0000")


def test_an_answer_comes_in_like_any_other(desk):
    sent()
    posted(desk, "answer", number=MOBILE, body=" 行けません ")
    answer = InboundMessage.objects.get()
    assert (answer.sender, answer.body, answer.source) == (MOBILE, "行けません", "simulator")
    assert answer.handled_at is None
    posted(desk, "answer", number=MOBILE, body="", quick="停止")
    assert InboundMessage.objects.filter(body="停止").exists()


def test_nothing_typed_is_nothing_sent(desk):
    posted(desk, "answer", number=MOBILE, body="  ")
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize("path", ["answer", "behaviour"])
def test_only_a_phone_that_is_looked_at_answers(desk, path):
    fields = {"number": OTHER, "body": "1", "behaviour": "off"}
    assert posted(desk, path, **fields).status_code == 404
    assert not InboundMessage.objects.exists()
    assert not SimulatedPhone.objects.exists()


def test_nobody_can_name_phones_that_were_not_shown_to_them(desk):
    assert desk.post("/simulator/live/", {"shown": MOBILE}).status_code == 404
    assert desk.post("/simulator/live/", {}).status_code == 404


def test_a_phone_is_switched_off_and_the_next_message_does_not_arrive(desk):
    posted(desk, "behaviour", number=MOBILE, behaviour="off")
    assert SimulatedPhone.objects.get().behaviour == "off"
    assert posted(desk, "behaviour", number=MOBILE, behaviour="burnt").status_code == 404


def test_phones_are_found_by_their_last_digits_without_any_in_an_address(desk):
    sent()
    sent(OTHER)
    page = posted(desk, "phones", find="1", digits="4912").content.decode()
    assert "090-3117-4912" in page
    assert "090-3117-0000" not in page
    page = posted(desk, "phones", find="1", digits="7777").content.decode()
    assert "No mobile number ends" in page
    assert "090-3117-4912" in page


def test_a_number_typed_is_added_first_and_a_wrong_one_is_said(desk):
    page = posted(desk, "phones", add="1", digits="090-3117-0000").content.decode()
    assert page.index("090-3117-0000") < page.index("090-3117-4912")
    page = posted(desk, "phones", add="1", digits="090-3117").content.decode()
    assert 'role="alert"' in page


def test_the_phones_cost_as_much_whatever_is_on_them(desk, django_assert_num_queries):
    numbers = [f"+8190311760{number:02d}" for number in range(6)]
    for number in numbers:
        sent(number)
    with django_assert_num_queries(4):
        simulator.phones(numbers, now=NOW)
    for number in numbers:
        for minutes in range(40):
            sent(number, at=NOW + minutes * MINUTE)
            came(number, at=NOW + minutes * MINUTE)
    with django_assert_num_queries(4):
        shown = simulator.phones(numbers, now=NOW)
    assert {len(phone.bubbles) for phone in shown} == {simulator.MOST_MESSAGES}
    # The latest stand at the end.
    assert shown[0].bubbles[-1].at == NOW + 39 * MINUTE


def test_looking_again_costs_no_access_record_and_names_no_learner(desk):
    told(sent(), name="山田 節子")
    before = AccessEvent.objects.count()
    page = posted(desk, "live").content.decode()
    assert AccessEvent.objects.count() == before
    assert "山田" not in page
