"""How a checked request becomes rows: the party and its receipts, seats held, places in line."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from classes import notices, seats, sentences, staff_tasks, waitlist
from classes.events import event, log
from classes.locking import require_lock
from classes.models import (
    Application,
    Choice,
    ClassSession,
    Enrollment,
    Intake,
    MessageTemplate,
    Party,
    PlaceEvent,
    WaitlistEntry,
)
from classes.outcomes import Enrolled
from learners.models import Learner
from staff.models import StaffMember

if TYPE_CHECKING:
    from classes.waitlist import LineEntry

Kind = MessageTemplate.Kind


@dataclass(frozen=True)
class Applicant:
    """One person of the party that applies, with what belongs to this application only."""

    learner: Learner
    client_uuid: uuid.UUID
    wants_loan_phone: bool = False
    proxy_name: str = ""
    proxy_relation: str = ""
    proxy_phone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Request:
    """Everything one registration carries through its steps."""

    intake: Intake
    applicants: tuple[Applicant, ...]
    wishes: tuple[ClassSession, ...]
    by: StaffMember | None
    now: datetime.datetime
    received_at: datetime.datetime
    source: Application.Source
    override_reason: str
    spoken: bool

    @property
    def size(self) -> int:
        return len(self.applicants)


@dataclass(frozen=True)
class Room:
    """Seats bookable in one class now, and the larger parties that a booking would overtake."""

    bookable: int
    # Seats that could be offered along the line, those in an undo window included.
    offerable: int = 0
    overtaken: "tuple[LineEntry, ...]" = ()


def room_for(request: Request) -> dict[int, Room]:
    """What can be booked in each wish: free seats, unless somebody waits who fits (rule 28)."""
    counts = seats.count(request.wishes, now=request.now)
    rooms = {}
    for wish in request.wishes:
        free = counts[wish.pk].free
        waiting = [e for e in waitlist.line(wish) if e.size and not e.has_offer] if free > 0 else []
        fits = any(entry.size <= free for entry in waiting)
        rooms[wish.pk] = Room(0 if fits else free, counts[wish.pk].offerable, tuple(waiting))
    return rooms


def create_party(
    request: Request, applicants: Sequence[Applicant]
) -> tuple[Party, list[Application]]:
    """The party, its applications with the next receipt numbers, and its ranked choices."""
    intake = request.intake
    require_lock(intake)
    party = Party.objects.create(intake=intake)
    applications = [
        Application(
            intake=intake,
            party=party,
            learner=applicant.learner,
            number=intake.next_receipt + offset,
            client_uuid=applicant.client_uuid,
            received_at=request.received_at,
            source=request.source,
            override_reason=request.override_reason,
            wants_loan_phone=applicant.wants_loan_phone,
            proxy_name=applicant.proxy_name,
            proxy_relation=applicant.proxy_relation,
            proxy_phone=applicant.proxy_phone,
            note=applicant.note,
            registered_at=request.now,
            registered_by=request.by,
        )
        for offset, applicant in enumerate(applicants)
    ]
    Application.objects.bulk_create(applications)
    intake.next_receipt += len(applications)
    # The rules freeze at the first application (rule 25).
    intake.rules_frozen_at = intake.rules_frozen_at or request.now
    Intake.objects.filter(pk=intake.pk).update(
        next_receipt=intake.next_receipt, rules_frozen_at=intake.rules_frozen_at
    )
    Choice.objects.bulk_create(
        Choice(party=party, class_session=wish, rank=rank)
        for rank, wish in enumerate(request.wishes, start=1)
    )
    staff_tasks.raise_for(applications, request.wishes, now=request.now)
    return party, applications


def seat(
    request: Request,
    party: Party,
    applications: Sequence[Application],
    class_sessions: Sequence[ClassSession],
    entries: Sequence[WaitlistEntry],
    room: dict[int, Room],
) -> Enrolled:
    """Hold a seat for every member in every given class."""
    enrollments = [
        Enrollment(application=application, class_session=session, held_at=request.now)
        for session in class_sessions
        for application in applications
    ]
    Enrollment.objects.bulk_create(enrollments)
    if request.intake.seat_rule == Intake.SeatRule.ONE:
        waitlist.leave_other_lines(request.intake, party.pk, by=request.by, now=request.now)
    line_positions = waitlist.positions(entries)
    sentence = sentences.enrolled(request.intake, applications, class_sessions, line_positions)
    events = [
        change
        for session in class_sessions
        for change in answered(
            request, applications, PlaceEvent.Kind.SEATED, sentence, class_session=session
        )
    ]
    for session in class_sessions:
        events += _overtaken(request, room[session.pk], session, len(applications))
    log(events)
    tell(request, applications, sentence, [(Kind.REGISTERED_SEAT, each) for each in class_sessions])
    return Enrolled(tuple(applications), tuple(enrollments), class_sessions[0], sentence)


def seat_one(request: Request, wish: ClassSession, room: dict[int, Room]) -> Enrolled:
    """お一人だけ: the first is seated, the second waits as a party of their own."""
    _, first = create_party(request, request.applicants[:1])
    _, rest = create_party(request, request.applicants[1:])
    enrollment = Enrollment.objects.create(
        application=first[0], class_session=wish, held_at=request.now
    )
    entries = line_up(request, rest[0].party, rest, request.wishes, room)
    places = waitlist.positions(entries)
    sentence = sentences.one_seated_one_waits(request.intake, [*first, *rest], wish, places)
    log(
        [
            *answered(request, first, PlaceEvent.Kind.SEATED, sentence, class_session=wish),
            *answered(request, rest, PlaceEvent.Kind.LINED_UP, sentence, class_session=wish),
            *_overtaken(request, room[wish.pk], wish, 1),
        ]
    )
    tell(request, first, sentence, [(Kind.REGISTERED_SEAT, wish)])
    tell(
        request, rest, sentence, [(Kind.REGISTERED_LINE, entry.class_session) for entry in entries]
    )
    return Enrolled((*first, *rest), (enrollment,), wish, sentence)


def line_up(
    request: Request,
    party: Party,
    applications: Sequence[Application],
    class_sessions: Sequence[ClassSession],
    room: Mapping[int, Room],
) -> list[WaitlistEntry]:
    """Put the party in each line; whom a late entry overtakes is logged (rule 24)."""
    receipt_number = min(application.number for application in applications)
    entries = [
        WaitlistEntry(
            party=party,
            class_session=session,
            received_at=request.received_at,
            receipt_number=receipt_number,
        )
        for session in class_sessions
    ]
    WaitlistEntry.objects.bulk_create(entries)
    if request.received_at < request.now:
        log(_overtaken_by_late_entry(request, applications[0], entries))
    for session in class_sessions:
        # A seat in its undo window may be offered at once, to be announced later (rule 30).
        if room[session.pk].offerable > 0:
            waitlist.offer_next(request.intake, session, by=request.by, now=request.now)
    return entries


def _overtaken_by_late_entry(
    request: Request, late: Application, entries: Sequence[WaitlistEntry]
) -> list[PlaceEvent]:
    events: list[PlaceEvent] = []
    for entry in entries:
        behind = WaitlistEntry.objects.waiting().filter(
            class_session=entry.class_session, received_at__gt=entry.received_at, drawn_rank=None
        )
        members = Application.objects.active().filter(party__waitlist_entries__in=behind)
        events += [
            event(
                PlaceEvent.Kind.OVERTAKEN,
                member,
                by=request.by,
                now=request.now,
                class_session=entry.class_session,
                details={
                    "by_receipt": late.number,
                    "received_at": request.received_at.isoformat(),
                    "source": str(request.source),
                },
            )
            for member in members.exclude(pk=late.pk)
        ]
    return events


def answered(
    request: Request,
    applications: Sequence[Application],
    kind: PlaceEvent.Kind,
    sentence: str,
    *,
    class_session: ClassSession | None = None,
    details: dict[str, object] | None = None,
) -> list[PlaceEvent]:
    return [
        event(
            kind,
            application,
            by=request.by,
            now=request.now,
            class_session=class_session,
            reason=request.override_reason,
            sentence=sentence,
            details={
                "receipt": application.number,
                "spoken": request.spoken,
                "together": [other.number for other in applications],
                **(details or {}),
            },
        )
        for application in applications
    ]


def _overtaken(
    request: Request, room: Room, class_session: ClassSession, seated: int
) -> list[PlaceEvent]:
    """Parties too large for the seats that were left: "N together, M free" (rule 27)."""
    waiting = {entry.party_id: entry for entry in room.overtaken}
    if not waiting:
        return []
    return [
        event(
            PlaceEvent.Kind.PASSED_OVER,
            member,
            by=request.by,
            now=request.now,
            class_session=class_session,
            details={
                "together": waiting[member.party_id].size,
                "free": room.bookable,
                "served": request.intake.next_receipt - seated,
            },
        )
        for member in Application.objects.active().filter(party__in=waiting)
    ]


def tell(
    request: Request,
    applications: Sequence[Application],
    sentence: str,
    about: "Sequence[notices.About]",
) -> None:
    """The notice of the registration; the first lesson is the latest it may come."""
    starts = [
        start
        for wish in request.wishes
        if (start := waitlist.joining_times(wish, request.intake).first_lesson) is not None
    ]
    in_five_days = request.now + datetime.timedelta(days=5)
    notices.registered(
        applications,
        sentence,
        about,
        spoken=request.spoken,
        due_at=min([in_five_days, *starts]),
        by=request.by,
        now=request.now,
    )
