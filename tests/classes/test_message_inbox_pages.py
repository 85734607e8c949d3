"""The inbox over HTTP: read, answered, called back; offers and wrong numbers by a press."""

import datetime
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classes import inbox, replies, sending
from classes.models import (
    Attendance,
    CallTask,
    ClassSession,
    Enrollment,
    Notice,
    Offer,
    PlaceEvent,
    Reply,
)
from learners.models import Learner
from sms import suppression
from sms.models import InboundMessage, NumberSuppression, OutboundMessage
from sms.verdicts import Send
from staff.models import AccessEvent, StaffMember
from tests import factories
from tests.classes.answering import MOBILE, message, reachable, told, wrote

pytestmark = pytest.mark.django_db
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)


@pytest.fixture
def clerk(client: Client) -> StaffMember:
    who = factories.staff_member(language="en", name="Clerk")
    client.force_login(who)
    return who


@pytest.fixture
def session() -> ClassSession:
    now = timezone.now()
    intake = factories.intake(opens_at=now - 9 * DAY, closes_at=now + 9 * DAY)
    return factories.class_session(code="N1", intake=intake, lessons=[now + DAY, now + 8 * DAY])


@pytest.fixture
def person(session: ClassSession) -> Learner:
    made = reachable(name="山田 節子", kana="ヤマダ セツコ")
    factories.registered(session, made, at=timezone.now() - 2 * DAY)
    OutboundMessage.objects.update(
        status=OutboundMessage.Status.DELIVERED, sent_at=timezone.now() - DAY
    )
    return made


def came_in(body: str, *, sender: str = MOBILE, ago: datetime.timedelta = HOUR) -> Reply:
    inbound = wrote(body, sender=sender, at=timezone.now() - ago)
    replies.understand(now=timezone.now())
    return Reply.objects.get(inbound=inbound)


def test_what_waits_stands_first_and_may_be_an_answer_to_an_offer_above_all(client, clerk, person):
    came_in("駐車場はありますか", ago=2 * HOUR)
    now = timezone.now()
    intake = factories.intake(opens_at=now - 9 * DAY, closes_at=now + 9 * DAY)
    offered = reachable("+818022223333")
    offer = factories.announced_offer(offered, at=now - DAY, intake=intake, lessons=[now + 9 * DAY])
    OutboundMessage.objects.filter(notices__offer=offer).update(
        status=OutboundMessage.Status.SENT, sent_at=now - 2 * HOUR
    )
    came_in("はい", sender="+818022223333")

    listing = inbox.listing(now=timezone.now())
    assert [line.reply.inbound.body for line in listing.waiting] == ["はい", "駐車場はありますか"]
    assert [line.is_urgent for line in listing.waiting] == [True, False]
    page = client.get(reverse("message_inbox")).content.decode()
    assert page.index("はい") < page.index("駐車場はありますか")
    assert inbox.count_open() == 2


def test_the_rows_are_sent_again_only_when_something_changed(client, clerk, person):
    came_in("?")
    url = reverse("message_inbox_rows")
    digest = inbox.listing(now=timezone.now()).digest
    assert client.get(url, {"seen": digest}).status_code == 204
    came_in("??")
    assert client.get(url, {"seen": digest}).status_code == 200


def test_a_conversation_shows_both_sides_and_never_calls_sent_delivered(client, clerk, person):
    message(status=OutboundMessage.Status.SENT, at=timezone.now() - 3 * HOUR, body="あす10時です")
    reply = came_in("駐車場はありますか")

    page = client.get(reverse("message_inbox_one", args=[reply.pk])).content.decode()

    assert "あす10時です" in page
    assert "駐車場はありますか" in page
    assert "sent, not confirmed" in page  # rule 55
    assert "山田 節子" in page
    assert reverse("learner_detail", args=[person.pk]) in page
    assert reverse("learner_deceased", args=[person.pk]) in page  # rule 42
    event = AccessEvent.objects.filter(purpose="message_conversation").latest("at")
    assert [row.key for row in event.subjects.all()] == [str(person.pk)]  # rule 64


