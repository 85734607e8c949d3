"""The line: who is next, the offers made to them, and how each offer ends (rules 24 to 30)."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from classes import deadlines, notice_endings, notices, seats
from classes.events import event, log
from classes.line_order import position as position
from classes.locking import require_lock
from classes.models import (
    Application,
    ClassSession,
    Enrollment,
    Intake,
    Offer,
    PlaceEvent,
    WaitlistEntry,
)
from classes.models.places import WaitlistEntryQuerySet
from classes.outcomes import LinePosition
from staff.models import StaffMember

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class InLine(TypedDict):
        """What `line` adds to each entry."""

        size: int
        has_offer: bool

    LineEntry = WithAnnotations[WaitlistEntry, InLine]


class OfferClosed(Exception):
    """The offer was answered, expired or withdrawn before."""


class NotAnnounced(Exception):
    """The offer still waits for an undo window to pass (rule 30)."""


@dataclass(frozen=True)
class JoiningTimes:
    """Until when seats pass by themselves, and until when by a staff press (rule 37)."""

    first_lesson: datetime.datetime | None
    last_joining: datetime.datetime | None

    def passes_by_itself(self, now: datetime.datetime) -> bool:
        return self.first_lesson is None or now < self.first_lesson

    def can_join(self, now: datetime.datetime) -> bool:
        return self.last_joining is None or now < self.last_joining


def line(class_session: ClassSession) -> "QuerySet[LineEntry]":
    """Who waits, in order, with the party's size and whether an open offer holds seats for it."""
    return with_sizes(WaitlistEntry.objects.waiting().filter(class_session=class_session))


def with_sizes(entries: WaitlistEntryQuerySet) -> "QuerySet[LineEntry]":
    """Places in line, in order, with the party's size and whether it has an open offer there."""
    open_offer = Offer.objects.open().filter(
        party=OuterRef("party"), class_session=OuterRef("class_session")
    )
    ordered = entries.annotate(
        size=Count(
            "party__applications",
            filter=Q(party__applications__status=Application.Status.ACTIVE),
        ),
        has_offer=Exists(open_offer),
    ).in_line()
    return cast("QuerySet[LineEntry]", ordered)


def smallest_unserved(
    class_sessions: Iterable[ClassSession], *, now: datetime.datetime
) -> dict[int, int]:
    """The fewest seats that would serve somebody in each line who has no offer yet, in one query.

    A line that is to be drawn is served only after its cut-off. The intakes should be loaded.
    """
    intakes = {session.pk: session.intake for session in class_sessions}
    smallest: dict[int, int] = {}
    for entry in with_sizes(WaitlistEntry.objects.waiting().filter(class_session__in=intakes)):
        intake = intakes[entry.class_session_id]
        drawn_later = intake.line_cutoff_at is not None and now < intake.line_cutoff_at
        if entry.has_offer or not entry.size or (drawn_later and awaits_draw(intake, entry)):
            continue
        known = smallest.get(entry.class_session_id, entry.size)
        smallest[entry.class_session_id] = min(known, entry.size)
    return smallest


def positions(entries: Iterable[WaitlistEntry]) -> tuple[LinePosition, ...]:
    """The place in each line, entries with their class session loaded."""
    return tuple(LinePosition(entry.class_session, position(entry)) for entry in entries)


def joining_times(class_session: ClassSession, intake: Intake) -> JoiningTimes:
    """The first lesson's start and that of the intake's last joining lesson."""
    starts = sorted(
        lesson.starts_at for lesson in class_session.lessons.all() if lesson.cancelled_at is None
    )
    if not starts:
        return JoiningTimes(None, None)
    last = starts[min(intake.last_joining_lesson, len(starts)) - 1]
    return JoiningTimes(starts[0], last)


