"""One text to many: by what reaches each, once, with its cost before and its progress after."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classes import bulk, sending
from classes.bulk import Draft
from classes.models import CallTask, ClassSession, Notice
from sms.models import OutboundMessage
from sms.verdicts import Drop, Send
from tests import factories
from tests.classes.coming_back_people import DAY, NOW, seat, series, texts

pytestmark = pytest.mark.django_db
TEXT = "{city}スマホ教室「{course}」{date}は充電器をお持ちください。"


@pytest.fixture
def session():
    return series(NOW - 5 * DAY, NOW + 2 * DAY, capacity=30, code="N1")


@pytest.fixture
def coordinator():
    return factories.staff_member(role="coordinator")


def sent_texts():
    return OutboundMessage.objects.filter(purpose="bulk")


def person(session, *, phone=None, **fields):
    learner = factories.learner(**fields)
    if phone:
        texts(learner, phone)
    return seat(session, learner).application.learner


def send(session, coordinator, *, wording=TEXT, english="", key=None, now=NOW, people=None):
    return bulk.create(
        Draft(wording, english, session),
        bulk.seated(session) if people is None else people,
        intake=session.intake,
        client_uuid=key or uuid.uuid4(),
        by=coordinator,
        now=now,
    )


def test_everybody_of_a_class_gets_it_by_what_reaches_them(session, coordinator):  # rules 20, 60
    by_text = person(session, phone="+819031174912")
    by_call = person(session)
    by_letter = person(session, no_phone_calls=True)
    sent = send(session, coordinator)
    notices = {n.learner_id: n for n in Notice.objects.filter(bulk=sent)}
    assert [notices[x.pk].channel for x in (by_text, by_call, by_letter)] == [
        "sms",
        "call",
        "post",
    ]
    message = sent_texts().get()
    assert message.body == "八王子市スマホ教室「ニュース」11/22(日)は充電器をお持ちください。"
    assert {n.sentence for n in notices.values()} == {message.body}
    assert CallTask.objects.open().get(notice__bulk=sent).notice == notices[by_call.pk]


def test_the_same_press_twice_sends_once(session, coordinator):  # rules 22 and 52
    person(session, phone="+819031174912")
    key = uuid.uuid4()
    first, second = (send(session, coordinator, key=key) for _ in range(2))
    assert first == second
    assert Notice.objects.filter(bulk=first).count() == 1
    assert sent_texts().count() == 1


def test_two_of_one_number_get_one_message(session, coordinator):  # rule 59
    for _ in range(2):
        person(session, phone="+819031174912")
    draft = Draft(TEXT, "", session)
    preview = bulk.preview(draft, bulk.seated(session), now=NOW)
    assert (preview.by_text, preview.messages, preview.segments) == (2, 1, 1)
    sent = send(session, coordinator)
    assert sent_texts().count() == 1
    assert Notice.objects.filter(bulk=sent, message__isnull=False).count() == 2


def test_english_speakers_get_the_english_text(session, coordinator):
    person(session, phone="+819031174912", language="en")
    send(session, coordinator, english="{city}: please bring a charger on {date}.")
    assert sent_texts().get().body.endswith("please bring a charger on Sun 22 Nov.")


def test_without_an_english_text_they_get_the_japanese_one(session, coordinator):
    person(session, phone="+819031174912", language="en")
    send(session, coordinator)
    assert "11/22(日)" in sent_texts().get().body


def test_at_night_it_waits_for_the_morning(session, coordinator):  # rule 51
    person(session, phone="+819031174912")
    send(session, coordinator, now=NOW.replace(hour=22))
    goes_at = sent_texts().get().send_after.astimezone(NOW.tzinfo)
    assert (goes_at.day, goes_at.hour) == (21, 9)


def test_before_it_goes_it_names_the_lesson_as_it_stands_then(session, coordinator):  # rule 53
    person(session, phone="+819031174912")
    sent = send(session, coordinator)
    session.lessons.filter(number=2).update(starts_at=NOW + 4 * DAY, ends_at=NOW + 4.1 * DAY)
    notice = Notice.objects.get(bulk=sent)
    assert "11/24(火)" in bulk.text_for(notice, at=NOW + DAY)
    session.lessons.filter(number=2).update(cancelled_at=NOW)
    fresh = Notice.objects.get(bulk=sent)
    assert bulk.text_for(fresh, at=NOW + DAY) is None


def test_the_dead_are_told_nothing(session, coordinator):  # rule 42
    dead = person(session)
    dead.deceased_on = NOW.date()
    dead.save()
    assert not Notice.objects.filter(bulk=send(session, coordinator)).exists()


def test_stopping_takes_back_what_waits_and_leaves_what_has_gone(session, coordinator):
    gone = person(session, phone="+819031174912")
    waits = person(session, phone="+819031174913")
    called = person(session)
    sent = send(session, coordinator)
    sent_texts().filter(to="+819031174912").update(status="sent")
    bulk.stop(sent.pk, by=coordinator, now=NOW)
    outcomes = {n.learner_id: n.outcome for n in Notice.objects.filter(bulk=sent)}
    assert outcomes == {gone.pk: "", waits.pk: "dropped", called.pk: "dropped"}
    assert sent_texts().get(to="+819031174913").status == "cancelled"
    assert not CallTask.objects.open().filter(notice__bulk=sent).exists()
    notice = Notice.objects.select_related("bulk").get(bulk=sent, learner=gone)
    assert bulk.text_for(notice, at=NOW) is None


def test_the_progress_counts_everybody_once(session, coordinator):
    for number in range(5):
        person(session, phone=f"+81903117491{number}")
    person(session)
    person(session, no_phone_calls=True)
    sent = send(session, coordinator)
    assert bulk.progress(sent).waiting == 5
    assert bulk.progress(sent).is_going
    for number, status in enumerate(["queued", "sent", "sent", "delivered", "failed"]):
        sent_texts().filter(to=f"+81903117491{number}").update(status=status)
    found = bulk.progress(sent)
    assert (found.waiting, found.sent, found.delivered, found.failed) == (1, 2, 1, 1)
    assert (found.to_call, found.to_post, found.people, found.messages) == (1, 1, 7, 5)


def test_the_queries_of_sending_do_not_grow_with_the_people(session, coordinator):
    for number in range(12):
        person(session, phone=f"+8190311749{number:02d}")
    people = bulk.seated(session)
    session = ClassSession.objects.prefetch_related("lessons").get(pk=session.pk)

    def count(pks):
        with CaptureQueriesContext(connection) as queries:
            send(session, coordinator, people=pks)
        return len(queries)

    count(people[:1])
    assert count(people[1:3]) == count(people[3:])


def test_right_before_it_goes_it_is_worded_anew_by_the_road_of_every_message(
    session, coordinator
):  # rules 53 and 59
    for _ in range(2):
        person(session, phone="+819031174912")
    send(session, coordinator)
    message = sent_texts().get()
    session.lessons.filter(number=2).update(starts_at=NOW + 4 * DAY, ends_at=NOW + 4.1 * DAY)
    verdict = sending.still_holds([message], NOW)[message.pk]
    assert verdict == Send("八王子市スマホ教室「ニュース」11/24(火)は充電器をお持ちください。")
    session.lessons.filter(number=2).update(cancelled_at=NOW)
    assert sending.still_holds([message], NOW)[message.pk] == Drop()


def test_who_wants_no_reminders_is_left_out_and_counted(session, coordinator):
    person(session, messages_paused_until=NOW.date() + DAY)
    person(session)
    preview = bulk.preview(Draft(TEXT, "", session), bulk.seated(session), now=NOW)
    assert (preview.people, preview.paused) == (1, 1)
    assert Notice.objects.filter(bulk=send(session, coordinator)).count() == 1
