"""The month's timetable and each instructor's calendar file."""

import datetime

import icalendar
import pytest
from django.test import Client
from django.urls import reverse

from classes import month
from classes.models import ClassSession
from staff.models import StaffMember
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 11, 1, 9)
NOVEMBER = datetime.date(2026, 11, 1)


@pytest.fixture
def teacher() -> StaffMember:
    return factories.staff_member(role="instructor", name="早川 恵")


@pytest.fixture
def session(teacher: StaffMember) -> ClassSession:
    made = factories.class_session(
        code="N1", lessons=[tokyo(2026, 11, 10, 13, 30), tokyo(2026, 11, 17, 13, 30)]
    )
    made.instructors.add(teacher)
    return made


def test_weeks_begin_on_sunday_and_holidays_have_their_names() -> None:
    found = month.of(NOVEMBER, factories.staff_member(), now=NOW)
    assert [day.date.isoweekday() for day in found.weeks[0]] == [7, 1, 2, 3, 4, 5, 6]
    named = {day.date.day: day.holiday for day in found.of_month if day.holiday}
    assert named == {3: "文化の日", 23: "勤労感謝の日"}


def test_a_lesson_stands_on_its_day_in_its_hall_and_under_its_instructor(
    session: ClassSession, teacher: StaffMember
) -> None:
    found = month.of(NOVEMBER, factories.staff_member(), now=NOW)
    assert found.count == 2
    halls, by_hall = found.by_venue()
    assert halls == [session.venue]
    people, _lines = found.by_instructor()
    assert people == [teacher]
    # Holidays have a line of their own, for they explain the gap.
    assert [line.day.date.day for line in by_hall] == [3, 10, 17, 23]


def test_an_instructor_sees_their_own_lessons_only(session: ClassSession) -> None:  # rule 65
    stranger = factories.staff_member(role="instructor")
    assert month.of(NOVEMBER, stranger, now=NOW).count == 0


def test_the_file_names_no_learner_and_keeps_what_moved_and_what_is_off(
    session: ClassSession, teacher: StaffMember
) -> None:
    factories.registered(session, factories.learner(name="山田 節子", kana="ヤマダ セツコ"))
    moved, off = session.lessons.order_by("number")
    moved.revision = 3
    moved.save()
    off.cancelled_at = NOW
    off.save()

    data = month.calendar_file(teacher, now=NOW)

    assert "山田" not in data.decode()
    events = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert [str(event["uid"]) for event in events] == [
        f"lesson-{moved.pk}@smartphone-classes",
        f"lesson-{off.pk}@smartphone-classes",
    ]
    assert [event["sequence"] for event in events] == [3, 1]
    assert [str(event["status"]) for event in events] == ["CONFIRMED", "CANCELLED"]
    assert events[0].decoded("dtstart") == moved.starts_at


def test_a_substitute_has_the_one_lesson_in_their_file(session: ClassSession) -> None:
    helper = factories.staff_member(role="instructor")
    lesson = session.lessons.order_by("number")[0]
    lesson.substitutes.create(instructor=helper, added_at=NOW)
    data = month.calendar_file(helper, now=NOW)
    assert data.decode().count("BEGIN:VEVENT") == 1


def test_pages_and_files_over_http(session: ClassSession, teacher: StaffMember) -> None:
    desk, class_room = Client(), Client()
    desk.force_login(factories.staff_member(role="coordinator"))
    class_room.force_login(teacher)
    page = reverse("timetable")
    for view in ("calendar", "venue", "instructor", "nonsense"):
        for browser in (desk, class_room):
            answer = browser.get(page, {"view": view, "month": "2026-11"})
            assert answer.status_code == 200
    assert desk.get(page, {"month": "2026-99", "venue": "x", "instructor": "7"}).status_code == 200
    mine = reverse("timetable_file", args=[teacher.pk])
    assert class_room.get(mine)["Content-Type"].startswith("text/calendar")
    other = factories.staff_member(role="instructor")
    assert class_room.get(reverse("timetable_file", args=[other.pk])).status_code == 404
    assert desk.get(reverse("timetable_file", args=[other.pk])).status_code == 200


def test_each_instructor_of_the_month_has_a_file_beside_the_name(
    session: ClassSession, teacher: StaffMember, client: Client
) -> None:
    session.instructors.add(teacher)
    client.force_login(factories.staff_member(role="coordinator"))
    page = client.get(reverse("timetable"), {"view": "instructor", "month": "2026-11"})
    assert reverse("timetable_file", args=[teacher.pk]) in page.content.decode()


def test_a_month_costs_the_same_queries_however_full(
    session: ClassSession, django_assert_max_num_queries: object
) -> None:
    client = Client()
    client.force_login(factories.staff_member(role="coordinator"))
    url = f"{reverse('timetable')}?month=2026-11&view=instructor"
    client.get(url)
    with django_assert_max_num_queries(40) as few:  # type: ignore[operator]
        client.get(url)
    for number in range(2, 8):
        factories.class_session(
            code=f"N{number}", intake=session.intake, lessons=[tokyo(2026, 11, 10 + number, 10)]
        ).instructors.add(factories.staff_member(role="instructor"))
    with django_assert_max_num_queries(40) as many:  # type: ignore[operator]
        client.get(url)
    assert len(many.captured_queries) == len(few.captured_queries)
