"""S at the desk: the mobile of somebody on record is asked about while they are on the line."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from classes.models import ClassSession, Notice
from learners.models import Learner, PhoneNumber
from staff.models import AccessEvent
from tests.classes.desk_over_http import HTMX, known, post, typed

pytestmark = pytest.mark.django_db


def card(client: Client, learner: Learner) -> str:
    answer = client.get(reverse("desk_person", args=["2026-10", learner.pk]), headers=HTMX)
    return str(answer.content.decode())


def test_the_question_is_read_out_and_yes_is_noted_with_who_and_when(
    desk_client: Client, session: ClassSession
) -> None:  # rule 11
    learner = known()
    number = learner.phone_numbers.get()
    assert 'data-key="s"' in card(desk_client, learner)
    asked = post(desk_client, "desk_sms", number.pk).content.decode()
    assert "090-3117-4912に、ショートメールでお送りしてもよろしいですか" in asked
    number.refresh_from_db()
    assert number.sms_consent == PhoneNumber.Consent.UNKNOWN
    page = post(desk_client, "desk_sms", number.pk, data={"said": "y"}).content.decode()
    assert 'id="desk-card"' in page
    assert 'data-key="s"' not in page
    number.refresh_from_db()
    assert (number.sms_consent, number.consent_given_by) == ("given", "山田 節子")
    assert number.consent_noted_by is not None
    assert AccessEvent.objects.filter(purpose="desk_sms").count() == 2
    post(desk_client, "desk_register", data=typed(session, learner, call_uuid=uuid.uuid4()))
    assert Notice.objects.get().channel == Notice.Channel.SMS


def test_no_is_noted_too_and_not_asked_again(desk_client: Client, session: ClassSession) -> None:
    learner = known()
    post(desk_client, "desk_sms", learner.phone_numbers.get().pk, data={"said": "n"})
    assert learner.phone_numbers.get().sms_consent == PhoneNumber.Consent.REFUSED
    assert 'data-key="s"' not in card(desk_client, learner)


def test_a_landline_is_not_asked_about(desk_client: Client, session: ClassSession) -> None:
    learner = known("042-626-3111")  # rule 9
    assert 'data-key="s"' not in card(desk_client, learner)
    number = learner.phone_numbers.get()
    answer = post(desk_client, "desk_sms", number.pk, data={"said": "y"})
    assert answer.status_code == 200
    assert learner.phone_numbers.get().sms_consent == PhoneNumber.Consent.UNKNOWN


def test_a_familys_phone_counts_only_when_it_is_marked_whose(
    desk_client: Client, session: ClassSession
) -> None:  # rule 12
    number = known().phone_numbers.get()
    PhoneNumber.objects.update(owner=PhoneNumber.Owner.FAMILY)
    post(desk_client, "desk_sms", number.pk, data={"said": "y"})
    number.refresh_from_db()
    assert number.sms_consent == PhoneNumber.Consent.UNKNOWN


def test_a_number_that_is_gone_is_not_found(desk_client: Client, session: ClassSession) -> None:
    assert post(desk_client, "desk_sms", 999_999).status_code == 404