def test_of_a_shared_number_the_classes_are_shown_and_no_name(client, clerk, person):  # rule 59
    now = timezone.now()
    other = factories.class_session(
        code="A7",
        intake=factories.intake(opens_at=now - 9 * DAY, closes_at=now + 9 * DAY),
        lessons=[now + 2 * DAY],
    )
    factories.registered(other, reachable(name="山田 太郎"), at=now - DAY)
    reply = came_in("2")
    assert reply.why_open == Reply.WhyOpen.SEVERAL_PEOPLE

    for url in (reverse("message_inbox"), reverse("message_inbox_one", args=[reply.pk])):
        page = client.get(url).content.decode()
        assert "N1" in page
        assert "A7" in page
        assert "山田" not in page


def test_the_number_is_in_no_address_and_no_log_but_on_the_page(client, clerk, person):
    reply = came_in("?")
    page = client.get(reverse("message_inbox_one", args=[reply.pk])).content.decode()
    assert "090-3117-4912" in page
    assert not [part for part in page.split('"') if part.startswith("/") and "4912" in part]


def test_it_is_closed_with_a_note_and_can_be_put_back(client, clerk, person):
    reply = came_in("?")
    client.post(reverse("message_inbox_close", args=[reply.pk]), {"note": "電話\x00済み"})
    reply.refresh_from_db()
    assert (reply.closed_by, reply.note) == (clerk, "電話済み")
    client.post(reverse("message_inbox_reopen", args=[reply.pk]))
    reply.refresh_from_db()
    assert reply.closed_at is None


def test_what_was_acted_on_by_itself_is_not_put_back(client, clerk, person):
    reply = came_in("停止")
    client.post(reverse("message_inbox_reopen", args=[reply.pk]))
    reply.refresh_from_db()
    assert reply.closed_at is not None


def test_an_answer_is_queued_once_however_often_it_is_pressed(client, clerk, person):  # rule 22
    reply = came_in("駐車場はありますか")
    data = {"body": "ございません。バスをご利用ください。", "client_uuid": uuid.uuid4()}
    for _ in range(2):
        client.post(reverse("message_inbox_answer", args=[reply.pk]), data)
    sent = OutboundMessage.objects.get(purpose=inbox.BY_HAND)
    assert (sent.to, sent.status) == (MOBILE, OutboundMessage.Status.QUEUED)
    reply.refresh_from_db()
    assert reply.closed_by == clerk


@pytest.mark.parametrize("body", ["", "あ" * 661, "https://example.jp をご覧ください"])
def test_an_answer_that_cannot_go_out_is_refused_and_kept_in_the_field(client, clerk, person, body):
    reply = came_in("?")
    answer = client.post(
        reverse("message_inbox_answer", args=[reply.pk]),
        {"body": body, "client_uuid": uuid.uuid4()},
    )
    assert answer.status_code == 422
    assert body in answer.content.decode()
    assert not OutboundMessage.objects.filter(purpose=inbox.BY_HAND).exists()


def test_nothing_is_sent_to_a_number_that_opted_out(client, clerk, person):
    reply = came_in("?")
    came_in("停止")
    data = {"body": "こんにちは", "client_uuid": uuid.uuid4()}
    assert client.post(reverse("message_inbox_answer", args=[reply.pk]), data).status_code == 422
    assert not OutboundMessage.objects.filter(purpose=inbox.BY_HAND).exists()


def test_the_cost_of_a_text_is_told_while_it_is_typed(client, clerk, person):  # rule 49
    url = reverse("message_inbox_size", args=[came_in("?").pk])
    assert "1 message" in client.post(url, {"body": "あ" * 70}).content.decode()
    assert "2 messages" in client.post(url, {"body": "あ" * 71}).content.decode()


def test_whoever_surely_wrote_is_put_on_the_call_list_once(client, clerk, person):  # rule 52
    reply = came_in("電話をください")
    for _ in range(2):
        client.post(reverse("message_inbox_call", args=[reply.pk]))
    task = CallTask.objects.get(notice__purpose=Notice.Purpose.REPLY)
    assert task.notice.learner == person
    assert client.get(reverse("call_list")).status_code == 200


