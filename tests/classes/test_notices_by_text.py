"""A notice goes by SMS where one can arrive in time, else by call or letter."""

import datetime
import uuid
from typing import Any

import pytest

from classes import cancelling, disruptions, lessons, offers, places, seat_changes, steering
from classes.models import (
    CallTask,
    ClassSession,
    Disruption,
    Enrollment,
    Notice,
    Offer,
)
from classes.places import Applicant
from classes.timetable import Planned
from sms import suppression
from sms.models import OutboundMessage
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)
SHARED = "+819012345678"


def notice(**fields: Any) -> Notice:
    return Notice.objects.select_related("message").get(**fields)


def stop(session: ClassSession, *, now: datetime.datetime, number: int = 1) -> Disruption:
    lesson = session.lessons.get(number=number)
    why = disruptions.Why(Disruption.Cause.TYPHOON)
    return disruptions.stop([lesson.pk], why, by=factories.staff_member(), now=now)


def test_what_was_told_on_the_phone_is_confirmed_by_sms_once_it_cannot_be_undone() -> None:
    # rules 30, 50 and 60
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    made = notice()
    assert (made.channel, made.settled_at, made.text) == ("sms", None, "registered_seat")
    assert made.message is not None
    assert made.message.send_after == NOW + 10 * MINUTE
    assert "お席が決まりました。10/5(月)10:00" in made.message.body
    assert made.learner.name not in made.message.body
    assert not CallTask.objects.exists()


def test_whom_no_sms_reaches_was_told_on_the_phone_and_nothing_follows() -> None:  # rule 60
    factories.registered(factories.class_session(), factories.learner(phone=SHARED), at=NOW)
    made = notice()
    assert (made.channel, made.outcome, made.settled_at) == ("spoken", "told", NOW)
    assert not OutboundMessage.objects.exists()
    assert not CallTask.objects.exists()


def test_a_paper_application_is_answered_by_sms_instead_of_a_call() -> None:  # rule 60
    factories.registered(factories.class_session(), factories.texted(), at=NOW, spoken=False)
    assert notice().channel == "sms"
    assert not CallTask.objects.exists()


def test_a_suppressed_number_gets_a_call() -> None:  # rules 54 and 58
    person = factories.texted(phone=SHARED)
    suppression.suppress(
        SHARED, suppression.Reason.NOT_CAPABLE, source=suppression.Source.PROVIDER, now=NOW
    )
    factories.registered(factories.class_session(), person, at=NOW, spoken=False)
    assert CallTask.objects.get().notice.channel == "call"


def test_who_wants_no_calls_is_texted_where_that_was_agreed_to_and_else_written_to() -> None:
    # rule 20
    session = factories.class_session()
    for person in (factories.texted(no_phone_calls=True), factories.learner(no_phone_calls=True)):
        factories.registered(session, person, at=NOW, spoken=False)
    assert list(Notice.objects.order_by("pk").values_list("channel", flat=True)) == ["sms", "post"]
    assert not CallTask.objects.exists()


def test_a_place_in_line_names_its_rank() -> None:
    session = factories.class_session(capacity=1)
    factories.registered(session, at=NOW)
    factories.registered(session, factories.texted(), at=NOW + MINUTE)
    made = notice(channel="sms")
    assert made.text == "registered_line"
    assert made.message is not None
    assert "キャンセル待ち1番" in made.message.body


def test_a_lottery_is_confirmed_without_naming_a_class() -> None:  # rule 50
    intake = factories.intake(method="lottery", draw_on=datetime.date(2026, 10, 2))
    session = factories.class_session(intake=intake, lessons=[tokyo(2026, 10, 20, 10)])
    factories.registered(session, factories.texted(), at=NOW)
    made = notice()
    assert made.message is not None
    assert made.class_session is None
    assert "抽選は10/2(金)です" in made.message.body


def test_each_of_several_seats_has_a_text_of_its_own() -> None:  # rule 50
    intake = factories.intake(seat_rule="per_choice")
    sessions = [factories.class_session(intake=intake) for _ in range(2)]
    places.register(
        intake.pk,
        applicants=[Applicant(factories.texted(), uuid.uuid4())],
        wishes=[session.pk for session in sessions],
        by=None,
        now=NOW,
    )
    told = Notice.objects.filter(channel="sms").values_list("class_session", flat=True)
    assert set(told) == {session.pk for session in sessions}


