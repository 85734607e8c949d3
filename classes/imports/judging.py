"""Judging a whole workbook of callers before anything is written: who goes in, who waits, and why.

Rows are taken in the order of their received time across sheets (rule 24). A row that is
recognisably a person who was accepted already (rule 4) is a second call whatever else is wrong with
it, for nothing of it is needed but its words; only a formula outside the remarks and an unreadable
received time make it wait all the same. Of a couple both go in or both wait.
"""

import datetime
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.utils.translation import gettext

from classes import eligibility
from classes.imports import callers, companions
from classes.imports.callers import CallerReading, Classes
from classes.imports.cells import RowCells
from classes.imports.persons import Roll, load_roll
from classes.imports.problems import RowProblem, ordered
from classes.models import Application, ClassSession, ImportBatch, ImportRow, Intake
from learners.folding import fold
from learners.models import Learner

Status = ImportRow.Status
LATEST = datetime.datetime.max.replace(tzinfo=datetime.UTC)
# What staff answered where several people on record may be meant: a primary key, or this.
NEW_PERSON = "new"


@dataclass(eq=False)
class Entry:
    """One row with what it says and what is to become of it."""

    row: ImportRow
    cells: RowCells
    reading: CallerReading
    problems: list[RowProblem]
    status: str = Status.NEW
    partner: "Entry | None" = None
    partner_missing: bool = False
    learner: Learner | None = None
    # Of whom this is a second call: an earlier row, or an application that stood before.
    first: "Entry | None" = None
    standing: Application | None = None
    # People on record among whom staff must choose.
    candidates: list[Learner] = field(default_factory=list)
    # Kinds that staff waive for this row with a reason (特例, rule 15), and whether any was met.
    waives: frozenset[str] = frozenset()
    was_waived: bool = False

    # What `companions.pair` looks at.
    @property
    def companion(self) -> companions.Companion:
        return self.reading.companion

    @property
    def companion_name(self) -> str:
        return self.reading.companion_name

    @property
    def person_words(self) -> frozenset[str]:
        words = set()
        for text in (self.reading.name, self.reading.kana, self.reading.latin_name):
            words |= {fold(text), *(fold(part) for part in text.split())}
        return frozenset(words - {""})

    @property
    def family_key(self) -> str:
        parts = self.reading.name.split()
        return fold(parts[0]) if len(parts) > 1 else ""

    @property
    def phone_keys(self) -> frozenset[str]:
        return frozenset(number.e164 for number in self.reading.phones)

    @property
    def address_key(self) -> str:
        return fold(self.reading.address)

    def waive(self, kinds: frozenset[str]) -> None:
        """Put these kinds aside, now and for what follows."""
        self.waives = kinds
        kept = [problem for problem in self.problems if problem.kind not in kinds]
        self.was_waived = self.was_waived or len(kept) < len(self.problems)
        self.problems = kept

    def wait(self, kind: str, name: str, message: str) -> None:
        """Add a problem (once per kind)."""
        if kind in self.waives:
            self.was_waived = True
        elif kind not in {problem.kind for problem in self.problems}:
            problem = RowProblem(kind, self.cells.ref(name), name, message)
            self.problems = ordered([*self.problems, problem])


@dataclass(frozen=True)
class Step:
    """One row, or a couple's two, with the wishes that count if it is accepted."""

    entries: tuple[Entry, ...]
    wishes: tuple[ClassSession, ...] = ()

    @property
    def accepted(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.status == Status.NEW)

    @property
    def received_at(self) -> datetime.datetime | None:
        times = [e.reading.received_at for e in self.accepted if e.reading.received_at]
        return min(times, default=None)


@dataclass(frozen=True)
class Judgement:
    """Every row of a workbook in the order in which it is taken."""

    intake: Intake
    classes: Classes
    roll: Roll
    steps: list[Step]


