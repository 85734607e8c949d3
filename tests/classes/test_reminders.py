"""Reminders of lessons: when, for whom, by which channel, and what dies when a lesson moves."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classes import calls, cancelling, lessons, reminders, unanswered
from classes.models import CallTask, Lesson, Notice
from classes.timetable import Planned
from learners.models import PhoneNumber
from sms.models import DayOff, OutboundMessage, SendingHours
from tests import factories
from tests.classes.planning_days import caller, mark, planned, reader, seat, texter
from tests.factories import tokyo

pytestmark = pytest.mark.django_db

REMINDER = Notice.Purpose.REMINDER


@pytest.fixture
def session():
    """One lesson on Tuesday 13 October at ten."""
    return factories.class_session(lessons=[tokyo(2026, 10, 13, 10)], capacity=20)


def move(session, start, *, now):
    lesson = session.lessons.get()
    plan = Planned(1, start, start + datetime.timedelta(hours=2), lesson.venue)
    return lessons.move(lesson, plan, by=None, now=now)


def test_a_seat_is_reminded_a_week_before_and_the_day_before(session):
    seat(session, texter())
    assert planned(REMINDER, at=tokyo(2026, 10, 5, 12)) == []
    [week] = planned(REMINDER, at=tokyo(2026, 10, 6, 0, 5))
    assert planned(REMINDER, at=tokyo(2026, 10, 11, 23, 55)) == []
    [eve] = planned(REMINDER, at=tokyo(2026, 10, 12, 0, 5))
    lesson = session.lessons.get()
    assert [week.occasion, eve.occasion] == [f"lesson:{lesson.pk}:1:7", f"lesson:{lesson.pk}:1:1"]
    assert [week.text, eve.text] == ["reminder", "reminder_next"]
    assert "来週10/13(火)10:00" in week.message.body
    assert "明日10/13(火)10:00" in eve.message.body
    assert [week.message.send_after, eve.message.send_after] == [
        tokyo(2026, 10, 6, 10),
        tokyo(2026, 10, 12, 10),
    ]
    assert week.message.expires_at == lesson.starts_at
    assert planned(REMINDER, at=tokyo(2026, 10, 13, 10)) == []


def test_of_a_series_only_the_lesson_that_is_near_is_reminded_of():
    series = factories.class_session(lessons=3)
    seat(series, texter())
    seat(factories.class_session(lessons=[tokyo(2026, 12, 1, 10)]), texter())
    told = planned(REMINDER, at=tokyo(2026, 10, 11, 9))
    assert [notice.lesson.number for notice in told] == [2]
    assert told[0].occasion == f"lesson:{told[0].lesson_id}:1:1"


def test_the_intake_says_how_many_days_before(session):
    session.intake.reminder_days = [14, 3]
    session.intake.save()
    seat(session, texter())
    assert len(planned(REMINDER, at=tokyo(2026, 9, 29, 9))) == 1
    assert planned(REMINDER, at=tokyo(2026, 10, 6, 9)) == []
    [three] = planned(REMINDER, at=tokyo(2026, 10, 10, 9))
    assert "3日後10/13(火)" in three.message.body


def test_a_second_round_and_a_round_after_a_pause_make_nothing_twice(session):  # rule 52
    seat(session, texter())
    made = [reminders.plan(now=tokyo(2026, 10, 6, 9, minute)).reminders for minute in range(3)]
    assert made == [1, 0, 0]
    assert OutboundMessage.objects.filter(purpose="reminder").count() == 1


@pytest.mark.parametrize(
    ("moment", "goes"),
    [
        (tokyo(2026, 10, 6, 3), tokyo(2026, 10, 6, 10)),
        (tokyo(2026, 10, 6, 19, 59), tokyo(2026, 10, 6, 19, 59)),
        (tokyo(2026, 10, 6, 20, 0), tokyo(2026, 10, 7, 9)),
        (tokyo(2026, 10, 8, 8, 59), tokyo(2026, 10, 8, 9)),
    ],
)
def test_nothing_goes_out_outside_the_hours(session, moment, goes):  # rule 51
    seat(session, texter())
    [notice] = planned(REMINDER, at=moment)
    assert notice.message.send_after == goes


def test_a_message_that_is_read_a_day_later_says_so(session):  # rule 51
    seat(session, texter())
    [late] = planned(REMINDER, at=tokyo(2026, 10, 11, 21))
    # Its lead is a week, but it goes out on the 12th.
    assert late.message.send_after == tokyo(2026, 10, 12, 9)
    assert "明日10/13(火)" in late.message.body


def test_what_could_only_go_out_too_late_is_not_made(session):  # rule 51
    seat(session, texter())
    lesson = session.lessons.get()
    Lesson.objects.filter(pk=lesson.pk).update(starts_at=tokyo(2026, 10, 13, 8, 30))
    assert planned(REMINDER, at=tokyo(2026, 10, 12, 20, 30)) == []


def test_before_a_day_off_the_reminder_goes_a_day_earlier(session):
    seat(session, texter())
    SendingHours.objects.create(pk=1, closed_weekdays=[1])
    DayOff.objects.create(day=datetime.date(2026, 10, 11))
    assert len(planned(REMINDER, at=tokyo(2026, 10, 6, 9))) == 1
    [eve] = planned(REMINDER, at=tokyo(2026, 10, 10, 9))
    assert eve.occasion.endswith(":1")
    assert eve.message.send_after == tokyo(2026, 10, 10, 10)


def test_whoever_has_no_mobile_is_on_the_call_list_the_same_day(session):  # rule 60
    with_sms, by_call = seat(session, texter()), seat(session, caller())
    told = planned(REMINDER, at=tokyo(2026, 10, 6, 0, 5))
    assert [(n.learner_id, n.channel) for n in told] == [
        (with_sms.application.learner_id, "sms"),
        (by_call.application.learner_id, "call"),
    ]
    assert {n.due_at for n in told} == {tokyo(2026, 10, 6, 10)}
    task = CallTask.objects.open().get()
    assert task.notice == told[1]
    assert task.due_at == tokyo(2026, 10, 6, 10)
    assert "10月13日火曜、朝10時から" in told[1].sentence


def test_a_letter_leaves_days_earlier_than_a_call_would_be_made(session):  # rule 20
    seat(session, reader())
    assert planned(REMINDER, at=tokyo(2026, 10, 1, 23)) == []
    [week] = planned(REMINDER, at=tokyo(2026, 10, 2, 0, 5))
    assert (week.channel, week.due_at) == ("post", tokyo(2026, 10, 2, 17))
    [eve] = planned(REMINDER, at=tokyo(2026, 10, 8, 0, 5))
    assert eve.due_at == tokyo(2026, 10, 8, 17)
    assert eve.occasion.endswith(":1")
    assert not CallTask.objects.exists()


def test_no_letter_is_written_that_arrives_after_the_lesson(session):  # rule 20
    seat(session, reader())
    assert planned(REMINDER, at=tokyo(2026, 10, 11, 9)) == []


def test_whoever_was_given_the_seat_on_that_day_is_not_reminded_of_it(session):  # rule 60
    factories.registered(session, texter(), at=tokyo(2026, 9, 30, 12))
    person = texter()
    factories.registered(session, person, at=tokyo(2026, 9, 30, 9))
    session.enrollments.filter(application__learner=person).update(held_at=tokyo(2026, 10, 6, 9))
    assert len(planned(REMINDER, at=tokyo(2026, 10, 7, 12))) == 1
    assert len(planned(REMINDER, at=tokyo(2026, 10, 12, 12))) == 2


def test_when_a_lesson_moves_its_reminders_die_and_new_ones_are_planned(session):  # rule 53
    seat(session, texter())
    seat(session, caller())
    old = planned(REMINDER, at=tokyo(2026, 10, 6, 8))
    move(session, tokyo(2026, 10, 27, 10), now=tokyo(2026, 10, 6, 9))
    assert planned(REMINDER, at=tokyo(2026, 10, 6, 9, 5)) == []
    for notice in old:
        notice.refresh_from_db()
    assert {notice.outcome for notice in old} == {"dropped"}
    old[0].message.refresh_from_db()
    assert old[0].message.status == "cancelled"
    assert not CallTask.objects.open().filter(notice__purpose=REMINDER).exists()
    new = planned(REMINDER, at=tokyo(2026, 10, 20, 9))
    assert len(new) == 2
    assert "10/27(火)10:00" in new[0].message.body


def test_moved_and_moved_back_is_reminded_twice(session):  # rule 52
    seat(session, texter())
    [first] = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    OutboundMessage.objects.update(status="delivered")
    Notice.objects.update(settled_at=tokyo(2026, 10, 6, 10), outcome="delivered")
    move(session, tokyo(2026, 10, 27, 10), now=tokyo(2026, 10, 7, 9))
    [second] = planned(REMINDER, at=tokyo(2026, 10, 20, 9))
    move(session, tokyo(2026, 11, 10, 10), now=tokyo(2026, 10, 21, 9))
    move(session, tokyo(2026, 10, 27, 10), now=tokyo(2026, 10, 21, 10))
    [third] = planned(REMINDER, at=tokyo(2026, 10, 26, 9))
    assert [n.occasion.split(":", 2)[2] for n in (first, second, third)] == ["1:7", "2:7", "4:1"]


def test_the_change_itself_reminds_of_a_date_that_is_near(session):
    seat(session, texter())
    move(session, tokyo(2026, 10, 14, 10), now=tokyo(2026, 10, 9, 9))
    assert planned(REMINDER, at=tokyo(2026, 10, 9, 9, 5)) == []
    assert len(planned(REMINDER, at=tokyo(2026, 10, 13, 9))) == 1


def test_a_lesson_that_the_city_cancelled_is_not_reminded_of(session):  # rule 63
    seat(session, texter())
    [old] = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    cancel(session)
    assert planned(REMINDER, at=tokyo(2026, 10, 12, 9)) == []
    old.refresh_from_db()
    assert old.outcome == "dropped"


def cancel(session):
    lesson = session.lessons.get()
    Lesson.objects.filter(pk=lesson.pk).update(cancelled_at=tokyo(2026, 10, 7, 9))


def test_whoever_said_that_they_cannot_come_is_not_reminded(session):  # rule 37
    mark(seat(session, texter()), session.lessons.get(), "told", at=tokyo(2026, 10, 1, 9))
    told_later = seat(session, texter())
    [old] = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    mark(told_later, session.lessons.get(), "told", at=tokyo(2026, 10, 6, 9, 10))
    assert planned(REMINDER, at=tokyo(2026, 10, 12, 9)) == []
    old.refresh_from_db()
    assert old.outcome == "dropped"


def test_a_call_reads_the_day_as_it_stands_now(session):  # rule 53
    seat(session, caller())
    planned(REMINDER, at=tokyo(2026, 10, 12, 9))
    task = CallTask.objects.select_related(*calls.PANEL).get()
    Lesson.objects.update(starts_at=tokyo(2026, 10, 13, 13, 30), ends_at=tokyo(2026, 10, 13, 15))
    assert "午後1時半から" in calls.sentence(task, now=tokyo(2026, 10, 12, 11))


def test_a_seat_that_is_given_up_is_not_reminded_of(session):  # rule 53
    enrollment = seat(session, texter())
    [old] = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    cancelling.cancel(
        session.intake_id, enrollment.application_id, reason="", by=None, now=tokyo(2026, 10, 6, 9)
    )
    assert planned(REMINDER, at=tokyo(2026, 10, 12, 9)) == []
    old.refresh_from_db()
    assert old.outcome == "dropped"
    assert OutboundMessage.objects.get(pk=old.message_id).status == "cancelled"


def test_the_call_for_the_week_before_gives_way_to_that_for_the_day_before(session):
    seat(session, caller())
    [week] = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    [eve] = planned(REMINDER, at=tokyo(2026, 10, 12, 9))
    reminders.plan(now=tokyo(2026, 10, 12, 9, 5))
    week.refresh_from_db()
    assert week.outcome == "dropped"
    assert CallTask.objects.open().get().notice == eve


def test_a_call_that_was_not_made_in_time_leaves_the_list_as_missed(session):
    seat(session, caller())
    [eve] = planned(REMINDER, at=tokyo(2026, 10, 12, 9))
    assert unanswered.settle_passed(now=tokyo(2026, 10, 13, 9, 59)) == 0
    assert unanswered.settle_passed(now=tokyo(2026, 10, 13, 10)) == 1
    eve.refresh_from_db()
    assert eve.outcome == "missed"
    assert not CallTask.objects.open().exists()


@pytest.mark.parametrize(
    "state",
    [
        {"messages_paused_until": datetime.date(2026, 10, 20)},
        {"deceased_on": datetime.date(2026, 10, 1)},
        {"anonymised_at": tokyo(2026, 10, 1)},
    ],
)
def test_the_dead_and_those_who_pause_are_left_in_peace(session, state):  # rule 42
    enrollment = seat(session, texter())
    type(enrollment.application.learner).objects.filter(
        pk=enrollment.application.learner_id
    ).update(**state)
    assert planned(REMINDER, at=tokyo(2026, 10, 6, 9)) == []


def test_a_pause_ends_on_its_day_and_takes_back_the_calls_while_it_runs(session):
    enrollment = seat(session, caller())
    [old] = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    people = type(enrollment.application.learner).objects
    people.update(messages_paused_until=datetime.date(2026, 10, 12))
    reminders.plan(now=tokyo(2026, 10, 6, 10))
    old.refresh_from_db()
    assert old.outcome == "dropped"
    assert len(planned(REMINDER, at=tokyo(2026, 10, 12, 9))) == 1


def test_consent_that_was_withdrawn_makes_the_next_reminder_a_call(session):  # rule 58
    seat(session, texter())
    [week] = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    PhoneNumber.objects.update(sms_consent=PhoneNumber.Consent.REFUSED)
    [eve] = planned(REMINDER, at=tokyo(2026, 10, 12, 9))
    assert [week.channel, eve.channel] == ["sms", "call"]


def test_two_people_of_one_number_in_one_class_get_one_message(session):  # rule 59
    seat(session, texter(number="+819012340000"))
    seat(session, texter(number="+819012340000"))
    seat(session, texter())
    told = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    assert len(told) == 3
    assert len({notice.message_id for notice in told}) == 2
    assert told[0].message_id == told[1].message_id
    assert "2名様" in told[0].message.body
    assert "名様" not in told[2].message.body


def test_one_number_in_two_classes_gets_two_messages(session):  # rule 59
    other = factories.class_session(lessons=[tokyo(2026, 10, 13, 14)])
    seat(session, texter(number="+819012340000"))
    seat(other, texter(number="+819012340000"))
    told = planned(REMINDER, at=tokyo(2026, 10, 6, 9))
    assert len({notice.message_id for notice in told}) == 2


def test_whoever_is_due_after_the_others_on_their_number_gets_a_message_of_their_own(session):
    seat(session, texter(number="+819012340000"))
    late = texter(number="+819012340000", messages_paused_until=datetime.date(2026, 10, 9))
    seat(session, late)
    [first] = planned(REMINDER, at=tokyo(2026, 10, 6, 10))
    OutboundMessage.objects.update(status="sent")
    [second] = planned(REMINDER, at=tokyo(2026, 10, 9, 10))
    assert second.learner == late
    assert second.message_id != first.message_id


def test_messages_are_in_the_language_of_the_learner(session):
    seat(session, texter(language="en"))
    [notice] = planned(REMINDER, at=tokyo(2026, 10, 12, 9))
    assert "is tomorrow: Tue 13 Oct 10:00" in notice.message.body
    assert "Tuesday 13 October at 10 a.m." in notice.sentence


def test_the_questions_asked_do_not_grow_with_the_people(session):
    def asked(at):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert reminders.plan(now=at).reminders
        return len(queries)

    for _ in range(2):
        seat(session, texter())
        seat(session, caller())
    few = asked(tokyo(2026, 10, 6, 9))
    Notice.objects.all().update(message=None)
    CallTask.objects.all().delete()
    Notice.objects.all().delete()
    OutboundMessage.objects.all().delete()
    for _ in range(7):
        seat(session, texter())
        seat(session, caller())
    assert asked(tokyo(2026, 10, 6, 9)) == few
