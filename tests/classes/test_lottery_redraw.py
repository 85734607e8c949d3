"""Draws of lines drawn anew, and intakes with a seat for each choice."""

import datetime
import io
from pathlib import Path

import pytest
from django.core.management import call_command

from classes import cancelling, offers, waitlist
from classes.lottery import ranking
from classes.models import (
    ClassSession,
    Enrollment,
    Intake,
    LotteryDraw,
    Notice,
    Offer,
    WaitlistEntry,
)
from staff.models import StaffMember
from tests import factories
from tests.classes import invariants
from tests.classes.test_lottery_draw import CLOSED, OPEN, apply, drawn, late_class

pytestmark = pytest.mark.django_db
CUTOFF = factories.tokyo(2026, 9, 10, 12)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def coordinator() -> StaffMember:
    return factories.staff_member(role="coordinator")


@pytest.fixture
def lined() -> ClassSession:
    """One seat, given up; four wait for the line to be drawn."""
    intake = factories.intake(line_order=Intake.LineOrder.DRAWN, line_cutoff_at=CUTOFF)
    session: ClassSession = late_class(intake, "N1", 1)
    seated = factories.registered(session, at=OPEN)[0]
    for minute in range(1, 5):
        factories.registered(session, at=OPEN.replace(minute=minute))
    cancelling.cancel(intake.pk, seated.pk, reason="", by=None, now=OPEN.replace(minute=30))
    return session


def order(session: ClassSession) -> list[str]:
    intake = session.intake
    return [intake.receipt(entry.receipt_number) for entry in waitlist.line(session)]


def test_a_line_drawn_anew_stands_in_the_new_order_and_its_offer_goes_to_the_new_first(
    lined: ClassSession, coordinator: StaffMember
) -> None:  # rule 33
    intake = lined.intake
    first = drawn(intake, coordinator, seed="9", now=CUTOFF + HOUR)
    offers.announce_due(now=CUTOFF + HOUR)
    before = Offer.objects.open().get(class_session=lined)

    second = drawn(intake, coordinator, seed="4", now=CUTOFF + 2 * HOUR, reason="数え間違い")

    first.refresh_from_db()
    before.refresh_from_db()
    assert first.status == LotteryDraw.Status.SUPERSEDED
    assert before.status == Offer.Status.WITHDRAWN
    expected = sorted(
        (intake.receipt(number) for number in range(2, 6)),
        key=lambda receipt: ranking.digest("4", receipt),
    )
    assert order(lined) == expected
    assert {entry.draw_id for entry in WaitlistEntry.objects.waiting()} == {second.pk}
    offer = Offer.objects.open().get(class_session=lined)
    assert intake.receipt(offer.entry.receipt_number) == expected[0]
    assert not Notice.objects.filter(offer=before, settled_at=None).exists()
    invariants.check(Intake.objects.get(pk=intake.pk), now=CUTOFF + 2 * HOUR)


def test_whoever_took_the_seat_of_a_drawn_line_gives_it_back_to_the_new_draw(
    lined: ClassSession, coordinator: StaffMember
) -> None:  # rule 33: every place that came from the first
    intake = lined.intake
    drawn(intake, coordinator, seed="9", now=CUTOFF + HOUR)
    offers.announce_due(now=CUTOFF + HOUR)
    taken = Offer.objects.open().get(class_session=lined)
    offers.tell(taken.pk, told_by=Offer.ToldBy.PHONE, by=None, now=CUTOFF + HOUR)
    offers.accept(taken.pk, by=None, now=CUTOFF + HOUR)

    drawn(intake, coordinator, seed="4", now=CUTOFF + 2 * HOUR, reason="数え間違い")

    assert not Enrollment.objects.held().filter(class_session=lined).exists()
    assert len(order(lined)) == 4
    assert Offer.objects.open().filter(class_session=lined).count() == 1


@pytest.fixture
def per_choice() -> Intake:
    return factories.intake(
        code="2026-10",
        method=Intake.Method.LOTTERY,
        seat_rule=Intake.SeatRule.PER_CHOICE,
        closes_at=factories.tokyo(2026, 10, 1, 17),
    )


def test_a_seat_for_each_choice_and_a_place_in_line_for_the_others(
    per_choice: Intake, coordinator: StaffMember, tmp_path: Path
) -> None:  # rule 31
    one, two = late_class(per_choice, "A1", 1), late_class(per_choice, "N1", 2)
    for _ in range(3):
        apply(per_choice, one, two)

    result = drawn(per_choice, coordinator, seed="7")

    assert one.enrollments.held().count() == 1
    assert two.enrollments.held().count() == 2
    ranked = sorted(
        (per_choice.receipt(number) for number in range(1, 4)),
        key=lambda receipt: ranking.digest("7", receipt),
    )
    assert order(one) == ranked[1:]
    assert order(two) == ranked[2:]
    invariants.check(Intake.objects.get(), now=CLOSED)
    file = tmp_path / "proof.json"
    file.write_bytes(result.proof_text.encode())
    call_command("verify_draw", str(file), stdout=io.StringIO())


def test_both_seats_end_with_a_new_draw(per_choice: Intake, coordinator: StaffMember) -> None:
    one, two = late_class(per_choice, "A1", 1), late_class(per_choice, "N1", 1)
    for _ in range(3):
        apply(per_choice, one, two)
    first = drawn(per_choice, coordinator, seed="7")
    second = drawn(per_choice, coordinator, seed="8", reason="数え間違い")
    assert not Enrollment.objects.held().filter(draw=first).exists()
    assert Enrollment.objects.held().filter(draw=second).count() == 2
    # Nobody waits for a class in which they sit.
    for seat in Enrollment.objects.held().select_related("application"):
        waiting = WaitlistEntry.objects.waiting().filter(
            party=seat.application.party_id, class_session=seat.class_session_id
        )
        assert not waiting.exists()
