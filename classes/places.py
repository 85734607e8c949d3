"""Registering: an application becomes a seat, a place in line, or an entry in the lottery.

The intake's row is locked first; seats and eligibility are checked again under it; the answer, its
sentence to read aloud, the events and the notice are written in the same transaction.
"""

import datetime
import enum
from collections.abc import Sequence

from django.db import transaction

from classes import eligibility, list_freeze, seating, seats, sentences, standing, waitlist
from classes import wishes as wished_classes
from classes.events import event, log
from classes.locking import lock_intake
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
from classes.outcomes import (
    AlreadyThere,
    Applied,
    ChooseSplit,
    Enrolled,
    Reason,
    Refused,
    Registration,
    SeatGone,
    Waitlisted,
)
from classes.seating import Applicant
from classes.wishes import Wishes
from learners.models import Learner
from staff.models import StaffMember

Kind = MessageTemplate.Kind


class WhenShort(enum.Enum):
    """What to do when fewer seats are left than the party has people (rule 27)."""

    ASK = "ask"
    SEAT_ONE = "seat_one"
    WAIT_TOGETHER = "wait_together"


def register(
    intake_pk: int,
    *,
    applicants: Sequence[Applicant],
    wishes: Sequence[int] | Wishes,
    by: StaffMember | None,
    now: datetime.datetime,
    received_at: datetime.datetime | None = None,
    source: Application.Source = Application.Source.PHONE,
    override_reason: str = "",
    expects_seat: bool = False,
    when_short: WhenShort = WhenShort.ASK,
    spoken: bool = True,
) -> Registration:
    """Register a party for ranked wishes (primary keys of class sessions of this intake, or those
    already read by `wishes.read`, so that a caller's own transaction is the shorter).

    `received_at` is the written time of paper, fax and imports, else the server's (rule 24);
    `expects_seat` says that the page showed a free seat; `spoken` that the caller hears the answer
    now, so that no call task is made. Proves nothing by itself: seats are checked under the lock.
    Raises ValueError for an empty party, no wish, or a wish of another intake.
    """
    if not applicants:
        raise ValueError("a registration needs a person")
    if not isinstance(wishes, Wishes):
        wishes = wished_classes.read(intake_pk, wishes)
    with transaction.atomic(savepoint=False):
        intake = lock_intake(intake_pk)
        there = standing.find(
            intake,
            client_uuids=[applicant.client_uuid for applicant in applicants],
            learners=[applicant.learner for applicant in applicants],
        )
        if there is not None:
            return there
        _refuse_absorbed(applicants)
        request = seating.Request(
            intake=intake,
            applicants=tuple(applicants),
            wishes=wished_classes.confirm(wishes, intake),
            by=by,
            now=now,
            received_at=received_at or now,
            source=source,
            override_reason=override_reason,
            spoken=spoken,
        )
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        if intake.awaits_draw:
            return _apply_for_lottery(request)
        return _seat_or_line_up(request, expects_seat=expects_seat, when_short=when_short)


def add_wish(
    intake_pk: int,
    application_pk: int,
    class_session_pk: int,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    spoken: bool = True,
) -> Enrolled | Waitlisted | Applied | Refused | AlreadyThere:
    """One more class for an application that stands already; it joins the end of that line.

    Raises list_freeze.ListFrozen.
    """
    wishes = wished_classes.read(intake_pk, [class_session_pk])
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        application = (
            Application.objects.active()
            .select_related("learner", "party")
            .get(pk=application_pk, intake=intake)
        )
        list_freeze.require_open(intake)
        members = _members(intake, application.party)
        request = seating.Request(
            intake=intake,
            applicants=tuple(Applicant(m.learner, m.client_uuid) for m in members),
            wishes=wished_classes.confirm(wishes, intake),
            by=by,
            now=now,
            received_at=now,
            source=Application.Source.PHONE,
            override_reason=application.override_reason,
            spoken=spoken,
        )
        wish = request.wishes[0]
        wished = list(application.party.choices.order_by("rank"))
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        seated = Enrollment.objects.held().filter(application__in=members)
        waits = WaitlistEntry.objects.waiting().filter(party=application.party, class_session=wish)
        has_seat = seated.exists()
        if waits.exists() or (
            has_seat
            and (
                intake.seat_rule == Intake.SeatRule.ONE
                or seated.filter(class_session=wish).exists()
            )
        ):
            return standing.already_there(intake, members)
        chosen = {choice.class_session_id for choice in wished}
        if wish.pk not in chosen:
            if len(wished) >= intake.max_choices:
                return _refuse(request, (Reason("too_many_choices", ""),), can_override=False)
            Choice.objects.create(
                party=application.party,
                class_session=wish,
                rank=(wished[-1].rank if wished else 0) + 1,
            )
        log(
            [
                event(PlaceEvent.Kind.WISH_ADDED, m, by=by, now=now, class_session=wish)
                for m in members
            ]
        )
        if intake.awaits_draw:
            sentence = sentences.applied(intake, members, [wish])
            return Applied(tuple(members), sentence)
        room = seating.room_for(request)
        if room[wish.pk].bookable >= len(members):
            return seating.seat(request, application.party, members, [wish], (), room)
        entries = seating.line_up(request, application.party, members, [wish], room)
        return _waitlisted(request, members, entries)


def _refuse_absorbed(applicants: Sequence[Applicant]) -> None:
    """A merge locks the intake too: who was absorbed since the page was made is seen here."""
    learners = [applicant.learner.pk for applicant in applicants]
    if Learner.objects.filter(pk__in=learners, merged_into__isnull=False).exists():
        raise ValueError("this record was merged into another")


def _members(intake: Intake, party: Party) -> list[Application]:
    members = list(
        Application.objects.active()
        .filter(party=party)
        .select_related("learner")
        .order_by("number")
    )
    for member in members:
        member.intake = intake
    return members


