"""Statuses move only where they may; late, doubled and reversed news change nothing."""

import decimal
import itertools
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sms import suppression, transitions
from sms.models import NumberSuppression, OutboundMessage
from sms.transports import Fate, Report
from tests.sms.outbox import HOUR, MOBILE, NOW, SECOND, message

pytestmark = pytest.mark.django_db
Status = OutboundMessage.Status
Reason = NumberSuppression.Reason
FINAL = (
    Status.DELIVERED,
    Status.UNDELIVERED,
    Status.FAILED,
    Status.CANCELLED,
    Status.EXPIRED,
)


def claimed(**fields: Any) -> OutboundMessage:
    """A message whose first call is being made."""
    message(**fields)
    [row] = transitions.claim(1, now=NOW)
    [row], _ = transitions.leave([(row, row.body)], sender="CITY", now=NOW)
    return row


def sent(sid: str = "SM1", **fields: Any) -> OutboundMessage:
    row = claimed(**fields)
    transitions.sent([(row, sid)], first_check=SECOND, now=NOW)
    row.refresh_from_db()
    return row


def told(row: OutboundMessage, fate: Fate, *, sid: str = "SM1", code: str = "") -> bool:
    """What the provider says of the row's present try."""
    report = Report(sid, fate, code)
    now = NOW + SECOND
    return transitions.apply(report, key=row.uuid, attempt=row.attempts, check=SECOND, now=now)


def status_of(row: OutboundMessage) -> str:
    row.refresh_from_db()
    return row.status


def test_the_urgent_are_claimed_first_then_the_older() -> None:
    usual, older, urgent = message(), message(send_after=NOW - HOUR), message(priority=1)
    claim = transitions.claim(2, now=NOW)
    assert [row.pk for row in claim] == [urgent.pk, older.pk]
    assert [row.pk for row in transitions.claim(2, now=NOW)] == [usual.pk]


def test_what_is_not_due_or_too_late_is_not_claimed() -> None:
    message(send_after=NOW + SECOND)
    message(expires_at=NOW)
    assert transitions.claim(10, now=NOW) == []


def test_a_sent_message_is_sent_and_not_delivered() -> None:  # rule 55
    row = sent()
    assert (row.status, row.sid, row.sent_at, row.delivered_at) == (Status.SENT, "SM1", NOW, None)
    assert (row.attempts, row.sender, row.check_at) == (1, "CITY", NOW + SECOND)


def test_a_late_sent_never_overwrites_delivered() -> None:  # rule 55
    row = claimed()
    assert told(row, Fate.DELIVERED)
    transitions.sent([(row, "SM1")], first_check=SECOND, now=NOW)
    told(row, Fate.GOING)
    assert status_of(row) == Status.DELIVERED
    assert row.sid == "SM1"


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize("fate", list(Fate))
def test_what_has_ended_stays_as_it_ended(status: Status, fate: Fate) -> None:
    row = message(status=status, attempts=1, sid="SM1")
    assert not told(row, fate)
    assert status_of(row) == status


@pytest.mark.parametrize(
    "order", list(itertools.permutations([Fate.GOING, Fate.GOING, Fate.DELIVERED]))
)
def test_callbacks_in_any_order_end_in_delivered(order: tuple[Fate, ...]) -> None:
    row = claimed()
    for fate in order:
        told(row, fate)
    assert status_of(row) == Status.DELIVERED


def test_a_callback_about_an_earlier_try_says_nothing_of_the_present_one() -> None:
    row = sent("SM1", expires_at=NOW + 48 * HOUR)
    told(row, Fate.UNDELIVERED, code="30003")
    assert status_of(row) == Status.QUEUED
    first_try = Report("SM1", Fate.UNDELIVERED, "30003")
    again = row.send_after
    [row] = transitions.claim(1, now=again)
    transitions.leave([(row, row.body)], sender="CITY", now=again)
    assert not transitions.apply(first_try, key=row.uuid, attempt=1, check=SECOND, now=again)
    assert status_of(row) == Status.SENDING
    transitions.sent([(row, "SM2")], first_check=SECOND, now=again)
    assert not transitions.apply(first_try, key=row.uuid, attempt=1, check=SECOND, now=again)
    assert status_of(row) == Status.SENT


