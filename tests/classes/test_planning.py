"""Coordinators plan: intakes with rules that freeze, classes with lessons, venues, courses."""

import datetime
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classes import cancelling, capacity, intake_rules, lessons, places
from classes.models import (
    ClassSession,
    Course,
    Intake,
    IntakeRuleChange,
    Lesson,
    Notice,
    Offer,
    Venue,
    VenueClosure,
)
from classes.outcomes import Enrolled, Waitlisted
from classes.places import Applicant
from classes.timetable import Planned
from staff.models import StaffMember
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)


def seat(session: ClassSession) -> Enrolled | Waitlisted:
    answer = places.register(
        session.intake_id,
        applicants=[Applicant(factories.learner(), uuid.uuid4())],
        wishes=[session.pk],
        by=None,
        now=NOW,
    )
    assert isinstance(answer, Enrolled | Waitlisted)
    return answer


@pytest.fixture
def coordinator() -> StaffMember:
    return factories.staff_member(role="coordinator")


@pytest.fixture
def planner(client: Client, coordinator: StaffMember) -> Client:
    client.force_login(coordinator)
    return client


def test_after_the_first_application_only_an_administrator_changes_rules_with_a_reason(
    coordinator: StaffMember,
) -> None:  # rule 25
    session = factories.class_session()
    seat(session)
    change: dict[str, Any] = {"min_age": 65}
    with pytest.raises(intake_rules.RulesFrozen):
        intake_rules.update(session.intake_id, change, reason="x", by=coordinator, now=NOW)
    boss = factories.staff_member(role="administrator")
    with pytest.raises(intake_rules.RulesFrozen):
        intake_rules.update(session.intake_id, change, reason=" ", by=boss, now=NOW)
    intake_rules.update(session.intake_id, change, reason="要綱の改正", by=boss, now=NOW)
    assert Intake.objects.get().min_age == 65
    printed = IntakeRuleChange.objects.get()
    assert printed.reason == "要綱の改正"
    assert printed.changes == {"min_age": ["", "65"]}


def test_title_and_notes_are_no_rules(coordinator: StaffMember) -> None:
    session = factories.class_session()
    seat(session)
    intake_rules.update(session.intake_id, {"title": "秋"}, reason="", by=coordinator, now=NOW)
    assert Intake.objects.get().title == "秋"


def test_capacity_never_goes_below_what_is_held_offered_or_undoable() -> None:  # rule 21
    session = factories.class_session(capacity=2)
    first = seat(session)
    seat(session)
    cancelling.cancel(session.intake_id, first.applications[0].pk, reason="", by=None, now=NOW)
    with pytest.raises(capacity.BelowHeld, match="2"):
        capacity.change(session.pk, 1, by=None, now=NOW)
    later = NOW + datetime.timedelta(minutes=10)
    capacity.change(session.pk, 1, by=None, now=later)
    assert ClassSession.objects.get().capacity == 1


def test_new_seats_are_offered_along_the_line_at_once() -> None:  # rule 28
    session = factories.class_session(capacity=0)
    seat(session)
    capacity.change(session.pk, 1, by=None, now=NOW)
    assert Offer.objects.open().count() == 1


def test_a_lesson_that_moves_gets_a_revision_and_its_people_are_told() -> None:  # rule 52
    session = factories.class_session(lessons=[tokyo(2026, 10, 5, 10), tokyo(2026, 10, 12, 10)])
    seat(session)
    kept, moved = session.lessons.order_by("number")
    start = tokyo(2026, 10, 19, 10)
    plan = [
        Planned(1, kept.starts_at, kept.ends_at, kept.venue),
        Planned(2, start, start + datetime.timedelta(hours=2), moved.venue),
    ]
    lessons.set_lessons(session, plan, by=None, now=NOW)
    assert list(session.lessons.order_by("number").values_list("revision", flat=True)) == [1, 2]
    notice = Notice.objects.get(purpose=Notice.Purpose.CHANGED)
    assert notice.occasion == f"lesson:{moved.pk}:2"
    for told in ("第2回", "10月12日月曜", "10月19日月曜"):
        assert told in notice.sentence
    lessons.set_lessons(session, plan, by=None, now=NOW)
    assert Notice.objects.filter(purpose=Notice.Purpose.CHANGED).count() == 1


def test_a_lesson_that_has_begun_cannot_be_taken_away() -> None:
    session = factories.class_session(lessons=[tokyo(2026, 10, 5, 10)])
    with pytest.raises(lessons.LessonHeld):
        lessons.set_lessons(session, [], by=None, now=tokyo(2026, 10, 5, 11))
    assert Lesson.objects.count() == 1


