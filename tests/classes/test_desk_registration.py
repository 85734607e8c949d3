"""One press of Enter: everything or nothing, once however often it is pressed."""

import dataclasses
import datetime
import uuid
from typing import Any

import pytest
from django.db import transaction

from classes import (
    answers,
    call_log,
    cancelling,
    desk,
    desk_actions,
    desk_registration,
    offers,
    steering,
    waitlist,
)
from classes.desk_registration import Call, Caller, NewPerson
from classes.locking import lock_intake
from classes.models import (
    Application,
    CallLog,
    CallTask,
    ClassSession,
    Enrollment,
    Offer,
    PlaceEvent,
)
from classes.outcomes import AlreadyThere, ChooseSplit, Enrolled, Refused, SeatGone, Waitlisted
from classes.places import WhenShort
from learners.models import Learner, SearchKey
from sms import phone_numbers
from staff.models import AccessSubject, StaffMember
from tests import factories
from tests.classes import invariants
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
LATER = tokyo(2026, 9, 1, 9, 33)
PHONE = phone_numbers.parse("090-3117-4912", area_code="042")
SATO = NewPerson("佐藤 花子", "サトウ ハナコ", phone=PHONE, address="八王子市明神町1-1")


@pytest.fixture
def operator() -> StaffMember:
    return factories.staff_member()


def press(session: ClassSession, *people: Learner | NewPerson, **options: Any) -> Call:
    """One press with its uuids; take it as often as needed."""
    callers = tuple(
        Caller(uuid.uuid4(), new=person)
        if isinstance(person, NewPerson)
        else Caller(uuid.uuid4(), learner_pk=person.pk)
        for person in people
    )
    wishes = (session.pk, *(other.pk for other in options.pop("also", ())))
    return Call(uuid.uuid4(), callers, wishes, **options)


def take(session: ClassSession, call: Call, by: StaffMember) -> Any:
    return desk_registration.take(session.intake, call, by=by, now=NOW)


def nothing_written() -> bool:
    return not (Learner.objects.exists() or Application.objects.exists())


def test_somebody_new_is_written_and_registered_with_one_press(operator: StaffMember) -> None:
    session = factories.class_session()
    answer = take(session, press(session, SATO), operator)
    assert isinstance(answer, Enrolled)
    learner = Learner.objects.get()
    assert (learner.name, learner.kana) == ("佐藤 花子", "サトウ ハナコ")
    assert learner.phone_numbers.get().e164 == PHONE.e164
    assert SearchKey.objects.filter(learner=learner).exists()
    assert learner.history.get().history_user == operator
    call = CallLog.objects.get()
    assert (call.outcome, call.learner, call.operator) == ("registered", learner, operator)


def test_the_same_press_twice_makes_one_person_and_one_application(  # rule 22
    operator: StaffMember,
) -> None:
    session = factories.class_session()
    call = press(session, SATO)
    first, second = take(session, call, operator), take(session, call, operator)
    assert second.sentence == first.sentence
    assert second.applications == first.applications
    assert Learner.objects.count() == Application.objects.count() == CallLog.objects.count() == 1


def test_a_refused_newcomer_leaves_nothing_behind(operator: StaffMember) -> None:  # rule 15
    session = factories.class_session(intake=factories.intake(min_age=60))
    young = dataclasses.replace(SATO, birth_date=tokyo(1990, 1, 1).date())
    answer = take(session, press(session, young), operator)
    assert isinstance(answer, Refused)
    assert nothing_written()
    assert not CallLog.objects.exists()
    assert not SearchKey.objects.exists()


def test_the_refused_newcomer_is_accepted_as_an_exception_with_a_reason(  # rule 15
    operator: StaffMember,
) -> None:
    session = factories.class_session(intake=factories.intake(min_age=60))
    young = dataclasses.replace(SATO, birth_date=tokyo(1990, 1, 1).date())
    call = press(session, young)
    take(session, call, operator)
    answer = take(session, dataclasses.replace(call, override_reason="介護者"), operator)
    assert isinstance(answer, Enrolled)
    assert Application.objects.get().override_reason == "介護者"


def test_a_newcomer_who_lost_the_seat_meanwhile_is_not_written(operator: StaffMember) -> None:
    session = factories.class_session(capacity=0)
    call = press(session, SATO, expects_seat=True)
    assert isinstance(take(session, call, operator), SeatGone)
    assert nothing_written()
    waits = take(session, dataclasses.replace(call, expects_seat=False), operator)
    assert isinstance(waits, Waitlisted)
    assert Learner.objects.count() == 1


