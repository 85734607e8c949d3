"""What becomes of an SMS comes back to its notice (rules 29, 54, 55 and 60)."""

import datetime
from typing import Any

import pytest

from classes import offers, outcomes_of_messages
from classes.models import CallTask, Lesson, Notice, Offer, OfferPause, PlaceEvent
from learners.models import Learner
from sms import suppression
from sms.models import OutboundMessage
from tests import factories
from tests.classes.test_notice_endings import told_by_text
from tests.classes.test_notices_by_text import SHARED, notice, stop
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
FAILURES = ["undelivered", "failed", "expired", "cancelled"]


def sweep(at: datetime.datetime = NOW) -> int:
    return outcomes_of_messages.sweep(now=at)


def became(purpose: str, status: str, at: datetime.datetime = NOW) -> None:
    """What the provider says of the messages of this purpose."""
    OutboundMessage.objects.filter(purpose=purpose).update(
        status=status,
        status_at=at,
        sent_at=at,
        delivered_at=at if status == "delivered" else None,
        attempts=1,
    )


def texted_offer(*people: Learner, **fields: Any) -> Offer:
    return factories.announced_offer(*(people or (factories.texted(),)), **fields)


def test_a_delivered_message_has_told_its_people() -> None:  # rules 55 and 59
    pair = [factories.texted(phone=SHARED) for _ in range(2)]
    told_by_text(factories.class_session(), *pair)
    became("cancelled", "delivered", NOW)
    assert sweep(NOW + 5 * MINUTE) == 2
    told = Notice.objects.filter(purpose="cancelled")
    assert set(told.values_list("outcome", "settled_at")) == {("delivered", NOW)}
    assert OutboundMessage.objects.get(purpose="cancelled").settled_at == NOW + 5 * MINUTE
    assert sweep(NOW + 6 * MINUTE) == 0


def test_an_offers_time_runs_from_the_moment_of_delivery() -> None:  # rule 29
    offer = texted_offer()
    became("offer", "delivered", NOW + 3 * HOUR)
    sweep(NOW + 5 * HOUR)
    offer.refresh_from_db()
    assert (offer.told_by, offer.told_at) == ("sms", NOW + 3 * HOUR)
    assert offer.expires_at == NOW + 51 * HOUR
    assert notice(offer=offer).outcome == "delivered"
    event = PlaceEvent.objects.get(kind=PlaceEvent.Kind.TOLD)
    assert (event.details["told_by"], event.by) == ("sms", None)


def test_an_offer_that_only_left_does_not_run() -> None:  # rules 29 and 55
    offer = texted_offer()
    became("offer", "sent")
    sweep(NOW + MINUTE)
    offer.refresh_from_db()
    assert (offer.told_at, offer.expires_at) == (None, None)
    assert notice(offer=offer).settled_at is None


def test_a_delivery_after_the_offer_was_answered_tells_nothing_anew() -> None:  # rule 29
    offer = texted_offer()
    offers.decline(offer.pk, reason="", by=None, now=NOW)
    became("offer", "delivered", NOW + MINUTE)
    sweep(NOW + 2 * MINUTE)
    offer.refresh_from_db()
    assert offer.told_at is None
    assert notice(offer=offer).outcome == "dropped"


@pytest.mark.parametrize("status", FAILURES)
def test_what_did_not_arrive_is_called_about_on_the_same_notice(status: str) -> None:
    # rules 52, 54 and 58
    offer = texted_offer()
    became("offer", status)
    sweep()
    made = notice(offer=offer)
    assert (made.channel, made.settled_at) == ("call", None)
    task = CallTask.objects.open().get()
    assert (task.notice, task.urgency) == (made, 1)
    assert sweep() == 0
    assert CallTask.objects.count() == 1


@pytest.mark.parametrize("status", FAILURES)
def test_what_the_phone_said_already_is_called_about_by_nobody(status: str) -> None:  # rule 60
    factories.registered(factories.class_session(), factories.texted(), at=NOW)
    became("registered", status)
    sweep()
    assert (notice().channel, notice().outcome) == ("spoken", "told")
    assert not CallTask.objects.exists()


