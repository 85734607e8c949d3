"""What an answer by SMS sets going, and what is left to staff (rules 37, 58 to 61)."""

import datetime
import uuid

import pytest

from classes import lesson_board, lesson_taps, replies
from classes.models import Attendance, ClassSession, Enrollment, Notice, Offer, Reply
from learners.models import Learner
from sms.models import InboundMessage, OutboundMessage
from staff.models import StaffMember
from tests import factories
from tests.classes.answering import (
    DAY,
    HOUR,
    MOBILE,
    NOW,
    message,
    reachable,
    taken_as,
    told,
    wrote,
)
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
Meaning, WhyOpen = Reply.Meaning, Reply.WhyOpen
Answer = Notice.Answer
Status = Attendance.Status


@pytest.fixture
def session() -> ClassSession:
    """Lessons on Mondays, 5, 12 and 19 October; it is Sunday, the 4th."""
    return factories.class_session(code="N1")


@pytest.fixture
def person(session: ClassSession) -> Learner:
    made = reachable()
    factories.registered(session, made)
    return made


@pytest.fixture
def teacher(session: ClassSession) -> StaffMember:
    made = factories.staff_member(role="instructor")
    session.instructors.add(made)
    return made


def attendance(session: ClassSession) -> list[tuple[int, str]]:
    rows = Attendance.objects.filter(lesson__class_session=session).order_by("lesson__number")
    return [(row.lesson.number, row.status) for row in rows]


def read(body: str, *, sender: str = MOBILE, at: datetime.datetime = NOW + HOUR) -> Reply:
    inbound = wrote(body, sender=sender, at=at)
    replies.understand(now=inbound.received_at + HOUR)
    return taken_as(inbound)


def test_a_yes_confirms_the_reminder_and_is_seen_on_the_board(session, person, teacher):
    notice = told(person, session)

    reply = read("はい")

    notice.refresh_from_db()
    assert (notice.answer, notice.answered_at) == (Answer.CONFIRMED, NOW + HOUR)
    assert (reply.meaning, reply.learner, reply.notice) == (Meaning.WILL_COME, person, notice)
    assert reply.closed_at is not None
    board = lesson_board.of(notice.lesson_id, who=teacher, now=NOW)
    assert board is not None
    assert [row.says_coming for row in board.rows] == [True]
    assert attendance(session) == []


def test_a_no_is_an_announced_absence_of_that_lesson_and_the_seat_stays(session, person):
    notice = told(person, session)  # rule 37

    read("2")

    notice.refresh_from_db()
    assert notice.answer == Answer.ABSENT
    assert attendance(session) == [(1, Status.ABSENT_TOLD)]
    assert Enrollment.objects.held().filter(application__learner=person).count() == 1


def test_after_a_lesson_an_absence_is_of_the_next_one(session, person):
    told(person, session, purpose=Notice.Purpose.FOLLOW_UP, occasion="lesson:1")

    read("休みます", at=tokyo(2026, 10, 5, 15))

    assert attendance(session) == [(2, Status.ABSENT_TOLD)]


def test_an_instructors_later_tap_wins_and_an_earlier_one_is_not_overruled(
    session, person, teacher
):
    notice = told(person, session)
    read("欠席")
    presence = lesson_taps.Presence(uuid.uuid4(), person.pk, status=Status.PRESENT)
    lesson_taps.mark(notice.lesson_id, presence, by=teacher, now=tokyo(2026, 10, 5, 10))
    assert attendance(session) == [(1, Status.PRESENT)]

    late = read("欠席します", at=NOW + 2 * HOUR)

    assert attendance(session) == [(1, Status.PRESENT)]
    assert late.why_open == WhyOpen.NOTHING_TOLD


def test_whoever_changes_their_mind_comes_after_all(session, person):
    notice = told(person, session)
    read("休みます")
    read("やっぱり行きます", at=NOW + 2 * HOUR)  # not on the list: nothing is guessed
    assert attendance(session) == [(1, Status.ABSENT_TOLD)]

    read("行きます", at=NOW + 3 * HOUR)

    notice.refresh_from_db()
    assert notice.answer == Answer.CONFIRMED
    assert attendance(session) == [(1, "")]


