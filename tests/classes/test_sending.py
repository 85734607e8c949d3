"""Right before a message goes everything is looked at again, and worded anew (rules 51 and 53)."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from classes import cancelling, disruptions, sending
from classes.models import (
    Attendance,
    ClassSession,
    Disruption,
    Enrollment,
    Lesson,
    Notice,
    Offer,
)
from learners.models import Learner, PhoneNumber
from sms import outbox
from sms.models import OutboundMessage
from sms.verdicts import Drop, Send, Verdict
from tests import factories
from tests.classes.test_notices_by_text import SHARED, stop
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
EVE = tokyo(2026, 10, 4, 10)
MINUTE = datetime.timedelta(minutes=1)


def verdict(message: OutboundMessage, at: datetime.datetime) -> Verdict:
    return sending.still_holds([message], at)[message.pk]


def reminded(*people: Learner, session: ClassSession | None = None) -> OutboundMessage:
    """A reminder of the first lesson on 5 October, to people of one number."""
    session = session or factories.class_session()
    lesson = session.lessons.get(number=1)
    number = people[0].phone_numbers.get().e164
    message = outbox.build(
        number,
        "",
        dedupe_key=f"notice:reminder:lesson:{lesson.pk}:1:1:{number}",
        purpose="reminder",
        expires_at=lesson.starts_at,
        now=EVE,
    )
    message.save()
    for person in people:
        (application,) = factories.registered(session, person, at=NOW)
        Notice.objects.create(
            intake=session.intake,
            learner=person,
            application=application,
            message=message,
            class_session=session,
            lesson=lesson,
            text="reminder_next",
            facts={"lead": 1},
            purpose="reminder",
            occasion=f"lesson:{lesson.pk}:{lesson.revision}:1",
            channel="sms",
            sentence="",
            created_at=EVE,
            due_at=EVE,
        )
    return message


def test_a_reminder_that_waited_says_today_instead_of_tomorrow() -> None:  # rule 51
    message = reminded(factories.texted())
    on_the_eve = verdict(message, EVE)
    assert isinstance(on_the_eve, Send)
    assert "明日10/5(月)10:00" in on_the_eve.body
    on_the_day = verdict(message, tokyo(2026, 10, 5, 9))
    assert isinstance(on_the_day, Send)
    assert "本日10/5(月)10:00" in on_the_day.body


def seat_given_up(message: OutboundMessage) -> None:
    Enrollment.objects.update(ended_at=EVE, ending="cancelled")


def application_cancelled(message: OutboundMessage) -> None:
    application = Enrollment.objects.get().application
    cancelling.cancel(application.intake_id, application.pk, reason="", by=None, now=EVE)


def lesson_moved(message: OutboundMessage) -> None:
    lesson = Lesson.objects.get(number=1)
    lesson.revision += 1
    lesson.save()


def lesson_cancelled(message: OutboundMessage) -> None:
    Lesson.objects.filter(number=1).update(cancelled_at=EVE)


def class_cancelled(message: OutboundMessage) -> None:
    ClassSession.objects.update(cancelled_at=EVE)


def lesson_begun(message: OutboundMessage) -> None:
    Lesson.objects.filter(number=1).update(starts_at=EVE)


def consent_withdrawn(message: OutboundMessage) -> None:
    PhoneNumber.objects.update(sms_consent="refused")


def another_number(message: OutboundMessage) -> None:
    PhoneNumber.objects.update(e164="+819099998888")


def owner_not_named(message: OutboundMessage) -> None:
    PhoneNumber.objects.update(owner="family", owner_name="")


def died(message: OutboundMessage) -> None:
    Learner.objects.update(deceased_on=EVE.date())


def absorbed(message: OutboundMessage) -> None:
    survivor = factories.learner()
    Learner.objects.exclude(pk=survivor.pk).update(merged_into=survivor)


def paused(message: OutboundMessage) -> None:
    Learner.objects.update(messages_paused_until=datetime.date(2026, 10, 5))


def announced_absence(message: OutboundMessage) -> None:
    Attendance.objects.create(
        enrollment=Enrollment.objects.get(),
        lesson=Lesson.objects.get(number=1),
        status=Attendance.Status.ABSENT_TOLD,
        marked_at=EVE,
    )


def notice_dropped(message: OutboundMessage) -> None:
    Notice.objects.filter(purpose="reminder").update(settled_at=EVE, outcome="dropped")


def called_instead(message: OutboundMessage) -> None:
    Notice.objects.filter(purpose="reminder").update(channel="call")


@pytest.mark.parametrize(
    "happens",
    [
        seat_given_up,
        application_cancelled,
        lesson_moved,
        lesson_cancelled,
        class_cancelled,
        lesson_begun,
        consent_withdrawn,
        another_number,
        owner_not_named,
        died,
        absorbed,
        paused,
        announced_absence,
        notice_dropped,
        called_instead,
    ],
)
def test_what_no_longer_holds_is_not_sent(
    happens: Callable[[OutboundMessage], None],
) -> None:  # rules 12, 42 and 53
    message = reminded(factories.texted())
    assert isinstance(verdict(message, EVE), Send)
    happens(message)
    assert verdict(message, EVE) == Drop()


def test_a_pause_that_is_over_holds_nothing_back() -> None:
    message = reminded(factories.texted(messages_paused_until=datetime.date(2026, 10, 4)))
    assert isinstance(verdict(message, EVE), Send)


def test_a_pause_holds_back_what_reminds_and_nothing_else() -> None:
    session = factories.class_session()
    factories.registered(
        session, factories.texted(messages_paused_until=datetime.date(2027, 1, 1)), at=NOW
    )
    stop(session, now=EVE)
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert isinstance(verdict(message, EVE), Send)


def test_of_two_people_of_a_number_the_one_who_is_left_is_told_alone() -> None:  # rule 59
    session = factories.class_session()
    pair = [factories.texted(phone=SHARED) for _ in range(2)]
    message = reminded(*pair, session=session)
    both = verdict(message, EVE)
    assert isinstance(both, Send)
    assert "2名様" in both.body
    cancelling.record_death(pair[0].pk, on=EVE.date(), by=None, now=EVE)
    alone = verdict(message, EVE)
    assert isinstance(alone, Send)
    assert "2名様" not in alone.body


def test_whom_the_message_no_longer_speaks_to_is_told_another_way() -> None:  # rules 58 and 59
    pair = [factories.texted(phone=SHARED) for _ in range(2)]
    message = reminded(*pair)
    pair[0].phone_numbers.update(sms_consent="refused")
    assert isinstance(verdict(message, EVE), Send)
    left_out = Notice.objects.get(learner=pair[0], purpose="reminder")
    assert (left_out.message, left_out.settled_at) == (None, None)
    assert Notice.objects.get(learner=pair[1], purpose="reminder").message == message


def test_an_offer_that_is_answered_is_not_sent() -> None:  # rule 53
    offer = factories.announced_offer(factories.texted())
    message = OutboundMessage.objects.get(purpose="offer")
    assert isinstance(verdict(message, NOW), Send)
    Offer.objects.filter(pk=offer.pk).update(status="declined", closed_at=NOW)
    assert verdict(message, NOW) == Drop()


def test_an_offer_that_goes_later_names_a_later_deadline() -> None:  # rule 29
    factories.announced_offer(factories.texted())
    message = OutboundMessage.objects.get(purpose="offer")
    later = verdict(message, tokyo(2026, 9, 2, 9, 5))
    assert isinstance(later, Send)
    assert "9/4(金)10時までに" in later.body
    assert Offer.objects.open().get().printed_deadline == tokyo(2026, 9, 4, 10)


def test_a_cancelled_lesson_that_takes_place_after_all_is_not_called_off() -> None:  # rule 53
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    made: Disruption = stop(session, now=EVE)
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert isinstance(verdict(message, EVE), Send)
    disruptions.resume(made.pk, by=factories.staff_member(), now=EVE)
    assert verdict(message, EVE) == Drop()


def test_a_batch_is_looked_at_in_as_many_queries_as_one_message(
    django_assert_max_num_queries: Any,
) -> None:
    session = factories.class_session(capacity=30)
    messages = [reminded(factories.texted(), session=session) for _ in range(2)]
    with django_assert_max_num_queries(14) as few:
        sending.still_holds(messages, EVE)
    messages += [reminded(factories.texted(), session=session) for _ in range(10)]
    messages += [
        OutboundMessage.objects.get(
            notices__application=factories.registered(session, factories.texted(), at=NOW)[0]
        )
        for _ in range(5)
    ]
    with django_assert_max_num_queries(14) as many:
        answers = sending.still_holds(messages, EVE)
    assert len(answers) == 17
    assert len(many) <= len(few) + 1
