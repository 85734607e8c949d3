"""A draw from the frozen list to places: freeze, seed, ranking, walk, line, notices."""

import json
import uuid

import pytest

from classes import cancelling, places, waitlist
from classes.lottery import draw, freezing, proof, ranking
from classes.models import (
    Application,
    CallTask,
    Enrollment,
    Intake,
    LotteryDraw,
    Notice,
    PlaceEvent,
    WaitlistEntry,
)
from classes.outcomes import Refused
from tests import factories

pytestmark = pytest.mark.django_db

OPEN = factories.tokyo(2026, 9, 1, 10)
CLOSED = factories.tokyo(2026, 10, 2, 9)
DICE = LotteryDraw.SeedSource.DICE


@pytest.fixture
def coordinator():
    return factories.staff_member(role="coordinator")


@pytest.fixture
def lottery():
    return factories.intake(
        code="2026-10",
        method=Intake.Method.LOTTERY,
        closes_at=factories.tokyo(2026, 10, 1, 17),
    )


def late_class(intake, code, capacity, **fields):
    return factories.class_session(
        intake=intake,
        code=code,
        capacity=capacity,
        lessons=[factories.tokyo(2026, 10, 20, 10), factories.tokyo(2026, 10, 27, 10)],
        **fields,
    )


def apply(intake, *wishes, people=1, at=OPEN, learners=None):
    learners = learners or [factories.learner() for _ in range(people)]
    answer = places.register(
        intake.pk,
        applicants=[places.Applicant(person, uuid.uuid4()) for person in learners],
        wishes=[wish.pk for wish in wishes],
        by=None,
        now=at,
    )
    return answer.applications


def drawn(intake, by, *, seed="1234", now=CLOSED, reason=""):
    frozen = freezing.freeze(intake.pk, by=by, now=now, reason=reason)
    draw.fix_seed(frozen.pk, seed=seed, source=DICE, note="", by=by, now=now)
    return draw.run(frozen.pk, by=by, now=now)


def test_freezing_stops_applications_until_the_draw(lottery, coordinator):  # rule 25
    session = late_class(lottery, "N1", 1)
    apply(lottery, session)
    frozen = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    answer = places.register(
        lottery.pk,
        applicants=[places.Applicant(factories.learner(), uuid.uuid4())],
        wishes=[session.pk],
        by=None,
        now=CLOSED,
        received_at=OPEN,
        source=Application.Source.PAPER,
    )
    assert isinstance(answer, Refused)
    assert [reason.kind for reason in answer.reasons] == ["list_frozen"]
    assert frozen.list_sha256 == proof.sha256(frozen.list_text)


def test_freezing_waits_for_the_end_of_reception(lottery, coordinator):
    apply(lottery, late_class(lottery, "N1", 1))
    with pytest.raises(freezing.NotNow):
        freezing.freeze(lottery.pk, by=coordinator, now=factories.tokyo(2026, 9, 30, 9))


def test_freezing_is_taken_back_until_a_seed_exists(lottery, coordinator):
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session)
    first = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    freezing.take_back(first.pk, by=coordinator, now=CLOSED)
    lottery.refresh_from_db()
    assert lottery.list_frozen_at is None
    again = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    assert again.number == 2
    draw.fix_seed(again.pk, seed="7", source=DICE, note="", by=coordinator, now=CLOSED)
    with pytest.raises(freezing.NotNow):
        freezing.take_back(again.pk, by=coordinator, now=CLOSED)


def test_the_ranking_is_what_a_hash_tool_gives(lottery, coordinator):  # rule 33
    session = late_class(lottery, "N1", 2)
    for _ in range(5):
        apply(lottery, session)
    result = drawn(lottery, coordinator, seed=" ４２ ")
    assert result.seed == "42"
    receipts = [lottery.receipt(number) for number in range(1, 6)]
    expected = sorted(receipts, key=lambda receipt: ranking.digest("42", receipt))
    ranked = [one["receipt"] for one in json.loads(result.proof_text)["result"]["ranking"]]
    assert ranked == expected
    held = Enrollment.objects.held().order_by("pk")
    assert [seat.application.receipt for seat in held] == expected[:2]
    line = WaitlistEntry.objects.waiting().in_line()
    assert [lottery.receipt(entry.receipt_number) for entry in line] == expected[2:]  # rule 35


