"""Pages on which two records become one, or a life at the desk ends."""

import datetime

import pytest
import time_machine
from django.urls import reverse

from classes.models import Enrollment
from learners.models import LearnerMerge
from tests import factories
from tests.classes.learner_desk import MOBILE, event_of, person, shown, text_of
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)


@pytest.fixture(autouse=True)
def _the_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client):
    client.force_login(factories.staff_member(role="coordinator", language="en"))
    return client


def test_a_death_is_asked_about_once_more_and_then_frees_the_seat(desk):  # rule 42
    learner = person()
    (application,) = factories.registered(factories.class_session(), learner, at=NOW)
    address = reverse("learner_deceased", args=[learner.pk])
    assert desk.get(address).status_code == 200
    assert desk.post(address, {"on": "2026/12/31"}).status_code == 422
    assert Enrollment.objects.held().filter(application=application).exists()
    desk.post(address, {"on": "令和8年8月30日"})
    learner.refresh_from_db()
    assert learner.deceased_on == datetime.date(2026, 8, 30)
    assert not Enrollment.objects.held().exists()
    assert "deceased" in shown(desk, "learner_detail", learner.pk)


def test_two_records_are_compared_merged_with_a_reason_and_parted_again(desk):
    survivor, absorbed = person(name="山田 節子"), person(name="山田 せつ子", phone=MOBILE)
    page = shown(desk, "learner_merge", survivor.pk, absorbed.pk)
    for words in ("山田 節子", "山田 せつ子", "090-3117-4912", "differs"):
        assert words in page
    address = reverse("learner_merge", args=[survivor.pk, absorbed.pk])
    assert desk.post(address, {"reason": " "}).status_code == 422
    desk.post(address, {"reason": "同じ方"})
    assert survivor.phone_numbers.count() == 1
    assert "同じ方" in shown(desk, "learner_detail", survivor.pk)
    assert event_of("learners_merged").subjects.count() == 2
    desk.post(reverse("learner_merge_undo", args=[LearnerMerge.objects.get().pk]))
    assert absorbed.phone_numbers.count() == 1
    assert event_of("merge_undone").subjects.count() == 2


def test_two_applications_of_one_intake_are_named_instead_of_merged(desk):
    survivor, absorbed = person(), person()
    session = factories.class_session()
    applications = [factories.registered(session, each, at=NOW)[0] for each in (survivor, absorbed)]
    page = shown(desk, "learner_merge", survivor.pk, absorbed.pk)
    assert all(application.receipt in page for application in applications)
    address = reverse("learner_merge", args=[survivor.pk, absorbed.pk])
    assert desk.post(address, {"reason": "同じ方"}).status_code == 422
    assert not LearnerMerge.objects.exists()


def test_who_may_be_the_same_is_linked_from_the_page_and_the_absorbed_page_leads_on(desk):
    survivor, absorbed = person(phone=MOBILE), person(phone=MOBILE)
    compare = reverse("learner_merge", args=[survivor.pk, absorbed.pk])
    assert compare in shown(desk, "learner_detail", survivor.pk)  # rule 4
    desk.post(compare, {"reason": "同じ方"})
    page = shown(desk, "learner_detail", absorbed.pk)
    assert reverse("learner_detail", args=[survivor.pk]) in page
    assert reverse("learner_edit", args=[absorbed.pk]) not in page
    assert desk.get(reverse("learner_edit", args=[absorbed.pk])).status_code == 404


def test_any_other_record_is_chosen_by_search(desk):
    learner, other = person(), person(kana="サトウ ハル")
    page = text_of(desk.post(reverse("learner_merge_choose", args=[learner.pk]), {"q": "サトウ"}))
    assert reverse("learner_merge", args=[learner.pk, other.pk]) in page


def test_reception_merges_nothing(client):
    client.force_login(factories.staff_member(role="reception"))
    survivor, absorbed = person(phone=MOBILE), person(phone=MOBILE)
    address = reverse("learner_merge", args=[survivor.pk, absorbed.pk])
    assert client.get(address).status_code == 403
    assert address not in text_of(client.get(reverse("learner_detail", args=[survivor.pk])))