def test_a_copy_has_the_rules_and_classes_shifted_to_its_opening(coordinator: StaffMember) -> None:
    session = factories.class_session(intake=factories.intake(min_age=60), code="N1")
    session.instructors.add(coordinator)
    opens = tokyo(2026, 12, 1, 9)
    new = intake_rules.copy(
        session.intake,
        code="2027-01",
        title="1月",
        spoken_name="1月",
        opens_at=opens,
        by=coordinator,
    )
    assert new.closes_at - new.opens_at == session.intake.closes_at - session.intake.opens_at
    copied = new.class_sessions.get()
    assert (copied.code, copied.course, new.min_age) == ("N1", session.course, 60)
    assert list(copied.instructors.all()) == [coordinator]
    assert new.rules_frozen_at is None


def lesson_rows(*days: str) -> dict[str, str]:
    rows = {"lessons-TOTAL_FORMS": str(len(days)), "lessons-INITIAL_FORMS": "0"}
    for index, day in enumerate(days):
        rows |= {
            f"lessons-{index}-day": day,
            f"lessons-{index}-begins": "10:00",
            f"lessons-{index}-ends": "12:00",
        }
    return rows


def blank_row(index: int) -> dict[str, str]:
    names = ("day", "begins", "ends", "venue")
    return {
        **{f"lessons-{index}-{name}": "" for name in names},
        "lessons-TOTAL_FORMS": str(index + 1),
    }


def class_fields(**fields: str) -> dict[str, str]:
    made = {
        "code": "N1",
        "course": str(factories.course().pk),
        "venue": str(factories.venue().pk),
        "capacity": "10",
    }
    return made | fields


def test_a_class_is_made_with_proposed_dates(planner: Client) -> None:
    intake = factories.intake()
    fields = class_fields()
    proposed = planner.post(
        reverse("class_lessons", args=[intake.code]),
        {
            **fields,
            **lesson_rows(),
            "do": "propose",
            "pattern-start": "2026-10-05",
            "pattern-weekdays": "1",
            "pattern-every_weeks": "1",
            "pattern-count": "3",
            "pattern-begins": "10:00",
            "pattern-ends": "12:00",
        },
    ).content.decode()
    assert "スポーツの日" in proposed
    assert "2026-10-26" in proposed
    made = planner.post(
        reverse("class_create", args=[intake.code]),
        {**fields, **lesson_rows("2026-10-05", "2026-10-19"), **blank_row(2)},
    )
    session = ClassSession.objects.get()
    assert made.status_code == 302
    assert [lesson.starts_at for lesson in session.lessons.order_by("number")] == [
        tokyo(2026, 10, 5, 10),
        tokyo(2026, 10, 19, 10),
    ]