def test_nobody_is_called_where_it_is_not_certain_who_wrote(client, clerk, person):
    reachable()
    reply = came_in("電話をください")
    client.post(reverse("message_inbox_call", args=[reply.pk]))
    assert not CallTask.objects.exists()
    reply.refresh_from_db()
    assert reply.closed_at is None


def absent_url(reply: Reply, session: ClassSession) -> str:
    return reverse("message_inbox_absent", args=[reply.pk, session.lessons.get(number=1).pk])


def test_an_absence_that_staff_read_is_noted_with_one_press(client, clerk, person, session):
    reply = came_in("風邪をひいたので今回は失礼します")  # rule 37
    url = absent_url(reply, session)
    shown = client.get(reverse("message_inbox_one", args=[reply.pk])).content.decode()
    assert url in shown

    client.post(url)

    [noted] = Attendance.objects.all()
    assert (noted.lesson.number, noted.status, noted.marked_by) == (1, "told", clerk)
    assert Enrollment.objects.held().exists()
    reply.refresh_from_db()
    assert reply.closed_by == clerk


def test_of_a_shared_number_nobody_is_noted_absent(client, clerk, person, session):  # rule 59
    reachable(name="山田 正雄")
    reply = came_in("風邪をひいたので今回は失礼します")
    url = absent_url(reply, session)
    shown = client.get(reverse("message_inbox_one", args=[reply.pk])).content.decode()
    assert url not in shown
    client.post(url)
    assert not Attendance.objects.exists()


@pytest.fixture
def offered(db: None) -> Reply:
    now = timezone.now()
    intake = factories.intake(opens_at=now - 9 * DAY, closes_at=now + 9 * DAY)
    offer = factories.announced_offer(
        reachable(), at=now - DAY, intake=intake, lessons=[now + 9 * DAY]
    )
    OutboundMessage.objects.filter(notices__offer=offer).update(
        status=OutboundMessage.Status.DELIVERED, sent_at=now - 3 * HOUR
    )
    return came_in("はい、お願いします")


def press(client: Client, reply: Reply, answer: str) -> Offer:
    offer = Offer.objects.get()
    url = reverse("message_inbox_offer", args=[reply.pk, offer.pk])
    client.post(url, {"answer": answer})
    offer.refresh_from_db()
    return offer


def test_staff_take_the_seat_for_them_and_they_are_told(client, clerk, offered):
    page = client.get(reverse("message_inbox_one", args=[offered.pk])).content.decode()
    assert reverse("message_inbox_offer", args=[offered.pk, Offer.objects.get().pk]) in page

    offer = press(client, offered, "accepts")

    assert offer.status == Offer.Status.ACCEPTED
    assert Enrollment.objects.held().filter(class_session=offer.class_session).count() == 1
    told_of = Notice.objects.get(purpose=Notice.Purpose.SEATED)
    assert told_of.settled_at is None
    # Nobody was on the phone: nothing was read aloud (rule 19).
    said = PlaceEvent.objects.filter(kind=PlaceEvent.Kind.READ_ALOUD, offer=offer)
    assert not said.exists()
    offered.refresh_from_db()
    assert offered.closed_by == clerk


def test_staff_decline_for_them_and_a_second_press_says_so(client, clerk, offered):
    assert press(client, offered, "declines").status == Offer.Status.DECLINED
    assert press(client, offered, "accepts").status == Offer.Status.DECLINED


def test_an_offer_of_somebody_else_is_not_answered_from_here(client, clerk, offered):
    other = came_in("はい", sender="+818099998888")
    assert press(client, other, "accepts").status == Offer.Status.OPEN