def test_who_wants_no_calls_gets_a_letter_with_a_later_deadline() -> None:  # rules 20 and 29
    offer = texted_offer(factories.texted(no_phone_calls=True))
    became("offer", "undelivered")
    sweep()
    made = notice(offer=offer)
    offer.refresh_from_db()
    assert made.channel == "post"
    # Three days in the post, two to answer, to the full hour.
    assert offer.printed_deadline == tokyo(2026, 9, 6, 11)
    assert "9月6日日曜" in made.sentence
    assert not CallTask.objects.exists()


def test_a_suppressed_number_turns_what_waits_into_calls() -> None:  # rules 54 and 58
    told_by_text(factories.class_session(), factories.texted(phone=SHARED))
    suppression.suppress(
        SHARED, suppression.Reason.OPTED_OUT, source=suppression.Source.REPLY, now=NOW
    )
    sweep()
    assert notice(purpose="cancelled").channel == "call"


def test_what_no_longer_matters_is_let_go() -> None:  # rule 53
    told_by_text(factories.class_session(), factories.texted())
    Learner.objects.update(deceased_on=NOW.date())
    became("cancelled", "undelivered")
    sweep()
    assert notice(purpose="cancelled").outcome == "dropped"
    assert not CallTask.objects.exists()


def test_a_cancelled_lesson_that_is_near_is_called_about_before_everything() -> None:  # rule 54
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    eve = tokyo(2026, 10, 4, 15)
    stop(session, now=eve)
    became("cancelled", "failed", eve)
    sweep(eve)
    assert CallTask.objects.get().urgency == 0


def test_an_offer_never_confirmed_becomes_a_call_after_hours() -> None:  # rule 55
    offer = texted_offer()
    became("offer", "sent")
    sweep(NOW + 6 * HOUR - MINUTE)
    assert not CallTask.objects.exists()
    sweep(NOW + 6 * HOUR)
    assert notice(offer=offer).channel == "call"
    assert CallTask.objects.open().count() == 1


def test_what_arrives_after_all_makes_the_call_needless() -> None:  # rules 29 and 55
    offer = texted_offer()
    became("offer", "sent")
    sweep(NOW + 6 * HOUR)
    OutboundMessage.objects.update(status="delivered", delivered_at=NOW + 7 * HOUR)
    sweep(NOW + 7 * HOUR)
    offer.refresh_from_db()
    assert (offer.told_by, offer.told_at) == ("sms", NOW + 7 * HOUR)
    assert notice(offer=offer).outcome == "delivered"
    assert not CallTask.objects.open().exists()


def test_the_lesson_that_is_near_waits_minutes_not_hours() -> None:  # rule 55
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    morning = tokyo(2026, 10, 5, 7)
    stop(session, now=morning)
    became("cancelled", "sent", morning)
    sweep(morning + 29 * MINUTE)
    assert not CallTask.objects.exists()
    sweep(morning + 30 * MINUTE)
    assert CallTask.objects.open().get().urgency == 0


def test_a_message_nobody_knows_of_becomes_a_call_too() -> None:  # rules 55 and 57
    offer = texted_offer()
    OutboundMessage.objects.filter(purpose="offer").update(
        status="unknown", status_at=NOW, sent_at=None
    )
    sweep(NOW + 6 * HOUR)
    assert notice(offer=offer).channel == "call"
    assert OutboundMessage.objects.get(purpose="offer").status == "unknown"


def test_what_does_not_press_is_kept_as_sent_and_never_as_delivered() -> None:  # rule 55
    factories.registered(factories.class_session(), factories.texted(), at=NOW, spoken=False)
    became("registered", "sent")
    sweep(NOW + 71 * HOUR)
    assert notice().settled_at is None
    sweep(NOW + 72 * HOUR)
    assert notice().outcome == "sent"
    assert not CallTask.objects.exists()


