"""A class added in the middle is offered along the lines of its level; one press offers all."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classes import added_class, steering, waitlist
from classes.models import ClassSession, Intake, Lesson, Offer, PlaceEvent
from tests import factories
from tests.classes import invariants
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 2, 10)


@pytest.fixture
def intake() -> Intake:
    return factories.intake(code="2026-10")


@pytest.fixture
def full(intake: Intake) -> list[ClassSession]:
    """Two classes of one level without a seat; a couple waits for both, then two people."""
    classes = [factories.class_session(intake=intake, capacity=0) for _ in range(2)]
    couple = factories.learner(), factories.learner()
    factories.registered(classes[0], *couple, at=tokyo(2026, 9, 1, 9, 1))
    for minute, session in ((2, classes[1]), (3, classes[0])):
        factories.registered(session, at=tokyo(2026, 9, 1, 9, minute))
    return classes


def added(intake: Intake, capacity: int, **fields: Any) -> ClassSession:
    return factories.class_session(intake=intake, capacity=capacity, **fields)


def test_its_seats_go_along_the_lines_of_the_level(
    intake: Intake, full: list[ClassSession]
) -> None:  # rules 25 and 28
    new = added(intake, 3)
    staff = factories.staff_member(role="coordinator")
    made = added_class.open_to_lines(new.pk, by=staff, now=NOW)
    assert [offer.seats for offer in made] == [2, 1]
    assert [offer.entry.receipt_number for offer in made] == [1, 3]
    assert [entry.receipt_number for entry in waitlist.line(new)] == [1, 3, 4]
    # Nobody lost a place.
    assert waitlist.line(full[0]).count() == 2
    lined_up = PlaceEvent.objects.filter(class_session=new, kind=PlaceEvent.Kind.LINED_UP)
    assert lined_up.count() == 4
    invariants.check(intake, now=NOW)


def test_a_second_press_asks_nobody_twice(intake: Intake, full: list[ClassSession]) -> None:
    new = added(intake, 1)
    staff = factories.staff_member(role="coordinator")
    added_class.open_to_lines(new.pk, by=staff, now=NOW)
    offer = Offer.objects.open().get()
    waitlist_before = waitlist.line(new).count()
    assert added_class.open_to_lines(new.pk, by=staff, now=NOW) == []
    assert waitlist.line(new).count() == waitlist_before
    offer.refresh_from_db()
    assert offer.status == Offer.Status.OPEN


def test_who_waits_for_another_level_is_not_asked(intake: Intake, full: list[ClassSession]) -> None:
    course = factories.course(level=factories.level("payments"))
    assert added_class.parties_elsewhere(added(intake, 3, course=course)) == 0


def test_the_page_of_the_class_offers_it_in_one_press(
    client: Client, intake: Intake, full: list[ClassSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(factories.staff_member(role="coordinator", language="en"))
    new = added(intake, 3)
    Lesson.objects.update(starts_at=tokyo(2090, 1, 1, 10), ends_at=tokyo(2090, 1, 1, 12))
    page = reverse("class_detail", args=[new.pk])
    assert "3 applications wait" in client.get(page).content.decode()
    client.post(reverse("class_open_to_lines", args=[new.pk]))
    assert Offer.objects.open().count() == 2
    assert "applications wait" not in client.get(page).content.decode()


def test_one_press_offers_every_freed_seat_of_the_intake(
    intake: Intake, full: list[ClassSession]
) -> None:  # rule 29
    ClassSession.objects.filter(intake=intake).update(capacity=2)
    made = steering.offer_all_by_press(intake.pk, by=None, now=NOW)
    assert [(offer.class_session.code, offer.seats) for offer in made] == [
        (full[0].code, 2),
        (full[1].code, 1),
    ]
    invariants.check(intake, now=NOW)


def test_the_board_has_that_press(client: Client, intake: Intake, full: list[ClassSession]) -> None:
    client.force_login(factories.staff_member(language="en"))
    ClassSession.objects.filter(intake=intake).update(capacity=2)
    Lesson.objects.update(starts_at=tokyo(2090, 1, 1, 10), ends_at=tokyo(2090, 1, 1, 12))
    board = reverse("intake_board", args=[intake.code])
    assert "Offer all of them now" in client.get(board).content.decode()
    client.post(reverse("intake_offer_all", args=[intake.code]))
    assert Offer.objects.open().count() == 2
