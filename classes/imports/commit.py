"""Bringing a judged workbook in, and the numbers that are told about it.

Rows go in by chunks, each in one transaction under the intake's lock: a whole workbook of 20,000
rows would keep the desk waiting for minutes, and a couple must go in whole or not at all. Every
row carries its status, so what was interrupted is simply started again: what went in stays in,
what did not goes in.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from classes.imports import registering
from classes.imports.judging import Entry, Step, judge, known_identities
from classes.locking import lock_intake
from classes.models import ImportBatch, ImportRow, Intake
from staff.models import StaffMember

Status = ImportRow.Status
# Half a second of the intake's lock: an operator in the middle of a call hardly notices.
CHUNK = 20
WRITTEN_FIELDS = [
    "status", "problems", "application", "received_at", "partner_row", "settled_at", "settled_by",
    "fixed", "settled_reason",
]  # fmt: skip


@dataclass
class Result:
    """How the rows of one workbook ended; every row is counted in exactly one place."""

    rows: int = 0
    created: set[int] = field(default_factory=set)
    matched: set[int] = field(default_factory=set)
    by_status: Counter[str] = field(default_factory=Counter)
    attention: Counter[str] = field(default_factory=Counter)

    def count(self, status: str, kind: str = "") -> None:
        self.rows += 1
        self.by_status[status] += 1
        if status == Status.ATTENTION:
            self.attention[kind or "other"] += 1

    @property
    def left(self) -> int:
        """Rows that are still to be brought in."""
        return self.by_status[Status.NEW]

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "rows": self.rows,
            "learners_created": len(self.created),
            "learners_matched": len(self.matched - self.created),
            "enrolled": self.by_status[Status.ENROLLED],
            "waitlisted": self.by_status[Status.WAITLISTED],
            "applied": self.by_status[Status.APPLIED],
            "duplicates": self.by_status[Status.DUPLICATE],
            "already_imported": self.by_status[Status.ALREADY],
            "attention": dict(sorted(self.attention.items())),
        }


class NothingToConfirm(ValueError):
    """The batch was brought in or discarded already."""


def commit(
    batch_pk: int, *, by: StaffMember | None, now: datetime.datetime, most: int | None = None
) -> Result:
    """Bring in every row of a previewed batch that can go in; the others wait (rule 24).

    With `most` it stops after about so many rows, so that a page can answer in between; the
    batch stays to be confirmed until all are through. Pressed twice, or after an interruption, it
    goes on where it stopped. Raises NothingToConfirm.
    """
    batch = ImportBatch.objects.select_related("intake").get(pk=batch_pk)
    if batch.status != ImportBatch.Status.PREVIEW or batch.intake is None:
        raise NothingToConfirm
    judgement = judge(batch, batch.intake, list(batch.rows.all()), now=now)
    doer = registering.Doer(by, now)
    people = registering.Made(
        set(batch.result.get("created", ())), set(batch.result.get("matched", ()))
    )
    for chunk in _chunks(judgement.steps[:most]):
        for made in _commit_chunk(batch, chunk, doer):
            people.created |= made.created
            people.matched |= made.matched
    result = count_rows(batch)
    result.created, result.matched = people.created, people.matched
    if result.left:
        progress = {"created": sorted(people.created), "matched": sorted(people.matched)}
        ImportBatch.objects.filter(pk=batch.pk).update(result=progress)
        return result
    ImportBatch.objects.filter(pk=batch.pk, status=ImportBatch.Status.PREVIEW).update(
        status=ImportBatch.Status.DONE, done_at=now, result=result.as_json()
    )
    return result


def count_rows(batch: ImportBatch) -> Result:
    """The counts as the batch's rows stand now."""
    result = Result()
    for status, problems in batch.rows.values_list("status", "problems"):
        result.count(status, problems[0]["kind"] if problems else "")
    return result


def _chunks(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    for start in range(0, len(steps), CHUNK):
        yield steps[start : start + CHUNK]


def _commit_chunk(
    batch: ImportBatch, steps: Sequence[Step], doer: registering.Doer
) -> list[registering.Made]:
    """Some steps in one transaction; what another run brought in meanwhile is left alone."""
    assert batch.intake_id is not None
    with transaction.atomic():
        intake = lock_intake(batch.intake_id)
        entries = [entry for step in steps for entry in step.entries]
        untouched = set(
            ImportRow.objects.filter(
                pk__in=[entry.row.pk for entry in entries], status=Status.NEW
            ).values_list("pk", flat=True)
        )
        _mark_known(intake, batch, entries)
        made = [
            registering.apply(step, intake, doer)
            for step in steps
            if all(entry.row.pk in untouched for entry in step.entries)
        ]
        written = [entry for entry in entries if entry.row.pk in untouched]
        for entry in written:
            if entry.status == Status.ALREADY:
                entry.row.status = Status.ALREADY
        ImportRow.objects.bulk_update(
            [entry.row for entry in written], WRITTEN_FIELDS, batch_size=200
        )
    return made


def _mark_known(intake: Intake, batch: ImportBatch, entries: Iterable[Entry]) -> None:
    """Another import of the same workbook may have overtaken this one since it was judged."""
    listed = list(entries)
    known = known_identities(
        intake, except_batch=batch.pk, among=[entry.row.identity for entry in listed]
    )
    for entry in listed:
        if entry.row.identity in known:
            entry.status = Status.ALREADY
