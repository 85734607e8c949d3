"""The intake board: seats, lines, offers and calls in figures, and demand that is not met.

Whatever the number of classes, callers and lines, it costs the same few queries.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from classes import call_pace, calls, seats, stalled
from classes.models import (
    Application,
    CallLog,
    Choice,
    ClassSession,
    Enrollment,
    Intake,
    Offer,
    Venue,
    WaitlistEntry,
)
from classes.seats import SeatCount, Waiting
from skill_levels.models import SkillLevel

NOON = 12


@dataclass(frozen=True)
class Offers:
    """Open offers: how many, and how many that nobody was told of yet."""

    open: int = 0
    untold: int = 0


@dataclass(frozen=True)
class InLine:
    """The keys of the parties and of the people who wait."""

    parties: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Line:
    """One class session in figures."""

    class_session: ClassSession
    seats: SeatCount
    applications: int
    first_choices: int
    waiting: Waiting
    offers: Offers
    calls: int
    is_standing_still: bool

    @property
    def level(self) -> SkillLevel:
        return self.class_session.course.level


@dataclass(frozen=True)
class LevelTotal:
    """The figures of all classes of one level; people and parties waiting are counted once."""

    level: SkillLevel
    held: int
    capacity: int
    applications: int
    waiting_people: int
    waiting_parties: int
    offers: int
    calls: int


@dataclass(frozen=True)
class Demand:
    """Unmet wishes at one level and venue, by half-day; enquiries noted for a class besides."""

    level: SkillLevel
    venue: Venue
    morning: int | None
    afternoon: int | None
    enquiries: int

    @property
    def total(self) -> int:
        return (self.morning or 0) + (self.afternoon or 0)


@dataclass(frozen=True)
class Callers:
    """Incoming calls by outcome, and people, counted apart (rule 18)."""

    calls: int
    by_outcome: Sequence[tuple[str, int]]
    people_known: int
    applicants: int


@dataclass(frozen=True)
class Board:
    """One intake at one moment."""

    intake: Intake
    lines: Sequence[Line]
    levels: Sequence[LevelTotal]
    demand: Sequence[Demand]
    callers: Callers
    pace: call_pace.Pace
    waiting_people: int
    letters: int
    texts: int
    standing_still: Sequence[ClassSession] = field(default_factory=list)

    @property
    def held(self) -> int:
        return sum(line.seats.held for line in self.lines)

    @property
    def capacity(self) -> int:
        return sum(line.seats.capacity for line in self.lines)

    @property
    def offers(self) -> Offers:
        return Offers(
            sum(line.offers.open for line in self.lines),
            sum(line.offers.untold for line in self.lines),
        )

    @property
    def calls(self) -> int:
        return sum(line.calls for line in self.lines)


def board(intake: Intake, *, now: datetime.datetime) -> Board:
    """Everything the board shows."""
    sessions = list(
        ClassSession.objects.running()
        .filter(intake=intake)
        .select_related("course__level__current", "venue")
        .prefetch_related("lessons")
        .order_by("course__level__number", "code")
    )
    for session in sessions:
        session.intake = intake
    in_line = _in_line(sessions)
    red = stalled.standing_still(now=now, intake=intake)
    lines = _lines(intake, sessions, {session.pk for session in red}, now)
    return Board(
        intake=intake,
        lines=lines,
        levels=_levels(lines, in_line),
        demand=_demand(intake, lines, in_line),
        callers=_callers(intake),
        pace=call_pace.pace(now=now),
        waiting_people=len(_together(in_line, lines).people),
        letters=intake.notices.to_post().count(),
        texts=intake.notices.to_text().count(),
        standing_still=red,
    )


def _lines(
    intake: Intake, sessions: Sequence[ClassSession], red: set[int], now: datetime.datetime
) -> list[Line]:
    counts = seats.count(sessions, now=now)
    waiting = seats.waiting(sessions)
    chosen = {
        row["class_session"]: row
        for row in Choice.objects.filter(
            class_session__in=sessions, party__applications__status=Application.Status.ACTIVE
        )
        .order_by()
        .values("class_session")
        .annotate(any=Count("pk"), first=Count("pk", filter=Q(rank=1)))
    }
    offers = {
        row["class_session"]: Offers(row["open"], row["untold"])
        for row in Offer.objects.open()
        .filter(class_session__in=sessions)
        .order_by()
        .values("class_session")
        .annotate(open=Count("pk"), untold=Count("pk", filter=Q(told_at__isnull=True)))
    }
    to_call = _calls(intake, now)
    return [
        Line(
            class_session=session,
            seats=counts[session.pk],
            applications=chosen.get(session.pk, {}).get("any", 0),
            first_choices=chosen.get(session.pk, {}).get("first", 0),
            waiting=waiting[session.pk],
            offers=offers.get(session.pk, Offers()),
            calls=to_call.get(session.pk, 0),
            is_standing_still=session.pk in red,
        )
        for session in sessions
    ]


def _calls(intake: Intake, now: datetime.datetime) -> dict[int | None, int]:
    """Calls to make by class: the offer's, else the held seat's, else the first choice's."""
    application = OuterRef("notice__application")
    held = (
        Enrollment.objects.held()
        .filter(application=application)
        .order_by("pk")
        .values("class_session")[:1]
    )
    first = (
        Choice.objects.filter(party=OuterRef("notice__application__party"))
        .order_by("rank")
        .values("class_session")[:1]
    )
    rows = (
        calls.open_tasks(now=now)
        .filter(notice__intake=intake)
        .order_by()
        .values(
            about=Coalesce(
                F("notice__offer__class_session_id"),
                Subquery(held),
                Subquery(first),
                output_field=BigIntegerField(),
            )
        )
        .annotate(count=Count("pk"))
        .values_list("about", "count")
    )
    return dict(rows)


