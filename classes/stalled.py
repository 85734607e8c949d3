"""Lines that stand still although seats are free: shown in red, and set going (rule 29)."""

import datetime

from django.db import transaction

from classes import seats, waitlist
from classes.locking import lock_intake
from classes.models import ClassSession, Intake


def standing_still(*, now: datetime.datetime, intake: Intake | None = None) -> list[ClassSession]:
    """Class sessions with free seats that somebody in line fits and nobody is offered (rule 29).

    A line that is to be drawn waits for its draw until the cut-off; after that it stands still.
    """
    sessions = (
        ClassSession.objects.running()
        .filter(waitlist_entries__ended_at__isnull=True, waitlist_entries__isnull=False)
        .distinct()
        .select_related("intake", "course", "venue")
        .prefetch_related("lessons")
    )
    if intake is not None:
        sessions = sessions.filter(intake=intake)
    found = [s for s in sessions if waitlist.joining_times(s, s.intake).can_join(now)]
    smallest = waitlist.smallest_unserved(found, now=now)
    counts = seats.count([session for session in found if session.pk in smallest], now=now)
    return [
        session
        for session in found
        if session.pk in smallest and smallest[session.pk] <= counts[session.pk].offerable
    ]


def set_going(*, now: datetime.datetime) -> list[ClassSession]:
    """Offer what lies free where seats pass by themselves; returns the lines still standing.

    Normally there is nothing to do: whatever frees a seat offers it in the same transaction.
    """
    for session in standing_still(now=now):
        if not waitlist.joining_times(session, session.intake).passes_by_itself(now):
            continue
        with transaction.atomic():
            intake = lock_intake(session.intake_id)
            waitlist.offer_next(intake, session, by=None, now=now)
    return standing_still(now=now)
