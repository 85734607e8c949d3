"""A message came back, and just now nobody is to be told any more, on PostgreSQL."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Q

from classes import bulk, cancelling, locking, notice_endings, outcomes_of_messages
from classes.models import BulkMessage, CallTask, Notice
from sms.models import OutboundMessage
from tests import factories
from tests.concurrency.racing import MeetingPoint, race, take_the_lock_away
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NOW = tokyo(2026, 9, 1, 10)
MINUTE = datetime.timedelta(minutes=1)
MODULES = (outcomes_of_messages, bulk, cancelling)


def failed_message_to_many() -> BulkMessage:
    """To somebody who has no place in the intake any more."""
    session = factories.class_session()
    sent = bulk.create(
        bulk.Draft("{city}からのお知らせ", "", None),
        [factories.texted().pk],
        intake=session.intake,
        client_uuid=uuid.uuid4(),
        by=factories.staff_member(role="coordinator"),
        now=NOW,
    )
    OutboundMessage.objects.update(status="failed", status_at=NOW, attempts=1)
    return sent


def against_the_sweep(monkeypatch: pytest.MonkeyPatch, press: Callable[[], Any]) -> None:
    load = MeetingPoint(outcomes_of_messages._load, first=1)
    monkeypatch.setattr(outcomes_of_messages, "_load", load)
    drop = notice_endings.drop

    def meet_and_drop(*args: Any, **more: Any) -> None:
        load(Notice.objects.none())
        drop(*args, **more)

    monkeypatch.setattr(notice_endings, "drop", meet_and_drop)
    answers = race(lambda: outcomes_of_messages.sweep(now=NOW + MINUTE), press)
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers


def is_called_in_vain() -> bool:
    over = Q(notice__settled_at__isnull=False) | Q(notice__bulk__stopped_at__isnull=False)
    return CallTask.objects.open().filter(over).exists()


def stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = failed_message_to_many()
    by = factories.staff_member(role="coordinator")
    against_the_sweep(monkeypatch, lambda: bulk.stop(sent.pk, by=by, now=NOW))


def they_died(monkeypatch: pytest.MonkeyPatch) -> None:
    person = failed_message_to_many().notices.get().learner_id
    against_the_sweep(
        monkeypatch,
        lambda: cancelling.record_death(person, on=NOW.date(), by=None, now=NOW),
    )


PRESSES = pytest.mark.parametrize("press", [stop_it, they_died])


@PRESSES
def test_nobody_is_called_about_what_was_stopped_meanwhile(  # rules 42 and 53
    monkeypatch: pytest.MonkeyPatch, press: Callable[[pytest.MonkeyPatch], None]
) -> None:
    press(monkeypatch)
    assert not is_called_in_vain()


@PRESSES
def test_control_without_the_lock_they_are_called(
    monkeypatch: pytest.MonkeyPatch, press: Callable[[pytest.MonkeyPatch], None]
) -> None:
    take_the_lock_away(monkeypatch)
    for module in MODULES:
        monkeypatch.setattr(module, "lock_intakes", locking.lock_intakes, raising=False)
    press(monkeypatch)
    assert is_called_in_vain()