def test_of_a_couple_whoever_has_a_mobile_is_told_for_both() -> None:  # rules 26 and 59
    session = factories.class_session()
    husband, wife = factories.learner(phone="+81426263111"), factories.texted()
    factories.registered(session, husband, wife, at=NOW)
    made = notice()
    assert made.learner == wife
    assert made.message is not None
    assert "2名様" in made.message.body


def test_an_english_speaker_is_told_in_english() -> None:
    factories.registered(factories.class_session(), factories.texted(language="en"), at=NOW)
    made = notice()
    assert made.message is not None
    assert "Mon 5 Oct" in made.message.body


def test_a_message_waits_for_the_sending_hours() -> None:  # rule 51
    evening = tokyo(2026, 9, 1, 21)
    factories.registered(factories.class_session(), factories.texted(), at=evening)
    made = notice()
    assert made.message is not None
    assert made.message.send_after == tokyo(2026, 9, 2, 9)


def test_an_offer_by_sms_keeps_the_deadline_that_it_prints() -> None:  # rule 29
    offer = factories.announced_offer(factories.texted())
    made = notice(offer=offer)
    assert made.channel == "sms"
    assert made.message is not None
    # Announced at 9:40, 48 hours, to the full hour after.
    assert offer.printed_deadline == tokyo(2026, 9, 3, 10)
    assert "9/3(木)10時までに" in made.message.body
    assert made.message.expires_at == offer.printed_deadline
    assert not CallTask.objects.exists()
    early = tokyo(2026, 9, 1, 9, 41)
    offers.tell(offer.pk, told_by=Offer.ToldBy.SMS, by=None, now=early)
    offer.refresh_from_db()
    assert offer.expires_at == offer.printed_deadline


def test_an_offer_announced_at_night_names_a_deadline_from_the_morning() -> None:  # rules 29, 51
    offer = factories.announced_offer(factories.texted(), at=tokyo(2026, 9, 1, 22))
    assert offer.printed_deadline == tokyo(2026, 9, 4, 10)


def test_an_offer_to_a_pair_goes_to_the_one_with_a_mobile() -> None:  # rules 26 and 59
    pair = factories.learner(phone="+81426263111"), factories.texted()
    offer = factories.announced_offer(*pair)
    made = notice(offer=offer)
    assert made.learner == pair[1]
    assert made.message is not None
    assert "2名様" in made.message.body


def test_a_yes_on_the_phone_is_confirmed_by_sms_and_a_move_too() -> None:
    offer = factories.announced_offer(factories.texted())
    staff = factories.staff_member()
    offers.accept(offer.pk, by=staff, now=NOW + 15 * MINUTE)
    seated = notice(purpose="seated")
    assert seated.message is not None
    assert "お席" in seated.message.body
    other = factories.class_session(intake=offer.class_session.intake)
    seat = Enrollment.objects.held().get(application=seated.application)
    seat_changes.move(seat.pk, other.pk, reason="", by=staff, now=NOW + 20 * MINUTE)
    assert notice(purpose="moved").class_session == other
    assert not CallTask.objects.exists()


def test_a_move_of_somebody_without_a_mobile_leaves_no_notice() -> None:
    session = factories.class_session()
    other = factories.class_session(intake=session.intake)
    factories.registered(session, at=NOW)
    seat = Enrollment.objects.get()
    steering.move(session.intake_id, seat.pk, other.pk, reason="", by=None, now=NOW)
    assert not Notice.objects.filter(purpose="moved").exists()


def test_two_people_of_one_number_in_one_class_share_one_message() -> None:  # rule 59
    session = factories.class_session()
    for _ in range(2):
        factories.registered(session, factories.texted(phone=SHARED), at=NOW)
    stop(session, now=NOW)
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert message.notices.count() == 2
    assert "2名様" in message.body
    assert message.dedupe_key.endswith(f":{SHARED}")


def test_people_of_one_number_in_two_classes_get_two_messages() -> None:  # rule 59
    intake = factories.intake()
    for _ in range(2):
        session = factories.class_session(intake=intake)
        factories.registered(session, factories.texted(phone=SHARED), at=NOW)
        stop(session, now=NOW)
    assert OutboundMessage.objects.filter(purpose="cancelled").count() == 2


def test_a_day_the_city_cancels_in_the_morning_is_told_from_seven() -> None:  # rule 51
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    stop(session, now=tokyo(2026, 10, 5, 6))
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert (message.send_after, message.may_be_early) == (tokyo(2026, 10, 5, 7), True)
    assert message.priority == 0
    assert "台風" in message.body


