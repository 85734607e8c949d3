"""Races around a draw, on PostgreSQL, each with the control that fails without the lock."""

import json
import uuid
from typing import Any

import pytest
from django.db import IntegrityError

from classes import places
from classes.lottery import draw, freezing, listing
from classes.models import Application, Enrollment, Intake, LotteryDraw, Notice
from classes.outcomes import Applied, Refused
from classes.places import Applicant
from tests import factories
from tests.concurrency.racing import MeetingPoint, race, take_the_lock_away
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
OPEN, CLOSED = tokyo(2026, 9, 1, 10), tokyo(2026, 10, 2, 9)
LATE = tokyo(2026, 10, 20, 10)


def lottery_with(applications: int) -> Intake:
    intake = factories.intake(method=Intake.Method.LOTTERY)
    session = factories.class_session(intake=intake, capacity=2, lessons=[LATE])
    for _ in range(applications):
        register(intake, session.pk)
    return intake


def register(intake: Intake, wish: int) -> Any:
    return places.register(
        intake.pk,
        applicants=[Applicant(factories.learner(), uuid.uuid4())],
        wishes=[wish],
        by=None,
        now=CLOSED,
        received_at=OPEN,
        source=Application.Source.PAPER,
    )


def two_coordinators_press(monkeypatch: pytest.MonkeyPatch) -> tuple[Intake, list[Any], bool]:
    intake = lottery_with(5)
    people = [factories.staff_member(role="coordinator") for _ in range(2)]
    frozen = freezing.freeze(intake.pk, by=people[0], now=CLOSED)
    draw.fix_seed(
        frozen.pk,
        seed="1",
        source=LotteryDraw.SeedSource.DICE,
        note="",
        by=people[0],
        now=CLOSED,
    )
    point = MeetingPoint(draw.list_of)
    monkeypatch.setattr(draw, "list_of", point)
    presses = [lambda who=who: draw.run(frozen.pk, by=who, now=CLOSED) for who in people]
    return intake, race(*presses), point.met


def test_two_presses_draw_once(monkeypatch: pytest.MonkeyPatch) -> None:  # rule 33
    _intake, answers, met = two_coordinators_press(monkeypatch)
    assert not met
    assert [answer.seed for answer in answers] == ["1", "1"]
    assert Enrollment.objects.count() == 2
    assert Notice.objects.filter(purpose=Notice.Purpose.RESULT).count() == 5


def test_control_without_the_lock_the_second_press_draws_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    _intake, answers, met = two_coordinators_press(monkeypatch)
    assert met
    # Only a constraint stops it, and not politely.
    assert any(isinstance(answer, IntegrityError) for answer in answers)


def freeze_against_register(monkeypatch: pytest.MonkeyPatch) -> tuple[Intake, list[Any], bool]:
    intake = lottery_with(2)
    wish = intake.class_sessions.get().pk
    coordinator = factories.staff_member(role="coordinator")
    freezes = MeetingPoint(listing.compose)
    registers = MeetingPoint(places.standing.find)
    registers.barrier = freezes.barrier
    monkeypatch.setattr(listing, "compose", freezes)
    monkeypatch.setattr(places.standing, "find", registers)
    answers = race(
        lambda: freezing.freeze(intake.pk, by=coordinator, now=CLOSED),
        lambda: register(intake, wish),
    )
    return intake, answers, freezes.met and registers.met


def listed_receipts(frozen: LotteryDraw) -> set[str]:
    parties = json.loads(frozen.list_text)["parties"]
    return {receipt for party in parties for receipt in party["receipts"]}


def test_an_application_is_in_the_frozen_list_or_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rule 25
    intake, (frozen, answer), met = freeze_against_register(monkeypatch)
    assert not met
    if isinstance(answer, Refused):
        assert [reason.kind for reason in answer.reasons] == ["list_frozen"]
    active = {each.receipt for each in Application.objects.active().filter(intake=intake)}
    assert active == listed_receipts(frozen)


def test_control_without_the_lock_an_application_misses_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    _intake, (frozen, answer), met = freeze_against_register(monkeypatch)
    assert met
    assert isinstance(answer, Applied)
    assert answer.applications[0].receipt not in listed_receipts(frozen)