def offer_next(
    intake: Intake,
    class_session: ClassSession,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    pressed: bool = False,
    skip: Collection[int] = (),
    not_before: datetime.datetime | None = None,
) -> list[Offer]:
    """Offer every free seat along the line, each to one party at a time (rules 27, 28 and 37).

    `pressed` says that staff asked for it, which is needed after the first lesson; `skip` names
    entries passed over this once; `not_before` keeps the announcement back for an undo window.
    """
    require_lock(intake)
    times = joining_times(class_session, intake)
    if class_session.cancelled_at or not times.can_join(now):
        return []
    if not pressed and not times.passes_by_itself(now):
        return []
    count = seats.count_one(class_session, now=now)
    offerable = count.offerable
    if offerable <= 0:
        return []
    undoing = _undo_seats(class_session, now)
    free = offerable - len(undoing)
    made: list[Offer] = []
    overtaken: list[LineEntry] = []
    events: list[PlaceEvent] = []
    for entry in line(class_session):
        if offerable <= 0:
            break
        if entry.has_offer or entry.size == 0 or entry.pk in skip:
            continue
        if awaits_draw(intake, entry):
            break
        if entry.size > offerable:
            overtaken.append(entry)
            continue
        offer = Offer(
            entry=entry,
            party_id=entry.party_id,
            class_session=class_session,
            seats=entry.size,
            made_at=now,
            announce_after=max(now, not_before or now),
        )
        from_undo = undoing[: max(entry.size - max(free, 0), 0)]
        if from_undo:
            latest = max(seat.undo_until for seat in from_undo if seat.undo_until)
            offer.announce_after = max(offer.announce_after, latest)
        offer.save()
        if from_undo:
            Enrollment.objects.filter(pk__in=[s.pk for s in from_undo]).update(undo_offer=offer)
            undoing = undoing[len(from_undo) :]
        free -= entry.size - len(from_undo)
        events += _offer_events(PlaceEvent.Kind.OFFERED, offer, by=by, now=now)
        events += _overtaken_events(overtaken, entry, offerable, class_session, by=by, now=now)
        offerable -= entry.size
        made.append(offer)
    log(events)
    return made


def announce(
    intake: Intake, offer: Offer, *, by: StaffMember | None, now: datetime.datetime
) -> bool:
    """Make an offer known: from now on there is somebody to tell. False if it is not due."""
    require_lock(intake)
    offer.refresh_from_db(fields=["status", "announced_at", "announce_after"])
    if offer.status != Offer.Status.OPEN or offer.announced_at or offer.announce_after > now:
        return False
    offer.announced_at = now
    offer.save(update_fields=["announced_at"])
    notices.offer_announced(intake, offer, now=now)
    log(_offer_events(PlaceEvent.Kind.ANNOUNCED, offer, by=by, now=now))
    return True