def test_a_replay_about_the_try_before_does_not_end_a_claim_that_was_not_tried_yet() -> None:
    row = sent("SM1", expires_at=NOW + 48 * HOUR)  # rule 56
    told(row, Fate.UNDELIVERED, code="30003")
    row.refresh_from_db()
    transitions.claim(1, now=row.send_after)
    for fate in (Fate.GOING, Fate.UNDELIVERED):
        assert not told(row, fate, code="30003")
    assert status_of(row) == Status.SENDING


def test_a_replayed_callback_does_not_use_up_the_retries() -> None:  # rules 54 and 56
    row = sent(expires_at=NOW + 48 * HOUR)
    for _ in range(5):
        told(row, Fate.UNDELIVERED, code="30003")
    assert status_of(row) == Status.QUEUED
    assert row.send_after == NOW + SECOND + HOUR


def test_a_retry_that_would_come_too_late_is_not_made() -> None:  # rule 54
    row = sent(expires_at=NOW + HOUR)
    told(row, Fate.UNDELIVERED, code="30003")
    assert status_of(row) == Status.UNDELIVERED


@pytest.mark.parametrize("code", ["21211", "21614", "21635", "30006"])
def test_some_errors_say_that_a_number_gets_no_messages(code: str) -> None:  # rule 54
    row, queued = sent(), message()
    told(row, Fate.UNDELIVERED, code=code)
    assert suppression.of([MOBILE]) == {MOBILE: Reason.NOT_CAPABLE}
    assert status_of(queued) == Status.CANCELLED


def test_a_refusal_says_it_as_well(  # rule 54
) -> None:
    row = claimed()
    transitions.refused(row, "21614", now=NOW)
    assert status_of(row) == Status.FAILED
    entry = NumberSuppression.objects.get()
    assert (entry.reason, entry.source, entry.error_code) == ("not_capable", "provider", "21614")


def test_the_providers_opt_out_is_an_opt_out() -> None:  # rule 54
    transitions.refused(claimed(), "21610", now=NOW)
    assert suppression.of([MOBILE]) == {MOBILE: Reason.OPTED_OUT}


def test_other_errors_say_nothing_of_the_number() -> None:
    told(sent(), Fate.UNDELIVERED, code="30008")
    assert suppression.of([MOBILE]) == {}


def test_what_came_to_nothing_is_left_for_the_sweep() -> None:
    row = sent()
    told(row, Fate.UNDELIVERED, code="30008")
    assert status_of(row) == Status.UNDELIVERED
    assert (row.error_code, row.settled_at) == ("30008", None)


@pytest.mark.parametrize("fate", [Fate.DELIVERED, Fate.UNDELIVERED])
def test_news_after_somebody_took_note_of_the_silence_are_swept_again(fate: Fate) -> None:
    row = sent()  # rule 55
    OutboundMessage.objects.update(settled_at=NOW)
    told(row, fate)
    row.refresh_from_db()
    assert row.settled_at is None


def test_later_means_later_each_time_and_is_no_try() -> None:
    message()
    now, pauses = NOW, []
    for _ in range(9):
        [row] = transitions.claim(1, now=now)
        transitions.leave([(row, row.body)], sender="CITY", now=now)
        transitions.try_later([row], now=now)
        row.refresh_from_db()
        assert (row.status, row.attempts) == (Status.QUEUED, 0)
        pauses.append((row.send_after - now).total_seconds())
        now = row.send_after
    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_an_unknown_message_is_not_claimed() -> None:  # rule 57
    transitions.unclear([claimed()], now=NOW)
    assert transitions.claim(1, now=NOW + HOUR) == []


def test_an_unknown_message_that_was_not_sent_waits_again() -> None:  # rule 57
    row = claimed()
    transitions.unclear([row], now=NOW)
    row.refresh_from_db()
    assert transitions.not_sent(row, now=NOW + SECOND)
    assert status_of(row) == Status.QUEUED


