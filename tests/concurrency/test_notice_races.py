"""Two workers, and a worker and the desk, over one message, on PostgreSQL (rules 29 and 52)."""

import datetime
from typing import Any

import pytest
from django.db import transaction

from classes import cancelling, locking, offers, outcomes_of_messages, waitlist
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


def delivery_against_the_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text left before its application was cancelled; it arrives, and just now that is undone."""
    session = factories.class_session()
    (application,) = factories.registered(session, factories.texted(), at=NOW)
    OutboundMessage.objects.update(status="sent", sent_at=NOW, attempts=1)
    cancelling.cancel(session.intake_id, application.pk, reason="", by=None, now=NOW)
    OutboundMessage.objects.update(status="delivered", delivered_at=NOW)
    monkeypatch.setattr(
        outcomes_of_messages, "_load", MeetingPoint(outcomes_of_messages._load, first=1)
    )
    met = outcomes_of_messages._load

    def undo() -> None:
        with transaction.atomic():
            locking.lock_intakes([session.intake_id])
            met(Notice.objects.filter(application=application))
            cancelling.undo(session.intake_id, application.pk, by=None, now=NOW + MINUTE)

    answers = race(sweep, undo)
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers


def is_lost() -> bool:
    """Open, and its message is looked at no more: nobody would ever settle it."""
    return Notice.objects.filter(settled_at=None, message__settled_at__isnull=False).exists()


def test_what_an_undo_opens_again_while_it_arrives_is_settled_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rules 30 and 53
    delivery_against_the_undo(monkeypatch)
    assert not is_lost()
    sweep()
    assert Notice.objects.get().outcome == Notice.Outcome.DELIVERED


def test_control_without_the_lock_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    without_the_lock(monkeypatch)
    delivery_against_the_undo(monkeypatch)
    assert is_lost()