def test_answers_that_are_taken_up_in_the_wrong_order_end_as_they_were_written(session, person):
    notice = told(person, session)
    read("休みます", at=NOW + 3 * HOUR)
    read("行きます", at=NOW + 2 * HOUR)

    notice.refresh_from_db()
    assert notice.answer == Answer.ABSENT
    assert attendance(session) == [(1, Status.ABSENT_TOLD)]


def test_a_named_day_that_is_not_the_lessons_is_left_to_staff(session, person):
    told(person, session)
    assert read("今日は休みます").why_open == WhyOpen.NOTHING_TOLD
    assert attendance(session) == []
    read("明日は休みます")
    assert attendance(session) == [(1, Status.ABSENT_TOLD)]


@pytest.mark.parametrize("case", ["begun", "cancelled", "moved", "seat gone", "nothing told"])
def test_without_a_coming_lesson_that_was_spoken_of_it_goes_to_the_inbox(session, person, case):
    if case != "nothing told":
        lesson = told(person, session).lesson
        if case == "cancelled":
            lesson.cancelled_at = NOW
        if case == "moved":
            lesson.revision += 1
        lesson.save()
    if case == "seat gone":
        Enrollment.objects.update(ended_at=NOW, ending=Enrollment.Ending.CANCELLED)

    reply = read("2", at=tokyo(2026, 10, 5, 11) if case == "begun" else NOW + HOUR)

    assert (reply.why_open, reply.closed_at) == (WhyOpen.NOTHING_TOLD, None)
    assert attendance(session) == []


def test_two_reminders_of_one_day_make_a_bare_answer_unclear(session, person):
    other = factories.class_session(code="N2", lessons=[tokyo(2026, 10, 6, 10)])
    factories.registered(other, person)
    told(person, session)
    told(person, other, sent=message(at=NOW + HOUR / 2))

    assert read("2").why_open == WhyOpen.NOTHING_TOLD
    assert not Attendance.objects.exists()


NOBODY_EXPECTED = ["registered_line", "registered_lottery", "draw_line", "follow_up_last"]


@pytest.mark.parametrize("text", NOBODY_EXPECTED)
def test_a_place_in_line_told_of_the_day_before_makes_no_doubt(session, person, text):
    told(person, factories.class_session(code="N2"), sent=message(at=NOW - HOUR), text=text)
    told(person, session)

    assert read("２").closed_at
    assert attendance(session) == [(1, Status.ABSENT_TOLD)]


@pytest.mark.parametrize(("body", "hours"), [("2", 0.5), ("キャンセルします", -1)])
def test_what_may_be_said_of_the_place_in_line_is_left_to_staff(session, person, body, hours):
    other = factories.class_session(code="N2")
    told(person, other, sent=message(at=NOW + hours * HOUR), text="registered_line")
    told(person, session)

    assert read(body).why_open == WhyOpen.NOTHING_TOLD
    assert attendance(session) == []


def test_a_yes_after_the_lesson_takes_place_after_all_is_about_that(session, person):
    lesson = session.lessons.get(number=1)
    for revision, purpose in enumerate(("reminder", "cancelled", "resumed"), start=1):
        lesson.revision = revision
        lesson.save()
        told(person, session, sent=message(at=NOW + (revision - 3) * HOUR), purpose=purpose)

    assert read("１").closed_at
    assert list(Notice.objects.exclude(answer="").values_list("purpose", "answer")) == [
        ("resumed", Answer.CONFIRMED)
    ]


def test_an_answer_to_what_staff_wrote_by_hand_is_for_them(session, person):
    told(person, session)
    message(at=NOW + HOUR / 2, body="お電話ください")
    assert read("はい").why_open == WhyOpen.NOTHING_TOLD


def test_whoever_may_want_the_class_that_was_proposed_is_read_first(session, person):
    told(person, session, purpose=Notice.Purpose.NEXT_CLASS)
    assert read("はい、お願いします").why_open == WhyOpen.OFFER


def test_everything_else_waits_to_be_read(session, person):
    told(person, session)
    reply = read("駐車場はありますか")
    assert (reply.meaning, reply.why_open, reply.closed_at) == (
        Meaning.OTHER,
        WhyOpen.NOT_UNDERSTOOD,
        None,
    )
    assert reply.learner == person


