"""The line: offers along it, their time, how each ends, and what staff may do by hand."""

import datetime
import uuid

import pytest

from classes import cancelling, offers, places, stalled, steering, waitlist
from classes.models import (
    Application,
    CallTask,
    ClassSession,
    Enrollment,
    Intake,
    Notice,
    Offer,
    Party,
    PlaceEvent,
    StaffTask,
    WaitlistEntry,
)
from classes.places import Applicant, WhenShort
from classes.waitlist import NotAnnounced, OfferClosed
from learners.models import Learner
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
MINUTE = datetime.timedelta(minutes=1)


def apply(
    session: ClassSession, *people: Learner, at: datetime.datetime = NOW
) -> tuple[Application, ...]:
    answer = places.register(
        session.intake_id,
        applicants=[Applicant(p, uuid.uuid4()) for p in people or (factories.learner(),)],
        wishes=[session.pk],
        by=None,
        now=at,
        when_short=WhenShort.WAIT_TOGETHER,
    )
    return answer.applications  # type: ignore[union-attr]


def cancel(application: Application, at: datetime.datetime = NOW) -> None:
    cancelling.cancel(application.intake_id, application.pk, reason="", by=None, now=at)


def entry_of(application: Application) -> WaitlistEntry:
    return WaitlistEntry.objects.get(party=application.party_id)


def announced_offer(session: ClassSession, at: datetime.datetime) -> Offer:
    offers.announce_due(now=at)
    return Offer.objects.open().get(class_session=session)


def test_a_freed_seat_is_offered_to_the_first_in_line_after_the_undo_window() -> None:  # rule 30
    session = factories.class_session(capacity=1)
    (held,) = apply(session)
    (first,) = apply(session, at=NOW + MINUTE)
    apply(session, at=NOW + 2 * MINUTE)
    cancel(held)
    offer = Offer.objects.get()
    assert offer.party == first.party
    assert offers.announce_due(now=NOW + 9 * MINUTE) == 0
    assert not CallTask.objects.exists()
    assert offers.announce_due(now=NOW + 10 * MINUTE) == 1
    assert "お席が空きました" in CallTask.objects.get().notice.sentence


def test_a_cancellation_is_undone_to_the_same_seat_and_the_offer_nobody_heard_of_dies() -> None:
    # rule 30
    session = factories.class_session(capacity=1)
    (held,) = apply(session)
    apply(session, at=NOW + MINUTE)
    cancel(held)
    cancelling.undo(session.intake_id, held.pk, by=None, now=NOW + 9 * MINUTE)
    assert Enrollment.objects.held().get().application == held
    assert Offer.objects.get().status == Offer.Status.WITHDRAWN
    assert offers.announce_due(now=NOW + 20 * MINUTE) == 0


def test_after_ten_minutes_nothing_can_be_undone() -> None:
    session = factories.class_session(capacity=1)
    (held,) = apply(session)
    cancel(held)
    with pytest.raises(cancelling.CannotUndo):
        cancelling.undo(session.intake_id, held.pk, by=None, now=NOW + 10 * MINUTE)


def test_a_place_in_line_is_undone_to_the_same_place() -> None:
    session = factories.class_session(capacity=0)
    (first,) = apply(session)
    (second,) = apply(session, at=NOW + MINUTE)
    cancel(first, at=NOW + 2 * MINUTE)
    assert waitlist.position(entry_of(second)) == 1
    cancelling.undo(session.intake_id, first.pk, by=None, now=NOW + 3 * MINUTE)
    assert waitlist.position(entry_of(first)) == 1
    assert waitlist.position(entry_of(second)) == 2


def test_the_time_runs_from_when_the_party_was_told() -> None:  # rule 29
    session = factories.class_session(capacity=1)
    (held,) = apply(session)
    apply(session, at=NOW + MINUTE)
    cancel(held)
    offer = announced_offer(session, NOW + 10 * MINUTE)
    late = NOW + datetime.timedelta(days=20)
    assert offers.expire_due(now=late) == 0  # nobody was told
    offers.tell(offer.pk, told_by=Offer.ToldBy.PHONE, by=None, now=late)
    offer.refresh_from_db()
    assert offer.expires_at == late + datetime.timedelta(hours=48)
    assert offers.expire_due(now=late + datetime.timedelta(hours=47)) == 0
    assert offers.expire_due(now=late + datetime.timedelta(hours=48)) == 1