def test_what_was_typed_stays_typed_when_a_class_is_wrong(planner: Client) -> None:
    intake = factories.intake()
    wrong = class_fields(code="", capacity="7") | lesson_rows("2026-10-05")
    wrong["lessons-0-ends"] = "09:00"
    answer = planner.post(reverse("class_create", args=[intake.code]), wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="7"' in page
    assert 'value="2026-10-05"' in page
    assert not ClassSession.objects.exists()


def test_a_row_is_added_and_removed_and_nothing_else_is_lost(planner: Client) -> None:
    intake = factories.intake()
    url = reverse("class_lessons", args=[intake.code])
    typed = class_fields() | lesson_rows("2026-10-05", "2026-10-19")
    assert planner.post(url, typed | {"do": "add"}).content.decode().count('lesson-row"') == 3
    left = planner.post(url, typed | {"do": "remove-1"}).content.decode()
    assert "2026-10-19" in left
    assert "2026-10-05" not in left


def test_editing_a_class_below_its_held_seats_says_how_many(planner: Client) -> None:  # rule 21
    session = factories.class_session(capacity=2, lessons=1)
    seat(session)
    typed = {
        "class_session": str(session.pk),
        "code": session.code,
        "course": str(session.course_id),
        "venue": str(session.venue_id),
        "capacity": "0",
        **lesson_rows("2026-10-05"),
    }
    answer = planner.post(reverse("class_edit", args=[session.pk]), typed)
    assert answer.status_code == 422
    assert ClassSession.objects.get().capacity == 2
    answer = planner.post(reverse("class_edit", args=[session.pk]), typed | {"capacity": "3"})
    assert answer.status_code == 302
    assert ClassSession.objects.get().capacity == 3


def test_an_intake_is_made_and_its_mistakes_are_named(planner: Client) -> None:
    fields = {
        "code": "2026-11",
        "title": "11月募集",
        "spoken_name": "11月",
        "opens_at": "2026-11-01T09:00",
        "closes_at": "2026-10-01T17:00",
        "method": "first_come",
        "max_choices": "3",
        "reference_date": "2026-04-01",
        "seat_rule": "one",
        "offer_hours": "48",
        "undo_minutes": "10",
        "unreached_attempts": "5",
        "unreached_days": "3",
        "last_joining_lesson": "1",
        "line_order": "received",
    }
    wrong = planner.post(reverse("intake_create"), fields)
    assert wrong.status_code == 422
    assert not Intake.objects.exists()
    assert (
        planner.post(
            reverse("intake_create"), fields | {"closes_at": "2026-11-20T17:00"}
        ).status_code
        == 302
    )
    assert Intake.objects.get().opens_at == tokyo(2026, 11, 1, 9)


def test_the_rules_sheet_prints_changes_with_their_reasons(planner: Client) -> None:  # rule 25
    session = factories.class_session()
    seat(session)
    boss = factories.staff_member(role="administrator")
    intake_rules.update(session.intake_id, {"min_age": 65}, reason="要綱の改正", by=boss, now=NOW)
    page = planner.get(reverse("intake_rules_sheet", args=[session.intake.code])).content.decode()
    assert "要綱の改正" in page


def test_venues_courses_and_closed_days_are_kept(planner: Client) -> None:
    planner.post(
        reverse("venue_create"),
        {
            "name": "浅川市民センター",
            "short_name": "浅川",
            "loan_phones": "4",
            "closed_weekdays": "1",
        },
    )
    venue = Venue.objects.get()
    assert venue.closed_weekdays == [1]
    closures = reverse("venue_closure_add", args=[venue.pk])
    planner.post(closures, {"closure-day": "2026-10-05", "closure-reason": "工事"})
    planner.post(closures, {"closure-day": "2026-10-05", "closure-reason": "清掃"})
    closure = VenueClosure.objects.get()
    assert closure.reason == "清掃"
    planner.post(reverse("venue_closure_remove", args=[closure.pk]))
    assert not VenueClosure.objects.exists()
    level = factories.level()
    planner.post(
        reverse("course_create"),
        {
            "name": "ニュース",
            "short_name": "ニュース",
            "level": str(level.pk),
            "lesson_count": "3",
            "lesson_minutes": "120",
        },
    )
    assert Course.objects.get().level == level


@pytest.mark.parametrize("route", ["intake_list", "venue_list", "course_list"])
def test_a_list_costs_the_same_with_more_rows(planner: Client, route: str) -> None:
    costs = []
    for _ in range(2):
        for _ in range(5):
            factories.class_session()
        with CaptureQueriesContext(connection) as queries:
            assert planner.get(reverse(route)).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_an_intakes_page_costs_the_same_with_more_classes(planner: Client) -> None:
    intake = factories.intake()
    costs = []
    for _ in range(2):
        for _ in range(4):
            factories.class_session(intake=intake)
        with CaptureQueriesContext(connection) as queries:
            assert planner.get(reverse("intake_detail", args=[intake.code])).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_rules_sheet_names_courses_in_the_language_of_the_screen(client: Client) -> None:
    course = factories.course(name="ニュースを見る", name_en="Reading the news")
    session = factories.class_session(course=course)
    url = reverse("intake_rules_sheet", args=[session.intake.code])
    for language, name in (("en", "Reading the news"), ("ja", "ニュースを見る")):
        client.force_login(factories.staff_member(role="coordinator", language=language))
        assert name in client.get(url).content.decode()


def test_frozen_rules_are_not_asked_for(planner: Client) -> None:  # rule 25
    session = factories.class_session()
    url = reverse("intake_edit", args=[session.intake.code])
    asked = planner.get(url).content.decode().count("field-note-required")
    seat(session)
    page = planner.get(url).content.decode()
    assert "disabled" in page
    assert page.count("field-note-required") == 2 < asked  # the title and the spoken name


def test_a_course_is_made_for_some_devices(client):
    client.force_login(factories.staff_member(role="coordinator"))
    course = factories.course()
    form = client.get(reverse("course_edit", args=[course.pk])).context["form"]
    values = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in values.items() if value not in (None, False, [])}
    answer = client.post(reverse("course_edit", args=[course.pk]), data | {"devices": ["iphone"]})
    assert answer.status_code == 302
    course.refresh_from_db()
    assert course.devices == ["iphone"]
    wrong = client.post(reverse("course_edit", args=[course.pk]), data | {"devices": ["toaster"]})
    assert wrong.status_code == 422