def judge(
    batch: ImportBatch, intake: Intake, rows: Sequence[ImportRow], *, now: datetime.datetime
) -> Judgement:
    """Judge the rows of a batch that are still to be brought in; writes nothing."""
    classes = Classes.of(intake)
    entries = read_entries(batch.mapping, rows, classes, now=now)
    _pair(entries)
    new = [entry for entry in entries if entry.row.status == Status.NEW]
    roll = load_roll(intake, [entry.reading for entry in new])
    known = known_identities(intake, except_batch=batch.pk)
    settled = [entry for entry in entries if entry.row.status != Status.NEW]
    steps = judge_steps(make_steps(new), intake, roll, known, settled)
    return Judgement(intake, classes, roll, steps)


def read_entries(
    mapping: Mapping[str, Any],
    rows: Iterable[ImportRow],
    classes: Classes,
    *,
    now: datetime.datetime,
) -> list[Entry]:
    """Each row understood by itself, in the order of the workbook."""
    sheets = mapping.get("sheets", {})
    columns = {
        title: {name: letter for letter, name in sheet["columns"].items()}
        for title, sheet in sheets.items()
    }
    entries = []
    for row in rows:
        cells = RowCells(
            row.sheet, row.row_number, columns.get(row.sheet, {}), row.cells, row.fixed
        )
        reading = callers.interpret(cells, classes, now=now)
        entries.append(Entry(row, cells, reading, list(reading.problems)))
    return entries


def known_identities(
    intake: Intake, *, except_batch: int, among: Sequence[str] | None = None
) -> set[str]:
    """Contents that were brought into this intake before, waiting ones too."""
    rows = ImportRow.objects.filter(
        batch__intake=intake, batch__kind=ImportBatch.Kind.CALLERS
    ).exclude(status=Status.NEW)
    rows = rows.exclude(batch=except_batch)
    if among is not None:
        rows = rows.filter(identity__in=among)
    return set(rows.values_list("identity", flat=True))


def make_steps(entries: Iterable[Entry]) -> list[Step]:
    """Couples together, everything by received time, then the sheets' order and the row."""
    steps, taken = [], set()
    for entry in entries:
        if id(entry) in taken:
            continue
        together = [entry]
        partner = entry.partner
        if partner is not None and partner.row.status == entry.row.status:
            together.append(partner)
        together.sort(key=_order)
        taken |= {id(member) for member in together}
        steps.append(Step(tuple(together)))
    return sorted(steps, key=lambda step: _order(step.entries[0]))


def judge_steps(
    steps: Iterable[Step],
    intake: Intake,
    roll: Roll,
    known: Container[str],
    settled: Iterable[Entry] = (),
) -> list[Step]:
    """Decide each step in turn; what is accepted is known to the steps after it.

    `settled` are rows of the same workbook that went through before.
    """
    seen = {entry.row.identity: entry for entry in settled}
    judged = []
    for step in steps:
        for entry in step.entries:
            _recognise(entry, roll, known, seen)
            if entry.status == Status.NEW:
                _match(entry, intake, roll)
            seen.setdefault(entry.row.identity, entry)
        wishes = _settle_together(step)
        for entry in step.entries:
            if entry.status == Status.NEW and entry.problems:
                entry.status = Status.ATTENTION
        for entry in step.entries:
            if entry.status == Status.NEW:
                roll.accept(entry.reading, entry, entry.learner)
        judged.append(Step(step.entries, tuple(wishes)))
    return judged


def _recognise(entry: Entry, roll: Roll, known: Container[str], seen: Mapping[str, Entry]) -> None:
    """Already brought in, the same line twice, or a second call of somebody accepted."""
    reading = entry.reading
    if entry.row.identity in known:
        entry.status = Status.ALREADY
        return
    if entry.row.identity in seen:
        entry.status, entry.first = Status.DUPLICATE, seen[entry.row.identity]
        if entry.first.row.application_id is not None:
            entry.standing = entry.first.row.application
        return
    if reading.has_formula or reading.received_at is None or "learner" in entry.row.fixed:
        return
    earlier = roll.earlier(reading)
    if earlier is not None:
        entry.status, entry.first = Status.DUPLICATE, earlier
        return
    for learner in roll.candidates(reading):
        if learner.pk in roll.applications:
            entry.status = Status.DUPLICATE
            entry.learner, entry.standing = learner, roll.applications[learner.pk]
            return