def tell(
    intake: Intake,
    offer: Offer,
    *,
    told_by: Offer.ToldBy,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """The party was told: its time runs from here, or from three days after posting (rule 29)."""
    require_lock(intake)
    offer.refresh_from_db()
    if offer.status != Offer.Status.OPEN:
        raise OfferClosed(offer.status)
    if offer.announced_at is None:
        raise NotAnnounced
    if offer.told_at is not None:
        return
    offer.told_at = now + deadlines.post_time() if told_by == Offer.ToldBy.POST else now
    offer.told_by = told_by
    until = offer.told_at + datetime.timedelta(hours=intake.offer_hours)
    offer.expires_at = max(until, offer.printed_deadline or until)
    offer.save(update_fields=["told_at", "told_by", "expires_at"])
    log(
        _offer_events(
            PlaceEvent.Kind.TOLD, offer, by=by, now=now, details={"told_by": str(told_by)}
        )
    )


def accept(
    intake: Intake,
    offer: Offer,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    in_writing: bool = False,
) -> list[Enrollment]:
    """Turn an open, announced offer into held seats. Raises OfferClosed or NotAnnounced.

    `in_writing`: nobody is on the phone, so the caller tells them that the seats are theirs.
    """
    require_lock(intake)
    offer.refresh_from_db()
    if offer.status != Offer.Status.OPEN:
        raise OfferClosed(offer.status)
    if offer.announced_at is None:
        raise NotAnnounced
    _close(offer, Offer.Status.ACCEPTED, now=now, by=by)
    members = _members(offer)
    enrollments = [
        Enrollment(
            application=m,
            class_session=offer.class_session,
            held_at=now,
            draw_id=offer.entry.draw_id,
        )
        for m in members
    ]
    Enrollment.objects.bulk_create(enrollments)
    if not in_writing:
        notices.seated(enrollments, by=by, now=now)
    log(_offer_events(PlaceEvent.Kind.ACCEPTED, offer, by=by, now=now))
    end_entries([offer.entry], WaitlistEntry.Ending.SEATED, now=now)
    if intake.seat_rule == Intake.SeatRule.ONE:
        leave_other_lines(intake, offer.party_id, by=by, now=now)
    return enrollments


def decline(
    intake: Intake,
    offer: Offer,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    reason: str = "",
) -> None:
    """The party does not want the seat: that line closes for it, no other (rule 31)."""
    require_lock(intake)
    offer.refresh_from_db()
    if offer.status != Offer.Status.OPEN:
        raise OfferClosed(offer.status)
    _close(offer, Offer.Status.DECLINED, now=now, by=by)
    end_entries([offer.entry], WaitlistEntry.Ending.DECLINED, now=now)
    log(_offer_events(PlaceEvent.Kind.DECLINED, offer, by=by, now=now, reason=reason))
    offer_next(intake, offer.class_session, by=by, now=now)


def expire(intake: Intake, offer: Offer, *, now: datetime.datetime) -> bool:
    """End a told offer whose time has passed (rule 29).

    False if it is not due, was answered, or stands still on a bad day.
    """
    require_lock(intake)
    offer.refresh_from_db()
    if offer.status != Offer.Status.OPEN or offer.expires_at is None or offer.expires_at > now:
        return False
    if offer.pauses.filter(resumed_at__isnull=True).exists():
        return False
    _close(offer, Offer.Status.EXPIRED, now=now, by=None)
    end_entries([offer.entry], WaitlistEntry.Ending.EXPIRED, now=now)
    log(_offer_events(PlaceEvent.Kind.EXPIRED, offer, by=None, now=now))
    offer_next(intake, offer.class_session, by=None, now=now)
    return True


def withdraw(
    offer: Offer, *, by: StaffMember | None, now: datetime.datetime, reason: str = ""
) -> None:
    """Take an open offer back; its seats are free again and the place in line stays."""
    _close(offer, Offer.Status.WITHDRAWN, now=now, by=by)
    log(_offer_events(PlaceEvent.Kind.WITHDRAWN, offer, by=by, now=now, reason=reason))


def leave_other_lines(
    intake: Intake, party_id: int, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """A seat ends the party's other places in the intake (rule 31)."""
    require_lock(intake)
    entries = list(
        WaitlistEntry.objects.waiting().filter(party=party_id).select_related("class_session")
    )
    if not entries:
        return
    freed = []
    for offer in Offer.objects.open().filter(party=party_id).select_related("class_session"):
        withdraw(offer, by=by, now=now)
        freed.append(offer.class_session)
    end_entries(entries, WaitlistEntry.Ending.SEATED_ELSEWHERE, now=now)
    for class_session in freed:
        offer_next(intake, class_session, by=by, now=now)


def recall_unannounced(
    intake: Intake, class_session: ClassSession, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """Take back offers nobody has heard of and make them anew along the line as it is now."""
    require_lock(intake)
    for offer in Offer.objects.open().filter(class_session=class_session, announced_at=None):
        withdraw(offer, by=by, now=now)
    offer_next(intake, class_session, by=by, now=now)


def end_entries(
    entries: Iterable[WaitlistEntry], ending: WaitlistEntry.Ending, *, now: datetime.datetime
) -> None:
    """End places in line with their reason."""
    WaitlistEntry.objects.waiting().filter(pk__in=[entry.pk for entry in entries]).update(
        ended_at=now, ending=ending
    )


def awaits_draw(intake: Intake, entry: WaitlistEntry) -> bool:
    """Whether this place has no rank yet in a line that is still to be drawn at a cut-off."""
    return (
        intake.line_order == Intake.LineOrder.DRAWN
        and intake.drawn_at is None
        and entry.drawn_rank is None
    )


def _undo_seats(class_session: ClassSession, now: datetime.datetime) -> list[Enrollment]:
    return list(
        Enrollment.objects.filter(
            class_session=class_session, undo_until__gt=now, undo_offer__isnull=True
        ).order_by("undo_until")
    )


def _members(offer: Offer) -> list[Application]:
    return list(
        Application.objects.active()
        .filter(party=offer.party_id)
        .select_related("learner", "intake")
        .order_by("number")
    )


def _close(
    offer: Offer, status: Offer.Status, *, now: datetime.datetime, by: StaffMember | None
) -> None:
    offer.status = status
    offer.closed_at = now
    offer.save(update_fields=["status", "closed_at"])
    offer.undoable_seats.update(undo_offer=None)
    notice_endings.drop_for_offer(offer, by=by, now=now)


def _offer_events(
    kind: PlaceEvent.Kind,
    offer: Offer,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    reason: str = "",
    details: dict[str, str] | None = None,
) -> list[PlaceEvent]:
    return [
        event(
            kind,
            member,
            by=by,
            now=now,
            class_session=offer.class_session,
            offer=offer,
            reason=reason,
            details={"seats": offer.seats, **(details or {})},
        )
        for member in _members(offer)
    ]


def _overtaken_events(
    overtaken: "Iterable[LineEntry]",
    served: WaitlistEntry,
    free: int,
    class_session: ClassSession,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[PlaceEvent]:
    """ "N together, M free" for every larger party the served one went past (rule 27)."""
    waiting = {entry.party_id: entry for entry in overtaken}
    members = Application.objects.active().filter(party__in=waiting) if waiting else []
    return [
        event(
            PlaceEvent.Kind.PASSED_OVER,
            member,
            by=by,
            now=now,
            class_session=class_session,
            details={
                "together": waiting[member.party_id].size,
                "free": free,
                "served": served.receipt_number,
            },
        )
        for member in members
    ]
