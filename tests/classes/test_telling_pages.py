"""What the pages say of telling: sent is never called delivered (rule 55)."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from classes import disruption_page, disruptions, outcomes_of_messages
from classes.models import ClassSession, Disruption, Intake, Notice, Offer
from learners.models import Learner
from sms.models import OutboundMessage
from tests import factories
from tests.classes.test_learner_pages import edit

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(factories.staff_member(role="coordinator"))
    return client


def body(client: Client, address: str) -> str:
    answer = client.get(address, headers={"accept-language": "ja"})
    assert answer.status_code == 200
    return answer.content.decode()


def became(status: str, **fields: object) -> None:
    OutboundMessage.objects.update(
        status=status, status_at=timezone.now(), sent_at=timezone.now(), **fields
    )


def test_a_persons_page_says_how_far_an_sms_has_got(
    desk_client: Client, session: ClassSession
) -> None:  # rule 55
    person = factories.texted()
    factories.registered(session, person, at=timezone.now())
    address = f"/learners/{person.pk}/"
    assert "SMS: 送信待ち" in body(desk_client, address)
    became("sent")
    page = body(desk_client, address)
    assert "SMS: 送信済み(到着は未確認)" in page
    assert "SMS到着" not in page
    became("delivered", delivered_at=timezone.now())
    outcomes_of_messages.sweep(now=timezone.now())
    assert "SMS到着" in body(desk_client, address)


def test_the_call_list_says_that_the_sms_did_not_arrive(desk_client: Client) -> None:  # rule 54
    factories.announced_offer(factories.texted())
    became("undelivered")
    outcomes_of_messages.sweep(now=timezone.now())
    assert "SMSが届かなかった" in body(desk_client, "/calls/")


def test_an_offer_on_the_class_page_says_where_its_sms_is(
    desk_client: Client, intake: Intake
) -> None:  # rules 29 and 55
    now = timezone.now()
    offer: Offer = factories.announced_offer(
        factories.texted(), at=now, intake=intake, lessons=[now + datetime.timedelta(days=20)]
    )
    OutboundMessage.objects.filter(purpose="offer").update(status="sent")
    page = body(desk_client, f"/classes/{offer.class_session_id}/")
    assert "SMS: 送信済み(到着は未確認)" in page


def test_a_bad_day_counts_texts_calls_and_letters_before_and_after(
    planner: Client, session: ClassSession
) -> None:  # rule 55
    now = timezone.now()
    ClassSession.objects.filter(pk=session.pk).update(capacity=5)
    people: list[Learner] = [
        factories.texted(),
        factories.texted(),
        factories.learner(),
        factories.learner(no_phone_calls=True),
    ]
    for person in people:
        factories.registered(session, person, at=now)
    lesson = session.lessons.get(number=1)
    why = disruptions.Why(Disruption.Cause.TYPHOON)
    before = disruptions.reach([lesson], why, now=now)
    assert (before.by_text, before.by_phone, before.by_letter) == (2, 1, 1)
    made = disruptions.stop([lesson.pk], why, by=factories.staff_member(), now=now)
    first = OutboundMessage.objects.filter(purpose="cancelled").order_by("pk")[0]
    OutboundMessage.objects.filter(pk=first.pk).update(status="sent", sent_at=now)
    telling = disruption_page.of(made, now=now).rows[0].telling
    assert (telling.told, telling.sent, telling.by_text) == (0, 1, 1)
    assert (telling.by_phone, telling.by_letter, telling.to_tell) == (1, 1, 3)
    Notice.objects.filter(purpose="cancelled", channel="call").update(
        settled_at=now, outcome="missed"
    )
    assert disruption_page.of(made, now=now).rows[0].telling.missed == 1
    page = body(planner, f"/bad-days/{made.pk}/")
    assert "SMS送信済み(到着は未確認)" in page


def test_a_pause_is_written_on_the_persons_page(desk_client: Client) -> None:
    person = factories.learner(phone="+819012345678")
    until = (timezone.localdate() + datetime.timedelta(days=30)).isoformat()
    edit(desk_client, person, messages_paused_until=until)
    person.refresh_from_db()
    assert str(person.messages_paused_until) == until
    assert "お知らせの休止" in body(desk_client, f"/learners/{person.pk}/")