def test_a_couple_before_one_seat_chooses_first_and_is_written_then(  # rule 27
    operator: StaffMember,
) -> None:
    session = factories.class_session(capacity=1)
    taro = dataclasses.replace(SATO, name="佐藤 太郎", kana="サトウ タロウ")
    call = press(session, SATO, taro)
    assert isinstance(take(session, call, operator), ChooseSplit)
    assert nothing_written()
    seated = take(session, dataclasses.replace(call, when_short=WhenShort.SEAT_ONE), operator)
    assert isinstance(seated, Enrolled)
    assert Learner.objects.count() == 2
    assert Enrollment.objects.get().application.learner.name == "佐藤 花子"
    assert CallLog.objects.count() == 1


@pytest.mark.parametrize("seats", [0, 1])
def test_a_couple_that_chose_to_wait_waits_though_the_page_promised_a_seat(
    operator: StaffMember, seats: int
) -> None:  # rule 27
    session = factories.class_session(capacity=1)
    couple = press(session, SATO, factories.learner(), expects_seat=True)
    assert isinstance(take(session, couple, operator), ChooseSplit)
    if not seats:
        # The one seat goes while they think about it.
        take(session, press(session, factories.learner()), operator)
    together = dataclasses.replace(couple, when_short=WhenShort.WAIT_TOGETHER)
    answer = take(session, together, operator)
    if isinstance(answer, SeatGone):
        answer = take(session, dataclasses.replace(together, expects_seat=False), operator)
    assert isinstance(answer, Waitlisted)
    assert len(answer.applications) == 2


def test_a_new_partner_of_somebody_registered_before_is_not_written(
    operator: StaffMember,
) -> None:  # rule 23
    session = factories.class_session()
    known = factories.learner()
    take(session, press(session, known), operator)
    answer = take(session, press(session, known, SATO), operator)
    assert isinstance(answer, AlreadyThere)
    assert Learner.objects.get() == known
    assert CallLog.objects.latest("pk").outcome == "second_call"


def test_what_a_second_caller_was_told_is_kept(operator: StaffMember) -> None:  # rule 19
    session = factories.class_session()
    known = factories.learner()
    take(session, press(session, known), operator)
    answer = take(session, press(session, known), operator)
    told = PlaceEvent.objects.get(kind=PlaceEvent.Kind.READ_ALOUD)
    assert (told.sentence, told.by, told.at) == (answer.sentence, operator, NOW)


def test_what_a_refused_person_was_told_is_kept_though_the_partner_was_not_written(
    operator: StaffMember,
) -> None:  # rule 19
    session = factories.class_session(intake=factories.intake(min_age=60))
    known = factories.learner()
    young = dataclasses.replace(SATO, birth_date=tokyo(1990, 1, 1).date())
    answer = take(session, press(session, known, young), operator)
    assert Learner.objects.get() == known
    assert PlaceEvent.objects.get().sentence == answer.sentence


def test_a_registration_is_logged_as_access_without_values(operator: StaffMember) -> None:
    session = factories.class_session()  # rule 64
    take(session, press(session, SATO), operator)
    subject = AccessSubject.objects.get()
    assert subject.key == str(Learner.objects.get().pk)
    assert (subject.event.route, subject.event.who) == ("desk_register", operator)


def test_a_fax_keeps_its_written_time_is_no_call_and_wants_an_answer(
    operator: StaffMember,
) -> None:  # rule 24
    session = factories.class_session(capacity=0)
    take(session, press(session, factories.learner()), operator)
    written = tokyo(2026, 9, 1, 9, 5)
    fax = press(session, factories.learner(), source=Application.Source.FAX, received_at=written)
    answer = take(session, fax, operator)
    assert answer.positions[0].position == 1
    assert answer.applications[0].received_at == written
    assert CallLog.objects.count() == 1
    assert CallTask.objects.count() == 1


def test_a_person_merged_away_meanwhile_is_named_as_such(operator: StaffMember) -> None:
    session = factories.class_session()
    gone = factories.learner(merged_into=factories.learner())
    with pytest.raises(desk_registration.NoSuchPerson):
        take(session, press(session, gone), operator)


def test_the_caller_is_kept_apart_from_the_person(operator: StaffMember) -> None:  # rule 10
    session = factories.class_session()
    take(session, press(session, SATO, proxy_name="佐藤 一郎", proxy_relation="長男"), operator)
    application = Application.objects.get()
    assert (application.learner.name, application.proxy_name) == ("佐藤 花子", "佐藤 一郎")


