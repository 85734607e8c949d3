"""An offer that was answered by a slip is open again, or its place in line is (decision 12)."""

import datetime

from classes import notice_endings, seats, waitlist
from classes.locking import require_lock
from classes.models import Intake, Offer, WaitlistEntry
from staff.models import StaffMember


def reopen(intake: Intake, offer: Offer, *, by: StaffMember | None, now: datetime.datetime) -> bool:
    """Undo how an offer was answered: it is open as before where its seats are still free, else
    only the place in line is back. Whether the offer is. The seats it led to have ended before.

    Whoever has been told of the seats meanwhile keeps the offer; whoever has not is asked later.
    """
    require_lock(intake)
    closed_at = offer.closed_at
    if closed_at is None:
        return True
    again = WaitlistEntry.objects.filter(
        party=offer.party_id,
        class_session__cancelled_at=None,
        ended_at=closed_at,
        ending__in=[
            WaitlistEntry.Ending.SEATED,
            WaitlistEntry.Ending.SEATED_ELSEWHERE,
            WaitlistEntry.Ending.DECLINED,
        ],
    ).select_related("class_session")
    lines = {entry.class_session for entry in again}
    again.update(ended_at=None, ending="")
    for unheard in Offer.objects.open().filter(class_session__in=lines, announced_at=None):
        waitlist.withdraw(unheard, by=by, now=now)
    kept = seats.count_one(offer.class_session, now=now).free >= offer.seats
    if kept:
        offer.status = Offer.Status.OPEN
        offer.closed_at = None
        offer.save(update_fields=["status", "closed_at"])
        notice_endings.restore_for_offer(offer, dropped_at=closed_at, now=now)
    for class_session in sorted(lines, key=lambda session: session.pk):
        waitlist.offer_next(intake, class_session, by=by, now=now)
    return kept
