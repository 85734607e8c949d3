"""A series that changes: who each lesson is, who is told of what, and what cannot be undone."""

import datetime

import pytest

from classes import lessons
from classes.models import ClassSession, Notice
from classes.timetable import Planned
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
WEEK = datetime.timedelta(days=7)
TWO_HOURS = datetime.timedelta(hours=2)
OCTOBER = [tokyo(2026, 10, 5, 10), tokyo(2026, 10, 12, 10), tokyo(2026, 10, 19, 10)]


def plan(session: ClassSession, *starts: datetime.datetime) -> list[Planned]:
    return [
        Planned(number, start, start + TWO_HOURS, session.venue)
        for number, start in enumerate(starts, start=1)
    ]


def change(session: ClassSession, *starts: datetime.datetime, now: datetime.datetime = NOW) -> None:
    lessons.set_lessons(session, plan(session, *starts), by=None, now=now)


def stand(session: ClassSession) -> list[tuple[int, int, datetime.datetime, int]]:
    rows = session.lessons.order_by("number")
    return [(lesson.pk, lesson.number, lesson.starts_at, lesson.revision) for lesson in rows]


def told() -> list[Notice]:
    return list(
        Notice.objects.filter(purpose=Notice.Purpose.CHANGED, settled_at__isnull=True).order_by(
            "pk"
        )
    )


def test_the_first_lesson_moved_to_the_end_is_one_change_and_one_call() -> None:  # rule 52
    session = factories.class_session(lessons=OCTOBER)
    factories.registered(session)
    first, second, third = session.lessons.order_by("number")
    later = OCTOBER[2] + WEEK
    change(session, OCTOBER[1], OCTOBER[2], later)
    assert stand(session) == [
        (second.pk, 1, OCTOBER[1], 1),
        (third.pk, 2, OCTOBER[2], 1),
        (first.pk, 3, later, 2),
    ]
    (notice,) = told()
    assert "10月5日月曜の予定が変更" in notice.sentence
    assert "10月26日月曜" in notice.sentence


def test_lessons_that_swap_their_halls_keep_their_days() -> None:
    session = factories.class_session(lessons=OCTOBER[:2])
    other = factories.venue()
    before = stand(session)
    planned = plan(session, *OCTOBER[:2])
    planned[0] = Planned(1, planned[0].starts_at, planned[0].ends_at, other)
    lessons.set_lessons(session, planned, by=None, now=NOW)
    assert [row[:3] for row in stand(session)] == [row[:3] for row in before]
    assert [lesson.venue for lesson in session.lessons.order_by("number")] == [
        other,
        session.venue,
    ]


def test_what_does_not_change_is_not_recorded() -> None:
    session = factories.class_session(lessons=OCTOBER)
    change(session, *OCTOBER)
    kept = session.lessons.order_by("number")[0]
    assert kept.history.count() == 1
    assert [row[3] for row in stand(session)] == [1, 1, 1]


def test_one_lesson_is_moved_alone_under_the_lock() -> None:
    session = factories.class_session(lessons=OCTOBER)
    middle = session.lessons.get(number=2)
    later = OCTOBER[1] + TWO_HOURS
    by = factories.staff_member(role="coordinator")
    moved = lessons.move(
        middle, Planned(2, later, later + TWO_HOURS, session.venue), by=by, now=NOW
    )
    assert (moved.pk, moved.number, moved.revision) == (middle.pk, 2, 2)
    newest = moved.history.order_by("-history_id")[0]
    assert (newest.starts_at, newest.history_user) == (later, by)


def test_moved_twice_before_anybody_called_is_one_call_from_the_day_they_know() -> None:  # rule 53
    session = factories.class_session(lessons=OCTOBER[:1])
    factories.registered(session)
    change(session, OCTOBER[1])
    change(session, OCTOBER[2])
    (notice,) = told()
    assert "10月5日月曜の予定が変更" in notice.sentence
    assert "10月19日月曜" in notice.sentence


def test_moved_and_moved_back_is_told_twice_to_whoever_heard_the_first() -> None:  # rule 52
    session = factories.class_session(lessons=OCTOBER[:1])
    factories.registered(session)
    change(session, OCTOBER[1])
    Notice.objects.filter(pk=told()[0].pk).update(settled_at=NOW, outcome=Notice.Outcome.TOLD)
    change(session, OCTOBER[0])
    (again,) = told()
    assert "10月12日月曜の予定が変更" in again.sentence
    assert "10月5日月曜" in again.sentence


def test_a_lesson_added_later_is_told_as_one_more() -> None:
    session = factories.class_session(lessons=OCTOBER[:2])
    factories.registered(session)
    change(session, *OCTOBER)
    (notice,) = told()
    assert "第3回が加わりました" in notice.sentence
    change(session, *OCTOBER[:2], OCTOBER[2] + WEEK)
    (instead,) = told()
    assert "第3回が加わりました" in instead.sentence
    assert "10月26日月曜" in instead.sentence


def test_whoever_registers_after_a_move_knows_the_new_day() -> None:
    session = factories.class_session(lessons=OCTOBER[:1])
    factories.registered(session)
    change(session, OCTOBER[1])
    late = factories.learner()
    factories.registered(session, late)
    change(session, OCTOBER[2])
    days = {notice.learner_id == late.pk: notice.sentence for notice in told()}
    assert "10月12日月曜の予定が変更" in days[True]
    assert "10月5日月曜の予定が変更" in days[False]


def test_while_seats_are_held_a_lesson_is_not_taken_away() -> None:
    session = factories.class_session(lessons=OCTOBER)
    factories.registered(session)
    with pytest.raises(lessons.LessonHeld, match=r"\w"):
        change(session, *OCTOBER[:2])
    assert session.lessons.count() == 3


def test_a_class_without_seats_may_lose_a_lesson_to_come() -> None:
    session = factories.class_session(lessons=OCTOBER)
    change(session, OCTOBER[0], OCTOBER[2])
    assert [row[1:3] for row in stand(session)] == [(1, OCTOBER[0]), (2, OCTOBER[2])]


def test_a_lesson_that_has_begun_is_not_held_anew_but_its_time_is_put_right() -> None:
    session = factories.class_session(lessons=OCTOBER)
    factories.registered(session)
    during = OCTOBER[0] + TWO_HOURS / 2
    with pytest.raises(lessons.LessonHeld):
        change(session, OCTOBER[0] + WEEK / 7, *OCTOBER[1:], now=during)
    change(session, OCTOBER[0] - TWO_HOURS / 4, *OCTOBER[1:], now=during)
    assert told() == []
