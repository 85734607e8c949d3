"""How many seats are taken: held, in open offers, in undo windows, each counted once (rule 21)."""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from classes.models import Application, ClassSession, Enrollment, Offer, WaitlistEntry


@dataclass(frozen=True)
class SeatCount:
    """Seats of one class session at one moment."""

    capacity: int
    held: int = 0
    offered: int = 0
    undoing: int = 0

    @property
    def taken(self) -> int:
        """What may never exceed the capacity (rule 21)."""
        return self.held + self.offered + self.undoing

    @property
    def free(self) -> int:
        """Seats that may be held at once, if nobody waits who fits them."""
        return max(self.capacity - self.taken, 0)

    @property
    def offerable(self) -> int:
        """Seats that may be offered: a seat in its undo window may be, unannounced (rule 30)."""
        return max(self.capacity - self.held - self.offered, 0)


@dataclass(frozen=True)
class Waiting:
    """Who stands in line for one class session."""

    parties: int = 0
    people: int = 0


def count(
    class_sessions: Iterable[ClassSession], *, now: datetime.datetime
) -> dict[int, SeatCount]:
    """Seat counts by class session, in two queries however many there are."""
    sessions = list(class_sessions)
    pks = [session.pk for session in sessions]
    held: Counter[int] = Counter()
    undoing: Counter[int] = Counter()
    # Rows and not sums: so few that counting them here costs less than composing the aggregate.
    undoable = Q(undo_until__gt=now, undo_offer__isnull=True)
    rows = Enrollment.objects.filter(Q(ended_at__isnull=True) | undoable, class_session__in=pks)
    for pk, ended_at in rows.order_by().values_list("class_session_id", "ended_at"):
        (held if ended_at is None else undoing)[pk] += 1
    offered: Counter[int] = Counter()
    open_offers = Offer.objects.open().filter(class_session__in=pks).order_by()
    for pk, seats in open_offers.values_list("class_session_id", "seats"):
        offered[pk] += seats
    return {
        session.pk: SeatCount(
            capacity=session.capacity if session.cancelled_at is None else 0,
            held=held[session.pk],
            offered=offered[session.pk],
            undoing=undoing[session.pk],
        )
        for session in sessions
    }


def count_one(class_session: ClassSession, *, now: datetime.datetime) -> SeatCount:
    """The seat count of one class session."""
    return count([class_session], now=now)[class_session.pk]


def waiting(class_sessions: Iterable[ClassSession]) -> dict[int, Waiting]:
    """Parties and people in line by class session, in one query."""
    pks = [session.pk for session in class_sessions]
    rows = (
        WaitlistEntry.objects.waiting()
        .filter(class_session__in=pks)
        .order_by()
        .values("class_session")
        .annotate(
            parties=Count("party", distinct=True),
            people=Count(
                "party__applications",
                filter=Q(party__applications__status=Application.Status.ACTIVE),
            ),
        )
    )
    found = {row["class_session"]: Waiting(row["parties"], row["people"]) for row in rows}
    return {pk: found.get(pk, Waiting()) for pk in pks}
