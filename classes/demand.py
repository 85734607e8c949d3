"""Demand and supply by level, venue and half-day, and what one more class there would do."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from classes import seats, waitlist
from classes.models import (
    Application,
    CallLog,
    Choice,
    ClassSession,
    Intake,
    Venue,
    WaitlistEntry,
)
from classes.seats import SeatCount
from skill_levels.models import SkillLevel

NOON = 12


@dataclass(frozen=True)
class OneMore:
    """One more class like `like`: its seats, and how many people it would seat."""

    like: ClassSession
    capacity: int
    # Of those who wait for just these classes, and of all who wait for a class of the level.
    seated_here: int
    seated_of_level: int
    # Before a draw nobody waits yet: first wishes beyond the seats, as an estimate.
    is_estimate: bool


@dataclass(frozen=True)
class Cell:
    """The classes of one level at one venue in one half of the day, in figures."""

    level: SkillLevel
    venue: Venue
    is_morning: bool
    classes: tuple[ClassSession, ...]
    capacity: int
    held: int
    offered: int
    first_choices: int
    waiting: int
    enquiries: int
    one_more: OneMore


@dataclass(frozen=True)
class Demand:
    """All cells of an intake, by level, venue and half-day; each level with its people once."""

    intake: Intake
    cells: Sequence[Cell]
    # Level's key → people who wait for any class of it, each counted once.
    waiting_of_level: dict[int, int]


@dataclass(frozen=True)
class _Party:
    key: int
    people: int
    sessions: frozenset[int]


def of(intake: Intake, *, now: datetime.datetime) -> Demand:
    """The page of an intake, in a constant number of queries."""
    sessions = list(
        ClassSession.objects.running()
        .filter(intake=intake)
        .select_related("course__level__current", "venue", "intake")
        .prefetch_related("lessons")
        .order_by("course__level__number", "venue__name", "code")
    )
    groups: dict[tuple[int, int, bool], list[ClassSession]] = defaultdict(list)
    for session in sessions:
        groups[session.course.level_id, session.venue_id, _is_morning(session)].append(session)
    counts = seats.count(sessions, now=now)
    line = _line(sessions)
    wished = _first_choices(sessions)
    asked = _enquiries(intake)
    by_level: dict[int, list[ClassSession]] = defaultdict(list)
    for session in sessions:
        by_level[session.course.level_id].append(session)
    cells = []
    for (level_pk, _venue_pk, is_morning), group in groups.items():
        capacity = sum(counts[session.pk].capacity for session in group)
        first_choices = sum(wished.get(session.pk, 0) for session in group)
        here = _of(line, group)
        cells.append(
            Cell(
                level=group[0].course.level,
                venue=group[0].venue,
                is_morning=is_morning,
                classes=tuple(group),
                capacity=capacity,
                held=sum(counts[session.pk].held for session in group),
                offered=sum(counts[session.pk].offered for session in group),
                first_choices=first_choices,
                waiting=sum(party.people for party in here),
                enquiries=sum(asked.get(session.pk, 0) for session in group),
                one_more=_one_more(
                    intake,
                    group,
                    (here, _free(counts, group)),
                    (_of(line, by_level[level_pk]), _free(counts, by_level[level_pk])),
                    beyond=max(first_choices - capacity, 0),
                ),
            )
        )
    cells.sort(key=lambda cell: (cell.level.number, cell.venue.name, not cell.is_morning))
    waiting = {pk: sum(p.people for p in _of(line, group)) for pk, group in by_level.items()}
    return Demand(intake, cells, waiting)


def _one_more(
    intake: Intake,
    group: Sequence[ClassSession],
    here: tuple[Sequence[_Party], int],
    level: tuple[Sequence[_Party], int],
    *,
    beyond: int,
) -> OneMore:
    """`here` and `level` are a line each with the seats that are free for it as it is."""
    like = max(group, key=lambda session: (session.capacity, session.pk))
    if intake.awaits_draw:
        seated = min(like.capacity, beyond)
        return OneMore(like, like.capacity, seated, seated, is_estimate=True)
    return OneMore(
        like,
        like.capacity,
        _more(*here, like.capacity),
        _more(*level, like.capacity),
        is_estimate=False,
    )


def _free(counts: Mapping[int, SeatCount], sessions: Iterable[ClassSession]) -> int:
    return sum(counts[session.pk].offerable for session in sessions)


def _more(line: Sequence[_Party], free: int, seats: int) -> int:
    """How many people further seats would seat, after those that lie free are filled."""
    return _seated(line, free + seats) - _seated(line, free)


def _seated(line: Iterable[_Party], free: int) -> int:
    """How many people a walk along the line seats; who does not fit is gone past (rule 27)."""
    left = free
    for party in line:
        if party.people <= left:
            left -= party.people
    return free - left


def _line(sessions: Sequence[ClassSession]) -> list[_Party]:
    """Every party that waits and has no offer, once, in the order of the lines."""
    places: dict[int, set[int]] = defaultdict(set)
    sizes: dict[int, int] = {}
    offered: set[int] = set()
    waiting = WaitlistEntry.objects.waiting().filter(class_session__in=sessions)
    for entry in waitlist.with_sizes(waiting):
        places[entry.party_id].add(entry.class_session_id)
        sizes.setdefault(entry.party_id, entry.size)
        if entry.has_offer:
            offered.add(entry.party_id)
    return [
        _Party(key, size, frozenset(places[key]))
        for key, size in sizes.items()
        if size and key not in offered
    ]


def _of(line: Iterable[_Party], sessions: Iterable[ClassSession]) -> list[_Party]:
    keys = {session.pk for session in sessions}
    return [party for party in line if party.sessions & keys]


def _first_choices(sessions: Sequence[ClassSession]) -> dict[int, int]:
    """Class → people who named it first."""
    rows = Choice.objects.filter(
        class_session__in=sessions,
        rank=1,
        party__applications__status=Application.Status.ACTIVE,
    )
    return dict(rows.order_by().values_list("class_session").annotate(Count("pk")))


def _enquiries(intake: Intake) -> dict[int, int]:
    """Class → calls that only asked, or did not want to wait (rule 18)."""
    rows = CallLog.objects.filter(
        intake=intake,
        outcome__in=(CallLog.Outcome.INQUIRY, CallLog.Outcome.NO_SEAT_WANTED),
        class_session__isnull=False,
    )
    return dict(rows.order_by().values_list("class_session").annotate(Count("pk")))


def _is_morning(session: ClassSession) -> bool:
    starts = [lesson.starts_at for lesson in session.lessons.all()]
    return bool(starts) and timezone.localtime(min(starts)).hour < NOON
