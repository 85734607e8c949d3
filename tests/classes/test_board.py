"""The intake board: figures of seats, lines, offers and calls; unmet demand; calls and people."""

import datetime
import uuid

import pytest
import time_machine
from django.urls import reverse

from classes import board, call_log, cancelling, places
from classes.models import CallLog, Intake
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
START = tokyo(2026, 9, 1, 9, 30)
NOW = tokyo(2026, 9, 1, 10)


def busy_intake():
    """One class with a freed seat offered to a couple, one with room; a third that has begun."""
    offer = factories.announced_offer(
        factories.learner(phone="+819031174912"), factories.learner(), code="N1"
    )
    intake = offer.class_session.intake
    factories.registered(offer.class_session, at=START)
    roomy = factories.class_session(
        intake=intake,
        code="N2",
        lessons=[tokyo(2026, 10, 6, 13, 30)],
        course=offer.class_session.course,
    )
    factories.registered(roomy, at=START, spoken=False)
    return offer.class_session, roomy


def test_a_class_shows_its_seats_applications_line_offers_and_calls():
    full, roomy = busy_intake()
    shown = board.board(full.intake, now=NOW)
    first, second = shown.lines
    assert (first.seats.held, first.seats.offered, first.seats.capacity) == (0, 2, 2)
    assert (first.waiting.people, first.waiting.parties) == (3, 2)
    assert (first.offers.open, first.offers.untold, first.calls) == (1, 1, 1)
    assert first.applications == 3
    assert (second.class_session, second.seats.held, second.calls) == (roomy, 1, 1)
    assert (shown.held, shown.capacity, shown.waiting_people, shown.calls) == (1, 12, 3, 2)


def test_a_level_adds_up_its_classes_and_counts_nobody_twice():
    full, _roomy = busy_intake()
    waiting = factories.learner()
    places.register(
        full.intake_id,
        applicants=[places.Applicant(waiting, uuid.uuid4())],
        wishes=[full.pk],
        by=None,
        now=START,
    )
    (level,) = board.board(full.intake, now=NOW).levels
    assert (level.held, level.capacity, level.waiting_people) == (1, 12, 4)


def test_a_couple_waiting_in_two_classes_of_a_level_is_one_party_there():
    first = factories.class_session(capacity=1)
    second = factories.class_session(capacity=1, intake=first.intake, course=first.course)
    for session in (first, second):
        factories.registered(session, at=START)
    places.register(
        first.intake_id,
        applicants=[places.Applicant(factories.learner(), uuid.uuid4()) for _ in range(2)],
        wishes=[first.pk, second.pk],
        by=None,
        now=START,
        when_short=places.WhenShort.WAIT_TOGETHER,
    )
    shown = board.board(first.intake, now=NOW)
    (level,) = shown.levels
    assert [line.waiting.parties for line in shown.lines] == [1, 1]
    assert (level.waiting_parties, level.waiting_people) == (1, 2)
    assert shown.waiting_people == 2


def test_a_line_that_stands_still_is_named():  # rule 29
    intake = factories.intake(last_joining_lesson=2)
    session = factories.class_session(intake=intake, capacity=1, lessons=2)
    (held,) = factories.registered(session, at=START)
    factories.registered(session, at=START)
    begun = tokyo(2026, 10, 6, 9)
    cancelling.cancel(intake.pk, held.pk, reason="", by=None, now=begun)
    shown = board.board(intake, now=begun)
    assert shown.standing_still == [session]
    assert shown.lines[0].is_standing_still


def test_unmet_demand_is_by_level_venue_and_half_day_with_enquiries_beside():
    full, roomy = busy_intake()
    call_log.record(
        full.intake,
        client_uuid=uuid.uuid4(),
        outcome=CallLog.Outcome.INQUIRY,
        by=factories.staff_member(),
        now=NOW,
        class_session_pk=roomy.pk,
    )
    cells = {cell.venue: cell for cell in board.board(full.intake, now=NOW).demand}
    here, there = cells[full.venue], cells[roomy.venue]
    assert (here.morning, here.afternoon, here.enquiries) == (3, None, 0)
    assert (there.morning, there.afternoon, there.enquiries) == (None, 0, 1)


def test_before_a_draw_first_wishes_beyond_the_seats_are_unmet():
    intake = factories.intake(method="lottery")
    session = factories.class_session(intake=intake, capacity=1)
    for _ in range(3):
        factories.registered(session)
    (cell,) = board.board(intake, now=NOW).demand
    assert cell.total == 2


def test_calls_and_people_are_counted_apart():  # rule 18
    session = factories.class_session()
    caller, operator = factories.learner(), factories.staff_member()
    for outcome, learner in (
        (CallLog.Outcome.REGISTERED, caller),
        (CallLog.Outcome.SECOND_CALL, caller),
        (CallLog.Outcome.INQUIRY, None),
    ):
        call_log.record(
            session.intake,
            client_uuid=uuid.uuid4(),
            outcome=outcome,
            by=operator,
            now=NOW,
            learner=learner,
        )
    callers = board.board(session.intake, now=NOW).callers
    assert (callers.calls, callers.people_known, callers.applicants) == (3, 1, 0)
    assert [count for _, count in callers.by_outcome] == [1, 1, 1]


def queries_of_board(django_assert_max_num_queries, intake) -> int:
    with django_assert_max_num_queries(40) as counted:
        shown = board.board(intake, now=NOW)
        assert [str(line.level.title) for line in shown.lines]
    return len(counted.captured_queries)


def test_the_board_takes_as_many_queries_for_many_classes(django_assert_max_num_queries):
    full, _roomy = busy_intake()
    before = queries_of_board(django_assert_max_num_queries, full.intake)
    for number in range(4):
        session = factories.class_session(intake=full.intake, capacity=1, code=f"X{number}")
        for _ in range(3):
            factories.registered(session, at=START)
    assert queries_of_board(django_assert_max_num_queries, full.intake) == before


@time_machine.travel(NOW, tick=False)
def test_the_page_names_nobody_and_the_press_offers_the_seats(client):
    full, _ = busy_intake()
    client.force_login(factories.staff_member(role="coordinator"))
    page = client.get(reverse("intake_board", args=[full.intake.code]))
    assert page.status_code == 200
    assert "山田" not in page.content.decode()
    assert client.get(reverse("intake_board_live", args=[full.intake.code])).status_code == 200
    Intake.objects.update(last_joining_lesson=2)
    intake = Intake.objects.get()
    begun = tokyo(2026, 10, 6, 9)
    session = factories.class_session(intake=intake, capacity=1, lessons=2)
    (held,) = factories.registered(session, at=START)
    factories.registered(session, at=START)
    cancelling.cancel(intake.pk, held.pk, reason="", by=None, now=begun)
    with time_machine.travel(begun + datetime.timedelta(minutes=20), tick=False):
        client.force_login(factories.staff_member(role="coordinator"))
        pressed = client.post(
            reverse("class_offer", args=[session.pk]), {"back": "board"}, follow=True
        )
    assert pressed.redirect_chain[0][0] == reverse("intake_board", args=[intake.code])
    assert session.offers.filter(status="open").count() == 1
