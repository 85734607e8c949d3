"""What a draw leads to: seats, lines, events and notices, in inserts of many rows at once."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from classes import channels, notice_endings, notices, sentences, waitlist
from classes.channels import Reach
from classes.events import event
from classes.locking import require_lock
from classes.lottery.ranking import Drawn, Outcome
from classes.models import (
    Application,
    ClassSession,
    Enrollment,
    Intake,
    LotteryDraw,
    MessageTemplate,
    Notice,
    Offer,
    PlaceEvent,
    WaitlistEntry,
)
from staff.models import StaffMember

Kind = MessageTemplate.Kind
BATCH = 2_000
# Results are told within so many days, and before the first lesson.
TELL_WITHIN = datetime.timedelta(days=3)


@dataclass
class Rows:
    """Everything one draw inserts."""

    enrollments: list[Enrollment] = field(default_factory=list)
    entries: list[WaitlistEntry] = field(default_factory=list)
    events: list[PlaceEvent] = field(default_factory=list)
    to_tell: list[notices.Result] = field(default_factory=list)
    # Somebody withdrew after the list froze, so what they would have got passes on (rule 36).
    has_withdrawn: bool = False


def end_former(
    intake: Intake, draw: LotteryDraw, *, by: StaffMember, now: datetime.datetime
) -> frozenset[int]:
    """End every place that this draw gives anew; returns the learners who were told of theirs.

    Cancellations and seats from elsewhere stand (rule 33); what was cancelled in a former draw
    can no longer be undone, because the seat is drawn again.
    """
    require_lock(intake)
    # Dropped first: a text that leaves in this moment has left, and counts as heard.
    notice_endings.drop_for_draw(intake, by=by, now=now)
    lines = WaitlistEntry.objects.waiting().filter(party__intake=intake)
    if draw.is_of_lines:
        cutoff = intake.line_cutoff_at
        lines = lines.filter(drawn_rank=None, received_at__lte=cutoff) | lines.exclude(draw=None)
    former = draw.supersedes
    if former is None:
        lines.update(ended_at=now, ending=WaitlistEntry.Ending.SUPERSEDED)
        return frozenset()
    told = frozenset(
        Notice.objects.may_have_heard()
        .filter(intake=intake, purpose__in=notices.ABOUT_PLACES)
        .filter(Q(settled_at__gte=former.drawn_at) | Q(created_at__gte=former.drawn_at))
        .values_list("learner", flat=True)
    )
    open_offers = Offer.objects.open().filter(party__intake=intake)
    for offer in open_offers.select_related("class_session"):
        waitlist.withdraw(offer, by=by, now=now, reason=draw.reason)
    seats = Enrollment.objects.filter(draw=former)
    seats.held().update(ended_at=now, ending=Enrollment.Ending.SUPERSEDED)
    seats.exclude(undo_until=None).update(undo_until=None, undo_offer=None)
    lines.update(ended_at=now, ending=WaitlistEntry.Ending.SUPERSEDED)
    return told


def give(
    intake: Intake,
    draw: LotteryDraw,
    outcome: Outcome,
    *,
    told: frozenset[int],
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    """Turn the result into places, and see that everybody is told, party by party."""
    require_lock(intake)
    sessions = _sessions(intake)
    positions = _positions(outcome)
    members = _members(intake)
    reach = channels.of({each.learner_id for each in members.values()})
    writer = sentences.DrawResults(intake, sessions)
    rows = Rows()
    place_in_tier: dict[int, int] = defaultdict(int)
    for one in outcome.drawn:
        place_in_tier[one.entry.tier] += 1
        people = [members[receipt] for receipt in one.entry.receipts if receipt in members]
        if people:
            _one_party(
                rows,
                intake,
                draw,
                one,
                people,
                lines=[code for code in one.entry.choices if (one.rank, code) in positions],
                positions=positions,
                place_in_tier=place_in_tier[one.entry.tier],
                sessions=sessions,
                writer=writer,
                reach=reach,
                told=told,
                by=by,
                now=now,
            )
    Enrollment.objects.bulk_create(rows.enrollments, batch_size=BATCH)
    WaitlistEntry.objects.bulk_create(rows.entries, batch_size=BATCH)
    PlaceEvent.objects.bulk_create(rows.events, batch_size=BATCH)
    due = _due(sessions.values(), now)
    notices.tell_results(draw, rows.to_tell, reach=reach, due_at=due, now=now, batch_size=BATCH)
    if rows.has_withdrawn or draw.is_of_lines:
        for session in sessions.values():
            waitlist.offer_next(intake, session, by=by, now=now)


def _one_party(
    rows: Rows,
    intake: Intake,
    draw: LotteryDraw,
    one: Drawn,
    people: Sequence[Application],
    *,
    lines: Sequence[str],
    positions: dict[tuple[int, str], int],
    place_in_tier: int,
    sessions: dict[str, ClassSession],
    writer: "sentences.DrawResults",
    reach: dict[int, Reach],
    told: frozenset[int],
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    standing = [each for each in people if each.status == Application.Status.ACTIVE]
    rows.has_withdrawn = rows.has_withdrawn or len(standing) < len(one.entry.receipts)
    for code in one.seats:
        rows.enrollments += [_seat(each, sessions[code], draw, intake, now) for each in people]
    # A party may have been split since a line was frozen: each part keeps the rank.
    parties: dict[int, list[Application]] = defaultdict(list)
    for each in people:
        parties[each.party_id].append(each)
    for party_pk, members in parties.items():
        rows.entries += [
            _entry(party_pk, members, sessions[code], draw, one.rank, now) for code in lines
        ]
        active = [each for each in members if each.status == Application.Status.ACTIVE]
        if not active:
            continue
        to_tell = notices.choose(active, reach)
        places = [(code, positions[one.rank, code]) for code in lines]
        again = any(each.learner_id in told for each in active)
        sentence = writer.sentence(to_tell, active, one.seats, places, again=again)
        about = [(Kind.DRAW_SEAT, sessions[code]) for code in one.seats]
        about = about or [(Kind.DRAW_LINE, sessions[code]) for code in lines]
        rows.to_tell.append(notices.Result(to_tell, sentence, tuple(about), told_before=again))
        details = {"rank": one.rank, "tier": one.entry.tier, "in_tier": place_in_tier}
        rows.events += [
            event(
                PlaceEvent.Kind.DRAWN,
                each,
                by=by,
                now=now,
                class_session=sessions[one.seats[0]] if one.seats else None,
                reason=draw.reason,
                sentence=sentence,
                details={**details, "draw": draw.number, "seats": list(one.seats)},
            )
            for each in active
        ]


def _seat(
    application: Application,
    session: ClassSession,
    draw: LotteryDraw,
    intake: Intake,
    now: datetime.datetime,
) -> Enrollment:
    """A held seat; or, for who withdrew meanwhile, one that ended then and may be undone."""
    seat = Enrollment(application=application, class_session=session, held_at=now, draw=draw)
    if application.status != Application.Status.ACTIVE:
        ended = application.ended_at or now
        seat.ended_at, seat.ending = ended, Enrollment.Ending.CANCELLED
        until = ended + datetime.timedelta(minutes=intake.undo_minutes)
        if application.learner.deceased_on is not None:
            seat.ending = Enrollment.Ending.DECEASED
        elif until > now and application.status == Application.Status.CANCELLED:
            seat.undo_until = until
    return seat


def _entry(
    party_pk: int,
    members: Sequence[Application],
    session: ClassSession,
    draw: LotteryDraw,
    rank: int,
    now: datetime.datetime,
) -> WaitlistEntry:
    """A place in line in drawn order (rule 35); ended where the whole party withdrew."""
    entry = WaitlistEntry(
        party_id=party_pk,
        class_session=session,
        drawn_rank=rank,
        draw=draw,
        received_at=min(each.received_at for each in members),
        receipt_number=min(each.number for each in members),
    )
    if all(each.status != Application.Status.ACTIVE for each in members):
        entry.ended_at = max((each.ended_at for each in members if each.ended_at), default=now)
        entry.ending = WaitlistEntry.Ending.CANCELLED
    return entry


def _sessions(intake: Intake) -> dict[str, ClassSession]:
    sessions = (
        ClassSession.objects.filter(intake=intake)
        .select_related("course__level__current", "venue")
        .prefetch_related("lessons__venue")
    )
    for session in sessions:
        session.intake = intake
    return {session.code: session for session in sessions}


def _members(intake: Intake) -> dict[str, Application]:
    """Receipt → application with its learner, in one query."""
    applications = (
        Application.objects.filter(intake=intake)
        .select_related("learner")
        .only(
            "number",
            "party",
            "intake",
            "status",
            "ended_at",
            "received_at",
            "learner__language",
            "learner__no_phone_calls",
            "learner__deceased_on",
        )
    )
    for each in applications:
        each.intake = intake
    return {intake.receipt(each.number): each for each in applications}


def _positions(outcome: Outcome) -> dict[tuple[int, str], int]:
    """(rank, class) → the place in that line, from 1, as it stands right after the draw."""
    return {
        (one.rank, code): place
        for code, line in outcome.lines.items()
        for place, one in enumerate(line, start=1)
    }


def _due(sessions: Iterable[ClassSession], now: datetime.datetime) -> datetime.datetime:
    starts = [
        lesson.starts_at
        for session in sessions
        for lesson in session.lessons.all()
        if lesson.cancelled_at is None and lesson.starts_at > now
    ]
    return min([now + TELL_WITHIN, *starts])
