"""What must always hold of an intake's places (design.md), checked from the rows alone."""

import datetime
from collections import Counter

from classes.models import (
    Application,
    ClassSession,
    Enrollment,
    Intake,
    Offer,
    PlaceEvent,
    WaitlistEntry,
)


def check(intake: Intake, *, now: datetime.datetime) -> None:
    """Raise AssertionError where an invariant of the design does not hold at this moment."""
    for session in ClassSession.objects.filter(intake=intake):
        _seats_within_capacity(session, now)
        _nobody_fits_a_free_seat(session, intake, now)
    _one_place_per_person(intake)
    _offers_match_their_lines(intake)
    _receipts_once(intake)


def _seats_within_capacity(session: ClassSession, now: datetime.datetime) -> None:
    # rule 21: held, offered and undoable seats, each counted once
    held = session.enrollments.filter(ended_at=None).count()
    offered = sum(o.seats for o in session.offers.filter(status=Offer.Status.OPEN))
    undoing = session.enrollments.filter(undo_until__gt=now, undo_offer=None).count()
    assert held + offered + undoing <= session.capacity, (held, offered, undoing, session.capacity)


def _nobody_fits_a_free_seat(session: ClassSession, intake: Intake, now: datetime.datetime) -> None:
    # rule 28: whoever fits what can be offered has been offered it
    starts = [lesson.starts_at for lesson in session.lessons.all()]
    if starts and now >= min(starts):
        return
    held = session.enrollments.filter(ended_at=None).count()
    offered = sum(o.seats for o in session.offers.filter(status=Offer.Status.OPEN))
    offerable = session.capacity - held - offered
    offered_parties = set(
        session.offers.filter(status=Offer.Status.OPEN).values_list("party", flat=True)
    )
    for entry in session.waitlist_entries.filter(ended_at=None):
        size = entry.party.applications.filter(status="active").count()
        assert size > 0, "an empty party waits"
        if entry.party_id not in offered_parties:
            assert size > offerable, f"a party of {size} waits while {offerable} can be offered"


def _one_place_per_person(intake: Intake) -> None:
    active = Application.objects.filter(intake=intake, status="active")
    people = Counter(active.values_list("learner", flat=True))
    assert all(count == 1 for count in people.values())  # rule 23
    if intake.seat_rule != Intake.SeatRule.ONE:
        return
    seats = Counter(
        Enrollment.objects.filter(application__intake=intake, ended_at=None).values_list(
            "application", flat=True
        )
    )
    assert all(count == 1 for count in seats.values())  # rule 31
    seated_parties = set(
        Enrollment.objects.filter(application__intake=intake, ended_at=None).values_list(
            "application__party", flat=True
        )
    )
    waiting = WaitlistEntry.objects.filter(party__intake=intake, ended_at=None)
    assert not seated_parties & set(waiting.values_list("party", flat=True))
    ended = Enrollment.objects.filter(application__intake=intake, ended_at=None).exclude(
        application__status="active"
    )
    assert not ended.exists()


def _offers_match_their_lines(intake: Intake) -> None:
    for offer in Offer.objects.filter(class_session__intake=intake, status=Offer.Status.OPEN):
        size = offer.party.applications.filter(status="active").count()
        assert offer.seats == size, (offer.seats, size)
        assert offer.entry.ended_at is None
        for seat in offer.undoable_seats.all():
            assert seat.undo_until is not None
            assert offer.announce_after >= seat.undo_until
    # Told before announced, or expiring before told, cannot be stored at all (constraints).


def _receipts_once(intake: Intake) -> None:
    numbers = list(Application.objects.filter(intake=intake).values_list("number", flat=True))
    assert len(numbers) == len(set(numbers))
    intake.refresh_from_db(fields=["next_receipt"])
    assert not numbers or max(numbers) < intake.next_receipt


def overtaken_are_explained(intake: Intake) -> None:
    """Nobody behind got an offer while somebody in front fitted, unless an event says why."""
    for session in ClassSession.objects.filter(intake=intake):
        for offer in session.offers.order_by("made_at", "pk"):
            ahead = session.waitlist_entries.filter(received_at__lt=offer.entry.received_at)
            for entry in ahead.filter(ended_at=None).exclude(party=offer.party_id):
                if entry.offers.filter(made_at__lte=offer.made_at).exists():
                    continue
                said = PlaceEvent.objects.filter(
                    application__party=entry.party_id,
                    class_session=session,
                    kind__in=[PlaceEvent.Kind.PASSED_OVER, PlaceEvent.Kind.OVERTAKEN],
                )
                restored = PlaceEvent.objects.filter(
                    application__party=entry.party_id,
                    kind__in=[PlaceEvent.Kind.UNDONE, PlaceEvent.Kind.SPLIT],
                )
                late = entry.party.applications.filter(registered_at__gt=offer.made_at)
                assert said.exists() or restored.exists() or late.exists(), entry
