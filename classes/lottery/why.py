"""Why somebody has a seat or has none: one sentence from the proof that staff can read out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from classes import sentences, standing
from classes.lottery import proof, ranking
from classes.lottery.ranking import Drawn
from classes.models import Application, LotteryDraw

# Draws whose walk is kept in memory: immutable, and asked for all day after the results are out.
KEPT = 8


@dataclass(frozen=True, slots=True)
class Missed:
    """A class that a party named and did not get."""

    code: str
    # How many seats were left at its turn, and at whose rank the last regular one went.
    left: int
    filled_at: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    """How one party fared, with its place in its tier and what it missed before its seat."""

    drawn: Drawn
    in_tier: int
    missed: tuple[Missed, ...]


@dataclass(frozen=True)
class Walked:
    """A whole draw, told party by party."""

    reasons: tuple[Reason, ...]
    by_receipt: Mapping[str, Reason]
    # Class → the rank at which its last seat went; None while seats were left.
    filled_at: Mapping[str, int | None]
    has_tiers: bool
    seat_per_choice: bool


def walked(draw: LotteryDraw) -> Walked:
    """The draw's walk, computed from the frozen list and the seed."""
    return _walked(draw.pk, draw.list_sha256, draw.list_text, draw.seed or None)


def sentence(draw: LotteryDraw, application: Application) -> str:
    """Why this application has what it has, in the learner's language (rules 19 and 35)."""
    told = walked(draw)
    reason = told.by_receipt.get(application.receipt)
    drawn = reason.drawn.seats if reason else ()
    now_stands = standing.of(application.intake, application)
    seated = [seat.class_session.code for seat in now_stands.enrollments]
    return sentences.why(
        application,
        rank=reason.drawn.rank if reason else None,
        of=len(told.reasons),
        tier=reason.drawn.entry.tier if reason and told.has_tiers else None,
        in_tier=reason.in_tier if reason else 0,
        size=reason.drawn.entry.size if reason else 1,
        seats=drawn,
        by_kept_seat=reason.drawn.by_kept_seat if reason else False,
        missed=[(m.code, m.left, m.filled_at) for m in reason.missed] if reason else [],
        of_lines=draw.is_of_lines,
        without_draw=draw.seed == "",
        positions=now_stands.waits,
        offered=[offer.class_session.code for offer in now_stands.offers],
        moved_up=[code for code in seated if code not in drawn],
    )


def latest(application: Application) -> LotteryDraw | None:
    """The standing draw of an application's intake."""
    return LotteryDraw.objects.standing().filter(intake=application.intake_id).first()


@lru_cache(maxsize=KEPT)
def _walked(_pk: int, _sha256: str, list_text: str, seed: str | None) -> Walked:
    listed = json.loads(list_text)
    drawing = proof.drawing_of(listed)
    outcome = ranking.draw(drawing, seed)
    free = {each.code: each.seats for each in drawing.classes}
    for one in outcome.drawn:
        if one.by_kept_seat:
            free[one.seats[0]] -= one.entry.size
    last_taken: dict[str, int] = {}
    in_tier: dict[int, int] = {}
    reasons = []
    for one in outcome.drawn:
        tier = one.entry.tier
        in_tier[tier] = in_tier.get(tier, 0) + 1
        missed = []
        for code in one.entry.choices:
            if code in one.seats:
                if not drawing.seat_per_choice:
                    break
                continue
            missed.append(Missed(code, free.get(code, 0), last_taken.get(code)))
        for place, code in enumerate(one.seats):
            if not (place == 0 and one.by_kept_seat):
                free[code] -= one.entry.size
                last_taken[code] = one.rank
        reasons.append(Reason(one, in_tier[tier], tuple(missed)))
    return Walked(
        reasons=tuple(reasons),
        by_receipt={
            receipt: reason for reason in reasons for receipt in reason.drawn.entry.receipts
        },
        filled_at={
            each.code: last_taken.get(each.code) if free[each.code] <= 0 else None
            for each in drawing.classes
        },
        has_tiers=bool(listed["rules"]["tiers"]),
        seat_per_choice=drawing.seat_per_choice,
    )
