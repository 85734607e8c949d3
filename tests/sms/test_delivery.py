"""A round of sending: hours, what still holds, suppressed numbers, pace, and every answer."""

import contextlib
import datetime
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sms import delivery, outbox, pace, suppression, transitions
from sms.delivery import Delivered
from sms.models import NumberSuppression, OutboundMessage, SendingHours
from sms.transports import Accepted, Answer, Fate, Refused, Report, TryLater, Unclear
from sms.transports.simulator import Simulator
from sms.verdicts import Drop, Later, Send, Verdict
from tests.factories import tokyo
from tests.sms.outbox import HOUR, MOBILE, NOW, SECOND, TEXT, Clock, as_they_are, message

pytestmark = pytest.mark.django_db
Status = OutboundMessage.Status


class Phones(Simulator):
    """A transport whose answers a test chooses; it remembers what went out, in order."""

    concurrency = 1

    def __init__(self, *answers: Answer | Exception, per_second: float | None = None) -> None:
        super().__init__({}, segment_price=0)  # type: ignore[arg-type]
        self.answers = list(answers)
        self.per_second = per_second
        self.went: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def send(self, sent: OutboundMessage) -> Answer:
        with self.lock:
            self.went.append((sent.to, sent.body))
            answer = self.answers.pop(0) if self.answers else super().send(sent)
        if isinstance(answer, Exception):
            raise answer
        return answer


def deliver(
    transport: Phones, *, now: datetime.datetime = NOW, holds: Any = as_they_are, **more: Any
) -> Delivered:
    clock = Clock(now)
    return delivery.deliver(
        transport, still_holds=holds, clock=clock, until=now + HOUR, pause=clock.pause, **more
    )


def statuses() -> list[str]:
    return list(OutboundMessage.objects.order_by("pk").values_list("status", flat=True))


def test_what_is_due_goes_out_the_urgent_first() -> None:
    message("+819000000001")
    message("+819000000002", priority=1)
    phones = Phones()
    assert deliver(phones) == Delivered(sent=2)
    assert [to for to, _ in phones.went] == ["+819000000002", "+819000000001"]
    assert statuses() == [Status.SENT, Status.SENT]


@pytest.mark.parametrize(
    ("hour", "minute", "goes"),
    [(8, 59, False), (9, 0, True), (19, 59, True), (20, 0, False), (3, 0, False)],
)
def test_messages_go_out_only_within_the_hours(  # rule 51
    hour: int, minute: int, goes: bool
) -> None:
    now = tokyo(2026, 10, 5, hour, minute)
    waiting = message(now=now)
    deliver(Phones(), now=now)
    waiting.refresh_from_db()
    assert (waiting.status == Status.SENT) is goes
    if not goes:
        morning = tokyo(2026, 10, 5 if hour < 9 else 6, 9)
        assert (waiting.status, waiting.send_after) == (Status.QUEUED, morning)


def test_the_hours_may_end_while_messages_are_being_sent(  # rule 51
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "LARGEST_BATCH", 1)
    evening = tokyo(2026, 10, 5, 19, 59, 30)
    for _ in range(5):
        message(now=evening)
    clock = Clock(evening)

    class Slow(Phones):
        def send(self, sent: OutboundMessage) -> Answer:
            clock.now += 30 * SECOND
            return super().send(sent)

    slow = Slow()
    delivery.deliver(slow, still_holds=as_they_are, clock=clock, until=evening + HOUR)
    # One that was claimed before the end may still go.
    assert 1 <= len(slow.went) <= 2
    waiting = OutboundMessage.objects.filter(status=Status.QUEUED)
    assert set(waiting.values_list("send_after", flat=True)) == {tokyo(2026, 10, 6, 9)}


def test_a_cancellation_by_the_city_goes_from_seven() -> None:  # rule 51
    now = tokyo(2026, 10, 5, 7)
    message(now=now, may_be_early=True)
    message(now=now)
    deliver(Phones(), now=now)
    assert statuses() == [Status.SENT, Status.QUEUED]


