"""The message log: what was sent and received, in words that promise no more than is known."""

import datetime
import decimal

import pytest
import time_machine

from classes import message_costs, message_log
from classes.message_log import Filters
from sms.models import OutboundMessage
from staff.models import AccessEvent, AccessSubject
from tests import factories
from tests.classes.message_rows import MOBILE, NOW, came, queued, sent, told
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
Status = OutboundMessage.Status


@pytest.fixture(autouse=True)
def _ten_in_the_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client):
    client.force_login(factories.staff_member(language="en"))
    return client


def test_the_log_leads_to_whom_a_message_told_something_and_logs_the_look(desk):  # rule 64
    notice = told(sent())
    page = desk.get("/messages/").content.decode()
    assert f'href="/learners/{notice.learner_id}/"' in page
    assert "090-3117-4912" in page
    assert AccessEvent.objects.filter(route="message_log").exists()
    assert AccessSubject.objects.filter(key=str(notice.learner_id)).exists()


def test_sent_is_never_shown_as_delivered(desk):  # rule 55
    sent(status=Status.SENT)
    page = desk.get("/messages/").content.decode()
    rows = page[page.index("<tbody") : page.index("</tbody")]
    assert "sent, not confirmed" in rows
    assert "delivered" not in rows


def test_the_filters_take_day_status_and_purpose():
    today, yesterday = sent(), sent(at=NOW - DAY)
    waiting = queued(purpose="offer")
    assert list(message_log.sent(Filters(day=NOW.date()))) == [waiting, today]
    assert list(message_log.sent(Filters(day=(NOW - DAY).date()))) == [yesterday]
    assert list(message_log.sent(Filters(status="queued"))) == [waiting]
    assert list(message_log.sent(Filters(purpose="reminder"))) == [today, yesterday]


def test_a_day_begins_at_midnight_in_the_city():
    before = sent(at=tokyo(2026, 10, 4, 23, 59))
    after = sent(at=tokyo(2026, 10, 5, 0, 0))
    assert list(message_log.sent(Filters(day=datetime.date(2026, 10, 4)))) == [before]
    assert list(message_log.sent(Filters(day=datetime.date(2026, 10, 5)))) == [after]


@pytest.mark.parametrize(
    "query",
    [
        "day=x&status=y&purpose=z&page=q",
        "day=2026-13-40",
        "day=0001-01-01",
        "day=9999-12-31",
        "page=99",
    ],
)
def test_nonsense_in_the_address_shows_the_log(desk, query):
    assert desk.get(f"/messages/?{query}").status_code == 200
    assert desk.get(f"/messages/received/?{query}").status_code == 200


@pytest.mark.parametrize("typed", ["4912", "４９１２", "090-3117-4912", "090 3117 4912"])
def test_a_number_is_found_by_its_last_digits_in_the_body_of_a_post(desk, typed):
    sent(body="この番号へ")
    sent("+819031170000", body="別の番号へ")
    came(body="この番号から")
    page = desk.post("/messages/find/", {"digits": typed}).content.decode()
    assert "この番号へ" in page
    assert "この番号から" in page
    assert "別の番号へ" not in page
    assert desk.get("/messages/find/").status_code == 405


def test_three_digits_are_too_few_to_look_for(desk):
    sent()
    page = desk.post("/messages/find/", {"digits": "912"}).content.decode()
    assert "at least the last four digits" in page
    assert "090-3117-4912" not in page


def test_what_came_in_is_shown_with_what_it_was_taken_for(desk):
    came(body="はい、行きます")
    page = desk.get("/messages/received/").content.decode()
    assert "はい、行きます" in page
    assert "not yet read" in page


def test_the_log_costs_as_much_for_many_messages(
    desk, django_assert_num_queries, django_assert_max_num_queries
):
    told(sent())
    came()
    counted = {}
    for path in ("/messages/", "/messages/received/"):
        desk.get(path)
        with django_assert_max_num_queries(15) as few:
            desk.get(path)
        counted[path] = len(few)
    for number in range(30):
        told(sent(f"+8190311750{number:02d}"))
        came(f"+8190311750{number:02d}")
    for path, queries in counted.items():
        with django_assert_num_queries(queries):
            desk.get(path)


def test_pages_keep_the_filters(desk):
    for _ in range(51):
        sent()
    page = desk.get("/messages/?status=delivered").content.decode()
    assert "?status=delivered&amp;page=2" in page
    assert desk.get("/messages/?status=delivered&page=2").content.decode().count("<tr>") == 2


def test_costs_are_as_charged_and_estimated_where_nothing_was_said(settings):
    settings.SMS_SEGMENT_PRICE = decimal.Decimal(12)
    sent(price=decimal.Decimal("15.5"), price_unit="JPY", billed_segments=2)
    sent(status=Status.SENT, segments=3)
    sent(purpose="offer", price=decimal.Decimal("0.08"), price_unit="USD")
    queued()
    sent(status=Status.FAILED)
    sent(at=tokyo(2026, 9, 30, 23, 59), price=decimal.Decimal(10), price_unit="JPY")
    october, september = message_costs.by_month(now=NOW)
    assert october.first == datetime.date(2026, 10, 1)
    assert (october.total.messages, october.total.segments) == (3, 6)
    assert october.total.written == ["¥52", "USD 0.08"]
    assert october.total.estimated_written == "¥36"
    assert [sums.segments for _label, sums in october.purposes] == [5, 1]
    assert september.total.written == ["¥10"]


def test_the_table_of_costs_is_one_query_and_names_nobody(desk, django_assert_num_queries):
    told(sent())
    with django_assert_num_queries(1):
        message_costs.by_month(now=NOW)
    page = desk.get("/messages/costs/").content.decode()
    assert "October 2026" in page
    assert MOBILE not in page


def test_instructors_do_not_read_the_log(client):
    client.force_login(factories.staff_member(role="instructor"))
    for path in ("/messages/", "/messages/received/", "/messages/costs/", "/simulator/"):
        assert client.get(path).status_code == 403
