"""Dates proposed around holidays, and every conflict of every lesson named."""

import datetime
from typing import Any

import pytest

from classes import overlaps, timetable
from classes.models import Enrollment, VenueClosure
from classes.timetable import Planned
from tests import factories
from tests.classes.test_waitlist import apply
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
TEN, NOON = datetime.time(10), datetime.time(12)


def propose(**fields: Any) -> tuple[list[datetime.date], list[tuple[datetime.date, str]]]:
    fields.setdefault("start", datetime.date(2026, 10, 5))
    fields.setdefault("weekdays", [1])
    fields.setdefault("count", 3)
    fields.setdefault("venue", factories.venue())
    proposals, skipped = timetable.propose_dates(begins=TEN, ends=NOON, **fields)
    assert all(p.starts_at.timetz().replace(tzinfo=None) == TEN for p in proposals)
    return [p.starts_at.date() for p in proposals], [(s.day, s.reason) for s in skipped]


def test_a_holiday_is_left_out_and_named() -> None:
    days, skipped = propose()
    october = [datetime.date(2026, 10, day) for day in (5, 19, 26)]
    assert days == october
    assert skipped == [(datetime.date(2026, 10, 12), "スポーツの日")]


def test_the_venues_closed_weekday_and_closures_are_left_out() -> None:
    venue = factories.venue(closed_weekdays=[2])
    VenueClosure.objects.create(venue=venue, day=datetime.date(2026, 10, 8), reason="工事")
    days, skipped = propose(weekdays=[2, 4], venue=venue, count=1)
    assert days == [datetime.date(2026, 10, 15)]
    assert [reason for _, reason in skipped][1] == "工事"


def test_every_second_week_counts_from_the_first() -> None:
    days, _ = propose(every_weeks=2, start=datetime.date(2026, 10, 19), count=2)
    assert days == [datetime.date(2026, 10, 19), datetime.date(2026, 11, 2)]


def test_a_pattern_that_meets_no_open_day_says_so() -> None:
    with pytest.raises(timetable.NoDates):
        propose(venue=factories.venue(closed_weekdays=[1]))


def test_one_hall_twice_at_a_time_is_named_on_every_lesson() -> None:  # rule 38
    hall = factories.venue()
    other = factories.class_session(venue=hall, code="N1", lessons=3)
    session = factories.class_session(venue=hall, lessons=3)
    found = [c for c in timetable.conflicts_of(session) if c.kind == "venue"]
    assert [conflict.number for conflict in found] == [1, 2, 3]
    assert other.code in found[0].text


def test_an_instructor_in_two_places_is_named_also_across_intakes() -> None:  # rule 38
    teacher = factories.staff_member(role="instructor", name="佐々木")
    busy, session = factories.class_session(lessons=1), factories.class_session(lessons=1)
    busy.assistants.add(teacher)
    session.instructors.add(teacher)
    found = [c for c in timetable.conflicts_of(session) if c.kind == "instructor"]
    assert len(found) == 1
    assert "佐々木" in found[0].text


def test_more_than_four_learners_to_each_helper_is_warned_of() -> None:  # rule 40
    session = factories.class_session(capacity=9, lessons=1)
    assert [c.kind for c in timetable.conflicts_of(session)] == ["no_instructor"]
    session.instructors.add(factories.staff_member(role="instructor"))
    session.assistants.add(factories.staff_member(role="instructor"))
    assert "few_helpers" in [c.kind for c in timetable.conflicts_of(session)]
    session.assistants.add(factories.staff_member(role="instructor"))
    assert timetable.conflicts_of(session) == []


def test_a_lesson_on_a_holiday_and_two_that_overlap_are_warned_of() -> None:
    hall = factories.venue()
    culture_day = tokyo(2026, 11, 3, 10)
    two_hours = datetime.timedelta(hours=2)
    teacher = factories.staff_member()
    planned = [
        Planned(1, culture_day, culture_day + two_hours, hall),
        Planned(2, culture_day + two_hours / 2, culture_day + two_hours * 2, hall),
    ]
    found = timetable.conflicts(planned, capacity=4, helpers=[teacher], instructors=[teacher])
    assert [c.kind for c in found] == ["closed", "itself", "closed"]
    assert "文化の日" in found[0].text


def test_a_learner_with_two_lessons_at_a_time_is_found() -> None:  # rule 38
    mine, wanted = factories.class_session(lessons=2), factories.class_session(lessons=1)
    person = factories.learner()
    apply(mine, person)
    assert Enrollment.objects.held().count() == 1
    (found,) = overlaps.of(wanted, [person])
    assert (found.learner, found.lesson.number, found.other.class_session) == (person, 1, mine)
    assert overlaps.of(mine, [person]) == []


def test_learners_who_sit_in_two_classes_at_a_time_are_counted_on_each_lesson() -> None:  # rule 38
    mine, other = factories.class_session(lessons=2), factories.class_session(lessons=2)
    person = factories.learner()
    apply(mine, person)
    apply(other, person)
    apply(other)
    found = [c for c in timetable.conflicts_of(other) if c.kind == "learner"]
    assert [c.number for c in found] == [1, 2]
    assert mine.code in found[0].text
    assert "1" in found[0].text


def test_a_cancelled_lesson_stands_in_nobodys_way() -> None:
    hall = factories.venue()
    other = factories.class_session(venue=hall, lessons=1)
    session = factories.class_session(venue=hall, lessons=1)
    other.lessons.update(cancelled_at=tokyo(2026, 9, 1))
    assert [c for c in timetable.conflicts_of(session) if c.kind == "venue"] == []


def test_every_second_week_counts_from_the_week_of_the_start() -> None:
    days, _skipped = propose(
        start=datetime.date(2026, 10, 7), weekdays=[1, 3], count=3, every_weeks=2
    )
    assert days == [datetime.date(2026, 10, day) for day in (7, 19, 21)]


def test_what_is_planned_in_a_hall_on_a_day_is_found() -> None:
    session = factories.class_session(lessons=2)
    found = timetable.lessons_on(datetime.date(2026, 10, 12), session.venue)
    assert [lesson.number for lesson in found] == [2]
    assert timetable.lessons_on(datetime.date(2026, 10, 13), session.venue) == []


def test_conflicts_cost_the_same_however_long_the_series(
    django_assert_max_num_queries: Any,
) -> None:
    for lessons in (2, 8):
        session = factories.class_session(lessons=lessons)
        factories.class_session(venue=session.venue, lessons=lessons)
        with django_assert_max_num_queries(8):
            timetable.conflicts_of(session)