def test_a_call_is_counted_once_as_what_weighs_most(operator: StaffMember) -> None:  # rule 18
    session = factories.class_session()
    call = press(session, factories.learner())

    def end(kind: str) -> None:
        call_log.end_without_registration(
            session.intake, kind, client_uuid=call.client_uuid, by=operator, now=NOW
        )

    end("inquiry")
    end("inquiry")
    take(session, call, operator)
    end("inquiry")
    assert [row.outcome for row in CallLog.objects.all()] == ["registered"]


@pytest.mark.parametrize(
    ("moment", "outcome"),
    [(tokyo(2026, 8, 31, 9), "before_opening"), (tokyo(2026, 10, 2, 9), "after_closing")],
)
def test_a_call_outside_reception_is_counted_as_such(
    operator: StaffMember, moment: Any, outcome: str
) -> None:  # rule 18
    found = call_log.end_without_registration(
        factories.intake(), "outside", client_uuid=uuid.uuid4(), by=operator, now=moment
    )
    assert found == CallLog.objects.get().outcome == outcome


def test_no_call_is_outside_an_open_reception(operator: StaffMember) -> None:
    with pytest.raises(call_log.ReceptionIsOpen):
        call_log.end_without_registration(
            factories.intake(), "outside", client_uuid=uuid.uuid4(), by=operator, now=NOW
        )
    assert not CallLog.objects.exists()


def test_undo_takes_the_whole_couple_back_and_uses_no_number_again(
    operator: StaffMember,
) -> None:
    session = factories.class_session(capacity=1)
    couple = press(session, factories.learner(), factories.learner(), when_short=WhenShort.SEAT_ONE)
    take(session, couple, operator)
    latest = desk_actions.undoable(operator, session.intake, now=LATER)
    undone = desk_actions.undo(latest, session.intake, by=operator, now=LATER)
    assert undone.kind == "retract"
    assert set(Application.objects.values_list("status", flat=True)) == {"void"}
    assert not Enrollment.objects.held().exists()
    answer = take(session, press(session, factories.learner()), operator)
    assert answer.applications[0].number == 3
    assert CallLog.objects.filter(outcome="other").count() == 1


def test_undo_reaches_only_ones_own_calls_and_not_for_ever(operator: StaffMember) -> None:
    session = factories.class_session()
    take(session, press(session, factories.learner()), operator)
    colleague = factories.staff_member()
    with pytest.raises(desk_actions.NothingToUndo):
        desk_actions.undoable(colleague, session.intake, now=LATER)
    with pytest.raises(desk_actions.NothingToUndo):
        desk_actions.undoable(operator, session.intake, now=tokyo(2026, 9, 1, 9, 40))


def test_a_count_pressed_by_mistake_is_taken_back(operator: StaffMember) -> None:
    intake = factories.intake()
    call_log.end_without_registration(
        intake, "inquiry", client_uuid=uuid.uuid4(), by=operator, now=NOW
    )
    latest = desk_actions.undoable(operator, intake, now=LATER)
    assert desk_actions.undo(latest, intake, by=operator, now=LATER).kind == "uncount"
    assert not CallLog.objects.exists()


def test_a_cancellation_by_phone_is_counted_and_can_be_undone(operator: StaffMember) -> None:
    session = factories.class_session(capacity=1)  # rule 30
    [application] = take(session, press(session, factories.learner()), operator).applications
    application.intake = session.intake
    desk_actions.cancel(session.intake, application, call_uuid=uuid.uuid4(), by=operator, now=LATER)
    assert CallLog.objects.latest("pk").outcome == "cancellation"
    card = desk.card(session.intake, application.learner, now=LATER)
    assert card.undoable == application
    latest = desk_actions.undoable(operator, session.intake, now=LATER)
    undone = desk_actions.undo(latest, session.intake, by=operator, now=LATER)
    assert "お席は、そのままです" in undone.sentence
    assert Enrollment.objects.held().count() == 1


def test_one_key_answers_was_i_registered_and_keeps_what_was_said(
    operator: StaffMember,
) -> None:  # rule 19
    session = factories.class_session()
    [application] = take(session, press(session, factories.learner()), operator).applications
    sentence = desk_actions.tell_standing(session.intake, application, by=operator, now=LATER)
    assert "お席が決まっております" in sentence
    past = desk.past_sentences(application.learner)
    assert (past[0].sentence, past[0].by) == (sentence, operator)
    assert len(past) == 2