def test_hours_that_staff_changed_hold_at_once() -> None:  # rule 51
    SendingHours.objects.create(pk=1, opens=datetime.time(11))
    message()
    assert deliver(Phones()) == Delivered(moved=1)


def test_what_cannot_wait_for_the_morning_is_too_late_at_once() -> None:  # rule 51
    now = tokyo(2026, 10, 5, 21)
    message(now=now, expires_at=tokyo(2026, 10, 6, 9))
    deliver(Phones(), now=now)
    assert statuses() == [Status.EXPIRED]


def test_what_expired_while_it_waited_is_not_sent() -> None:
    message(expires_at=NOW)
    phones = Phones()
    assert deliver(phones) == Delivered(expired=1)
    assert phones.went == []


def test_what_no_longer_holds_is_not_sent_and_what_holds_is_said_anew() -> None:  # rules 51, 53
    gone, forgotten, again, later = (message() for _ in range(4))

    def holds(messages: Sequence[OutboundMessage], now: datetime.datetime) -> Mapping[int, Verdict]:
        return {
            gone.pk: Drop(),
            again.pk: Send("本日です。"),
            later.pk: Later(NOW + HOUR),
        }

    phones = Phones()
    assert deliver(phones, holds=holds) == Delivered(sent=1, dropped=2, moved=1)
    assert phones.went == [(MOBILE, "本日です。")]
    assert statuses() == [Status.CANCELLED, Status.CANCELLED, Status.SENT, Status.QUEUED]
    # What was not sent was not tried, and stands again if what it tells of does.
    assert outbox.requeue(forgotten.pk, TEXT, send_after=NOW, now=NOW)


def test_nothing_is_sent_to_a_suppressed_number_though_it_was_queued_since() -> None:
    suppression.suppress(
        MOBILE,
        NumberSuppression.Reason.OPTED_OUT,
        source=NumberSuppression.Source.REPLY,
        now=NOW,
    )
    message()
    phones = Phones()
    assert deliver(phones) == Delivered(dropped=1)
    assert phones.went == []


def test_an_error_of_what_still_holds_leaves_the_messages_waiting() -> None:
    def breaks(*_: Any) -> Mapping[int, Verdict]:
        raise RuntimeError

    message()
    with pytest.raises(RuntimeError):
        deliver(Phones(), holds=breaks)
    assert statuses() == [Status.QUEUED]


@pytest.mark.parametrize("batch", [1, 50])
def test_one_message_that_cannot_be_looked_at_holds_up_no_other(
    batch: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "LARGEST_BATCH", batch)
    broken = message(priority=0)
    message(MOBILE.replace("4912", "0001"))

    def holds(messages: Sequence[OutboundMessage], now: datetime.datetime) -> Mapping[int, Verdict]:
        if broken.pk in {each.pk for each in messages}:
            raise ValueError(TEXT)
        return as_they_are(messages, now)

    phones = Phones()
    for _ in range(2):
        with contextlib.suppress(ValueError):
            deliver(phones, holds=holds)
    assert len(phones.went) == 1
    broken.refresh_from_db()
    assert (broken.status, broken.send_after) == (Status.QUEUED, NOW + delivery.ERROR_PAUSE)
    assert TEXT not in caplog.text


def test_each_answer_is_recorded_as_what_it_is() -> None:  # rule 57
    for _ in range(5):
        message()
    phones = Phones(
        Accepted("SM1"), Refused("21614"), TryLater("429"), Unclear("timeout"), RuntimeError()
    )
    # All five are claimed at once, so that the suppression of 21614 stops none of them here.
    assert deliver(phones) == Delivered(sent=1, refused=1, put_off=1, unknown=2)
    assert sorted(statuses()) == ["failed", "queued", "sent", "unknown", "unknown"]