def test_an_old_not_sent_does_not_touch_a_new_unknown() -> None:  # rule 57
    row = claimed()
    transitions.unclear([row], now=NOW)
    row.refresh_from_db()
    asked_before = OutboundMessage.objects.get(pk=row.pk)
    transitions.not_sent(row, now=NOW + SECOND)
    [row] = transitions.claim(1, now=NOW + SECOND)
    transitions.unclear([row], now=NOW + 2 * SECOND)
    assert not transitions.not_sent(asked_before, now=NOW + 3 * SECOND)
    assert status_of(row) == Status.UNKNOWN


def test_news_of_a_message_believed_not_sent_stops_the_second_try() -> None:  # rule 57
    row = claimed()
    transitions.unclear([row], now=NOW)
    row.refresh_from_db()
    transitions.not_sent(row, now=NOW)
    assert told(row, Fate.GOING)
    assert (status_of(row), row.sid) == (Status.SENT, "SM1")


def test_a_claim_of_a_dead_worker_becomes_unknown(settings: Any) -> None:  # rule 57
    row = claimed()
    given_up = NOW + settings.SMS_CLAIM_SECONDS * SECOND
    assert transitions.give_up_claims(now=given_up - SECOND) == 0
    assert transitions.give_up_claims(now=given_up) == 1
    assert (status_of(row), row.check_at) == (Status.UNKNOWN, given_up)


def test_a_late_answer_to_a_claim_given_up_is_still_recorded(settings: Any) -> None:
    row = claimed()
    transitions.give_up_claims(now=NOW + settings.SMS_CLAIM_SECONDS * SECOND)
    transitions.sent([(row, "SM1")], first_check=SECOND, now=NOW + HOUR)
    assert (status_of(row), row.sid) == (Status.SENT, "SM1")


def test_a_sid_belongs_to_one_message_and_the_other_is_still_sent() -> None:
    first, second = sent("SM1"), claimed()
    transitions.sent([(second, "SM1")], first_check=SECOND, now=NOW)
    assert (status_of(first), status_of(second)) == (Status.SENT, Status.SENT)
    assert (first.sid, second.sid) == ("SM1", "")


def test_a_report_found_by_looking_is_not_ours_if_its_sid_is_anothers() -> None:  # rule 57
    sent("SM1")
    unknown = claimed()
    transitions.unclear([unknown], now=NOW)
    report = Report("SM1", Fate.GOING)
    assert not transitions.apply(
        report, pk=unknown.pk, attempt=1, check=SECOND, only_with_sid=True, now=NOW
    )
    assert status_of(unknown) == Status.UNKNOWN


def test_what_became_too_long_is_refused() -> None:  # rule 49
    message()
    [row] = transitions.claim(1, now=NOW)
    assert transitions.leave([(row, "長" * 661)], sender="CITY", now=NOW) == ([], 1)
    assert (status_of(row), row.error_code) == (Status.FAILED, transitions.TOO_LONG)


def test_the_text_as_sent_and_its_segments_are_kept() -> None:
    message()
    [row] = transitions.claim(1, now=NOW)
    transitions.leave([(row, "本日" * 40)], sender="CITY", now=NOW)
    row.refresh_from_db()
    assert (row.body, row.segments) == ("本日" * 40, 2)


def test_a_delivery_report_is_one_query_and_one_with_nothing_new_is_one_too() -> None:
    row = sent()
    for fate in (Fate.DELIVERED, Fate.GOING):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            told(row, fate)
        assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) == 1


def test_the_price_is_kept_when_it_is_told() -> None:
    row = sent()
    report = Report("SM1", Fate.DELIVERED, "", 2, decimal.Decimal("24.5"), "JPY")
    transitions.apply(report, pk=row.pk, attempt=1, check=SECOND, now=NOW)
    row.refresh_from_db()
    assert (row.billed_segments, row.price, row.price_unit) == (2, decimal.Decimal("24.5"), "JPY")
    assert row.check_at is None


def test_while_the_price_is_not_told_it_will_be_asked_for() -> None:
    row = sent()
    told(row, Fate.DELIVERED)
    row.refresh_from_db()
    assert row.check_at == NOW + SECOND + transitions.PRICE_PAUSE