def test_a_letter_counts_as_read_three_days_after_posting() -> None:  # rule 29
    session = factories.class_session(capacity=1)
    (held,) = apply(session)
    apply(session, factories.learner(no_phone_calls=True), at=NOW + MINUTE)
    cancel(held)
    offer = announced_offer(session, NOW + 10 * MINUTE)
    notice = Notice.objects.get(purpose=Notice.Purpose.OFFER)
    assert notice.channel == Notice.Channel.POST
    assert offer.printed_deadline is not None
    posted = NOW + datetime.timedelta(days=2)
    offers.tell(offer.pk, told_by=Offer.ToldBy.POST, by=None, now=posted)
    offer.refresh_from_db()
    told = posted + datetime.timedelta(days=3)
    assert offer.told_at == told
    # The later of the printed deadline and told plus the offer period.
    assert offer.expires_at == max(offer.printed_deadline, told + datetime.timedelta(hours=48))


def test_accepting_seats_the_party_and_ends_its_other_lines() -> None:  # rule 31
    intake = factories.intake()
    one, two = (factories.class_session(intake=intake, capacity=0) for _ in range(2))
    answer = places.register(
        intake.pk,
        applicants=[Applicant(factories.learner(), uuid.uuid4())],
        wishes=[one.pk, two.pk],
        by=None,
        now=NOW,
    )
    ClassSession.objects.filter(pk=one.pk).update(capacity=1)
    steering.offer_by_press(intake.pk, one.pk, by=None, now=NOW)
    offer = announced_offer(one, NOW)
    offers.accept(offer.pk, by=None, now=NOW)
    assert Enrollment.objects.held().get().application == answer.applications[0]  # type: ignore[union-attr]
    endings = dict(WaitlistEntry.objects.values_list("class_session", "ending"))
    assert endings == {one.pk: "seated", two.pk: "seated_elsewhere"}


def test_declining_closes_that_line_only_and_the_next_is_offered() -> None:  # rule 31
    intake = factories.intake()
    one, two = (factories.class_session(intake=intake, capacity=0) for _ in range(2))
    first = factories.learner()
    places.register(
        intake.pk,
        applicants=[Applicant(first, uuid.uuid4())],
        wishes=[one.pk, two.pk],
        by=None,
        now=NOW,
    )
    (second,) = apply(one, at=NOW + MINUTE)
    ClassSession.objects.filter(pk=one.pk).update(capacity=1)
    steering.offer_by_press(intake.pk, one.pk, by=None, now=NOW)
    offers.decline(announced_offer(one, NOW).pk, reason="", by=None, now=NOW)
    assert Offer.objects.open().get().party == second.party
    waiting = WaitlistEntry.objects.waiting().filter(party__applications__learner=first)
    assert [entry.class_session for entry in waiting] == [two]


def test_an_offer_is_answered_once() -> None:
    session = factories.class_session(capacity=1)
    (held,) = apply(session)
    apply(session, at=NOW + MINUTE)
    cancel(held)
    with pytest.raises(NotAnnounced):
        offers.accept(Offer.objects.get().pk, by=None, now=NOW)
    offer = announced_offer(session, NOW + 10 * MINUTE)
    offers.accept(offer.pk, by=None, now=NOW + 11 * MINUTE)
    with pytest.raises(OfferClosed):
        offers.decline(offer.pk, reason="", by=None, now=NOW + 12 * MINUTE)


def test_a_party_too_large_keeps_its_place_and_the_next_that_fits_is_served() -> None:  # rule 27
    session = factories.class_session(capacity=1)
    (held,) = apply(session)
    pair = apply(session, factories.learner(), factories.learner(), at=NOW + MINUTE)
    (single,) = apply(session, at=NOW + 2 * MINUTE)
    cancel(held)
    assert Offer.objects.get().party == single.party
    assert waitlist.position(entry_of(pair[0])) == 1
    passed = PlaceEvent.objects.filter(kind=PlaceEvent.Kind.PASSED_OVER)
    assert {event.application for event in passed} == set(pair)
    assert passed[0].details == {"together": 2, "free": 1, "served": single.number}


def test_a_split_party_keeps_both_places_and_one_is_offered_the_seat() -> None:
    session = factories.class_session(capacity=0)
    pair = apply(session, factories.learner(), factories.learner())
    apply(session, at=NOW + MINUTE)
    ClassSession.objects.filter(pk=session.pk).update(capacity=1)
    steering.split(
        session.intake_id, pair[0].party_id, [pair[1].pk], reason="お一人で", by=None, now=NOW
    )
    assert Offer.objects.open().get().party == pair[0].party
    left = WaitlistEntry.objects.get(party__applications=pair[1].pk)
    assert waitlist.position(left) == 2


