"""Two workers and one queue, on PostgreSQL."""

import threading
from collections import Counter
from typing import Any

import pytest

from sms import delivery, transitions
from sms.models import OutboundMessage, SenderPace
from sms.transports import Accepted, Answer
from sms.transports.simulator import Simulator
from tests.concurrency.racing import MeetingPoint, race
from tests.sms.outbox import HOUR, NOW, Clock, as_they_are, message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


class Phones(Simulator):
    """Counts what each phone got."""

    def __init__(self, got: Counter[str], *, per_second: float | None = None) -> None:
        super().__init__({}, segment_price=0)  # type: ignore[arg-type]
        self.got = got
        self.per_second = per_second
        self.lock = threading.Lock()

    def send(self, sent: OutboundMessage) -> Answer:
        with self.lock:
            self.got[sent.to] += 1
            return Accepted(f"SM{sent.pk}-{self.got[sent.to]}")


def two_workers(count: int = 10) -> Counter[str]:
    """Both look for what is due at the same moment; how often each phone was sent to."""
    got: Counter[str] = Counter()
    for number in range(count):
        message(f"+8190{number:08d}")

    def work() -> delivery.Delivered:
        return delivery.deliver(
            Phones(got), still_holds=as_they_are, clock=Clock(), until=NOW + HOUR
        )

    answers = race(work, work)
    assert all(isinstance(answer, delivery.Delivered) for answer in answers), answers
    return got


def due_without_lock(limit: int, *, now: Any) -> list[int]:
    due = OutboundMessage.objects.due(now).order_by("priority", "send_after", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def test_two_workers_never_send_the_same_message(monkeypatch: pytest.MonkeyPatch) -> None:
    # rule 52
    monkeypatch.setattr(transitions, "_due", MeetingPoint(transitions._due))
    assert set(two_workers().values()) == {1}


def test_the_compare_and_swap_alone_prevents_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = MeetingPoint(due_without_lock)
    monkeypatch.setattr(transitions, "_due", meeting)
    assert set(two_workers().values()) == {1}
    assert meeting.met


def test_control_without_it_every_phone_gets_the_message_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def take(pks: list[int], token: Any, *, now: Any) -> int:
        return OutboundMessage.objects.filter(pk__in=pks).update(
            status="sending", claim=token, claimed_at=now
        )

    # Both have chosen; then the one takes, reads and sends before the other does.
    monkeypatch.setattr(transitions, "_due", MeetingPoint(due_without_lock, first=0))
    monkeypatch.setattr(transitions, "_take", take)
    assert set(two_workers().values()) == {2}


def test_two_workers_never_get_the_same_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    from sms import pace

    SenderPace.objects.create(sender="CITY", free_at=NOW)
    slots = race(*(lambda: pace.take("CITY", 50, per_second=100, now=NOW) for _ in range(2)))
    assert len({slot for each in slots for slot in each}) == 100