def test_a_reminder_call_after_the_lesson_began_leaves_the_list() -> None:
    session = factories.class_session()
    (application,) = factories.registered(session, factories.learner(), at=NOW)
    lesson = session.lessons.get(number=1)
    made = Notice.objects.create(
        intake=session.intake,
        learner=application.learner,
        application=application,
        class_session=session,
        lesson=lesson,
        purpose="reminder",
        occasion=f"lesson:{lesson.pk}:1:1",
        channel="call",
        sentence="明日です",
        created_at=NOW,
        due_at=NOW,
    )
    CallTask.objects.create(notice=made, created_at=NOW, due_at=NOW)
    sweep(lesson.starts_at - MINUTE)
    assert CallTask.objects.open().exists()
    assert sweep(lesson.starts_at) == 1
    assert notice(pk=made.pk).outcome == "missed"
    assert not CallTask.objects.open().exists()


def test_who_was_not_told_of_a_cancelled_lesson_is_called_until_it_would_have_ended() -> None:
    session = factories.class_session()
    factories.registered(session, factories.learner(), at=NOW)
    lesson: Lesson = session.lessons.get(number=1)
    stop(session, now=lesson.starts_at - HOUR)
    sweep(lesson.starts_at + MINUTE)
    assert CallTask.objects.open().exists()
    sweep(lesson.ends_at)
    assert notice(purpose="cancelled").outcome == "missed"


def answered_by_nobody(**fields: Any) -> Offer:
    offer = texted_offer(**fields)
    became("offer", "delivered")
    sweep()
    offer.refresh_from_db()
    return offer


def test_an_offer_told_by_sms_is_called_about_before_it_ends() -> None:  # rule 29
    offer = answered_by_nobody()
    assert offer.expires_at is not None
    sweep(offer.expires_at - 24 * HOUR - MINUTE)
    assert not CallTask.objects.exists()
    assert sweep(offer.expires_at - 24 * HOUR) == 1
    task = CallTask.objects.open().get()
    assert (task.notice.occasion, task.urgency) == (f"offer:{offer.pk}:ending", 0)
    assert task.notice.channel == "call"
    assert sweep(offer.expires_at - 23 * HOUR) == 0
    offers.decline(offer.pk, reason="", by=None, now=offer.expires_at - HOUR)
    assert not CallTask.objects.open().exists()


def test_of_a_short_time_to_answer_the_first_half_is_theirs() -> None:  # rule 29
    intake = factories.intake(offer_hours=24)
    offer = answered_by_nobody(intake=intake)
    assert offer.expires_at is not None
    assert sweep(offer.expires_at - 13 * HOUR) == 0
    assert sweep(offer.expires_at - 12 * HOUR) == 1


def test_nobody_who_wants_no_calls_is_called_before_an_offer_ends() -> None:  # rule 20
    offer = texted_offer(factories.texted(no_phone_calls=True))
    became("offer", "delivered")
    sweep()
    offer.refresh_from_db()
    assert offer.expires_at is not None
    assert sweep(offer.expires_at - HOUR) == 0
    assert not CallTask.objects.exists()


def test_nobody_is_called_while_an_offer_stands_still() -> None:  # rule 29
    offer = answered_by_nobody()
    assert offer.expires_at is not None
    session = factories.class_session()
    made = stop(session, now=NOW)
    OfferPause.objects.create(disruption=made, offer=offer, paused_at=NOW)
    assert sweep(offer.expires_at - HOUR) == 0


def test_a_sweep_costs_as_many_queries_for_many_messages(
    django_assert_max_num_queries: Any,
) -> None:
    counts = []
    for people in (2, 12):
        session = factories.class_session(capacity=20)
        for number in range(people):
            factories.registered(session, factories.texted(), at=NOW, spoken=False)
            last = OutboundMessage.objects.order_by("-pk")[0]
            last.status = "delivered" if number % 2 else "undelivered"
            last.delivered_at = NOW
            last.save()
        with django_assert_max_num_queries(45) as counted:
            assert sweep() == people
        counts.append(len(counted))
    assert counts[0] == counts[1]
