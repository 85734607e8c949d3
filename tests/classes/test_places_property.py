"""Long random sequences of every operation on places, with parties: the invariants hold after
each step. `make chaos` runs the same with many more examples."""

import contextlib
import datetime
import itertools
import os
import uuid
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classes import answers, cancelling, offers, places, seats, steering, waitlist
from classes.locking import lock_intake
from classes.models import Application, ClassSession, Enrollment, Intake, Offer, WaitlistEntry
from classes.outcomes import AlreadyThere, Refused
from classes.places import Applicant, WhenShort
from learners.models import Learner
from tests import factories
from tests.classes import invariants
from tests.factories import tokyo

START = tokyo(2026, 9, 1, 9)
STEPS = int(os.environ.get("CHAOS_STEPS", "30"))
OPERATIONS = [
    *["register"] * 3,
    *["pair"] * 2,
    "late",
    *["cancel"] * 2,
    "undo",
    "retract",
    "announce",
    "announce",
    "tell",
    *["accept"] * 2,
    "decline",
    *["undo_answer"] * 2,
    "expire",
    "pass_over",
    "split",
    "move",
    "leave_line",
    "give_up",
    "give_up",
    "undo_seat",
    "capacity",
    "add_wish",
]

steps = st.lists(
    st.tuples(
        st.sampled_from(OPERATIONS),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.sampled_from([0, 1, 30, 200, 700, 3_000, 100_000]),
    ),
    min_size=1,
    max_size=STEPS,
)


