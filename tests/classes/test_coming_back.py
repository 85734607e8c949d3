"""After a lesson: thanks with a hint, a word to who was missed, and the tasks of staff in time."""

import datetime

import pytest

from classes import lessons, reminders, staff_tasks
from classes.models import Attendance, CallTask, Lesson, Notice, StaffTask
from classes.timetable import Planned
from skill_levels.models import Assessment, Competency, CompetencyVersion
from tests import factories
from tests.classes.planning_days import caller, mark, planned, reader, seat, texter
from tests.factories import tokyo

pytestmark = pytest.mark.django_db

FOLLOW_UP, ABSENT = Notice.Purpose.FOLLOW_UP, Notice.Purpose.ABSENT
PRESENT, MISSED, SAID_SO = (
    Attendance.Status.PRESENT,
    Attendance.Status.ABSENT,
    Attendance.Status.ABSENT_TOLD,
)


@pytest.fixture
def session():
    """Two lessons: Monday 5 October at ten, and the Monday after."""
    return factories.class_session(
        lessons=[tokyo(2026, 10, 5, 10), tokyo(2026, 10, 12, 10)], capacity=20
    )


def first(session):
    return session.lessons.get(number=1)


def last(session):
    return session.lessons.get(number=2)


def rate(learner, competency, value):
    Assessment(
        learner=learner,
        competency=competency,
        competency_version=competency.current,
        value=value,
        observed_at=tokyo(2026, 10, 5, 11),
        recorded_at=tokyo(2026, 10, 5, 11),
    ).save()


def hinted(level="news"):
    """The required competencies of a level, each with a hint of its own."""
    found = list(Competency.objects.current().filter(level__code=level, current__is_required=True))
    for number, competency in enumerate(found):
        CompetencyVersion.objects.filter(pk=competency.current_id).update(
            hint_ja=f"れんしゅう{number}"
        )
    return found


def test_the_day_after_a_lesson_whoever_came_hears_what_to_practise_and_the_next_date(session):
    person = texter()
    competencies = hinted()
    rate(person, competencies[0], 3)
    rate(person, competencies[2], 1)
    mark(seat(session, person), first(session), PRESENT)
    assert planned(FOLLOW_UP, at=tokyo(2026, 10, 5, 23)) == []
    [notice] = planned(FOLLOW_UP, at=tokyo(2026, 10, 6, 0, 5))
    assert notice.occasion == f"lesson:{first(session).pk}"
    assert notice.message.send_after == tokyo(2026, 10, 6, 10)
    # Not what is done alone already, nor what was never shown before what was.
    assert "「れんしゅう2」" in notice.message.body
    assert "次回10/12(月)10:00" in notice.message.body
    assert notice.facts == {"hint": competencies[2].pk}
    assert planned(FOLLOW_UP, at=tokyo(2026, 10, 7, 9)) == []


def test_after_the_last_lesson_there_is_no_next_date(session):
    mark(seat(session, texter()), last(session), PRESENT)
    [notice] = planned(FOLLOW_UP, at=tokyo(2026, 10, 13, 9))
    assert notice.text == "follow_up_last"
    assert "次回" not in notice.message.body


def test_thanks_that_would_come_days_later_are_not_said(session):
    mark(seat(session, texter()), first(session), PRESENT)
    assert planned(FOLLOW_UP, at=tokyo(2026, 10, 9, 9)) == []


def test_without_sms_the_thanks_stand_at_the_end_of_the_call_list_for_three_days(session):
    mark(seat(session, caller()), first(session), PRESENT)
    [notice] = planned(FOLLOW_UP, at=tokyo(2026, 10, 6, 9))
    task = CallTask.objects.get(notice=notice)
    assert task.urgency == 8
    reminders.plan(now=tokyo(2026, 10, 9, 9))
    assert CallTask.objects.open().filter(pk=task.pk).exists()
    reminders.plan(now=tokyo(2026, 10, 9, 10, 1))
    assert not CallTask.objects.open().filter(pk=task.pk).exists()
    notice.refresh_from_db()
    assert notice.outcome == "missed"


def test_who_wants_no_calls_gets_the_thanks_on_paper(session):  # rule 20
    mark(seat(session, reader()), first(session), PRESENT)
    [notice] = planned(FOLLOW_UP, at=tokyo(2026, 10, 6, 9))
    assert (notice.channel, notice.due_at) == ("post", tokyo(2026, 10, 6, 17))
    assert "次回は10月12日月曜" in notice.sentence