def _in_line(sessions: Iterable[ClassSession]) -> dict[int, InLine]:
    """Who waits for which class, so that somebody in two lines is counted once."""
    waiting: dict[int, InLine] = defaultdict(InLine)
    rows = (
        WaitlistEntry.objects.waiting()
        .filter(
            class_session__in=list(sessions),
            party__applications__status=Application.Status.ACTIVE,
        )
        .order_by()
        .values_list("class_session", "party", "party__applications__learner")
    )
    for session_pk, party_pk, learner_pk in rows:
        waiting[session_pk].parties.add(party_pk)
        waiting[session_pk].people.add(learner_pk)
    return waiting


def _levels(lines: Sequence[Line], in_line: Mapping[int, InLine]) -> list[LevelTotal]:
    by_level: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_level[line.level.pk].append(line)
    return [
        LevelTotal(
            level=group[0].level,
            held=sum(line.seats.held for line in group),
            capacity=sum(line.seats.capacity for line in group),
            applications=sum(line.first_choices for line in group),
            waiting_people=len(_together(in_line, group).people),
            waiting_parties=len(_together(in_line, group).parties),
            offers=sum(line.offers.open for line in group),
            calls=sum(line.calls for line in group),
        )
        for group in by_level.values()
    ]


def _demand(intake: Intake, lines: Sequence[Line], in_line: Mapping[int, InLine]) -> list[Demand]:
    """Before a draw: first choices beyond the seats. After it, and first come: who waits."""
    enquiries = dict(
        CallLog.objects.filter(
            intake=intake,
            outcome__in=(CallLog.Outcome.INQUIRY, CallLog.Outcome.NO_SEAT_WANTED),
            class_session__isnull=False,
        )
        .order_by()
        .values_list("class_session")
        .annotate(Count("pk"))
    )
    groups: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.level.pk, line.class_session.venue_id].append(line)
    return [
        Demand(
            level=group[0].level,
            venue=group[0].class_session.venue,
            morning=_unmet([line for line in group if _is_morning(line)], in_line),
            afternoon=_unmet([line for line in group if not _is_morning(line)], in_line),
            enquiries=sum(enquiries.get(line.class_session.pk, 0) for line in group),
        )
        for group in groups.values()
    ]


def _unmet(lines: Sequence[Line], in_line: Mapping[int, InLine]) -> int | None:
    if not lines:
        return None
    beyond = sum(
        max(line.first_choices - line.seats.capacity, 0)
        for line in lines
        if line.class_session.intake.awaits_draw
        and not line.waiting.parties
        and not line.seats.held
    )
    return len(_together(in_line, lines).people) + beyond


def _together(in_line: Mapping[int, InLine], lines: Iterable[Line]) -> InLine:
    waiting = [in_line.get(line.class_session.pk, InLine()) for line in lines]
    return InLine(
        parties=set().union(*(of_class.parties for of_class in waiting)),
        people=set().union(*(of_class.people for of_class in waiting)),
    )


def _is_morning(line: Line) -> bool:
    starts = [lesson.starts_at for lesson in line.class_session.lessons.all()]
    return bool(starts) and timezone.localtime(min(starts)).hour < NOON


def _callers(intake: Intake) -> Callers:
    counted = dict(
        CallLog.objects.filter(intake=intake)
        .order_by()
        .values_list("outcome")
        .annotate(Count("pk"))
    )
    people = CallLog.objects.filter(intake=intake).aggregate(known=Count("learner", distinct=True))
    applicants = Application.objects.active().filter(intake=intake).count()
    labels = dict(CallLog.Outcome.choices)
    by_outcome = [
        (str(labels[outcome]), counted[outcome])
        for outcome in CallLog.Outcome.values
        if outcome in counted
    ]
    return Callers(sum(counted.values()), by_outcome, people["known"], applicants)