class World:
    """One intake with three small classes, and a clock that only goes forward."""

    def __init__(self, seat_rule: Intake.SeatRule) -> None:
        self.intake = factories.intake(
            seat_rule=seat_rule, closes_at=tokyo(2027, 9, 1), offer_hours=24
        )
        far = tokyo(2027, 10, 5, 10)
        self.sessions = [
            factories.class_session(intake=self.intake, capacity=capacity, lessons=[far])
            for capacity in (0, 1, 3)
        ]
        self.now = START
        self.names = itertools.count(1)

    def do(self, operation: str, a: int, b: int, seconds: int) -> None:
        self.now += datetime.timedelta(seconds=seconds)
        getattr(self, operation)(a, b)

    def pick(self, queryset: Any, index: int) -> Any:
        rows = list(queryset.order_by("pk"))
        return rows[index % len(rows)] if rows else None

    def person(self) -> Learner:
        return factories.learner(name=f"人{next(self.names)}")

    def wishes(self, b: int) -> list[int]:
        order = list(itertools.permutations(self.sessions))[b % 6]
        return [session.pk for session in order[: 1 + b % 3]]

    def register(self, a: int, b: int, *people: Learner, **options: Any) -> None:
        places.register(
            self.intake.pk,
            applicants=[Applicant(p, uuid.uuid4()) for p in people or (self.person(),)],
            wishes=self.wishes(b),
            by=None,
            now=self.now,
            when_short=list(WhenShort)[a % 3],
            **options,
        )

    def pair(self, a: int, b: int) -> None:
        self.register(a, b, self.person(), self.person())

    def late(self, a: int, b: int) -> None:
        written = max(START, self.now - datetime.timedelta(minutes=a % 500))
        self.register(a, b, received_at=written, source=Application.Source.FAX)

    def cancel(self, a: int, b: int) -> None:
        if found := self.pick(Application.objects.active(), a):
            cancelling.cancel(self.intake.pk, found.pk, reason="", by=None, now=self.now)

    def undo(self, a: int, b: int) -> None:
        if found := self.pick(Application.objects.filter(status="cancelled"), a):
            before = Application.objects.get(pk=found.pk).ended_at
            try:
                cancelling.undo(self.intake.pk, found.pk, by=None, now=self.now)
            except cancelling.CannotUndo:
                window = datetime.timedelta(minutes=self.intake.undo_minutes)
                assert before is not None
                assert self.now >= before + window

    def give_up(self, a: int, b: int) -> None:
        if found := self.pick(Enrollment.objects.held(), a):
            cancelling.give_up_seat(self.intake.pk, found.pk, reason="", by=None, now=self.now)

    def undo_seat(self, a: int, b: int) -> None:
        ended = Enrollment.objects.filter(ended_at__isnull=False, undo_until__isnull=False)
        if found := self.pick(ended, a):
            try:
                cancelling.undo_seat(self.intake.pk, found.pk, by=None, now=self.now)
            except cancelling.CannotUndo:
                assert found.undo_until is not None
                assert self.now >= found.undo_until or self.is_held_again(found)

    def is_held_again(self, seat: Enrollment) -> bool:
        learner = seat.application.learner
        anew = Application.objects.active().filter(intake=self.intake, learner=learner)
        return (
            anew.exclude(pk=seat.application_id).exists()
            or Enrollment.objects.held()
            .filter(application=seat.application_id, class_session=seat.class_session_id)
            .exists()
        )

    def retract(self, a: int, b: int) -> None:
        if found := self.pick(Application.objects.active(), a):
            try:
                cancelling.retract(self.intake.pk, found.pk, reason="", by=None, now=self.now)
            except cancelling.CannotUndo:
                assert self.now >= found.registered_at + datetime.timedelta(minutes=10)

    def announce(self, a: int, b: int) -> None:
        offers.announce_due(now=self.now)

    def open_offer(self, a: int) -> Offer | None:
        return self.pick(Offer.objects.open().filter(announced_at__isnull=False), a)

    def tell(self, a: int, b: int) -> None:
        if found := self.open_offer(a):
            how = list(Offer.ToldBy)[b % len(Offer.ToldBy)]
            offers.tell(found.pk, told_by=how, by=None, now=self.now)

    def accept(self, a: int, b: int) -> None:
        if found := self.open_offer(a):
            assert len(offers.accept(found.pk, by=None, now=self.now)) == found.seats

    def decline(self, a: int, b: int) -> None:
        if found := self.open_offer(a):
            offers.decline(found.pk, reason="", by=None, now=self.now)

    def undo_answer(self, a: int, b: int) -> None:
        answered = Offer.objects.filter(status__in=["accepted", "declined"])
        if found := self.pick(answered, a):
            member = self.pick(Application.objects.filter(party=found.party_id), b)
            with contextlib.suppress(cancelling.CannotUndo):
                answers.undo(self.intake.pk, member.pk, by=None, now=self.now)

    def expire(self, a: int, b: int) -> None:
        offers.expire_due(now=self.now)

    def pass_over(self, a: int, b: int) -> None:
        # Passed over for one round only; the worker's sweep then offers along the line again.
        if found := self.pick(WaitlistEntry.objects.waiting(), a):
            with contextlib.suppress(steering.NobodyServed):
                steering.pass_over(self.intake.pk, found.pk, reason="希望", by=None, now=self.now)
            steering.offer_by_press(self.intake.pk, found.class_session_id, by=None, now=self.now)

    def split(self, a: int, b: int) -> None:
        if found := self.pick(Application.objects.active(), a):
            try:
                steering.split(
                    self.intake.pk, found.party_id, [found.pk], reason="", by=None, now=self.now
                )
            except steering.CannotSplit:
                members = Application.objects.active().filter(party=found.party_id)
                assert members.count() == 1

    def move(self, a: int, b: int) -> None:
        if found := self.pick(Enrollment.objects.held(), a):
            target = self.sessions[b % 3]
            with contextlib.suppress(steering.NoRoom):
                steering.move(self.intake.pk, found.pk, target.pk, reason="", by=None, now=self.now)

    def leave_line(self, a: int, b: int) -> None:
        if found := self.pick(WaitlistEntry.objects.waiting(), a):
            steering.leave_line(self.intake.pk, found.pk, reason="", by=None, now=self.now)

    def capacity(self, a: int, b: int) -> None:
        with transaction.atomic():
            intake = lock_intake(self.intake.pk)
            session = ClassSession.objects.get(pk=self.sessions[a % 3].pk)
            taken = seats.count_one(session, now=self.now).taken
            session.capacity = max(taken, b % 6)
            session.save()
            waitlist.offer_next(intake, session, by=None, now=self.now)

    def add_wish(self, a: int, b: int) -> None:
        if found := self.pick(Application.objects.active(), a):
            answer = places.add_wish(
                self.intake.pk, found.pk, self.sessions[b % 3].pk, by=None, now=self.now
            )
            assert not isinstance(answer, Refused) or answer.reasons[0].kind == "too_many_choices"
            assert answer.sentence or isinstance(answer, AlreadyThere)


@pytest.mark.django_db
@pytest.mark.chaos
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sequence=steps, seat_rule=st.sampled_from(list(Intake.SeatRule)))
def test_the_invariants_hold_after_every_operation(
    sequence: list[tuple[str, int, int, int]], seat_rule: Intake.SeatRule
) -> None:
    # rules 21, 23, 26, 27, 28, 30, 31
    with transaction.atomic():
        world = World(seat_rule)
        for operation, a, b, seconds in sequence:
            world.do(operation, a, b, seconds)
            invariants.check(world.intake, now=world.now)
        invariants.overtaken_are_explained(world.intake)
        transaction.set_rollback(True)