def test_a_wish_is_added_at_the_end_of_its_line(operator: StaffMember) -> None:
    session = factories.class_session(capacity=0)
    other = factories.class_session(intake=session.intake, capacity=0)
    [application] = take(session, press(session, factories.learner()), operator).applications
    take(session, press(other, factories.learner()), operator)
    answer = desk_actions.add_wishes(
        session.intake,
        application,
        [other.pk],
        call_uuid=uuid.uuid4(),
        by=operator,
        now=LATER,
    )
    assert isinstance(answer, Waitlisted)
    assert answer.positions[0].position == 2
    assert CallLog.objects.latest("pk").outcome == "change"


def offered(session: ClassSession, operator: StaffMember, *people: Learner) -> Offer:
    """A party in line whose turn has come, told of its seats."""
    take(session, press(session, *people), operator)
    session.capacity = len(people)
    session.save()
    with transaction.atomic():
        intake = lock_intake(session.intake_id)
        [offer] = waitlist.offer_next(intake, session, by=None, now=NOW)
    offers.announce_due(now=NOW)
    offers.tell(offer.pk, told_by=Offer.ToldBy.PHONE, by=operator, now=NOW)
    offer.refresh_from_db()
    return offer


def answer_by_phone(offer: Offer, operator: StaffMember, *, accepts: bool) -> None:
    first = offer.party.applications.order_by("number")[0]
    desk_actions.answer_offer(
        first.intake,
        offer,
        first,
        accepts=accepts,
        call_uuid=uuid.uuid4(),
        by=operator,
        now=LATER,
    )


@pytest.mark.parametrize("accepts", [True, False])
def test_an_answer_given_by_a_slip_is_taken_back_by_undo(
    operator: StaffMember, accepts: bool
) -> None:  # rules 29 and 31
    session = factories.class_session(capacity=0)
    couple = (factories.learner(), factories.learner())
    offer = offered(session, operator, *couple)
    answer_by_phone(offer, operator, accepts=accepts)
    latest = desk_actions.undoable(operator, session.intake, now=LATER)
    undone = desk_actions.undo(latest, session.intake, by=operator, now=LATER)
    assert undone.kind == "unanswer"
    assert "お返事をお待ちしております" in undone.sentence
    told = offer.expires_at
    offer.refresh_from_db()
    assert (offer.status, offer.expires_at) == ("open", told)
    assert not Enrollment.objects.held().exists()
    assert offer.party.waitlist_entries.waiting().count() == 1
    invariants.check(session.intake, now=LATER)
    answer_by_phone(offer, operator, accepts=True)
    assert Enrollment.objects.held().count() == 2


def test_seats_declined_by_a_slip_and_offered_on_are_a_place_in_line_again(
    operator: StaffMember,
) -> None:
    session = factories.class_session(capacity=0)
    offer = offered(session, operator, factories.learner())
    take(session, press(session, factories.learner()), operator)
    answer_by_phone(offer, operator, accepts=False)
    offers.announce_due(now=LATER)  # the next in line knows of it now
    [application] = offer.party.applications.all()
    _, sentence = answers.undo(session.intake.pk, application.pk, by=operator, now=LATER)
    assert "キャンセル待ちの1番目" in sentence
    assert Offer.objects.open().exclude(party=offer.party).count() == 1
    invariants.check(session.intake, now=LATER)


def test_an_answer_is_final_after_the_window_or_when_the_seat_has_moved_on(
    operator: StaffMember,
) -> None:
    session = factories.class_session(capacity=0)
    offer = offered(session, operator, factories.learner())
    answer_by_phone(offer, operator, accepts=True)
    [application] = offer.party.applications.all()
    late = LATER + datetime.timedelta(minutes=session.intake.undo_minutes)
    with pytest.raises(cancelling.CannotUndo):
        answers.undo(session.intake.pk, application.pk, by=operator, now=late)
    seat = Enrollment.objects.held().get()
    other = factories.class_session(intake=session.intake, capacity=1)
    steering.move(session.intake_id, seat.pk, other.pk, reason="", by=operator, now=LATER)
    with pytest.raises(cancelling.CannotUndo):
        answers.undo(session.intake.pk, application.pk, by=operator, now=LATER)


def test_a_press_after_its_cancellation_says_so_and_registers_nobody(
    operator: StaffMember,
) -> None:
    session = factories.class_session()
    call = press(session, factories.learner())
    [application] = take(session, call, operator).applications
    desk_actions.cancel(session.intake, application, call_uuid=uuid.uuid4(), by=operator, now=LATER)
    again = take(session, call, operator)
    assert isinstance(again, AlreadyThere)
    assert "お取消しになっております" in again.sentence
    assert not Application.objects.active().exists()
