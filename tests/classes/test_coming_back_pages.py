"""Coming back and messages to many over HTTP: who may, what is logged, what is refused."""

import uuid

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from classes.models import BulkMessage, Notice
from learners import people
from staff.models import AccessEvent, AccessSubject
from tests import factories
from tests.classes.coming_back_people import (
    DAY,
    NOW,
    applies,
    attended,
    open_class,
    seat,
    series,
)
from tests.factories import tokyo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client():
    made = Client()
    made.force_login(factories.staff_member(role="coordinator"))
    return made


def page(client, name, data=None, **query):
    answer = client.get(reverse(name), query) if data is None else client.post(reverse(name), data)
    return answer.content.decode()


def test_the_list_is_for_coordinators():
    made = Client()
    made.force_login(factories.staff_member(role="reception"))
    assert made.get(reverse("coming_back")).status_code == 403
    assert made.post(reverse("bulk_create")).status_code == 403


def test_whoever_is_shown_is_logged(client):  # rule 64
    person = attended(series(tokyo(2026, 10, 5, 10)))
    assert person.display_name in page(client, "coming_back")
    event = AccessEvent.objects.get(purpose="coming_back")
    assert AccessSubject.objects.filter(event=event).values_list("key", flat=True)[0] == str(
        person.pk
    )


def test_a_filter_that_cannot_be_read_shows_everybody(client):
    person = attended(series(tokyo(2026, 10, 5, 10)))
    shown = page(client, "coming_back", reason="nonsense", level="x", page="x", show="y")
    assert person.display_name in shown


def test_the_return_rate_names_nobody(client):
    person = attended(series(tokyo(2026, 10, 5, 10)))
    shown = page(client, "coming_back", show="rate")
    assert person.display_name not in shown
    assert not AccessEvent.objects.filter(purpose="coming_back").exists()


def test_the_share_says_of_whom_it_is(client):
    session = series(tokyo(2026, 7, 6, 10), capacity=9)
    people = [attended(session) for _ in range(5)]
    autumn = factories.intake(opens_at=tokyo(2026, 8, 1, 9), closes_at=NOW + 20 * DAY)
    applies(open_class(intake=autumn), people[0], tokyo(2026, 8, 3, 10))
    assert '20% <span class="quiet">(1/5)</span>' in page(client, "coming_back", show="rate")


def test_everybody_on_the_list_are_those_on_its_other_pages_too(client):
    session = series(tokyo(2026, 10, 5, 10), capacity=80)
    for _ in range(52):
        attended(session)
    open_class(capacity=80)
    before = page(client, "coming_back_invite", {"everybody": "1", "reason": "ended"})
    assert "52" in before
    assert not Notice.objects.filter(purpose="next_class").exists()
    page(client, "coming_back_invite", {"everybody": "1", "reason": "ended", "confirmed": "1"})
    assert Notice.objects.filter(purpose="next_class").count() == 52
    assert AccessEvent.objects.filter(purpose="coming_back_told").count() == 1


def test_nobody_ticked_sends_nothing(client):
    answer = client.post(reverse("coming_back_invite"), {"confirmed": "1"})
    assert answer.url == reverse("coming_back")
    assert client.post(reverse("bulk_create"), {"step": "send"}).url == reverse("coming_back")


@pytest.fixture
def running():
    session = series(NOW - 5 * DAY, NOW + 2 * DAY, capacity=30, code="N1")
    seat(session)
    return session


def test_a_message_to_a_class_is_looked_at_before_it_goes_and_goes_once(client, running):
    typed = {
        "class": running.pk,
        "client_uuid": uuid.uuid4(),
        "wording": "{city}スマホ教室{date}のことは 090-3117-4912 へ。",
    }
    shown = page(client, "bulk_create", {**typed, "step": "preview"})
    assert "八王子市スマホ教室11/22(日)のことは" in shown
    assert "ではない電話番号" in shown
    assert not BulkMessage.objects.exists()
    for _ in range(2):
        client.post(reverse("bulk_create"), {**typed, "step": "send"})
    assert Notice.objects.filter(bulk=BulkMessage.objects.get()).count() == 1
    assert AccessEvent.objects.filter(purpose="bulk_sent").count() == 2


@pytest.mark.parametrize(
    "wording",
    ["", "{name}様", "壊れた { 括弧", "あ" * 661, "{settings.SECRET_KEY}", "ｗｗｗ.example.jp"],
)
def test_a_text_that_cannot_be_sent_is_refused(client, running, wording):  # rules 49 and 50
    shown = page(
        client,
        "bulk_create",
        {"class": running.pk, "client_uuid": uuid.uuid4(), "wording": wording, "step": "send"},
    )
    assert "error" in shown
    assert not BulkMessage.objects.exists()


def test_chosen_people_have_no_class_to_name(client, running):
    person = attended(series(tokyo(2026, 10, 5, 10)))
    typed = {"learner": person.pk, "client_uuid": uuid.uuid4(), "step": "send"}
    page(client, "bulk_create", {**typed, "wording": "{date}に"})
    assert not BulkMessage.objects.exists()
    page(client, "bulk_create", {**typed, "wording": "{city}のスマホ相談会が始まります。"})
    assert Notice.objects.get(purpose="bulk").sentence == "八王子市のスマホ相談会が始まります。"


def test_people_found_on_the_list_of_learners_can_be_ticked_by_who_may_write_to_them(client):
    person = people.create({"name": "花田 ハナ", "kana": "ハナダ ハナ"}, [], by=None, now=NOW)
    box = f'name="learner" value="{person.pk}"'
    found = page(client, "learner_list", {"q": "ハナダ"})
    assert box in found
    assert f'action="{reverse("bulk_create")}"' in found
    reception = Client()
    reception.force_login(factories.staff_member(role="reception"))
    seen = page(reception, "learner_list", {"q": "ハナダ"})
    assert person.display_name in seen
    assert box not in seen


def test_its_page_shows_how_far_it_has_come_and_can_be_stopped(client, running):
    typed = {"class": running.pk, "client_uuid": uuid.uuid4(), "wording": "充電器を{date}に"}
    client.post(reverse("bulk_create"), {**typed, "step": "send"})
    sent = BulkMessage.objects.get()
    detail = reverse("bulk_detail", args=[sent.pk])
    assert "充電器を11/22(日)に" in client.get(detail).content.decode()
    assert "<html" not in client.get(detail, headers={"HX-Request": "true"}).content.decode()
    client.post(reverse("bulk_stop", args=[sent.pk]))
    assert Notice.objects.get(bulk=sent).outcome == "dropped"