@pytest.mark.parametrize("what", ["wrong", "stop"])
def test_a_number_alone_is_stopped_and_nothing_is_shown_of_anybody(
    client, clerk, session, person, what
):  # rule 58
    told(person, session, sent=message(status=OutboundMessage.Status.QUEUED))
    url = reverse("message_inbox_number")
    pages = []
    for number in ("090-3117-4912", "080-9999-8888"):
        answer = client.post(url, {"number": number, "what": what}, follow=True)
        pages.append(answer.content.decode())
        assert answer.status_code == 200
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
    assert token.sub("", pages[0]) == token.sub("", pages[1])
    assert "山田" not in pages[0]
    assert set(suppression.of([MOBILE, "+818099998888"])) == {MOBILE, "+818099998888"}
    assert CallTask.objects.filter(notice__learner=person).exists()
    logged = AccessEvent.objects.filter(purpose="number_stopped").order_by("at")
    assert [event.subjects.count() for event in logged] == [1, 0]


def test_a_number_that_is_none_is_asked_for_again(client, clerk):
    answer = client.post(reverse("message_inbox_number"), {"number": "626-3111", "what": "wrong"})
    assert answer.status_code == 422
    assert not NumberSuppression.objects.exists()


def test_after_a_wrong_number_the_conversation_shows_nobody(client, clerk, person):
    reply = came_in("?")
    came_in("人違いです")
    for url in (reverse("message_inbox"), reverse("message_inbox_one", args=[reply.pk])):
        page = client.get(url).content.decode()
        assert "山田" not in page


def test_a_refusal_on_the_persons_page_stops_what_waits(client, clerk, session, person):
    waiting = told(person, session, sent=message(status=OutboundMessage.Status.QUEUED))
    number = person.phone_numbers.get()
    url = reverse("learner_number_consent", args=[number.pk])
    client.post(url, {"answer": "refused", "given_by": "本人"})
    waiting.refresh_from_db()
    assert waiting.channel == Notice.Channel.CALL  # rule 58


def test_the_class_page_says_who_wrote_that_they_come(client, clerk, session, person):
    told(person, session, sent=message(at=timezone.now() - 2 * HOUR))
    came_in("はい")
    page = client.get(reverse("class_detail", args=[session.pk])).content.decode()
    assert "wrote: will come next time" in page


def test_an_instructor_does_not_read_the_inbox(client, person):
    client.force_login(factories.staff_member(role="instructor"))
    assert client.get(reverse("message_inbox")).status_code == 403


def test_the_queries_of_the_inbox_do_not_grow_with_its_rows(
    client, clerk, person, django_assert_max_num_queries
):
    for number in range(12):
        other = reachable(f"+81801111{number:04d}")
        came_in("?", sender=f"+81801111{number:04d}")
        assert other.pk
    with django_assert_max_num_queries(14):
        client.get(reverse("message_inbox"))


def test_an_empty_message_can_be_read(client, clerk, person):
    reply = came_in("")
    assert InboundMessage.objects.count() == 1
    page = client.get(reverse("message_inbox_one", args=[reply.pk])).content.decode()
    assert "(no text)" in page


def test_what_staff_wrote_goes_out_as_it_was_written(client, clerk, person):
    reply = came_in("駐車場はありますか")
    data = {"body": "ございません。", "client_uuid": uuid.uuid4()}
    client.post(reverse("message_inbox_answer", args=[reply.pk]), data)
    queued = OutboundMessage.objects.get(purpose=inbox.BY_HAND)
    # No notice asks for it, and nothing in it can lapse.
    assert sending.still_holds([queued], timezone.now()) == {queued.pk: Send("ございません。")}


def test_a_stop_takes_back_what_staff_wrote(client, clerk, person):  # rule 58
    reply = came_in("駐車場はありますか")
    data = {"body": "ございません。", "client_uuid": uuid.uuid4()}
    client.post(reverse("message_inbox_answer", args=[reply.pk]), data)
    came_in("停止")
    sent = OutboundMessage.objects.get(purpose=inbox.BY_HAND)
    assert sent.status == OutboundMessage.Status.CANCELLED


def test_the_tab_of_the_inbox_says_how_many_wait(client, clerk, person):
    came_in("?")
    came_in("??")
    assert "Inbox 2</a>" in client.get(reverse("message_log")).content.decode()
