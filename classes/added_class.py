"""A class added in the middle: its seats go along the lines of its level (rules 25 and 28)."""

import datetime
from collections.abc import Iterable

from django.db import transaction

from classes import list_freeze, waitlist
from classes.events import event, log
from classes.locking import lock_intake
from classes.models import Application, ClassSession, Offer, PlaceEvent, WaitlistEntry
from classes.models.places import WaitlistEntryQuerySet
from staff.models import StaffMember


def waiting_elsewhere(session: ClassSession) -> WaitlistEntryQuerySet:
    """Places in the lines of other classes of this level, of parties that do not wait here.

    Whoever stood in this line before, and left it or declined, is not asked again.
    """
    here = WaitlistEntry.objects.filter(class_session=session).values("party")
    return (
        _waiting_for(session.intake_id, session.course.level_id)
        .exclude(class_session=session)
        .exclude(party__in=here)
    )


def parties_of_level(like: ClassSession) -> int:
    """How many parties wait for any class of this one's level and intake, in one query."""
    waiting = _waiting_for(like.intake_id, like.course.level_id)
    return waiting.order_by().values("party").distinct().count()


def parties_elsewhere(session: ClassSession) -> int:
    """How many parties could be asked, in one query."""
    return waiting_elsewhere(session).order_by().values("party").distinct().count()


def open_to_lines(class_session_pk: int, *, by: StaffMember, now: datetime.datetime) -> list[Offer]:
    """Let everybody who waits for this level stand in this line too, in the order they have, and
    offer the free seats along it. Their other places stay; declining closes this line only.

    Raises list_freeze.ListFrozen.
    """
    with transaction.atomic():
        session = ClassSession.objects.select_related("course").get(pk=class_session_pk)
        intake = lock_intake(session.intake_id)
        list_freeze.require_open(intake)
        first = _first_places(waiting_elsewhere(session).in_line())
        entries = [
            WaitlistEntry(
                party_id=place.party_id,
                class_session=session,
                drawn_rank=place.drawn_rank,
                draw_id=place.draw_id,
                received_at=place.received_at,
                receipt_number=place.receipt_number,
            )
            for place in first
        ]
        WaitlistEntry.objects.bulk_create(entries)
        members = Application.objects.active().filter(
            party__in=[entry.party_id for entry in entries]
        )
        log(
            event(
                PlaceEvent.Kind.LINED_UP,
                member,
                by=by,
                now=now,
                class_session=session,
                details={"added_class": True},
            )
            for member in members
        )
        return waitlist.offer_next(intake, session, by=by, now=now, pressed=True)


def _waiting_for(intake_pk: int, level_pk: int) -> WaitlistEntryQuerySet:
    return WaitlistEntry.objects.waiting().filter(
        class_session__intake=intake_pk,
        class_session__course__level=level_pk,
        class_session__cancelled_at__isnull=True,
    )


def _first_places(places: Iterable[WaitlistEntry]) -> list[WaitlistEntry]:
    """One place a party: the first of its places, which stand in the order of the line."""
    first: dict[int, WaitlistEntry] = {}
    for place in places:
        first.setdefault(place.party_id, place)
    return list(first.values())
