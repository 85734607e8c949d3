"""What the desk shows: figures, classes, results, the caller's card, with few queries."""

import datetime
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from classes import call_log, desk, desk_registration, places
from classes.desk_registration import Call, Caller
from classes.models import Application, CallLog, ClassSession, Enrollment, Intake, Party
from classes.places import Applicant
from learners.models import Learner
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)


def take(session: ClassSession, *people: Learner, by: Any = None, **options: Any) -> Any:
    call = Call(
        client_uuid=uuid.uuid4(),
        callers=tuple(Caller(uuid.uuid4(), person.pk) for person in people),
        wishes=(session.pk,),
        **options,
    )
    by = by or factories.staff_member()
    return desk_registration.take(session.intake, call, by=by, now=NOW)


def test_the_figures_count_calls_and_people_apart() -> None:  # rule 18
    session = factories.class_session(capacity=1)
    operator = factories.staff_member()
    take(session, factories.learner(), factories.learner(), by=operator)
    take(session, factories.learner(), by=operator)
    call_log.record(
        session.intake,
        client_uuid=uuid.uuid4(),
        outcome=CallLog.Outcome.INQUIRY,
        by=operator,
        now=NOW,
    )
    figures = desk.figures(session.intake, desk.live_rows(session.intake, now=NOW))
    # The couple would not fit the single seat and had to choose first, so it wrote nothing.
    assert (figures.calls, figures.held, figures.capacity, figures.waiting_people) == (2, 1, 1, 0)
    assert call_log.counts(session.intake) == {"calls": 2, "people": 1}


def test_somebody_in_three_lines_waits_as_one_person() -> None:
    intake = factories.intake()
    sessions = [factories.class_session(intake=intake, capacity=0) for _ in range(3)]
    places.register(
        intake.pk,
        applicants=[Applicant(factories.learner(), uuid.uuid4())],
        wishes=[session.pk for session in sessions],
        by=None,
        now=NOW,
    )
    assert desk.figures(intake, desk.live_rows(intake, now=NOW)).waiting_people == 1


def test_a_freed_seat_is_not_promised_while_somebody_waits_who_fits_it() -> None:  # rule 28
    session = factories.class_session(capacity=1)
    take(session, factories.learner())
    take(session, factories.learner())
    ClassSession.objects.filter(pk=session.pk).update(capacity=2)
    [row] = desk.class_rows(session.intake, now=NOW)
    assert (row.count.free, row.bookable, row.has_room, row.next_position) == (1, 0, False, 2)


def test_a_seat_that_only_a_couple_waits_for_is_promised_to_one() -> None:  # rule 27
    session = factories.class_session(capacity=0)
    take(session, factories.learner(), factories.learner())
    ClassSession.objects.filter(pk=session.pk).update(capacity=1)
    [row] = desk.class_rows(session.intake, now=NOW)
    assert row.bookable == 1
    assert row.waiting.people == 2


def test_the_class_of_a_lottery_shows_applications_and_promises_nothing() -> None:
    intake = factories.intake(method=Intake.Method.LOTTERY)
    session = factories.class_session(intake=intake)
    take(session, factories.learner())
    [row] = desk.class_rows(intake, now=NOW)
    assert (row.applications, row.has_room) == (1, False)


def test_the_numbers_cost_the_same_however_many_rows_there_are() -> None:
    intake = factories.intake()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            rows = desk.live_rows(intake, now=NOW)
            desk.figures(intake, rows)
        return len(captured)

    factories.class_session(intake=intake, capacity=0)
    few = queries()
    for _ in range(6):
        session = factories.class_session(intake=intake, capacity=0)
        take(session, factories.learner())
    assert queries() == few <= 6


@pytest.mark.parametrize(
    "word", ["n1", "南大沢", "水", "水曜", "wed", "午後", "pm", "はじめてのニュース"]
)
def test_a_class_is_found_by_weekday_half_day_venue_and_code(word: str) -> None:
    session = factories.class_session(
        code="N1",
        course=factories.course(name="はじめてのニュース"),
        venue=factories.venue(name="南大沢市民センター", short_name="南大沢"),
        lessons=[tokyo(2026, 10, 7, 13, 30)],
    )
    assert word in desk.filter_words(session).split(" ")


