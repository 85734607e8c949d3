"""The sending hours as administrators set them (rule 51)."""

import datetime

import pytest
import time_machine

from sms import sending_hours
from sms.models import DayOff, SendingHours
from staff.models import AccessEvent
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
WEDNESDAY = tokyo(2026, 10, 7, 10)
HOURS = {"opens": "09:00", "closes": "20:00", "opens_early": "07:00"}


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(WEDNESDAY, tick=False):
        yield


@pytest.fixture
def administrator(client):
    client.force_login(factories.staff_member(role="administrator", language="en"))
    return client


def test_only_administrators_set_the_hours(client):
    client.force_login(factories.staff_member(role="coordinator"))
    assert client.get("/messages/hours/").status_code == 403
    assert client.post("/messages/hours/", HOURS).status_code == 403


def test_the_page_says_what_follows_from_the_hours(administrator):
    page = administrator.get("/messages/hours/").content.decode()
    assert "a message of Sat 10 Oct 2026, 21:00 goes out on Sun 11 Oct 2026, 09:00" in page
    assert "Sun 11 Oct 2026, 06:00 is told on Sun 11 Oct 2026, 07:00" in page
    administrator.post("/messages/hours/", {**HOURS, "closed_weekdays": ["7"]})
    page = administrator.get("/messages/hours/").content.decode()
    assert "21:00 goes out on Mon 12 Oct 2026, 09:00" in page
    # Monday is a public holiday (スポーツの日).
    sunday_and_holidays = {**HOURS, "closed_weekdays": ["7"], "closed_on_holidays": "on"}
    administrator.post("/messages/hours/", sunday_and_holidays)
    page = administrator.get("/messages/hours/").content.decode()
    assert "21:00 goes out on Tue 13 Oct 2026, 09:00" in page
    assert "is told on Sun 11 Oct 2026, 07:00" in page


def test_what_is_saved_holds_and_who_changed_it_is_logged(administrator):  # rule 64
    administrator.post("/messages/hours/", {**HOURS, "closes": "19:00", "closed_weekdays": ["6"]})
    hours = sending_hours.load()
    assert (hours.closes, hours.closed_weekdays) == (datetime.time(19), frozenset({6}))
    event = AccessEvent.objects.get(purpose="sending_hours")
    assert event.field_names == ["closed_weekdays", "closes"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"closes": "08:00"}, "The end must be later"),
        ({"opens_early": "10:00"}, "no later than others"),
        ({"closed_weekdays": list("1234567")}, "On one weekday at least"),
        ({"opens": "x"}, "Enter a valid time"),
        ({"closed_weekdays": ["9"]}, "9"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_the_reason(administrator, wrong, said):
    response = administrator.post("/messages/hours/", {**HOURS, **wrong})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not SendingHours.objects.exists()


def test_a_day_off_is_added_once_moves_what_would_go_out_and_is_taken_away(administrator):
    new_year = {"off-day": "2026-10-11", "off-reason": "棚卸し"}
    assert administrator.post("/messages/hours/days/", new_year).status_code == 302
    again = administrator.post("/messages/hours/days/", new_year)
    assert again.status_code == 422
    off = DayOff.objects.get()
    page = administrator.get("/messages/hours/").content.decode()
    assert "棚卸し" in page
    assert "21:00 goes out on Mon 12 Oct 2026, 09:00" in page
    administrator.post(f"/messages/hours/days/{off.pk}/remove/")
    assert not DayOff.objects.exists()
    purposes = AccessEvent.objects.values_list("purpose", flat=True)
    assert {"sending_day_add", "sending_day_remove"} <= set(purposes)


def test_a_year_mistyped_is_a_mistake_to_show(administrator):
    response = administrator.post("/messages/hours/days/", {"off-day": "20026-01-01"})
    assert response.status_code == 422
    response = administrator.post("/messages/hours/days/", {"off-day": "2206-01-01"})
    assert response.status_code == 422


def test_days_that_are_all_off_are_said_plainly(administrator):
    SendingHours.objects.create(pk=1, closed_weekdays=[1, 2, 3, 4, 5, 6, 7])
    page = administrator.get("/messages/hours/").content.decode()
    assert "no message goes out" in page