def test_a_number_that_nobody_has_goes_to_the_inbox(db):
    assert read("はい", sender="+818011112222").why_open == WhyOpen.UNKNOWN_NUMBER


# Shared numbers (rule 59)


def test_two_in_different_classes_on_one_number_are_not_guessed_at(session, person):
    other = factories.class_session(code="A1")
    partner = reachable()
    factories.registered(other, partner)
    told(person, session)

    for body in ("はい", "2"):
        reply = read(body)
        assert (reply.why_open, reply.learner) == (WhyOpen.SEVERAL_PEOPLE, None)
    assert not Attendance.objects.exists()
    assert not Notice.objects.exclude(answer="").exists()


def test_two_in_one_class_both_come_but_whose_absence_it_is_is_asked(session, person):
    partner = reachable()
    factories.registered(session, partner)
    sent = message()
    notices = [told(person, session, sent=sent), told(partner, session, sent=sent)]

    assert read("2").why_open == WhyOpen.SEVERAL_PEOPLE
    assert attendance(session) == []
    assert read("はい").why_open == ""
    for notice in notices:
        notice.refresh_from_db()
        assert notice.answer == Answer.CONFIRMED


def test_somebody_of_the_number_without_a_class_makes_no_doubt(session, person):
    reachable()
    told(person, session)
    reply = read("2")
    assert (reply.why_open, reply.learner) == ("", None)
    assert attendance(session) == [(1, Status.ABSENT_TOLD)]


# Offers


@pytest.mark.parametrize("body", ["1", "はい", "2", "キャンセル", "お願いします", "?"])
def test_an_offer_is_never_answered_by_a_text_alone(body):  # rule 28
    offer = factories.announced_offer(reachable())
    sent = OutboundMessage.objects.get(notices__offer=offer)
    sent.status, sent.sent_at = OutboundMessage.Status.DELIVERED, tokyo(2026, 9, 1, 10)
    sent.save()

    reply = read(body, at=tokyo(2026, 9, 1, 11))

    offer.refresh_from_db()
    assert offer.status == Offer.Status.OPEN
    assert (reply.why_open, reply.closed_at) == (WhyOpen.OFFER, None)
    assert reply.notice is not None
    assert reply.notice.offer == offer


def test_an_offer_told_on_the_phone_may_be_answered_by_a_text_too():
    person = factories.learner(phone=MOBILE)
    offer = factories.announced_offer(person)
    Offer.objects.update(told_at=tokyo(2026, 9, 1, 10), told_by=Offer.ToldBy.PHONE)
    assert read("はい", at=tokyo(2026, 9, 1, 11)).why_open == WhyOpen.OFFER
    offer.refresh_from_db()
    assert offer.status == Offer.Status.OPEN


# Once, however often


def test_what_was_taken_up_is_not_taken_up_again(session, person):
    notice = told(person, session)
    read("はい")
    assert replies.understand(now=NOW + 2 * HOUR) == 0
    assert Reply.objects.count() == 1
    notice.refresh_from_db()
    assert notice.answered_at == NOW + HOUR


def test_one_that_fails_holds_up_no_other(session, person, monkeypatch):
    told(person, session)
    bad, good = wrote("はい"), wrote("停止", sender="+818011112222")
    act = replies._act

    def fail(reply, inbound, people, **more):
        if inbound.pk == bad.pk:
            raise ValueError
        return act(reply, inbound, people, **more)

    monkeypatch.setattr(replies, "_act", fail)
    with pytest.raises(ValueError):
        replies.understand(now=NOW + DAY)
    assert taken_as(good).meaning == Meaning.STOP
    assert InboundMessage.objects.get(pk=bad.pk).handled_at is None
    assert not Reply.objects.filter(inbound=bad).exists()


def test_nothing_needs_an_answer(session, person):  # rule 61
    notice = told(person, session)
    assert replies.understand(now=NOW + DAY) == 0
    notice.refresh_from_db()
    assert (notice.answer, notice.outcome) == ("", Notice.Outcome.DELIVERED)
    assert not Attendance.objects.exists()
