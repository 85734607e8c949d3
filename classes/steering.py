"""What staff do to the line by hand: move, pass over, split a party, leave one line (rule 27)."""

import datetime
from collections.abc import Sequence

from django.db import transaction

from classes import list_freeze, notices, party_notices, seats, sentences, waitlist
from classes.events import event, log
from classes.locking import lock_intake
from classes.models import (
    Application,
    Choice,
    ClassSession,
    Enrollment,
    Offer,
    Party,
    PlaceEvent,
    WaitlistEntry,
)
from staff.models import StaffMember


class NoRoom(Exception):
    """The class has no seat that may be given past its line (rule 28)."""


class NotWaiting(Exception):
    """The place in line has ended."""


class NobodyServed(Exception):
    """No seat is free that somebody else could be offered now."""


class CannotSplit(Exception):
    """Nobody, or everybody, would leave the party."""


def move(
    intake_pk: int,
    enrollment_pk: int,
    to_class_session_pk: int,
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> Enrollment:
    """Move a held seat to another class of the intake: one ends, one begins (design.md).

    Raises NoRoom when the other class has no bookable seat, NotWaiting when the seat has
    ended, list_freeze.ListFrozen while a draw is prepared.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        list_freeze.require_open(intake)
        old = (
            Enrollment.objects.held()
            .select_related("application__learner", "class_session")
            .filter(pk=enrollment_pk, application__intake=intake)
            .first()
        )
        if old is None:
            raise NotWaiting
        target = (
            ClassSession.objects.running()
            .select_related("course__level__current", "venue")
            .prefetch_related("lessons")
            .get(pk=to_class_session_pk, intake=intake)
        )
        free = seats.count_one(target, now=now).free
        waiting = waitlist.line(target).filter(has_offer=False, size__gte=1, size__lte=free)
        joinable = waitlist.joining_times(target, intake).can_join(now)
        if target.pk == old.class_session_id or not free or not joinable or waiting.exists():
            raise NoRoom
        old.ended_at = now
        old.ending = Enrollment.Ending.MOVED
        old.save(update_fields=["ended_at", "ending"])
        new = Enrollment.objects.create(
            application=old.application,
            class_session=target,
            held_at=now,
            moved_from=old,
            draw_id=old.draw_id,
        )
        sentence = sentences.simple("moved", old.application.learner, target)
        notices.moved(new, by=by, now=now)
        log(
            [
                event(
                    PlaceEvent.Kind.MOVED,
                    old.application,
                    by=by,
                    now=now,
                    class_session=target,
                    reason=reason,
                    sentence=sentence,
                    details={"from": old.class_session.code, "to": target.code},
                )
            ]
        )
        waitlist.offer_next(intake, old.class_session, by=by, now=now)
        return new


def pass_over(
    intake_pk: int,
    entry_pk: int,
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Offer]:
    """Serve the next party this once; this one keeps its place (rule 27).

    Raises NotWaiting, and NobodyServed where nothing would happen: then nothing is logged.
    """
    if not reason.strip():
        raise ValueError("passing over needs a reason")
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        entry = _waiting_entry(intake.pk, entry_pk)
        own = list(Offer.objects.open().filter(entry=entry).select_related("class_session"))
        for offer in own:
            waitlist.withdraw(offer, by=by, now=now, reason=reason)
        made = waitlist.offer_next(
            intake, entry.class_session, by=by, now=now, pressed=True, skip={entry.pk}
        )
        if not made and not own:
            raise NobodyServed
        log(
            [
                event(
                    PlaceEvent.Kind.PASSED_OVER,
                    member,
                    by=by,
                    now=now,
                    class_session=entry.class_session,
                    reason=reason,
                )
                for member in Application.objects.active().filter(party=entry.party_id)
            ]
        )
        return made


def offer_by_press(
    intake_pk: int, class_session_pk: int, *, by: StaffMember | None, now: datetime.datetime
) -> list[Offer]:
    """Offer the free seats along the line now, as staff must press after the first lesson."""
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        class_session = ClassSession.objects.get(pk=class_session_pk, intake=intake)
        return waitlist.offer_next(intake, class_session, by=by, now=now, pressed=True)


def offer_all_by_press(
    intake_pk: int, *, by: StaffMember | None, now: datetime.datetime
) -> list[Offer]:
    """One press works through every freed seat of the intake, class by class along its line."""
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        sessions = ClassSession.objects.running().filter(intake=intake).order_by("code")
        return [
            offer
            for session in sessions.prefetch_related("lessons")
            for offer in waitlist.offer_next(intake, session, by=by, now=now, pressed=True)
        ]


def leave_line(
    intake_pk: int,
    entry_pk: int,
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """The party no longer waits for this class; its other places stay. Raises NotWaiting."""
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        entry = _waiting_entry(intake.pk, entry_pk)
        for offer in Offer.objects.open().filter(entry=entry).select_related("class_session"):
            waitlist.withdraw(offer, by=by, now=now, reason=reason)
        waitlist.end_entries([entry], WaitlistEntry.Ending.CANCELLED, now=now)
        log(
            [
                event(
                    PlaceEvent.Kind.LEFT_LINE,
                    member,
                    by=by,
                    now=now,
                    class_session=entry.class_session,
                    reason=reason,
                )
                for member in Application.objects.active().filter(party=entry.party_id)
            ]
        )
        waitlist.offer_next(intake, entry.class_session, by=by, now=now)


def split(
    intake_pk: int,
    party_pk: int,
    leaving: Sequence[int],
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> Party:
    """Let some members (primary keys of applications) wait as a party of their own.

    Both keep the place in line. Offers to the whole are withdrawn and made anew along the line.
    Raises CannotSplit when nobody or everybody would leave, list_freeze.ListFrozen.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        list_freeze.require_open(intake)
        party = Party.objects.get(pk=party_pk, intake=intake)
        members = list(Application.objects.active().filter(party=party).order_by("number"))
        going = [member for member in members if member.pk in set(leaving)]
        if not going or len(going) == len(members):
            raise CannotSplit
        unheard = party_notices.open_of(members)
        new = Party.objects.create(intake=intake, split_from=party)
        Application.objects.filter(pk__in=[member.pk for member in going]).update(party=new)
        Choice.objects.bulk_create(
            Choice(party=new, class_session_id=choice.class_session_id, rank=choice.rank)
            for choice in party.choices.all()
        )
        touched: dict[int, ClassSession] = {}
        for offer in Offer.objects.open().filter(party=party).select_related("class_session"):
            touched[offer.class_session_id] = offer.class_session
            waitlist.withdraw(offer, by=by, now=now, reason=reason)
        staying = min(m.number for m in members if m not in going)
        for entry in (
            WaitlistEntry.objects.waiting().filter(party=party).select_related("class_session")
        ):
            touched[entry.class_session_id] = entry.class_session
            WaitlistEntry.objects.create(
                party=new,
                class_session=entry.class_session,
                drawn_rank=entry.drawn_rank,
                draw_id=entry.draw_id,
                received_at=entry.received_at,
                receipt_number=going[0].number,
            )
            entry.receipt_number = staying
            entry.save(update_fields=["receipt_number"])
        log(
            [
                event(
                    PlaceEvent.Kind.SPLIT,
                    member,
                    by=by,
                    now=now,
                    reason=reason,
                    details={"leaving": [m.number for m in going]},
                )
                for member in members
            ]
        )
        party_notices.tell_part(unheard, new, [member.pk for member in going], by=by, now=now)
        for class_session in touched.values():
            waitlist.offer_next(intake, class_session, by=by, now=now)
        return new


def _waiting_entry(intake_pk: int, entry_pk: int) -> WaitlistEntry:
    entry = (
        WaitlistEntry.objects.waiting()
        .select_related("class_session")
        .filter(pk=entry_pk, party__intake=intake_pk)
        .first()
    )
    if entry is None:
        raise NotWaiting
    return entry
