"""Who goes into a draw, with what chances: the list as it is frozen, or as it would be now."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classes.lottery import facts, proof, ranking, tiers
from classes.lottery.ranking import ClassSeats, Drawing, Entry
from classes.lottery.tiers import Tier
from classes.models import (
    Application,
    Choice,
    ClassSession,
    Enrollment,
    Intake,
    LotteryDraw,
    WaitlistEntry,
)


@dataclass(frozen=True)
class Listed:
    """A list with everything that is published of it."""

    intake: Intake
    kind: LotteryDraw.Kind
    drawing: Drawing
    rules: tuple[Tier, ...]

    def document(self, *, number: int, now: datetime.datetime) -> dict[str, Any]:
        """As it is hashed (classes.lottery.proof)."""
        return proof.list_document(
            intake=self.intake.code,
            kind=self.kind.value,
            number=number,
            frozen_at=now.astimezone(datetime.UTC).isoformat(timespec="seconds"),
            rules={
                "choices": self.intake.max_choices,
                "kept": self.intake.repeat_seats,
                "seats": self.intake.seat_rule,
                "tiers": [tier.as_json() for tier in self.rules],
            },
            drawing=self.drawing,
        )


@dataclass(frozen=True)
class TierSize:
    """How many stand in one tier."""

    number: int
    sentence: str
    parties: int
    people: int


@dataclass(frozen=True)
class Demand:
    """People who name one class, by rank from the first choice on."""

    code: str
    seats: int
    kept: int
    by_rank: tuple[int, ...]

    @property
    def first(self) -> int:
        return self.by_rank[0] if self.by_rank else 0

    @property
    def is_short(self) -> bool:
        """More people name it first than it has seats."""
        return self.first > self.seats


@dataclass(frozen=True)
class Summary:
    """A list in figures, with what to mind before a seed exists."""

    parties: int
    people: int
    seats: int
    tiers: tuple[TierSize, ...]
    demand: tuple[Demand, ...]
    is_needed: bool
    warnings: tuple[str, ...]

    @property
    def ranks(self) -> range:
        """Ranks of choice that anybody used, from 1."""
        return range(1, max((len(each.by_rank) for each in self.demand), default=0) + 1)


def compose(intake: Intake, *, former: LotteryDraw | None, now: datetime.datetime) -> Listed:
    """The list of this moment, in a constant number of queries.

    `former` is the draw that a new one would replace: its seats are given anew, all others stand
    (rule 33).
    """
    if intake.is_lottery:
        kind, choices = LotteryDraw.Kind.INTAKE, _choices(intake, former)
        seats = _seats(intake, former, now)
    else:
        kind, choices = LotteryDraw.Kind.LINE, _lines(intake, former)
        codes = {code for wished in choices.values() for code, _level in wished}
        seats = tuple(ClassSeats(code, 0) for code in sorted(codes))
    rules = tiers.read(intake.priority_tiers)
    entries = _entries(intake, kind, choices, former, rules, now=now)
    drawing = Drawing(seats, entries, intake.seat_rule == Intake.SeatRule.PER_CHOICE)
    return Listed(intake, kind, drawing, rules)


def summarise(drawing: Drawing, rules: Sequence[Tier], *, of_lines: bool) -> Summary:
    """The figures that are shown before the seed exists."""
    by_code: dict[str, Counter[int]] = defaultdict(Counter)
    most = 0
    in_tier: Counter[int] = Counter()
    people_in_tier: Counter[int] = Counter()
    for entry in drawing.entries:
        in_tier[entry.tier] += 1
        people_in_tier[entry.tier] += entry.size
        most = max(most, len(entry.choices))
        for place, code in enumerate(entry.choices):
            by_code[code][place] += entry.size
    names = dict(tiers.sentences(rules)) or {1: _("Everybody alike")}
    people = sum(entry.size for entry in drawing.entries)
    return Summary(
        parties=len(drawing.entries),
        people=people,
        seats=sum(each.seats for each in drawing.classes),
        tiers=tuple(
            TierSize(number, sentence, in_tier[number], people_in_tier[number])
            for number, sentence in names.items()
        ),
        demand=tuple(
            Demand(
                each.code,
                each.seats,
                each.kept,
                tuple(by_code[each.code][place] for place in range(most)),
            )
            for each in drawing.classes
        ),
        is_needed=of_lines or ranking.is_needed(drawing),
        warnings=tuple(_warnings(drawing, people, of_lines=of_lines)),
    )


def _warnings(drawing: Drawing, people: int, *, of_lines: bool) -> Iterable[str]:
    if not drawing.entries:
        yield _("Nobody is on the list.")
        return
    if of_lines:
        return
    seats = {each.code: each.seats for each in drawing.classes}
    total = sum(seats.values())
    if people < total:
        yield ngettext(
            "Fewer people (%(people)d) apply than there are seats (%(seats)d).",
            "Fewer people (%(people)d) apply than there are seats (%(seats)d).",
            people,
        ) % {"people": people, "seats": total}
    for entry in drawing.entries:
        if entry.choices and all(seats[code] < entry.size for code in entry.choices):
            yield _(
                "%(receipt)s: the party of %(size)d is larger than every class it names. "
                "Ask whether they would split."
            ) % {"receipt": entry.receipt, "size": entry.size}
        if not entry.choices:
            yield _("%(receipt)s names no class that runs. Call and ask.") % {
                "receipt": entry.receipt
            }
    wanted = {entry.choices[0] for entry in drawing.entries if entry.choices}
    for each in drawing.classes:
        if each.code not in wanted:
            yield _("Nobody names %(code)s first.") % {"code": each.code}


Wished = Mapping[int, Sequence[tuple[str, int]]]


def _choices(intake: Intake, former: LotteryDraw | None) -> Wished:
    """Party → codes and levels of the running classes it names, best first."""
    rows = (
        Choice.objects.filter(party__intake=intake, class_session__cancelled_at__isnull=True)
        .order_by("party", "rank")
        .values_list("party", "class_session__code", "class_session__course__level")
    )
    wished: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for party_pk, code, level_pk in rows:
        wished[party_pk].append((code, level_pk))
    if intake.seat_rule == Intake.SeatRule.PER_CHOICE:
        held = _standing_seats(intake, former).values_list(
            "application__party", "class_session__code"
        )
        for party_pk, code in held:
            wished[party_pk] = [pair for pair in wished[party_pk] if pair[0] != code]
    return wished


def _lines(intake: Intake, former: LotteryDraw | None) -> Wished:
    """Party → codes and levels of the lines it stood in at the cut-off, without a rank."""
    waiting = Q(ended_at__isnull=True, drawn_rank=None, received_at__lte=intake.line_cutoff_at)
    if former is not None:
        again = (WaitlistEntry.Ending.SEATED, WaitlistEntry.Ending.SEATED_ELSEWHERE)
        waiting = Q(draw=former) & (Q(ended_at__isnull=True) | Q(ending__in=again))
    rows = (
        WaitlistEntry.objects.filter(
            waiting, party__intake=intake, class_session__cancelled_at__isnull=True
        )
        .order_by("party", "received_at", "class_session__code")
        .values_list("party", "class_session__code", "class_session__course__level")
    )
    lines: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for party_pk, code, level_pk in rows:
        lines[party_pk].append((code, level_pk))
    return lines


def _standing_seats(intake: Intake, former: LotteryDraw | None) -> Any:
    """Held seats that no new draw touches: those not from the draw it would replace."""
    held = Enrollment.objects.held().filter(application__intake=intake)
    return held.filter(draw=None) if former is None else held.exclude(draw=former)


def _seats(
    intake: Intake, former: LotteryDraw | None, now: datetime.datetime
) -> tuple[ClassSeats, ...]:
    sessions = ClassSession.objects.running().filter(intake=intake)
    not_former = Q() if former is None else ~Q(draw=former)
    taken = Enrollment.objects.filter(
        Q(ended_at__isnull=True) | Q(undo_until__gt=now), not_former, application__intake=intake
    )
    taken_in = Counter(taken.order_by().values_list("class_session", flat=True))
    seats = []
    for pk, code, capacity in sessions.order_by().values_list("pk", "code", "capacity"):
        free = max(capacity - taken_in[pk], 0)
        seats.append(ClassSeats(code, free, min(intake.repeat_seats, free)))
    return tuple(sorted(seats, key=lambda each: each.code))


def _entries(
    intake: Intake,
    kind: LotteryDraw.Kind,
    wished: Wished,
    former: LotteryDraw | None,
    rules: Sequence[Tier],
    *,
    now: datetime.datetime,
) -> tuple[Entry, ...]:
    applications = Application.objects.active().filter(intake=intake)
    known = facts.gather(intake, applications, rules, now=now)
    parties: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for party_pk, number, learner_pk in applications.order_by("number").values_list(
        "party", "number", "learner"
    ):
        parties[party_pk].append((number, learner_pk))
    seated: set[int] = set()
    if intake.seat_rule == Intake.SeatRule.ONE:
        standing = _standing_seats(intake, former)
        seated = set(standing.values_list("application__party", flat=True))
    entries = []
    for party_pk, people in parties.items():
        choices = wished.get(party_pk, ())
        if party_pk in seated or (kind == LotteryDraw.Kind.LINE and not choices):
            continue
        level = choices[0][1] if choices else None
        members = [known.member(learner_pk, level) for _number, learner_pk in people]
        entries.append(
            Entry(
                receipts=tuple(intake.receipt(number) for number, _learner in people),
                tier=tiers.tier_of(rules, members),
                choices=tuple(code for code, _level in choices),
                repeats=level is not None and all(m.repeats_first_choice for m in members),
            )
        )
    return tuple(sorted(entries, key=lambda entry: int(entry.receipt.rpartition("-")[2])))