def test_cancelled_late_the_evening_before_is_told_from_seven_on_the_day() -> None:  # rule 51
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    stop(session, now=tokyo(2026, 10, 4, 21))
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert (message.send_after, message.may_be_early) == (tokyo(2026, 10, 5, 7), True)


def test_cancelled_days_before_is_told_in_the_usual_hours() -> None:  # rule 51
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    stop(session, now=tokyo(2026, 10, 1, 21))
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert (message.send_after, message.may_be_early) == (tokyo(2026, 10, 2, 9), False)


def test_what_no_sms_can_tell_in_time_is_called_about_at_once() -> None:  # rule 51
    early = [tokyo(2026, 10, 5, 6, 30)]
    session = factories.class_session(lessons=early)
    factories.registered(session, factories.texted(), at=NOW)
    stop(session, now=tokyo(2026, 10, 4, 21))
    task = CallTask.objects.get()
    assert (task.notice.purpose, task.urgency) == ("cancelled", 0)


def moved_by_a_week(session: ClassSession, *, now: datetime.datetime) -> None:
    last = session.lessons.order_by("starts_at").last()
    assert last is not None
    plan = Planned(last.number, last.starts_at + 7 * DAY, last.ends_at + 7 * DAY, last.venue)
    last.class_session = (
        ClassSession.objects.select_related("course__level__current", "venue", "intake")
        .prefetch_related("lessons")
        .get(pk=session.pk)
    )
    lessons.move(last, plan, by=None, now=now)


def test_a_moved_lesson_names_the_day_they_know() -> None:  # rule 52
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    moved_by_a_week(session, now=NOW + DAY)
    made = notice(purpose="changed")
    assert made.message is not None
    assert "10/19(月)を10/26(月)10:00" in made.message.body
    # Before the SMS has left it moves once more: one message, from the day they know.
    moved_by_a_week(session, now=NOW + DAY + MINUTE)
    assert OutboundMessage.objects.filter(purpose="changed", status="queued").count() == 1
    later = Notice.objects.filter(purpose="changed", settled_at=None).get()
    assert later.message is not None
    assert "10/19(月)を11/2(月)10:00" in later.message.body


def test_who_may_have_read_that_it_is_cancelled_hears_that_it_takes_place_after_all() -> None:
    session = factories.class_session()
    factories.registered(session, factories.texted(), at=NOW)
    factories.registered(session, factories.texted(), at=NOW)
    made = stop(session, now=NOW)
    gone = OutboundMessage.objects.filter(purpose="cancelled").order_by("pk")[0]
    # One has left, and nobody knows yet whether it arrived; the other still waits (rule 55).
    OutboundMessage.objects.filter(pk=gone.pk).update(status="sent", sent_at=NOW)
    disruptions.resume(made.pk, by=factories.staff_member(), now=NOW + MINUTE)
    resumed = notice(purpose="resumed")
    assert resumed.learner == gone.notices.get().learner
    assert resumed.channel == "sms"
    assert OutboundMessage.objects.filter(purpose="cancelled", status="cancelled").count() == 1


def test_the_same_occasion_is_told_once() -> None:  # rule 52
    offer = factories.announced_offer(factories.texted())
    assert offers.announce_due(now=NOW + 20 * MINUTE) == 0
    assert Notice.objects.filter(offer=offer).count() == 1
    assert OutboundMessage.objects.filter(purpose="offer").count() == 1


def test_telling_a_class_costs_as_many_queries_for_many_people(
    django_assert_max_num_queries: Any,
) -> None:
    staff = factories.staff_member()
    counts = []
    for people in (2, 12):
        session = factories.class_session(capacity=20)
        for _ in range(people):
            factories.registered(session, factories.texted(), at=NOW)
        lesson = session.lessons.get(number=1)
        why = disruptions.Why(Disruption.Cause.TYPHOON)
        with django_assert_max_num_queries(60) as counted:
            disruptions.stop([lesson.pk], why, by=staff, now=NOW)
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_retracting_a_slip_stops_its_confirmation() -> None:  # rules 30 and 53
    session = factories.class_session()
    (application,) = factories.registered(session, factories.texted(), at=NOW)
    cancelling.retract(session.intake_id, application.pk, reason="", by=None, now=NOW + MINUTE)
    assert OutboundMessage.objects.get().status == "cancelled"
    assert notice().outcome == "dropped"