def test_two_presses_draw_once_with_the_first_seed(lottery, coordinator):
    session = late_class(lottery, "N1", 1)
    for _ in range(3):
        apply(lottery, session)
    first = drawn(lottery, coordinator, seed="1")
    draw.fix_seed(first.pk, seed="2", source=DICE, note="", by=coordinator, now=CLOSED)
    again = draw.run(first.pk, by=coordinator, now=CLOSED)
    assert (again.seed, again.drawn_at) == ("1", first.drawn_at)
    assert Enrollment.objects.count() == 1


def test_without_shortage_everybody_gets_the_first_choice_without_a_draw(
    lottery, coordinator
):  # rule 32
    first, second = late_class(lottery, "N1", 3), late_class(lottery, "N2", 3)
    apply(lottery, first, second)
    apply(lottery, second, first, people=2)
    frozen = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    result = draw.run(frozen.pk, by=coordinator, now=CLOSED)
    assert result.seed == ""
    assert first.enrollments.held().count() == 1
    assert second.enrollments.held().count() == 2
    assert proof.differences(json.loads(result.proof_text)) == []


def test_with_a_shortage_there_is_no_draw_without_a_seed(lottery, coordinator):  # rule 32
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session)
    frozen = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    with pytest.raises(freezing.NotNow):
        draw.run(frozen.pk, by=coordinator, now=CLOSED)


def test_everybody_is_told_once_and_keeps_what_was_said(lottery, coordinator):  # rules 19, 52
    session = late_class(lottery, "N1", 2)
    apply(lottery, session, people=2)
    apply(lottery, session, learners=[factories.learner(no_phone_calls=True)])
    result = drawn(lottery, coordinator)
    notices = Notice.objects.filter(purpose=Notice.Purpose.RESULT)
    assert notices.count() == 2
    assert CallTask.objects.open().count() == 1  # rule 20: the other gets a letter
    assert notices.get(channel=Notice.Channel.POST).settled_at is None
    events = PlaceEvent.objects.filter(kind=PlaceEvent.Kind.DRAWN)
    assert events.count() == 3
    assert all(event.sentence for event in events)
    assert {event.details["draw"] for event in events} == {result.number}


def test_to_a_senior_it_is_never_called_a_failure(lottery, coordinator):  # design.md
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session)
    drawn(lottery, coordinator)
    said = " ".join(Notice.objects.values_list("sentence", flat=True))
    assert "抽選にもれました" in said
    assert "補欠の1番目" in said
    assert "落選" not in said


def test_who_withdraws_after_freezing_leaves_the_hash_and_the_seat_passes_on(
    lottery, coordinator
):  # rule 36
    session = late_class(lottery, "N1", 1)
    for _ in range(3):
        apply(lottery, session)
    frozen = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    order = sorted(Application.objects.all(), key=lambda each: ranking.digest("1", each.receipt))
    cancelling.cancel(lottery.pk, order[0].pk, reason="", by=None, now=CLOSED)
    draw.fix_seed(frozen.pk, seed="1", source=DICE, note="", by=coordinator, now=CLOSED)
    later = factories.tokyo(2026, 10, 2, 11)
    result = draw.run(frozen.pk, by=coordinator, now=later)
    assert result.list_sha256 == frozen.list_sha256
    assert proof.differences(json.loads(result.proof_text)) == []
    assert not Enrollment.objects.held().exists()
    offer = session.offers.open().get()
    assert offer.party_id == order[1].party_id


