"""Pages of a person's numbers: asked about, added, corrected, consented to, removed."""

import pytest
import time_machine
from django.urls import reverse

from learners.models import PhoneNumber
from tests import factories
from tests.classes.learner_desk import MOBILE, PHONE, event_of, person, shown, text_of
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


def test_a_number_without_its_area_code_is_asked_about_before_it_is_added(desk):  # rule 6
    learner = person()
    address = reverse("learner_number_add", args=[learner.pk])
    answer = desk.post(address, {**PHONE, "number": "626-3111"})
    assert answer.status_code == 422
    suggestion = answer.context["form"].suggestion
    assert desk.post(address, {**PHONE, "number": "626-3111", "confirmed": suggestion})
    number = learner.phone_numbers.get()
    assert (number.e164, number.as_spoken) == ("+81426263111", "626-3111")
    assert event_of("number_added").field_names == ["phone_numbers"]


def test_a_number_is_not_added_twice(desk):
    learner = person(phone=MOBILE)
    answer = desk.post(reverse("learner_number_add", args=[learner.pk]), PHONE)
    assert answer.status_code == 422
    assert learner.phone_numbers.count() == 1


def test_consent_is_kept_with_who_gave_it_when_and_who_noted_it(desk):  # rule 11
    number = person(phone=MOBILE).phone_numbers.get()
    address = reverse("learner_number_consent", args=[number.pk])
    desk.post(address, {"answer": "given", "given_by": "ご本人"})
    number.refresh_from_db()
    assert number.sms_consent == PhoneNumber.Consent.GIVEN
    assert (number.consent_given_by, number.consent_at) == ("ご本人", NOW)
    assert number.consent_noted_by == event_of("consent_noted").who
    assert "ご本人" in shown(desk, "learner_detail", number.learner_id)


def test_a_daughters_mobile_needs_her_name_before_messages_go_there(desk):  # rule 12
    learner = person()
    address = reverse("learner_number_add", args=[learner.pk])
    hers = {**PHONE, "owner": "family", "sms_consent": "given"}
    answer = desk.post(address, hers)
    assert answer.status_code == 422
    assert "owner_name" in answer.context["form"].errors
    desk.post(address, {**hers, "owner_name": "長女 花子"})
    assert learner.phone_numbers.get().may_receive_sms
    unnamed = PhoneNumber.objects.create(
        learner=learner, e164="+819011112222", as_spoken="", owner=PhoneNumber.Owner.FAMILY
    )
    consent = reverse("learner_number_consent", args=[unnamed.pk])
    assert desk.post(consent, {"answer": "given", "given_by": "花子"}).status_code == 422
    unnamed.refresh_from_db()
    assert not unnamed.may_receive_sms


def test_a_corrected_number_is_asked_about_messages_anew(desk):  # rule 11
    number = person(phone=MOBILE).phone_numbers.get()
    desk.post(
        reverse("learner_number_consent", args=[number.pk]), {"answer": "given", "given_by": "本人"}
    )
    desk.post(
        reverse("learner_number_edit", args=[number.pk]), {**PHONE, "number": "090-3117-4913"}
    )
    number.refresh_from_db()
    assert (number.e164, number.sms_consent) == ("+819031174913", "")


def test_a_removed_number_is_asked_about_first_and_stays_in_the_history(desk):
    learner = person(phone=MOBILE)
    number = learner.phone_numbers.get()
    number.save()
    address = reverse("learner_number_remove", args=[number.pk])
    assert "090-3117-4912" in text_of(desk.get(address))
    assert learner.phone_numbers.exists()
    desk.post(address)
    assert not learner.phone_numbers.exists()
    page = shown(desk, "learner_history", learner.pk)
    assert "090-3117-4912" in page
    assert "removed" in page
