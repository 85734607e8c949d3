"""What a draw's result says by SMS, in inserts of many rows (rules 26, 33, 59 and 60)."""

from typing import Any

import pytest

from classes.lottery import draw, freezing, giving
from classes.models import CallTask, Intake, Notice
from sms import transitions
from sms.models import OutboundMessage
from staff.models import StaffMember
from tests import factories
from tests.classes.test_lottery_draw import CLOSED, DICE, apply, drawn, late_class
from tests.classes.test_notices_by_text import SHARED

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator() -> StaffMember:
    return factories.staff_member(role="coordinator")


@pytest.fixture
def lottery() -> Intake:
    return factories.intake(
        code="2026-10", method=Intake.Method.LOTTERY, closes_at=factories.tokyo(2026, 10, 1, 17)
    )


def results() -> list[str]:
    return [
        message.body for message in OutboundMessage.objects.filter(purpose="result").order_by("pk")
    ]


def test_who_wins_and_who_waits_is_told_by_sms(
    lottery: Intake, coordinator: StaffMember
) -> None:  # rule 60
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session, learners=[factories.texted()])
    drawn(lottery, coordinator)
    assert sorted("当選です" in body for body in results()) == [False, True]
    assert any("補欠1番" in body for body in results())
    assert not CallTask.objects.exists()
    # What the application was confirmed with is untrue now, and was not sent before.
    confirmed = OutboundMessage.objects.filter(purpose="registered")
    assert {message.status for message in confirmed} == {"cancelled"}


def test_two_who_applied_alone_and_share_a_number_get_one_message(
    lottery: Intake, coordinator: StaffMember
) -> None:  # rule 59
    session = late_class(lottery, "N1", 2)
    for _ in range(2):
        apply(lottery, session, learners=[factories.texted(phone=SHARED)])
    drawn(lottery, coordinator)
    (body,) = results()
    assert "2名様" in body
    assert Notice.objects.filter(purpose="result", channel="sms").count() == 2


def test_of_a_couple_the_one_with_a_mobile_is_told(
    lottery: Intake, coordinator: StaffMember
) -> None:  # rules 26 and 59
    session = late_class(lottery, "N1", 2)
    husband, wife = factories.learner(phone="+81426263111"), factories.texted()
    apply(lottery, session, learners=[husband, wife])
    drawn(lottery, coordinator)
    made = Notice.objects.get(purpose="result")
    assert (made.learner, made.channel) == (wife, "sms")
    assert "2名様" in results()[0]


def test_a_new_draw_calls_those_who_may_have_read_the_first_result(
    lottery: Intake, coordinator: StaffMember
) -> None:  # rules 33 and 55
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session, learners=[factories.texted()])
    drawn(lottery, coordinator)
    left = OutboundMessage.objects.filter(purpose="result").order_by("pk")[0]
    OutboundMessage.objects.filter(pk=left.pk).update(status="sent", sent_at=CLOSED)
    told = left.notices.get().learner
    drawn(lottery, coordinator, seed="99", now=CLOSED.replace(hour=12), reason="数え間違い")
    again = Notice.objects.filter(purpose="result", settled_at=None)
    assert {(n.learner, n.channel) for n in again if n.learner == told} == {(told, "call")}
    assert {n.channel for n in again if n.learner != told} == {"sms"}


def test_telling_results_costs_as_many_queries_for_many_parties(
    lottery: Intake, coordinator: StaffMember, django_assert_max_num_queries: Any
) -> None:
    sessions = [late_class(lottery, f"N{number}", 3) for number in range(3)]
    for number in range(30):
        people = [factories.texted() for _ in range(1 + number % 2)]
        apply(lottery, *sessions[number % 3 :], learners=people)
    frozen = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    draw.fix_seed(frozen.pk, seed="1", source=DICE, note="", by=coordinator, now=CLOSED)
    with django_assert_max_num_queries(55):
        draw.run(frozen.pk, by=coordinator, now=CLOSED)
    assert len(results()) == 30


def test_a_result_that_leaves_while_the_next_draw_runs_was_heard_or_does_not_go(
    lottery: Intake, coordinator: StaffMember, monkeypatch: pytest.MonkeyPatch
) -> None:  # rules 33 and 53
    """A worker takes what waits once it is known who was told."""
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session, learners=[factories.texted()])
    drawn(lottery, coordinator)
    end_former = giving.end_former

    def while_a_worker_sends(*args: Any, **more: Any) -> frozenset[int]:
        told = end_former(*args, **more)
        due = OutboundMessage.objects.latest("pk").send_after
        claimed.extend(transitions.claim(50, now=due))
        return told

    claimed: list[OutboundMessage] = []
    monkeypatch.setattr(giving, "end_former", while_a_worker_sends)
    drawn(lottery, coordinator, seed="99", now=CLOSED.replace(hour=12), reason="数え間違い")
    heard = Notice.objects.filter(message__in=claimed).values_list("learner", flat=True)
    called = Notice.objects.filter(purpose="result", channel="call")
    assert set(called.values_list("learner", flat=True)) == set(heard)