def test_a_withdrawal_during_the_draw_can_be_undone_to_the_drawn_seat(
    lottery, coordinator
):  # rules 30 and 36
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session)
    frozen = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    order = sorted(Application.objects.all(), key=lambda each: ranking.digest("1", each.receipt))
    cancelling.cancel(lottery.pk, order[0].pk, reason="", by=None, now=CLOSED)
    draw.fix_seed(frozen.pk, seed="1", source=DICE, note="", by=coordinator, now=CLOSED)
    draw.run(frozen.pk, by=coordinator, now=CLOSED)
    cancelling.undo(lottery.pk, order[0].pk, by=None, now=CLOSED.replace(minute=5))
    assert session.enrollments.held().get().application == order[0]
    assert not session.offers.open().exists()


def test_a_cancellation_from_before_the_freezing_cannot_enter_a_frozen_list(lottery, coordinator):
    session = late_class(lottery, "N1", 1)
    gone, _stays = apply(lottery, session)[0], apply(lottery, session)
    cancelling.cancel(lottery.pk, gone.pk, reason="", by=None, now=CLOSED)
    freezing.freeze(lottery.pk, by=coordinator, now=CLOSED.replace(minute=2))
    with pytest.raises(cancelling.CannotUndo):
        cancelling.undo(lottery.pk, gone.pk, by=None, now=CLOSED.replace(minute=5))


def test_after_the_draw_a_late_paper_stands_behind_the_drawn_line(lottery, coordinator):  # rule 24
    session = late_class(lottery, "N1", 1)
    for _ in range(3):
        apply(lottery, session)
    drawn(lottery, coordinator)
    answer = places.register(
        lottery.pk,
        applicants=[places.Applicant(factories.learner(), uuid.uuid4())],
        wishes=[session.pk],
        by=None,
        now=CLOSED,
        received_at=OPEN,
        source=Application.Source.PAPER,
    )
    late = WaitlistEntry.objects.get(party=answer.applications[0].party)
    assert waitlist.position(late) == 3


def test_a_new_draw_ends_what_came_from_the_first_and_calls_who_was_told(
    lottery, coordinator
):  # rule 33
    session = late_class(lottery, "N1", 1)
    for _ in range(4):
        apply(lottery, session)
    first = drawn(lottery, coordinator, seed="1")
    told = Notice.objects.filter(purpose=Notice.Purpose.RESULT).order_by("pk")[0]
    CallTask.objects.filter(notice=told).update(closed_at=CLOSED)
    Notice.objects.filter(pk=told.pk).update(settled_at=CLOSED, outcome=Notice.Outcome.TOLD)
    withdrawn = Application.objects.active().exclude(learner=told.learner).first()
    later = factories.tokyo(2026, 10, 5, 9)
    cancelling.cancel(lottery.pk, withdrawn.pk, reason="", by=None, now=CLOSED)
    second = drawn(lottery, coordinator, seed="2", now=later, reason="用紙が1枚残っていた")
    first.refresh_from_db()
    assert first.status == LotteryDraw.Status.SUPERSEDED
    assert (first.seed, second.seed) == ("1", "2")
    assert not Enrollment.objects.held().filter(draw=first).exists()
    assert session.enrollments.held().get().draw == second
    assert not WaitlistEntry.objects.waiting().filter(draw=first).exists()
    withdrawn.refresh_from_db()
    assert withdrawn.status == Application.Status.CANCELLED
    new = Notice.objects.filter(purpose=Notice.Purpose.RESULT, settled_at=None)
    assert new.count() == 3
    assert "やり直しました" in new.get(learner=told.learner).sentence
    assert sum("やり直しました" in notice.sentence for notice in new) == 1


def test_a_new_draw_needs_a_reason_and_time_before_the_first_lesson(lottery, coordinator):  # 33
    session = late_class(lottery, "N1", 1)
    for _ in range(2):
        apply(lottery, session)
    drawn(lottery, coordinator)
    with pytest.raises(freezing.NotNow):
        freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    with pytest.raises(freezing.NotNow):
        freezing.freeze(
            lottery.pk,
            by=coordinator,
            now=factories.tokyo(2026, 10, 20, 10),
            reason="数え間違い",
        )


