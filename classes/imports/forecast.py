"""What the rows of a workbook will become if they are brought in now, without writing anything."""

import bisect
import datetime
from dataclasses import dataclass, field

from classes import seats, waitlist
from classes.imports.judging import Judgement, Step
from classes.models import ImportRow, Intake

Status = ImportRow.Status


@dataclass
class _Line:
    """The free seats of one class and who waits for it, as they change row by row."""

    free: int
    sizes: list[int] = field(default_factory=list)
    times: list[datetime.datetime] = field(default_factory=list)

    def has_room(self, size: int) -> bool:
        """Free seats go to the line first, where somebody fits them (rule 28)."""
        return self.free >= size and not any(waiting <= self.free for waiting in self.sizes)

    def join(self, size: int, received_at: datetime.datetime) -> int:
        self.sizes.append(size)
        place = bisect.bisect_right(self.times, received_at)
        self.times.insert(place, received_at)
        return place + 1


def forecast(judgement: Judgement, *, now: datetime.datetime) -> None:
    """Write into each row's `expected` and `problems` what `commit` would do as things stand."""
    lines = _lines(judgement, now=now)
    for step in judgement.steps:
        expected = _expected(step, judgement.intake, lines)
        for entry in step.entries:
            own = dict(expected) if entry.status == Status.NEW else {"status": entry.status}
            if entry.status == Status.DUPLICATE and entry.first is not None:
                own["of"] = f"{entry.first.row.sheet}!{entry.first.row.row_number}"
            if entry.learner is not None:
                own["learner"] = entry.learner.pk
            if entry.partner is not None:
                own["partner"] = f"{entry.partner.row.sheet}!{entry.partner.row.row_number}"
            entry.row.expected = own
            entry.row.received_at = entry.reading.received_at
            entry.row.problems = (
                [problem.as_json() for problem in entry.problems]
                if entry.status == Status.ATTENTION
                else []
            )


def _lines(judgement: Judgement, *, now: datetime.datetime) -> dict[int, _Line]:
    sessions = {session.pk: session for session in judgement.classes.by_word.values()}
    counts = seats.count(sessions.values(), now=now)
    lines = {}
    for pk, session in sessions.items():
        waiting = [entry for entry in waitlist.line(session) if entry.size and not entry.has_offer]
        lines[pk] = _Line(
            counts[pk].free,
            [entry.size for entry in waiting],
            sorted(entry.received_at for entry in waiting),
        )
    return lines


def _expected(step: Step, intake: Intake, lines: dict[int, _Line]) -> dict[str, object]:
    accepted = step.accepted
    received_at = step.received_at
    if not accepted or received_at is None:
        return {}
    if intake.awaits_draw:
        return {"status": Status.APPLIED, "classes": [wish.code for wish in step.wishes]}
    size = len(accepted)
    roomy = [wish for wish in step.wishes if lines[wish.pk].has_room(size)]
    if intake.seat_rule == Intake.SeatRule.ONE:
        roomy = roomy[:1]
    for wish in roomy:
        lines[wish.pk].free -= size
    if roomy:
        return {"status": Status.ENROLLED, "classes": [wish.code for wish in roomy]}
    positions = {wish.code: lines[wish.pk].join(size, received_at) for wish in step.wishes}
    return {
        "status": Status.WAITLISTED,
        "classes": list(positions),
        "positions": list(positions.values()),
    }
