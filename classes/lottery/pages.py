"""What the pages of a draw show: the stage it is at, its figures, its result."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass

from classes.lottery import draw as drawing
from classes.lottery import freezing, listing, proof, tiers, why
from classes.lottery.listing import Summary
from classes.lottery.why import Reason, Walked
from classes.models import ClassSession, Intake, LotteryDraw


@dataclass(frozen=True)
class ClassResult:
    """One class after a draw: who is seated, who waits, when it filled."""

    code: str
    # None where the class had another code when the list was frozen.
    session: ClassSession | None
    seats: int
    taken: int
    seated: tuple[Reason, ...]
    line: tuple[Reason, ...]
    filled_at: int | None

    @property
    def left(self) -> int:
        return self.seats - self.taken

    @property
    def in_line(self) -> int:
        """People who wait."""
        return sum(reason.drawn.entry.size for reason in self.line)


@dataclass(frozen=True)
class Page:
    """The draw of one intake at this moment."""

    intake: Intake
    # "before", "ready", "frozen" or "drawn".
    stage: str
    not_yet: str
    summary: Summary
    # The run in progress or else the one that stands.
    current: LotteryDraw | None
    history: tuple[LotteryDraw, ...]
    # A draw stands, perhaps one that is being replaced: whoever asks is answered from it.
    can_say_why: bool
    # Why it can no longer be drawn anew; empty where it can.
    closed_because: str


def page(intake: Intake, *, now: datetime.datetime) -> Page:
    """Everything the draw's page needs, in a constant number of queries."""
    runs = list(intake.draws.select_related("frozen_by", "seeded_by", "drawn_by"))
    in_progress = next((run for run in runs if run.is_in_progress), None)
    standing = next((run for run in runs if run.status == LotteryDraw.Status.DRAWN), None)
    not_yet = freezing.why_not_yet(intake, now=now)
    current = in_progress or standing
    if current is not None:
        summary = summary_of(current)
    else:
        listed = listing.compose(intake, former=None, now=now)
        of_lines = listed.kind == LotteryDraw.Kind.LINE
        summary = listing.summarise(listed.drawing, listed.rules, of_lines=of_lines)
    if in_progress is not None:
        stage = "frozen"
    elif standing is not None:
        stage = "drawn"
    else:
        stage = "before" if not_yet else "ready"
    begins = freezing.first_lesson(intake)
    begun = begins is not None and now >= begins
    return Page(
        intake=intake,
        stage=stage,
        not_yet=not_yet,
        summary=summary,
        current=current,
        history=tuple(run for run in runs if run is not current),
        can_say_why=standing is not None,
        closed_because="begun" if begun else "",
    )


def summary_of(run: LotteryDraw) -> Summary:
    """The figures of a frozen list."""
    rules = tiers.read(json.loads(run.list_text)["rules"]["tiers"])
    return listing.summarise(drawing.drawing_of(run), rules, of_lines=run.is_of_lines)


def tiers_of(run: LotteryDraw) -> list[tuple[int, str]]:
    """The tiers as they were frozen, with their sentences."""
    return tiers.sentences(tiers.read(json.loads(run.list_text)["rules"]["tiers"]))


def results(run: LotteryDraw) -> tuple[ClassResult, ...]:
    """Class by class what came out of a draw, in the order of its ranking."""
    told = why.walked(run)
    sessions = {
        session.code: session
        for session in ClassSession.objects.filter(intake=run.intake_id)
        .select_related("course", "venue")
        .prefetch_related("lessons")
    }
    found = []
    for each in proof.drawing_of(json.loads(run.list_text)).classes:
        seated = [one for one in told.reasons if each.code in one.drawn.seats]
        found.append(
            ClassResult(
                code=each.code,
                session=sessions.get(each.code),
                seats=each.seats,
                taken=sum(one.drawn.entry.size for one in seated),
                seated=tuple(seated),
                line=tuple(_line(told, each.code)),
                filled_at=told.filled_at[each.code],
            )
        )
    return tuple(found)


def _line(told: Walked, code: str) -> Sequence[Reason]:
    """Who waits for a class: those who named it and got nothing, or a seat for each choice less."""
    return [
        one
        for one in told.reasons
        if code in one.drawn.entry.choices
        and code not in one.drawn.seats
        and (not one.drawn.seats or told.seat_per_choice)
    ]