def test_passing_over_serves_the_next_and_keeps_the_place() -> None:  # rule 27
    session = factories.class_session(capacity=0)
    (first,) = apply(session)
    (second,) = apply(session, at=NOW + MINUTE)
    ClassSession.objects.filter(pk=session.pk).update(capacity=1)
    steering.offer_by_press(session.intake_id, session.pk, by=None, now=NOW)
    steering.pass_over(
        session.intake_id, entry_of(first).pk, reason="ご本人の希望で次回", by=None, now=NOW
    )
    assert Offer.objects.open().get().party == second.party
    assert waitlist.position(entry_of(first)) == 1
    event = PlaceEvent.objects.get(kind=PlaceEvent.Kind.PASSED_OVER)
    assert event.reason == "ご本人の希望で次回"
    with pytest.raises(ValueError, match="reason"):
        steering.pass_over(session.intake_id, entry_of(first).pk, reason=" ", by=None, now=NOW)


def test_a_move_holds_the_new_seat_before_the_old_is_offered() -> None:
    intake = factories.intake()
    full = factories.class_session(intake=intake, capacity=1)
    other = factories.class_session(intake=intake, capacity=1)
    (mover,) = apply(full)
    (waiting,) = apply(full, at=NOW + MINUTE)
    seat = Enrollment.objects.held().get()
    steering.move(intake.pk, seat.pk, other.pk, reason="通いやすい", by=None, now=NOW)
    held = Enrollment.objects.held().get()
    assert (held.application, held.class_session, held.moved_from) == (mover, other, seat)
    assert Offer.objects.get().party == waiting.party


def test_nobody_moves_into_a_class_past_its_line() -> None:  # rule 28
    intake = factories.intake()
    here = factories.class_session(intake=intake, capacity=1)
    there = factories.class_session(intake=intake, capacity=0)
    apply(here)
    apply(there)
    ClassSession.objects.filter(pk=there.pk).update(capacity=1)
    seat = Enrollment.objects.held().get()
    with pytest.raises(steering.NoRoom):
        steering.move(intake.pk, seat.pk, there.pk, reason="", by=None, now=NOW)


def test_after_the_first_lesson_a_seat_passes_by_a_staff_press_until_the_last_joining_one() -> None:
    # rule 37
    intake = factories.intake(last_joining_lesson=2)
    session = factories.class_session(
        intake=intake, capacity=1, lessons=[tokyo(2026, 10, 5, 10), tokyo(2026, 10, 12, 10)]
    )
    (held,) = apply(session)
    apply(session, at=NOW + MINUTE)
    begun = tokyo(2026, 10, 6, 9)
    cancel(held, at=begun)
    assert not Offer.objects.exists()
    assert stalled.standing_still(now=begun) == [session]  # rule 29: shown in red
    assert steering.offer_by_press(intake.pk, session.pk, by=None, now=begun)
    assert stalled.standing_still(now=begun) == []
    too_late = tokyo(2026, 10, 12, 10)
    assert not steering.offer_by_press(intake.pk, session.pk, by=None, now=too_late)


def test_a_death_stops_everything_and_keeps_the_partners_place() -> None:  # rule 42
    session = factories.class_session(capacity=0)
    pair = apply(session, factories.learner(), factories.learner())
    ClassSession.objects.filter(pk=session.pk).update(capacity=2)
    steering.offer_by_press(session.intake_id, session.pk, by=None, now=NOW)
    offers.announce_due(now=NOW)
    cancelling.record_death(pair[0].learner_id, on=NOW.date(), by=None, now=NOW + MINUTE)
    assert Offer.objects.open().get().seats == 1
    assert entry_of(pair[1]).ended_at is None
    assert not CallTask.objects.open().filter(notice__learner=pair[0].learner_id).exists()
    assert Application.objects.get(pk=pair[0].pk).status == Application.Status.CANCELLED


def test_a_slip_is_taken_back_and_its_number_is_never_used_again() -> None:
    session = factories.class_session(capacity=1)
    (slip,) = apply(session)
    cancelling.retract(session.intake_id, slip.pk, reason="別の方", by=None, now=NOW + MINUTE)
    (anew,) = apply(session, at=NOW + 2 * MINUTE)
    assert Enrollment.objects.held().get().application == anew
    assert anew.number == slip.number + 1


