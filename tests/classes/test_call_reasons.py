"""Why somebody is called and not texted, said in the row of the call list."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classes import call_list, call_reasons
from classes.models import CallTask, Notice, Offer
from learners.models import PhoneNumber
from sms import suppression
from sms.models import NumberSuppression, OutboundMessage
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 2, 12)
MOBILE = "+819031174912"


def call(learner, **fields):
    session = fields.pop("session", None) or factories.class_session()
    notice = Notice.objects.create(
        intake=session.intake,
        class_session=session,
        learner=learner,
        purpose=fields.pop("purpose", Notice.Purpose.REMINDER),
        occasion=f"lesson:{learner.pk}:1:7",
        channel="call",
        created_at=NOW,
        due_at=NOW + datetime.timedelta(hours=3),
        **fields,
    )
    CallTask.objects.create(notice=notice, created_at=NOW, urgency=5, due_at=notice.due_at)
    return notice


def why(notice):
    return call_reasons.of([notice], now=NOW)[notice.pk]


def with_mobile(consent=PhoneNumber.Consent.GIVEN):
    learner = factories.learner()
    PhoneNumber.objects.create(learner=learner, e164=MOBILE, as_spoken=MOBILE, sms_consent=consent)
    return learner


def test_no_mobile_number_is_said():  # rule 60
    assert why(call(factories.learner(phone="+81426263111"))) == "携帯の番号なし"


@pytest.mark.parametrize(
    ("consent", "said"),
    [("refused", "SMSを希望しない"), ("", "SMSの同意なし"), ("given", "")],
)
def test_a_mobile_without_consent_is_said(consent, said):  # rule 11
    assert why(call(with_mobile(consent))) == said


def test_a_number_that_takes_no_messages_is_said():  # rule 54
    notice = call(with_mobile())
    suppression.suppress(
        MOBILE,
        NumberSuppression.Reason.NOT_CAPABLE,
        source=NumberSuppression.Source.PROVIDER,
        now=NOW,
    )
    assert why(notice) == "SMSを受け取れない番号"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("undelivered", "SMSが届かなかった"),
        ("failed", "SMSを送れなかった"),
        ("sent", "SMSの到着を確認できない"),
    ],
)
def test_a_message_that_came_back_is_said(status, said):  # rule 55
    message = OutboundMessage.objects.create(
        to=MOBILE,
        body="",
        segments=1,
        purpose="reminder",
        dedupe_key="a",
        created_at=NOW,
        send_after=NOW,
        expires_at=NOW,
        status=status,
        status_at=NOW,
    )
    assert why(call(with_mobile(), message=message)) == said


def test_an_offer_that_nears_its_end_says_when():  # rule 29
    offer = factories.announced_offer()
    Offer.objects.filter(pk=offer.pk).update(
        told_at=NOW - datetime.timedelta(days=1),
        told_by="sms",
        expires_at=NOW + datetime.timedelta(hours=5),
    )
    notice = Notice.objects.select_related("offer").get(offer=offer)
    assert "17:00" in why(notice)


@pytest.mark.parametrize("purpose", ["reminder", "follow_up", "absent", "next_class", "bulk"])
def test_every_purpose_stands_on_the_list_and_on_paper_with_its_reason(purpose):
    call(factories.learner(name="山田 節子"), purpose=purpose, sentence="お待ちしております。")
    client = Client()
    client.force_login(factories.staff_member())
    for page in ("call_list", "call_list_print"):
        shown = client.get(reverse(page)).content.decode()
        assert "山田 節子" in shown
        assert "携帯の番号なし" in shown


def test_the_reasons_cost_the_same_however_long_the_list():
    session, operator = factories.class_session(), factories.staff_member()

    def count():
        with CaptureQueriesContext(connection) as queries:
            call_list.listing(operator, now=NOW)
            call_list.printed(now=NOW)
        return len(queries)

    call(with_mobile(), session=session)
    few = count()
    for _ in range(12):
        call(with_mobile(), session=session)
    assert count() == few


@pytest.mark.parametrize("purpose", ["reminder", "follow_up", "absent", "next_class", "bulk"])
def test_a_letter_of_every_purpose_names_the_day_by_which_it_must_leave(purpose):  # rule 20
    notice = call(factories.learner(no_phone_calls=True), purpose=purpose)
    Notice.objects.filter(pk=notice.pk).update(channel="post", due_at=tokyo(2026, 9, 4, 17))
    client = Client()
    client.force_login(factories.staff_member())
    shown = client.get(reverse("post_list")).content.decode()
    assert "9/4(金)" in shown
