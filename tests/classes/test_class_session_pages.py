"""The page on which a class is planned: rows that cost nothing, mistakes named, nothing lost."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classes.models import ClassSession, Notice, Venue
from staff.models import StaffMember
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(factories.staff_member(role="coordinator"))
    return client


def rows(*days: str, **fields: str) -> dict[str, str]:
    typed = {"lessons-TOTAL_FORMS": str(len(days)), "lessons-INITIAL_FORMS": "0"}
    for index, day in enumerate(days):
        typed |= {
            f"lessons-{index}-day": day,
            f"lessons-{index}-begins": "10:00",
            f"lessons-{index}-ends": "12:00",
        }
    return typed | fields


def fields_of(session: ClassSession, **changed: str) -> dict[str, str]:
    return {
        "class_session": str(session.pk),
        "code": session.code,
        "course": str(session.course_id),
        "venue": str(session.venue_id),
        "capacity": str(session.capacity),
        **changed,
    }


def edit(client: Client, session: ClassSession, typed: dict[str, Any]) -> Any:
    return client.post(reverse("class_edit", args=[session.pk]), typed)


def rearrange(client: Client, session: ClassSession, typed: dict[str, Any]) -> str:
    url = reverse("class_lessons", args=[session.intake.code])
    answer = client.post(url, typed)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_page_costs_the_same_however_long_the_series(planner: Client) -> None:
    costs: dict[str, set[int]] = {"shown": set(), "checked": set()}
    for lessons in (3, 15):
        session = factories.class_session(lessons=lessons)
        factories.class_session(venue=session.venue, lessons=lessons)
        days = [str(lesson.day) for lesson in session.lessons.order_by("number")]
        with CaptureQueriesContext(connection) as queries:
            assert planner.get(reverse("class_edit", args=[session.pk])).status_code == 200
        costs["shown"].add(len(queries))
        with CaptureQueriesContext(connection) as queries:
            rearrange(planner, session, fields_of(session) | rows(*days) | {"do": "check"})
        costs["checked"].add(len(queries))
    assert {len(found) for found in costs.values()} == {1}


def test_conflicts_stand_at_their_lesson_before_saving_and_do_not_forbid_it(
    planner: Client,
) -> None:  # rule 38
    hall = factories.venue(name="浅川市民センター")
    other = factories.class_session(venue=hall, code="N7", lessons=[tokyo(2026, 10, 19, 11)])
    session = factories.class_session(venue=hall, lessons=0)
    typed = fields_of(session) | rows("2026-10-05", "2026-10-19")
    page = rearrange(planner, session, typed | {"do": "check"})
    assert page.index("lesson-2") < page.index(str(other))
    assert edit(planner, session, typed).status_code == 302
    assert session.lessons.count() == 2
    after = planner.get(reverse("class_edit", args=[session.pk])).content.decode()
    assert after.index("lesson-2") < after.index(str(other))


def test_nothing_is_said_to_be_free_before_it_was_looked_at(planner: Client) -> None:
    session = factories.class_session(lessons=0)
    wrong = fields_of(session) | rows("2026-10-05", **{"lessons-0-ends": "09:00"})
    assert "notice-ok" not in rearrange(planner, session, wrong | {"do": "check"})
    nowhere = fields_of(session, venue="") | rows("2026-10-05")
    assert "notice-ok" not in rearrange(planner, session, nowhere | {"do": "check"})


def test_one_more_lesson_is_proposed_a_week_later_around_holidays(planner: Client) -> None:
    session = factories.class_session(lessons=0)
    page = rearrange(planner, session, fields_of(session) | rows("2026-10-05") | {"do": "add"})
    assert 'value="2026-10-19"' in page  # 10/12 is a holiday
    assert page.count('value="10:00"') >= 2


def test_a_row_with_times_and_no_day_is_asked_for_not_dropped(planner: Client) -> None:
    session = factories.class_session(lessons=0)
    answer = edit(planner, session, fields_of(session) | rows("2026-10-05", ""))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_lessons-1-day"' in page
    assert not session.lessons.exists()


@pytest.mark.parametrize("year", ["0002", "2206", "9999"])
def test_a_mistyped_year_is_named_and_nothing_breaks(planner: Client, year: str) -> None:
    session = factories.class_session(lessons=0)
    day = f"{year}-10-05"
    assert edit(planner, session, fields_of(session) | rows(day)).status_code == 422
    pattern = {
        "do": "propose",
        "pattern-start": day,
        "pattern-weekdays": "1",
        "pattern-every_weeks": "1",
        "pattern-count": "3",
        "pattern-begins": "10:00",
        "pattern-ends": "12:00",
    }
    assert (
        day
        not in rearrange(planner, session, fields_of(session) | rows() | pattern).split(
            "lesson-rows"
        )[1]
    )


def test_lessons_follow_their_class_to_another_hall_but_not_those_that_were_held(
    planner: Client,
) -> None:
    now = datetime.datetime.now(tz=factories.TOKYO).replace(minute=0, second=0, microsecond=0)
    week = datetime.timedelta(days=7)
    session = factories.class_session(lessons=[now - week, now + week])
    new = factories.venue()
    page = planner.get(reverse("class_edit", args=[session.pk])).content.decode()
    chosen = page.split('name="lessons-0-venue"')[1].split("</select>")[0]
    assert f'value="{session.venue_id}" selected' in chosen
    held, coming = session.lessons.order_by("number")
    typed = fields_of(session, venue=str(new.pk)) | rows(str(held.day), str(coming.day))
    for index, lesson in enumerate((held, coming)):
        begins, ends = (x.astimezone(factories.TOKYO) for x in (lesson.starts_at, lesson.ends_at))
        if ends.date() != begins.date():  # a test that runs near midnight
            begins, ends = begins.replace(hour=10), begins.replace(hour=12)
        typed[f"lessons-{index}-begins"] = f"{begins:%H:%M}"
        typed[f"lessons-{index}-ends"] = f"{ends:%H:%M}"
    typed["lessons-0-venue"] = str(session.venue_id)
    assert edit(planner, session, typed).status_code == 302
    venues = [lesson.venue for lesson in session.lessons.order_by("number")]
    assert venues == [session.venue, new]


def test_moving_a_lesson_on_the_page_calls_those_who_hold_seats(planner: Client) -> None:  # rule 52
    session = factories.class_session(lessons=[tokyo(2099, 10, 5, 10)], capacity=3)
    factories.registered(session)
    factories.registered(session)
    assert edit(planner, session, fields_of(session) | rows("2099-10-12")).status_code == 302
    assert Notice.objects.filter(purpose=Notice.Purpose.CHANGED).count() == 2


def test_a_lesson_of_a_class_with_seats_is_not_taken_away_and_the_page_says_why(
    planner: Client,
) -> None:
    session = factories.class_session(lessons=2)
    factories.registered(session)
    answer = edit(planner, session, fields_of(session) | rows("2026-10-05"))
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert session.lessons.count() == 2


def test_an_instructor_who_left_stays_in_the_classes_they_taught(planner: Client) -> None:
    session = factories.class_session(lessons=1)
    gone = factories.staff_member(role="instructor", is_active=False, name="元講師")
    session.instructors.add(gone)
    page = planner.get(reverse("class_edit", args=[session.pk])).content.decode()
    assert "元講師" in page
    typed = fields_of(session) | rows("2026-10-05") | {"instructors": str(gone.pk)}
    assert edit(planner, session, typed).status_code == 302
    assert list(session.instructors.all()) == [gone]
    fresh = planner.get(reverse("class_create", args=[session.intake.code])).content.decode()
    assert "元講師" not in fresh


def test_one_code_twice_in_an_intake_is_named_at_its_field(planner: Client) -> None:
    session = factories.class_session(code="N1", lessons=0)
    other = factories.class_session(intake=session.intake, code="N2", lessons=0)
    answer = edit(planner, other, fields_of(other, code="N1") | rows())
    assert answer.status_code == 422
    assert 'href="#id_code"' in answer.content.decode()


def test_without_a_venue_or_course_the_page_says_what_to_do_first(planner: Client) -> None:
    page = planner.get(reverse("class_create", args=[factories.intake().code])).content.decode()
    assert reverse("venue_create") in page
    assert reverse("course_create") in page


def test_reception_reads_and_does_not_plan(client: Client) -> None:
    client.force_login(factories.staff_member(role="reception"))
    session = factories.class_session()
    detail = client.get(reverse("intake_detail", args=[session.intake.code]))
    assert detail.status_code == 200
    assert reverse("class_edit", args=[session.pk]) not in detail.content.decode()
    assert client.get(reverse("class_edit", args=[session.pk])).status_code == 403


def test_a_closed_day_on_which_lessons_stand_names_their_classes(planner: Client) -> None:
    session = factories.class_session(code="N4", lessons=1)
    answer = planner.post(
        reverse("venue_closure_add", args=[session.venue_id]),
        {"closure-day": "2026-10-05", "closure-reason": "工事"},
        follow=True,
    )
    assert str(session) in answer.content.decode()


def test_the_same_venue_saved_twice_at_once_is_answered(
    planner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.venue(name="浅川市民センター")
    # As if the other had been saved between this form's check and its insert.
    monkeypatch.setattr(Venue, "validate_unique", lambda *args, **kwargs: None)
    monkeypatch.setattr(Venue, "validate_constraints", lambda *args, **kwargs: None)
    answer = planner.post(
        reverse("venue_create"),
        {"name": "浅川市民センター", "short_name": "浅川", "loan_phones": "0"},
    )
    assert answer.status_code == 422
    assert Venue.objects.count() == 1


def test_nobody_but_instructors_is_offered_as_one(planner: Client) -> None:
    session = factories.class_session(lessons=1)
    teacher: StaffMember = factories.staff_member(role="instructor", name="早川 恵")
    factories.staff_member(role="reception", name="田口 美咲")
    page = planner.get(reverse("class_edit", args=[session.pk])).content.decode()
    assert str(teacher) in page
    assert "田口 美咲" not in page