def test_places_refuse_to_change_without_the_lock() -> None:
    session = factories.class_session()
    with pytest.raises(RuntimeError, match="lock_intake"):
        waitlist.offer_next(session.intake, session, by=None, now=NOW)


def test_a_line_to_be_drawn_offers_nobody_before_its_draw() -> None:
    intake = factories.intake(
        line_order=Intake.LineOrder.DRAWN, line_cutoff_at=NOW + datetime.timedelta(days=1)
    )
    session = factories.class_session(intake=intake, capacity=1)
    (held,) = apply(session)
    apply(session, at=NOW + MINUTE)
    cancel(held)
    assert not Offer.objects.exists()


def test_drawn_rank_stands_before_received_time() -> None:  # rule 24
    session = factories.class_session(capacity=0)
    (early,) = apply(session)
    (later,) = apply(session, at=NOW + MINUTE)
    WaitlistEntry.objects.filter(party=later.party_id).update(drawn_rank=1)
    assert [entry.party for entry in waitlist.line(session)] == [later.party, early.party]
    assert waitlist.position(entry_of(later)) == 1
    assert waitlist.position(entry_of(early)) == 2


def test_one_seat_of_several_is_given_up_and_taken_back() -> None:  # rules 30, 31
    intake = factories.intake(seat_rule=Intake.SeatRule.PER_CHOICE)
    one, two = (factories.class_session(intake=intake, capacity=1) for _ in range(2))
    places.register(
        intake.pk,
        applicants=[Applicant(factories.learner(), uuid.uuid4())],
        wishes=[one.pk, two.pk],
        by=None,
        now=NOW,
    )
    (waiting,) = apply(one, at=NOW + MINUTE)
    seat = Enrollment.objects.held().get(class_session=one)
    cancelling.give_up_seat(intake.pk, seat.pk, reason="", by=None, now=NOW + 2 * MINUTE)
    assert Offer.objects.open().get().party == waiting.party
    cancelling.undo_seat(intake.pk, seat.pk, by=None, now=NOW + 3 * MINUTE)
    assert Enrollment.objects.held().filter(class_session=one).get() == seat
    assert not Offer.objects.open().exists()
    cancelling.give_up_seat(intake.pk, seat.pk, reason="", by=None, now=NOW + 4 * MINUTE)
    with pytest.raises(cancelling.CannotUndo):
        cancelling.undo_seat(intake.pk, seat.pk, by=None, now=NOW + 14 * MINUTE)


def test_where_nobody_else_can_be_served_nobody_is_passed_over() -> None:  # rule 27
    session = factories.class_session(capacity=1)
    factories.registered(session, at=NOW)
    factories.registered(session, at=NOW)
    entry = session.waitlist_entries.get()
    with pytest.raises(steering.NobodyServed):
        steering.pass_over(session.intake_id, entry.pk, reason="希望", by=None, now=NOW)
    assert not PlaceEvent.objects.filter(kind=PlaceEvent.Kind.PASSED_OVER).exists()


def test_a_death_leaves_what_was_and_ends_what_is_to_come() -> None:  # rule 42
    learner = factories.learner()
    over = factories.class_session(lessons=[NOW - datetime.timedelta(days=60)])
    to_come = factories.class_session(lessons=[NOW + datetime.timedelta(days=20)])
    for session in (over, to_come):
        registered_by_hand(session, learner)
    cancelling.record_death(learner.pk, on=NOW.date(), by=None, now=NOW)
    assert over.enrollments.get().ended_at is None
    assert to_come.enrollments.get().ending == "deceased"


def registered_by_hand(session: ClassSession, learner: Learner) -> None:
    """A seat as it stands in the past, where registering would be refused today."""
    party = Party.objects.create(intake=session.intake)
    application = Application.objects.create(
        intake=session.intake,
        party=party,
        learner=learner,
        number=1,
        received_at=NOW,
        registered_at=NOW,
    )
    Enrollment.objects.create(application=application, class_session=session, held_at=NOW)


def test_what_a_registration_asked_for_ends_with_it_and_comes_back_with_it() -> None:
    session = factories.class_session()
    learner = factories.learner(birth_date=None, support_needs=["sign_language"])
    [application] = factories.registered(session, learner, at=NOW)
    assert StaffTask.objects.count() == 2
    cancelling.cancel(session.intake_id, application.pk, reason="", by=None, now=NOW)
    assert not StaffTask.objects.exists()
    cancelling.undo(session.intake_id, application.pk, by=None, now=NOW)
    assert StaffTask.objects.count() == 2
