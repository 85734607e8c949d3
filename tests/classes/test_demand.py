"""Demand against seats by level, venue and half-day; one more class where it is too little."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classes import another_class, demand, steering
from classes.models import ClassSession, Enrollment, Intake, Offer, Venue
from staff.models import StaffMember
from tests import factories
from tests.classes.conftest import DAY
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)


@pytest.fixture
def planner() -> StaffMember:
    return factories.staff_member(role="coordinator", language="en")


@pytest.fixture
def hall() -> Venue:
    return factories.venue(name="浅川市民センター")


@pytest.fixture
def session(hall: Venue) -> ClassSession:
    """Two seats on Monday mornings, taken; a couple and three others wait."""
    made = factories.class_session(
        code="N1",
        capacity=2,
        venue=hall,
        lessons=[tokyo(2026, 10, 5, 10), tokyo(2026, 10, 19, 10)],
    )
    teacher = factories.staff_member(role="instructor", name="早川 恵")
    made.instructors.add(teacher)
    for _ in range(2):
        factories.registered(made, at=NOW)
    factories.registered(made, factories.learner(), factories.learner(), at=NOW)
    for _ in range(3):
        factories.registered(made, at=NOW)
    return made


def test_a_cell_counts_people_seats_and_who_waits(session: ClassSession) -> None:
    (cell,) = demand.of(session.intake, now=NOW).cells
    assert cell.is_morning
    assert (cell.held, cell.capacity, cell.first_choices, cell.waiting) == (2, 2, 7, 5)
    # The couple fills it; the three go on waiting (rule 26).
    assert cell.one_more.seated_here == 2


def test_morning_and_afternoon_are_two_cells_and_share_the_line_of_the_level(
    session: ClassSession, hall: Venue
) -> None:
    factories.class_session(
        code="N2",
        intake=session.intake,
        course=session.course,
        venue=hall,
        capacity=4,
        lessons=[tokyo(2026, 10, 5, 14)],
    )
    morning, afternoon = demand.of(session.intake, now=NOW).cells
    assert (morning.waiting, afternoon.waiting) == (5, 0)
    # Four of the five find a seat in the afternoon class that lies free: one more seats the last.
    assert (afternoon.one_more.seated_here, afternoon.one_more.seated_of_level) == (0, 1)


def test_who_has_an_offer_is_served_already(session: ClassSession) -> None:
    session.capacity = 4
    session.save()
    steering.offer_by_press(session.intake_id, session.pk, by=None, now=NOW)
    (cell,) = demand.of(session.intake, now=NOW).cells
    assert (cell.waiting, cell.offered) == (3, 2)


def test_before_a_draw_it_is_an_estimate() -> None:
    intake = factories.intake(method=Intake.Method.LOTTERY)
    session = factories.class_session(intake=intake, capacity=2, lessons=[tokyo(2026, 10, 5, 10)])
    for _ in range(5):
        factories.registered(session, at=NOW)
    (cell,) = demand.of(intake, now=NOW).cells
    assert cell.first_choices == 5
    assert (cell.one_more.seated_here, cell.one_more.is_estimate) == (2, True)


def test_the_new_class_takes_the_first_weekday_that_is_free(session: ClassSession) -> None:
    like = ClassSession.objects.select_related("intake", "course", "venue").get(pk=session.pk)
    found = another_class.propose(like, now=NOW)
    assert found.code == "N2"
    # Mondays are the class's own; 13 October is a Tuesday, no holiday, and free.
    assert [timezone.localtime(lesson.starts_at).isoweekday() for lesson in found.planned] == [2, 2]
    assert timezone.localtime(found.planned[0].starts_at).hour == 10
    assert [str(who) for who in found.instructors] == ["早川 恵"]
    assert found.waiting_parties == 4


def test_where_the_instructor_is_busy_another_day_is_found(session: ClassSession) -> None:
    elsewhere = factories.class_session(
        code="X1",
        intake=session.intake,
        lessons=[tokyo(2026, 10, 6, 10), tokyo(2026, 10, 13, 10)],
    )
    elsewhere.instructors.add(session.instructors.get())
    like = ClassSession.objects.select_related("intake", "course", "venue").get(pk=session.pk)
    found = another_class.propose(like, now=NOW)
    assert timezone.localtime(found.planned[0].starts_at).isoweekday() == 3


def test_one_press_makes_it_and_offers_along_the_line(
    session: ClassSession, planner: StaffMember
) -> None:
    like = ClassSession.objects.select_related("intake", "course", "venue").get(pk=session.pk)
    made, asked = another_class.create(like, offers=True, by=planner, now=NOW)
    assert made.capacity == 2
    assert made.lessons.count() == 2
    (offer,) = asked
    assert offer.seats == 2
    assert Enrollment.objects.held().filter(class_session=made).count() == 0


def test_the_pages_lead_there(client: Client, planner: StaffMember) -> None:
    client.force_login(planner)
    now = timezone.now()
    intake = factories.intake(opens_at=now - DAY, closes_at=now + 9 * DAY)
    session = factories.class_session(
        intake=intake, code="N1", capacity=1, lessons=[now + 20 * DAY, now + 27 * DAY]
    )
    for _ in range(3):
        factories.registered(session, at=now)
    page = client.get(reverse("intake_demand", args=[intake.code])).content.decode()
    press = reverse("class_another", args=[session.pk])
    assert press in page
    assert client.get(press).status_code == 200
    answer = client.post(press, {"offers": "1"})
    made = ClassSession.objects.get(code="N2")
    assert answer["Location"] == reverse("class_detail", args=[made.pk])
    assert Offer.objects.open().filter(class_session=made).count() == 1
    unsure = client.post(press, {"offers": "0"})
    assert unsure["Location"] == reverse(
        "class_edit", args=[ClassSession.objects.get(code="N3").pk]
    )


def test_nothing_is_added_while_the_list_is_frozen(
    client: Client, planner: StaffMember
) -> None:  # rule 25
    client.force_login(planner)
    now = timezone.now()
    intake = factories.intake(opens_at=now - 9 * DAY, closes_at=now - DAY)
    session = factories.class_session(intake=intake, code="N1", lessons=[now + 20 * DAY])
    Intake.objects.filter(pk=intake.pk).update(list_frozen_at=now)
    answer = client.post(reverse("class_another", args=[session.pk]), {"offers": "1"})
    assert answer.status_code == 422
    assert intake.class_sessions.count() == 1


def test_the_page_costs_the_same_queries_however_many_classes(
    session: ClassSession, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12) as few:
        demand.of(session.intake, now=NOW)
    for number in range(2, 9):
        other = factories.class_session(
            code=f"N{number}",
            intake=session.intake,
            capacity=1,
            lessons=[tokyo(2026, 10, 5, 10) + datetime.timedelta(days=number)],
        )
        factories.registered(other, at=NOW)
        factories.registered(other, at=NOW)
    with django_assert_max_num_queries(12) as many:
        demand.of(session.intake, now=NOW)
    assert len(many.captured_queries) == len(few.captured_queries)