@pytest.mark.parametrize(
    "said",
    [
        "42",
        "受付42",
        "42番",
        "10-42",
        "10月の42番",
        "2026-10-0042",
        "２０２６－１０－００４２",
        "No.42",
    ],
)
def test_a_receipt_number_is_found_as_it_is_said(said: str) -> None:
    intake = factories.intake(code="2026-10")
    application = _application(intake, 42)
    assert desk.find_by_receipt(said, intake) == application


def test_another_intakes_receipt_is_found_by_its_code() -> None:
    here = factories.intake(code="2026-10")
    before = _application(factories.intake(code="2026-09"), 7)
    _application(here, 7)
    assert desk.find_by_receipt("9月の7番", here) == before
    assert desk.find_by_receipt("09-7", here) == before


@pytest.mark.parametrize("text", ["", "山田", "626-3111", "99999999999999", "やまだ 42丁目"])
def test_what_is_no_receipt_number_finds_none(text: str) -> None:
    intake = factories.intake(code="2026-10")
    _application(intake, 42)
    assert desk.find_by_receipt(text, intake) is None


def test_results_tell_people_of_one_name_apart() -> None:  # rule 5
    learner = factories.learner(phone="+819031174912", birth_date=datetime.date(1939, 5, 3))
    intake = factories.intake()
    [result] = desk.results(intake, [learner], None, now=NOW)
    assert (result.age, result.era_year, result.phone_tails) == (87, "昭和14年", ("4912",))
    assert result.learner.town == "南大沢"


def test_the_person_of_a_receipt_number_leads_the_results() -> None:
    intake = factories.intake()
    application = _application(intake, 42)
    other = factories.learner()
    found = desk.results(intake, [other, application.learner], application, now=NOW)
    assert [result.learner for result in found] == [application.learner, other]
    assert found[0].application == application


def test_the_card_tells_the_last_round_and_how_often_somebody_came() -> None:
    learner = factories.learner()
    august = factories.intake(
        spoken_name="8月", opens_at=tokyo(2026, 7, 1), closes_at=tokyo(2026, 7, 9)
    )
    september = factories.intake(
        method=Intake.Method.LOTTERY,
        spoken_name="9月",
        opens_at=tokyo(2026, 8, 1),
        closes_at=tokyo(2026, 8, 9),
    )
    seated = _application(august, 1, learner, received_at=tokyo(2026, 7, 2))
    session = factories.class_session(intake=august)
    Enrollment.objects.create(application=seated, class_session=session, held_at=tokyo(2026, 7, 2))
    _application(september, 1, learner, received_at=tokyo(2026, 8, 2))
    card = desk.card(factories.intake(), learner, now=NOW)
    assert card.last_round is not None
    assert (card.last_round.intake, card.last_round.result) == (september, "missed")
    assert card.seats_before == 1
    assert card.standing is None


def test_the_card_shows_where_an_application_stands() -> None:
    session = factories.class_session(capacity=1)
    take(session, factories.learner())
    learner = factories.learner()
    take(session, learner)
    card = desk.card(session.intake, learner, now=NOW)
    assert card.standing is not None
    assert [position.position for position in card.standing.positions] == [1]


def test_the_desk_opens_on_the_intake_that_takes_calls_now() -> None:
    over = factories.intake(opens_at=tokyo(2026, 8, 1), closes_at=tokyo(2026, 8, 20))
    running = factories.intake()
    assert desk.choose_intake(None, now=NOW) == (running, [over, running])
    assert desk.choose_intake(over.code, now=NOW)[0] == over
    assert desk.choose_intake("gone", now=NOW)[0] == running
    assert desk.choose_intake(None, now=tokyo(2027, 9, 1)) == (None, [])


def test_the_course_is_named_in_the_language_of_the_screen() -> None:
    session = factories.class_session(course=factories.course(name="支払い", name_en="Paying"))
    [row] = desk.class_rows(session.intake, now=NOW)
    assert row.course_name == "支払い"
    with translation.override("en"):
        assert row.course_name == "Paying"


def _application(
    intake: Intake, number: int, learner: Learner | None = None, **fields: Any
) -> Application:
    fields.setdefault("received_at", NOW)
    return Application.objects.create(
        intake=intake,
        party=Party.objects.create(intake=intake),
        learner=learner or factories.learner(),
        number=number,
        registered_at=NOW,
        **fields,
    )
