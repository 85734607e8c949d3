"""Waiting rows put right: they go in with their written received time, or are set aside."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from classes.imports import registering
from classes.imports.callers import Classes
from classes.imports.class_commit import (
    ClassesResult,
    add_lesson,
    has_class,
    is_frozen,
    wait_for_the_draw,
)
from classes.imports.class_rows import read_class_rows
from classes.imports.commit import WRITTEN_FIELDS
from classes.imports.companions import Companion
from classes.imports.judging import Entry, judge_steps, make_steps, read_entries
from classes.imports.persons import load_roll
from classes.imports.problems import OVERRIDABLE
from classes.locking import lock_intake
from classes.models import ImportBatch, ImportRow, Intake
from learners.models import Learner
from staff.models import StaffMember

Status = ImportRow.Status


class NotWaiting(Exception):
    """The row was put right or set aside by somebody else in the meantime."""


@dataclass(frozen=True)
class Answer:
    """What became of a row (and its partner), or why it still waits."""

    row: ImportRow
    candidates: tuple[Learner, ...] = ()

    @property
    def went_in(self) -> bool:
        return self.row.status != Status.ATTENTION


def settle(
    row_pk: int,
    *,
    fixed: Mapping[str, str],
    by: StaffMember | None,
    now: datetime.datetime,
    override_reason: str = "",
    alone: bool = False,
    tie_to: int | None = None,
) -> Answer:
    """Judge a waiting row anew with what staff put right, and bring it in if nothing is wrong now.

    It keeps its written received time (rule 24). `fixed` holds the whole text per field that
    differs from what was read; `override_reason` accepts age, residence or level as 特例 (rule 15);
    `alone` unties a couple, and the partner is judged alone too; `tie_to` is the waiting row of
    whom this one comes with (rule 26). Raises NotWaiting, also for a partner who waits no more.
    """
    with transaction.atomic():
        row, intake = _locked(row_pk)
        row.fixed = {**row.fixed, **fixed}
        if row.batch.kind == ImportBatch.Kind.CLASSES:
            return _settle_class(row, intake, by=by, now=now)
        rows = [row]
        partner = row.partner_row
        if tie_to is not None:
            partner = tieable(row).filter(pk=tie_to).first()
            if partner is None:
                raise NotWaiting
        if partner is not None and partner.status == Status.ATTENTION:
            rows.append(partner)
        if alone:
            for one in rows:
                one.fixed = {**one.fixed, "companion": ""}
        entries = _entries(row.batch, intake, rows, alone=alone, now=now)
        if override_reason:
            for entry in entries:
                entry.waive(OVERRIDABLE)
        roll = load_roll(intake, [entry.reading for entry in entries])
        steps = judge_steps(make_steps(entries), intake, roll, ())
        doer = registering.Doer(by, now)
        for step in steps:
            registering.apply(step, intake, doer, override_reason=override_reason)
        ImportRow.objects.bulk_update([entry.row for entry in entries], WRITTEN_FIELDS)
    first = next(entry for entry in entries if entry.row.pk == row.pk)
    return Answer(first.row, tuple(first.candidates))


def look_at(row: ImportRow, *, now: datetime.datetime) -> Entry:
    """A waiting row as it reads now, with the people on record it may mean; writes nothing."""
    assert row.batch.intake is not None
    entries = _entries(row.batch, row.batch.intake, [row], alone=True, now=now)
    entries[0].candidates = load_roll(
        row.batch.intake, [entry.reading for entry in entries]
    ).candidates(entries[0].reading)
    return entries[0]


def tieable(row: ImportRow) -> QuerySet[ImportRow]:
    """Waiting rows of the same workbook with whom this one may be tied; none if it is already."""
    waiting = ImportRow.objects.filter(batch=row.batch_id, status=Status.ATTENTION)
    if row.partner_row is not None and row.partner_row.status == Status.ATTENTION:
        return waiting.none()
    untied = Q(partner_row=None) | ~Q(partner_row__status=Status.ATTENTION)
    return waiting.exclude(pk=row.pk).filter(untied).order_by("sheet_order", "row_number")


def set_aside(
    row_pk: int, *, reason: str, by: StaffMember | None, now: datetime.datetime
) -> ImportRow:
    """Close a waiting row that will not go in. Raises NotWaiting, ValueError without a reason."""
    if not reason.strip():
        raise ValueError("a row is set aside with a reason")
    with transaction.atomic():
        row, _intake = _locked(row_pk)
        row.status = Status.DISCARDED
        row.settled_reason = reason.strip()[:200]
        row.settled_at, row.settled_by = now, by
        row.save(update_fields=["status", "settled_reason", "settled_at", "settled_by"])
    return row


def _locked(row_pk: int) -> tuple[ImportRow, Intake]:
    """The row as it stands under its intake's lock."""
    intake_pk = ImportRow.objects.values_list("batch__intake", flat=True).get(pk=row_pk)
    if intake_pk is None:
        raise NotWaiting
    intake = lock_intake(intake_pk)
    row = ImportRow.objects.select_related("batch", "partner_row").get(pk=row_pk)
    if row.status != Status.ATTENTION:
        raise NotWaiting
    return row, intake


def _entries(
    batch: ImportBatch,
    intake: Intake,
    rows: Iterable[ImportRow],
    *,
    alone: bool,
    now: datetime.datetime,
) -> list[Entry]:
    entries = read_entries(batch.mapping, rows, Classes.of(intake), now=now)
    for entry in entries:
        entry.row.status = Status.NEW
    if len(entries) == 2 and not alone:
        entries[0].partner, entries[1].partner = entries[1], entries[0]
    elif not alone:
        seeks = (Companion.NEXT, Companion.PREVIOUS, Companion.EITHER, Companion.NAMED)
        entries[0].partner_missing = entries[0].companion in seeks
    return entries


def _settle_class(
    row: ImportRow, intake: Intake, *, by: StaffMember | None, now: datetime.datetime
) -> Answer:
    """A lesson put right: its class is made, or has one lesson more."""
    read = read_class_rows([row], row.batch.mapping, near=now.date())[0]
    if is_frozen(intake) and not has_class(intake, read):
        wait_for_the_draw(read)
    if not read.problems:
        add_lesson(read, intake, result=ClassesResult(), now=now)
        row.status, row.settled_at, row.settled_by = Status.MADE, now, by
    row.problems = [problem.as_json() for problem in read.problems]
    row.save(update_fields=["status", "problems", "fixed", "settled_at", "settled_by"])
    return Answer(row)