def _match(entry: Entry, intake: Intake, roll: Roll) -> None:
    """Somebody on record, or new; staff decide where it is not plain (rules 4 and 5)."""
    chosen = entry.row.fixed.get("learner")
    if chosen == NEW_PERSON:
        return
    if chosen:
        entry.learner = Learner.objects.current().filter(pk=int(chosen)).first()
    else:
        entry.candidates = roll.candidates(entry.reading)
        if len(entry.candidates) > 1:
            entry.wait(
                "several_people", "name",
                gettext("Several people on record have this kana with this number or date of "
                        "birth. Choose who it is."),
            )  # fmt: skip
            return
        entry.learner = entry.candidates[0] if entry.candidates else None
    if entry.learner is None:
        return
    born, noted = entry.reading.birth_date, entry.learner.birth_date
    if born and noted and born != noted and not chosen:
        entry.wait(
            "birth_differs", "birth_date",
            gettext("Somebody on record has this kana and number but another date of birth. "
                    "Choose who it is."),
        )  # fmt: skip
    _check_record(entry, intake)


def _check_record(entry: Entry, intake: Intake) -> None:
    """Eligibility with what the record knows beyond the row."""
    reading, on_record = entry.reading, entry.learner
    if on_record is None or reading.received_at is None:
        return
    person = Learner(
        pk=on_record.pk,
        birth_date=on_record.birth_date or reading.birth_date,
        address=on_record.address or reading.address,
        postcode=on_record.postcode or reading.postcode,
        deceased_on=on_record.deceased_on,
    )
    for reason in eligibility.check(
        person, intake, reading.wishes, received_at=reading.received_at
    ):
        entry.wait(reason.kind, "name", reason.text)


def _settle_together(step: Step) -> list[ClassSession]:
    """The wishes that count; of a couple those that both named, in the earlier row's order."""
    first = step.entries[0]
    for entry in step.entries:
        if entry.partner_missing and entry.status == Status.NEW:
            entry.wait(
                "couple_incomplete", "companion",
                gettext("Wants to come with somebody who is not on the row before or after."),
            )  # fmt: skip
    if len(step.entries) == 1:
        partner = first.partner
        if partner is not None and first.status == Status.NEW:
            _partner_is_gone(first, partner)
        return list(first.reading.wishes)
    new = [entry for entry in step.entries if entry.status == Status.NEW]
    if len(new) < 2:
        for entry in new:
            _partner_is_gone(entry, next(e for e in step.entries if e is not entry))
        return list(new[0].reading.wishes) if new else []
    if any(entry.problems for entry in new):
        for entry in new:
            if not entry.problems:
                partner = next(e for e in new if e is not entry)
                entry.wait(
                    "couple_incomplete", "companion",
                    gettext("Waits together with the partner of row %(cell)s.")
                    % {"cell": f"{partner.row.sheet}!{partner.row.row_number}"},
                )  # fmt: skip
        return []
    other = step.entries[1]
    shared = [wish for wish in first.reading.wishes if wish in other.reading.wishes]
    if not shared:
        for entry in new:
            entry.wait(
                "couple_wishes_differ", "choice1",
                gettext("These two want to come together but name no class in common. "
                        "Ask which one, or register each alone."),
            )  # fmt: skip
    return shared


def _partner_is_gone(entry: Entry, partner: Entry) -> None:
    """The partner has an application already or was brought in before: staff decide (rule 26)."""
    entry.wait(
        "couple_incomplete", "companion",
        gettext("The partner of row %(cell)s is registered already or waits elsewhere. "
                "Ask, then register this person alone.")
        % {"cell": f"{partner.row.sheet}!{partner.row.row_number}"},
    )  # fmt: skip


def _pair(entries: Sequence[Entry]) -> None:
    """Tie neighbours within each sheet."""
    for _order_in_book, group in groupby(entries, key=lambda entry: entry.row.sheet_order):
        rows = list(group)
        partners, missing = companions.pair(rows)
        for index, other in partners.items():
            rows[index].partner = rows[other]
        for index in missing:
            rows[index].partner_missing = True


def _order(entry: Entry) -> tuple[datetime.datetime, int, int]:
    return (entry.reading.received_at or LATEST, entry.row.sheet_order, entry.row.row_number)