def test_an_attendance_that_is_put_right_takes_back_what_was_planned(session):  # rule 53
    attendance = mark(seat(session, texter()), first(session), PRESENT)
    [thanks] = planned(FOLLOW_UP, at=tokyo(2026, 10, 6, 9))
    Attendance.objects.filter(pk=attendance.pk).update(status=MISSED)
    [missed] = planned(ABSENT, at=tokyo(2026, 10, 7, 9))
    thanks.refresh_from_db()
    assert thanks.outcome == "dropped"
    Attendance.objects.filter(pk=attendance.pk).update(status=SAID_SO)
    reminders.plan(now=tokyo(2026, 10, 7, 9, 30))
    missed.refresh_from_db()
    assert missed.outcome == "dropped"


def test_whoever_was_missed_hears_of_the_next_lesson_two_days_later(session):
    mark(seat(session, texter()), first(session), MISSED)
    assert planned(ABSENT, at=tokyo(2026, 10, 6, 23, 59)) == []
    [notice] = planned(ABSENT, at=tokyo(2026, 10, 7, 0, 5))
    assert notice.message.send_after == tokyo(2026, 10, 7, 10)
    assert "次回は10/12(月)10:00" in notice.message.body
    assert planned(ABSENT, at=tokyo(2026, 10, 8, 9)) == []


def test_whoever_was_missed_hears_before_the_next_lesson_where_that_is_near(session):
    Lesson.objects.filter(pk=last(session).pk).update(
        starts_at=tokyo(2026, 10, 7, 10), ends_at=tokyo(2026, 10, 7, 12)
    )
    mark(seat(session, texter()), first(session), MISSED)
    [notice] = planned(ABSENT, at=tokyo(2026, 10, 6, 9))
    assert notice.message.expires_at == tokyo(2026, 10, 7, 10)


def test_an_absence_that_was_announced_is_not_spoken_of(session):
    mark(seat(session, texter()), first(session), SAID_SO)
    assert planned(ABSENT, FOLLOW_UP, at=tokyo(2026, 10, 7, 9)) == []


def test_after_the_last_lesson_nobody_is_told_of_a_next_one(session):
    mark(seat(session, texter()), last(session), MISSED)
    assert planned(ABSENT, at=tokyo(2026, 10, 14, 9)) == []


def test_what_the_city_cancelled_never_counts_against_a_learner(session):  # rule 63
    mark(seat(session, texter()), first(session), MISSED)
    Lesson.objects.filter(number=1).update(cancelled_at=tokyo(2026, 10, 5, 8))
    assert planned(ABSENT, FOLLOW_UP, at=tokyo(2026, 10, 7, 9)) == []


def test_a_couple_that_came_together_is_thanked_in_one_message(session):  # rule 59
    for _ in range(2):
        mark(seat(session, texter(number="+819012340000")), first(session), PRESENT)
    told = planned(FOLLOW_UP, at=tokyo(2026, 10, 6, 9))
    assert len(told) == 2
    assert len({notice.message_id for notice in told}) == 1
    assert "2名様" in told[0].message.body


def test_an_interpreter_is_asked_for_fourteen_days_ahead_also_when_the_lesson_moves(session):
    person = texter(support_needs=["sign_language"], birth_date=None)  # rules 1 and 20
    seat(session, person)
    task = StaffTask.objects.get(kind="sign_language")
    assert task.due_on == datetime.date(2026, 9, 21)
    lesson = first(session)
    start = tokyo(2026, 10, 8, 10)
    plan = Planned(1, start, start + datetime.timedelta(hours=2), lesson.venue)
    lessons.move(lesson, plan, by=None, now=tokyo(2026, 9, 10, 9))
    assert reminders.plan(now=tokyo(2026, 9, 10, 9, 5)).tasks == 2
    due = dict(StaffTask.objects.values_list("kind", "due_on"))
    assert due == {
        "sign_language": datetime.date(2026, 9, 24),
        "confirm_age": datetime.date(2026, 10, 7),
    }
    assert reminders.plan(now=tokyo(2026, 9, 10, 9, 6)).tasks == 0


def test_a_need_that_is_said_after_the_registration_makes_its_task(session):  # rule 20
    person = texter()
    seat(session, person)
    reminders.plan(now=tokyo(2026, 9, 2, 9))
    assert not StaffTask.objects.exists()
    person.support_needs = ["captioning"]
    person.save()
    reminders.plan(now=tokyo(2026, 9, 3, 9))
    task = StaffTask.objects.get()
    assert (task.kind, task.due_on) == ("captioning", datetime.date(2026, 9, 21))
    staff_tasks.finish(task.pk, by=factories.staff_member(), now=tokyo(2026, 9, 4, 9))
    assert reminders.plan(now=tokyo(2026, 9, 4, 9, 5)).tasks == 0