def _refusal(request: seating.Request) -> Refused | None:
    reasons: list[Reason] = []
    for applicant in request.applicants:
        for reason in eligibility.check(
            applicant.learner, request.intake, request.wishes, received_at=request.received_at
        ):
            if reason not in reasons:
                reasons.append(reason)
    waived = bool(request.override_reason) and eligibility.can_override(reasons)
    if reasons and not waived:
        return _refuse(request, tuple(reasons), can_override=eligibility.can_override(reasons))
    blocking = _blocking_reasons(request)
    return _refuse(request, blocking, can_override=False) if blocking else None


def _blocking_reasons(request: seating.Request) -> tuple[Reason, ...]:
    """What no exception waives: it is about the list or the class, not the person."""
    if request.intake.list_frozen_at is not None:
        return (Reason("list_frozen", ""),)
    if len(request.wishes) > request.intake.max_choices:
        return (Reason("too_many_choices", ""),)
    if (
        any(
            not waitlist.joining_times(wish, request.intake).can_join(request.now)
            for wish in request.wishes
        )
        and request.source != Application.Source.IMPORT
    ):
        return (Reason("started", ""),)
    return ()


def _refuse(
    request: seating.Request, reasons: tuple[Reason, ...], *, can_override: bool
) -> Refused:
    """Say no, and keep what was said for known people (rule 19)."""
    learner = request.applicants[0].learner
    sentence = sentences.refused(request.intake, learner, reasons)
    if learner.pk is not None:
        log(
            [
                PlaceEvent(
                    intake=request.intake,
                    learner=learner,
                    class_session=request.wishes[0],
                    kind=PlaceEvent.Kind.REFUSED,
                    at=request.now,
                    by=request.by,
                    sentence=sentence,
                    details={"kinds": [reason.kind for reason in reasons]},
                )
            ]
        )
    return Refused(reasons, sentence, can_override=can_override)


def _apply_for_lottery(request: seating.Request) -> Applied:
    _party, applications = seating.create_party(request, request.applicants)
    sentence = sentences.applied(request.intake, applications, request.wishes)
    log(seating.answered(request, applications, PlaceEvent.Kind.APPLIED, sentence))
    seating.tell(request, applications, sentence, [(Kind.REGISTERED_LOTTERY, None)])
    return Applied(tuple(applications), sentence)


def _seat_or_line_up(
    request: seating.Request, *, expects_seat: bool, when_short: WhenShort
) -> Enrolled | Waitlisted | ChooseSplit | SeatGone:
    room = seating.room_for(request)
    roomy = [wish for wish in request.wishes if room[wish.pk].bookable >= request.size]
    if request.intake.seat_rule == Intake.SeatRule.ONE:
        roomy = roomy[:1]
    if roomy:
        party, applications = seating.create_party(request, request.applicants)
        rest = (
            []
            if request.intake.seat_rule == Intake.SeatRule.ONE
            else [wish for wish in request.wishes if wish not in roomy]
        )
        entries = seating.line_up(request, party, applications, rest, room)
        return seating.seat(request, party, applications, roomy, entries, room)
    short = [wish for wish in request.wishes if room[wish.pk].bookable > 0]
    if short and request.size > 1 and when_short is WhenShort.ASK:
        free = room[short[0].pk].bookable
        learner = request.applicants[0].learner
        return ChooseSplit(short[0], free, sentences.choose_split(learner, short[0], free))
    if short and request.size > 1 and when_short is WhenShort.SEAT_ONE:
        return seating.seat_one(request, short[0], room)
    # Who has chosen to wait for seats together was not promised this one.
    if expects_seat and not (short and when_short is WhenShort.WAIT_TOGETHER):
        return _seat_gone(request)
    party, applications = seating.create_party(request, request.applicants)
    entries = seating.line_up(request, party, applications, request.wishes, room)
    return _waitlisted(request, applications, entries)


def _waitlisted(
    request: seating.Request, applications: Sequence[Application], entries: Sequence[WaitlistEntry]
) -> Waitlisted:
    line_positions = waitlist.positions(entries)
    sentence = sentences.waitlisted(request.intake, applications, line_positions)
    log(
        seating.answered(
            request,
            applications,
            PlaceEvent.Kind.LINED_UP,
            sentence,
            class_session=entries[0].class_session,
            details={"positions": {p.class_session.code: p.position for p in line_positions}},
        )
    )
    lines = [(Kind.REGISTERED_LINE, entry.class_session) for entry in entries]
    seating.tell(request, applications, sentence, lines)
    return Waitlisted(tuple(applications), line_positions, sentence)


def _seat_gone(request: seating.Request) -> SeatGone:
    """The page showed a free seat that is gone: name others of the same level that have room."""
    wanted = request.wishes[0]
    others = list(
        ClassSession.objects.running()
        .filter(intake=request.intake, course__level=wanted.course.level_id)
        .exclude(pk__in=[wish.pk for wish in request.wishes])
        .select_related("course__level__current", "venue")
        .prefetch_related("lessons")
    )
    for other in others:
        other.intake = request.intake
    counts = seats.count(others, now=request.now)
    unserved = waitlist.smallest_unserved(others, now=request.now)
    roomy = [
        other
        for other in others
        if counts[other.pk].free >= request.size
        and unserved.get(other.pk, counts[other.pk].free + 1) > counts[other.pk].free
    ]
    behind = WaitlistEntry(
        class_session=wanted,
        received_at=request.received_at,
        receipt_number=request.intake.next_receipt,
    )
    place = waitlist.position(behind)
    learner = request.applicants[0].learner
    return SeatGone(wanted, tuple(roomy), place, sentences.seat_gone(learner, wanted, roomy, place))