def test_a_new_draw_leaves_seats_that_came_otherwise(lottery, coordinator):  # rule 33
    session, other = late_class(lottery, "N1", 1), late_class(lottery, "N2", 1)
    for _ in range(2):
        apply(lottery, session)
    drawn(lottery, coordinator, seed="1")
    exception = apply(lottery, other, at=factories.tokyo(2026, 9, 30))[0]
    seat = other.enrollments.held().get(application=exception)
    assert seat.draw is None
    second = drawn(lottery, coordinator, seed="2", reason="数え間違い")
    seat.refresh_from_db()
    assert seat.ended_at is None
    listed = json.loads(second.list_text)
    assert [each["seats"] for each in listed["classes"]] == [1, 0]
    assert len(listed["parties"]) == 2


def test_a_line_is_drawn_at_its_cut_off(coordinator):  # rule 24
    cutoff = factories.tokyo(2026, 9, 10, 12)
    intake = factories.intake(
        line_order=Intake.LineOrder.DRAWN, line_cutoff_at=cutoff, code="2026-11"
    )
    session = late_class(intake, "N1", 1)
    seated = factories.registered(session, at=OPEN)[0]
    for minute in range(1, 5):
        factories.registered(session, at=OPEN.replace(minute=minute))
    cancelling.cancel(intake.pk, seated.pk, reason="", by=None, now=OPEN.replace(minute=30))
    assert not session.offers.exists()
    with pytest.raises(freezing.NotNow):
        freezing.freeze(intake.pk, by=coordinator, now=cutoff.replace(hour=11))
    after = cutoff.replace(hour=13)
    late = factories.registered(session, at=after)[0]
    result = drawn(intake, coordinator, seed="9", now=after.replace(hour=14))
    assert result.kind == LotteryDraw.Kind.LINE
    expected = sorted(
        (intake.receipt(number) for number in range(2, 6)),
        key=lambda receipt: ranking.digest("9", receipt),
    )
    order = [intake.receipt(entry.receipt_number) for entry in waitlist.line(session)]
    assert order == [*expected, intake.receipt(late.number)]
    offer = session.offers.open().get()
    assert intake.receipt(offer.entry.receipt_number) == expected[0]


def test_the_number_of_queries_does_not_grow_with_the_applicants(
    lottery, coordinator, django_assert_max_num_queries
):
    sessions = [late_class(lottery, f"N{number}", 3) for number in range(3)]
    for number in range(30):
        apply(lottery, *sessions[number % 3 :], people=1 + number % 2)
    with django_assert_max_num_queries(24):
        frozen = freezing.freeze(lottery.pk, by=coordinator, now=CLOSED)
    draw.fix_seed(frozen.pk, seed="1", source=DICE, note="", by=coordinator, now=CLOSED)
    with django_assert_max_num_queries(40):
        draw.run(frozen.pk, by=coordinator, now=CLOSED)


def test_the_same_list_seed_and_rules_give_the_same_bytes_on_any_database(
    lottery, coordinator
):  # rule 33
    """The hashes were computed once and stand here: SQLite and PostgreSQL must both give them."""
    lottery.repeat_seats = 1
    lottery.priority_tiers = [{"kind": "resident"}]
    lottery.save()
    sessions = [late_class(lottery, code, 2) for code in ("b", "A", "あ", "ア", "10", "9")]
    for number in range(12):
        address = "町田市原町田1-1" if number % 5 == 4 else "八王子市南大沢2-1"
        people = [factories.learner(address=address) for _ in range(1 + number % 2)]
        wishes = [sessions[(number + step) % 3] for step in range(3)]
        apply(lottery, *wishes, learners=people)
    result = drawn(lottery, coordinator, seed="４２６１３５")
    assert (result.list_sha256, proof.sha256(result.proof_text)) == (
        "90ac2ab85731f858c84077e8380b3a41fac6e9e0b8b0cb88cf41445b6058f015",
        "6925773d84f02a4e53dd0105a83fb148dce9441ecc3a92bf46d69fdc54533c57",
    )
