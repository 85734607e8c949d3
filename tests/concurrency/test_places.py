"""Races on one intake, on PostgreSQL: with the lock the invariants hold, without it they break."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError

from classes import cancelling, offers, places, seats, steering, waitlist
from classes.models import Application, ClassSession, Enrollment, Offer
from classes.outcomes import AlreadyThere, Enrolled, Waitlisted
from classes.places import Applicant
from learners.models import Learner
from tests import factories
from tests.classes import invariants
from tests.concurrency.racing import MeetingPoint, race, take_the_lock_away
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NOW = tokyo(2026, 9, 1, 9, 30)
MINUTE = datetime.timedelta(minutes=1)


def press(
    session: ClassSession, learner: Learner, client_uuid: uuid.UUID | None = None
) -> Callable[[], Any]:
    return lambda: places.register(
        session.intake_id,
        applicants=[Applicant(learner, client_uuid or uuid.uuid4())],
        wishes=[session.pk],
        by=None,
        now=NOW,
    )


def meet(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, first: int | None = None
) -> MeetingPoint:
    point = MeetingPoint(getattr(owner, name), first=first)
    monkeypatch.setattr(owner, name, point)
    return point


def two_for_the_last_seat(monkeypatch: pytest.MonkeyPatch) -> tuple[ClassSession, list[Any], bool]:
    session = factories.class_session(capacity=1)
    people = factories.learner(), factories.learner()
    point = meet(monkeypatch, seats, "count")
    return session, race(*(press(session, person) for person in people)), point.met


def test_the_last_seat_goes_to_one_and_the_other_is_first_in_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rule 21
    session, answers, met = two_for_the_last_seat(monkeypatch)
    assert not met
    assert sorted(type(answer).__name__ for answer in answers) == ["Enrolled", "Waitlisted"]
    invariants.check(session.intake, now=NOW)


def test_control_without_the_lock_the_last_seat_is_sold_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    session, answers, met = two_for_the_last_seat(monkeypatch)
    assert met
    assert [type(answer) for answer in answers] == [Enrolled, Enrolled]
    with pytest.raises(AssertionError):
        invariants.check(session.intake, now=NOW)


def one_press_twice(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    session = factories.class_session(capacity=2)
    learner, client_uuid = factories.learner(), uuid.uuid4()
    meet(monkeypatch, places.standing, "find")
    return race(*(press(session, learner, client_uuid) for _ in range(2)))


def test_a_double_submit_gets_the_same_answer_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    # rule 22
    answers = one_press_twice(monkeypatch)
    assert all(isinstance(answer, Enrolled) for answer in answers)
    assert answers[0].sentence == answers[1].sentence
    assert Enrollment.objects.count() == 1


def test_control_without_the_lock_the_second_press_gets_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    answers = one_press_twice(monkeypatch)
    assert any(isinstance(answer, IntegrityError) for answer in answers)


def accept_against_expire(monkeypatch: pytest.MonkeyPatch) -> tuple[ClassSession, list[Any]]:
    session = factories.class_session(capacity=0, lessons=[tokyo(2026, 12, 1, 10)])
    for _ in range(2):
        press(session, factories.learner())()
    ClassSession.objects.filter(pk=session.pk).update(capacity=1)
    steering.offer_by_press(session.intake_id, session.pk, by=None, now=NOW)
    offers.announce_due(now=NOW)
    offer = Offer.objects.get()
    offers.tell(offer.pk, told_by=Offer.ToldBy.PHONE, by=None, now=NOW)
    late = NOW + datetime.timedelta(hours=48)
    refresh = MeetingPoint(Offer.refresh_from_db, first=1)
    monkeypatch.setattr(Offer, "refresh_from_db", lambda self, **kw: refresh(self, **kw))
    answers = race(
        lambda: offers.accept(offer.pk, by=None, now=late), lambda: offers.expire_due(now=late)
    )
    session.refresh_from_db()
    return session, answers


def test_an_offer_is_accepted_or_expires_never_both(monkeypatch: pytest.MonkeyPatch) -> None:
    session, answers = accept_against_expire(monkeypatch)
    accepted = isinstance(answers[0], list)
    assert accepted != (answers[1] == 1)
    invariants.check(session.intake, now=NOW)


def test_control_without_the_lock_the_offer_is_accepted_and_given_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    session, answers = accept_against_expire(monkeypatch)
    assert isinstance(answers[0], list)
    assert answers[1] == 1
    count = seats.count_one(session, now=NOW)
    assert count.taken > session.capacity  # oversold


def cancel_against_register(monkeypatch: pytest.MonkeyPatch) -> ClassSession:
    session = factories.class_session(capacity=1)
    press(session, factories.learner())()
    held = Application.objects.get()
    newcomer = factories.learner()
    meet(monkeypatch, seats, "count", first=0)
    race(
        lambda: cancelling.cancel(session.intake_id, held.pk, reason="", by=None, now=NOW),
        press(session, newcomer),
    )
    return session


def test_a_seat_freed_while_somebody_registers_is_offered_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rule 28
    session = cancel_against_register(monkeypatch)
    invariants.check(session.intake, now=NOW)
    assert Offer.objects.open().count() == 1


def test_control_without_the_lock_the_line_stands_still_beside_a_free_seat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    session = cancel_against_register(monkeypatch)
    with pytest.raises(AssertionError):
        invariants.check(session.intake, now=NOW)


def two_offers_at_once(monkeypatch: pytest.MonkeyPatch) -> tuple[ClassSession, list[Any]]:
    """One party is offered seats in two classes of one intake, and both are accepted at once."""
    intake = factories.intake()
    sessions = [factories.class_session(intake=intake, capacity=0) for _ in range(2)]
    places.register(
        intake.pk,
        applicants=[Applicant(factories.learner(), uuid.uuid4())],
        wishes=[session.pk for session in sessions],
        by=None,
        now=NOW,
    )
    ClassSession.objects.filter(intake=intake).update(capacity=1)
    for session in sessions:
        steering.offer_by_press(intake.pk, session.pk, by=None, now=NOW)
    offers.announce_due(now=NOW)
    pks = Offer.objects.open().values_list("pk", flat=True)
    refresh = MeetingPoint(Offer.refresh_from_db, first=1)
    monkeypatch.setattr(Offer, "refresh_from_db", lambda self, **kw: refresh(self, **kw))
    return sessions[0], race(*(lambda pk=pk: offers.accept(pk, by=None, now=NOW) for pk in pks))


def test_two_classes_of_one_intake_give_one_person_one_seat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rule 31
    session, answers = two_offers_at_once(monkeypatch)
    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert sum(isinstance(answer, waitlist.OfferClosed) for answer in answers) == 1
    invariants.check(session.intake, now=NOW)


def test_control_without_the_lock_one_person_holds_two_seats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_the_lock_away(monkeypatch)
    two_offers_at_once(monkeypatch)
    assert Enrollment.objects.held().count() == 2


def test_one_person_registered_by_two_operators_has_one_application(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rule 23
    intake = factories.intake()
    sessions = [factories.class_session(intake=intake) for _ in range(2)]
    learner = factories.learner()
    answers = race(*(press(session, learner) for session in sessions))
    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyThere", "Enrolled"]
    assert any(isinstance(answer, AlreadyThere) for answer in answers)
    assert Application.objects.active().count() == 1


def test_forty_seats_two_hundred_calls_from_eight_operators(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # rule 21
    intake = factories.intake()
    sessions = [factories.class_session(intake=intake, capacity=10) for _ in range(4)]
    people = [factories.learner() for _ in range(200)]

    def operator(number: int) -> Callable[[], Any]:
        mine = people[number::8]
        return lambda: [press(sessions[(number + i) % 4], p)() for i, p in enumerate(mine)]

    answers = race(*(operator(number) for number in range(8)))
    every = [answer for mine in answers for answer in mine]
    assert sum(isinstance(answer, Enrolled) for answer in every) == 40
    assert sum(isinstance(answer, Waitlisted) for answer in every) == 160
    invariants.check(intake, now=NOW)