@pytest.mark.parametrize("fate", [Fate.GOING, Fate.DELIVERED])
def test_what_a_late_callback_proves_to_have_gone_does_not_go_again(fate: Fate) -> None:  # rule 57
    """The try was believed lost, the message was claimed again, and just then we hear of it."""
    again = message(attempts=1)

    def hears(messages: Sequence[OutboundMessage], now: datetime.datetime) -> Mapping[int, Verdict]:
        report = Report(sid="SM1", fate=fate)
        assert transitions.apply(report, pk=again.pk, attempt=1, check=HOUR, now=now)
        return as_they_are(messages, now)

    phones = Phones()
    assert deliver(phones, holds=hears) == Delivered()
    assert phones.went == []
    again.refresh_from_db()
    assert (again.status, again.sid, again.attempts) == (
        Status.SENT if fate is Fate.GOING else Status.DELIVERED,
        "SM1",
        1,
    )


def test_where_nobody_answers_the_others_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LARGEST_BATCH", 2)
    for _ in range(6):
        message()
    phones = Phones(*(TryLater("refused") for _ in range(6)))
    assert deliver(phones).put_off == 2
    assert statuses() == [Status.QUEUED] * 6


def test_a_claim_that_became_too_old_is_not_sent() -> None:
    message()
    message()
    clock = Clock()

    class Slow(Phones):
        def send(self, sent: OutboundMessage) -> Answer:
            clock.now += transitions.lease()
            return super().send(sent)

    slow = Slow()
    until = NOW + transitions.lease() / 2
    delivery.deliver(slow, still_holds=as_they_are, clock=clock, until=until)
    assert len(slow.went) == 1
    assert statuses() == [Status.SENT, Status.QUEUED]
    assert OutboundMessage.objects.get(status=Status.QUEUED).attempts == 0


def test_a_stop_lets_calls_end_and_begins_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LARGEST_BATCH", 1)
    message()
    message()
    phones = Phones()
    assert deliver(phones, stop=lambda: bool(phones.went)).sent == 1


def test_two_workers_together_keep_the_senders_rate() -> None:
    first = pace.take("CITY", 3, per_second=2, now=NOW)
    second = pace.take("CITY", 2, per_second=2, now=NOW)
    half = SECOND / 2
    assert first + second == [NOW + half * number for number in range(5)]
    assert pace.take("OTHER", 1, per_second=2, now=NOW) == [NOW]


def test_a_message_leaves_in_its_slot() -> None:
    for _ in range(5):
        message()
    clock = Clock()
    moments = []

    class Noting(Phones):
        def send(self, sent: OutboundMessage) -> Answer:
            moments.append(clock.now)
            return super().send(sent)

    transport = Noting(per_second=2)
    delivery.deliver(
        transport, still_holds=as_they_are, clock=clock, until=NOW + HOUR, pause=clock.pause
    )
    assert moments == [NOW + SECOND / 2 * number for number in range(5)]


def test_calls_that_come_late_do_not_go_out_in_a_burst() -> None:
    clock = Clock()
    metronome = pace.Metronome(10, clock=clock, pause=clock.pause)
    slots = pace.take("CITY", 5, per_second=10, now=NOW)
    clock.now += 10 * SECOND
    moments = []
    for slot in slots:
        metronome.wait(slot)
        moments.append(clock.now)
    # The first may catch up by a tenth of a second, no more.
    assert moments[-1] - moments[0] >= 3 * SECOND / 10


def test_a_slow_sender_claims_little_ahead() -> None:
    assert [delivery.batch_size(rate) for rate in (0.1, 1, 10, 100, None)] == [1, 2, 20, 50, 50]


def test_the_queries_of_a_batch_do_not_grow_with_it() -> None:
    def queries(count: int) -> int:
        for number in range(count):
            message(f"+8190000{number:05d}")
        with CaptureQueriesContext(connection) as captured:
            deliver(Phones())
        return len(captured)

    assert queries(40) == queries(5)
