"""Two workers, and a worker and the desk, over one message, on PostgreSQL (rules 29 and 52)."""

import datetime
from typing import Any

import pytest
from django.db import transaction

from classes import locking, offers, outcomes_of_messages, waitlist
from classes.models import CallTask, Notice, Offer, PlaceEvent
from sms.models import OutboundMessage
from tests import factories
from tests.concurrency.racing import MeetingPoint, race, take_the_lock_away
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NOW = tokyo(2026, 9, 1, 10)
MINUTE = datetime.timedelta(minutes=1)


def offer_delivered() -> Offer:
    offer = factories.announced_offer(factories.texted())
    OutboundMessage.objects.filter(purpose="offer").update(
        status="delivered", status_at=NOW, sent_at=NOW, delivered_at=NOW, attempts=1
    )
    return offer


def without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_lock_away(monkeypatch)
    monkeypatch.setattr(outcomes_of_messages, "lock_intakes", locking.lock_intakes)


def sweep() -> int:
    return outcomes_of_messages.sweep(now=NOW + MINUTE)


def two_sweeps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    offer_delivered()
    monkeypatch.setattr(outcomes_of_messages, "_load", MeetingPoint(outcomes_of_messages._load))
    monkeypatch.setattr(Offer, "refresh_from_db", lambda self, **_: None)
    return race(sweep, sweep)


def test_two_workers_tell_an_offer_once(monkeypatch: pytest.MonkeyPatch) -> None:  # rule 29
    assert sorted(two_sweeps(monkeypatch)) == [0, 1]
    assert PlaceEvent.objects.filter(kind=PlaceEvent.Kind.TOLD).count() == 1


def test_control_without_the_lock_it_is_told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    without_the_lock(monkeypatch)
    two_sweeps(monkeypatch)
    assert PlaceEvent.objects.filter(kind=PlaceEvent.Kind.TOLD).count() == 2


def failure_against_the_desk(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The SMS came back, and just now the party says no at the desk."""
    offer = factories.announced_offer(factories.texted())
    OutboundMessage.objects.filter(purpose="offer").update(
        status="undelivered", status_at=NOW, sent_at=NOW, attempts=1
    )
    monkeypatch.setattr(
        outcomes_of_messages, "_load", MeetingPoint(outcomes_of_messages._load, first=1)
    )
    met = outcomes_of_messages._load

    def decline() -> None:
        with transaction.atomic():
            intake = locking.lock_intakes([offer.class_session.intake_id])[0]
            met(Notice.objects.filter(offer=offer))
            waitlist.decline(intake, Offer.objects.get(pk=offer.pk), by=None, now=NOW)

    return race(sweep, decline)


def test_nobody_is_called_about_an_offer_that_was_answered_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rules 29 and 53
    failure_against_the_desk(monkeypatch)
    assert not CallTask.objects.open().filter(notice__offer__closed_at__isnull=False).exists()


def test_control_without_the_lock_they_are_called_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_the_lock(monkeypatch)
    failure_against_the_desk(monkeypatch)
    assert CallTask.objects.open().filter(notice__offer__closed_at__isnull=False).exists()


def test_a_delivery_and_the_end_of_the_time_never_both_happen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rule 29
    """Nobody was told, so it does not expire; delivered, its whole time is before it."""
    offer = offer_delivered()
    monkeypatch.setattr(waitlist, "tell", MeetingPoint(waitlist.tell))
    race(sweep, lambda: offers.expire_due(now=NOW + MINUTE))
    offer.refresh_from_db()
    assert offer.status == Offer.Status.OPEN
    assert offer.told_at == NOW
