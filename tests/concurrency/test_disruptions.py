"""Two coordinators stop the same day at once, on PostgreSQL, with the control without the lock."""

from typing import Any

import pytest

from classes import disruptions
from classes.disruptions import NothingThere, Why
from classes.models import Disruption, Lesson, Notice
from tests import factories
from tests.concurrency.racing import MeetingPoint, race, take_the_lock_away
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
SEVEN, TEN = tokyo(2026, 10, 5, 7), tokyo(2026, 10, 5, 10)


def two_coordinators_stop(monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], bool]:
    session = factories.class_session(lessons=[TEN])
    factories.registered(session)
    keys = [session.lessons.get().pk]
    why = Why(Disruption.Cause.TYPHOON)
    people = [factories.staff_member(role="coordinator") for _ in range(2)]
    point = MeetingPoint(disruptions._lock)
    monkeypatch.setattr(disruptions, "_lock", point)
    presses = [lambda who=who: disruptions.stop(keys, why, by=who, now=SEVEN) for who in people]
    return race(*presses), point.met


def test_two_presses_stop_a_day_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, met = two_coordinators_stop(monkeypatch)
    assert not met
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [NothingThere]
    assert Disruption.objects.count() == 1
    assert Lesson.objects.get().revision == 2
    assert Notice.objects.filter(purpose=Notice.Purpose.CANCELLED).count() == 1


def test_control_without_the_lock_the_second_press_stops_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    answers, met = two_coordinators_stop(monkeypatch)
    assert met
    assert not any(isinstance(answer, NothingThere) for answer in answers)
