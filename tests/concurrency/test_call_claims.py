"""Two operators and one person to call, on PostgreSQL; two intakes and one venue's loan phones."""

import uuid
from typing import Any

import pytest

from classes import call_attempts, calls, loan_phones, locking
from classes.call_attempts import Answer, Result, Try
from classes.models import CallAttempt, CallTask, Enrollment
from tests import factories
from tests.concurrency.racing import MeetingPoint, race, take_the_lock_away
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NOW = tokyo(2026, 9, 1, 10)


def two_claims(monkeypatch: pytest.MonkeyPatch, first: CallTask, second: CallTask) -> list[Any]:
    operators = factories.staff_member(), factories.staff_member()
    monkeypatch.setattr(calls, "is_claimed", MeetingPoint(calls.is_claimed))
    return race(
        lambda: calls.claim(first.pk, by=operators[0], now=NOW),
        lambda: calls.claim(second.pk, by=operators[1], now=NOW),
    )


def take_the_lock_of_the_calls_away(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_lock_away(monkeypatch)
    monkeypatch.setattr(calls, "lock_intakes", locking.lock_intakes)


def on_one_number() -> tuple[CallTask, CallTask]:
    """A couple with one telephone, each with an offer of an intake of its own."""
    return (
        factories.call_task(factories.learner(phone="+81426263111")),
        factories.call_task(factories.learner(phone="+81426263111")),
    )


def test_two_operators_never_take_the_same_call(monkeypatch: pytest.MonkeyPatch) -> None:
    task = factories.call_task()
    answers = two_claims(monkeypatch, task, task)
    assert sorted(type(answer).__name__ for answer in answers) == ["CallTask", "ClaimedByOther"]


def test_two_operators_never_call_the_same_number(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = two_claims(monkeypatch, *on_one_number())
    assert sorted(type(answer).__name__ for answer in answers) == ["CallTask", "ClaimedByOther"]


def test_control_without_the_lock_both_operators_dial(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_lock_of_the_calls_away(monkeypatch)
    answers = two_claims(monkeypatch, *on_one_number())
    assert [type(answer) for answer in answers] == [CallTask, CallTask]


def test_one_press_sent_twice_is_one_try(monkeypatch: pytest.MonkeyPatch) -> None:  # rule 22
    task = factories.call_task()
    operator = factories.staff_member()
    entered = Try(
        client_uuid=uuid.uuid4(),
        outcome=CallAttempt.Outcome.REACHED,
        answer=Answer.ACCEPTS,
    )
    monkeypatch.setattr(calls, "lock_group", MeetingPoint(calls.lock_group))
    answers = race(
        *(
            lambda: call_attempts.record_attempt(task.pk, entered, by=operator, now=NOW)
            for _ in range(2)
        )
    )
    assert {answer.result for answer in answers} == {Result.ACCEPTED, Result.ALREADY_RECORDED}
    assert len({answer.sentence for answer in answers}) == 1
    assert CallAttempt.objects.count() == 1
    assert Enrollment.objects.held().count() == 1


def two_for_the_last_phone(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Two intakes with a class each, at one time in one hall that has one phone."""
    hall = factories.venue(loan_phones=1)
    for _ in range(2):
        factories.registered(factories.class_session(venue=hall))
    seats = [seat.pk for seat in Enrollment.objects.held()]
    monkeypatch.setattr(loan_phones, "_promised", MeetingPoint(loan_phones._promised))
    return race(*(lambda pk=pk: loan_phones.promise(pk, by=None, now=NOW) for pk in seats))


def test_two_intakes_never_promise_the_same_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    # rule 39
    answers = two_for_the_last_phone(monkeypatch)
    assert sorted(type(a).__name__ for a in answers) == ["Enrollment", "NoLoanPhoneLeft"]


def test_control_without_the_venues_row_the_phone_is_promised_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loan_phones, "_lock_venues", lambda pks: None)
    answers = two_for_the_last_phone(monkeypatch)
    assert [type(answer) for answer in answers] == [Enrollment, Enrollment]
