"""A workbook becomes a batch of rows to look at; its columns are named, or it is discarded."""

import datetime
import hashlib
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext

from classes import workbooks
from classes.imports import headers
from classes.imports.cells import EXTRA
from classes.imports.class_commit import judge_classes
from classes.imports.class_rows import ClassRow
from classes.imports.forecast import forecast
from classes.imports.judging import judge
from classes.imports.reading import Reading, read_rows
from classes.models import ImportBatch, ImportRow, Intake
from classes.workbooks import WorkbookRefused
from staff.models import StaffMember

# How many earlier imports are asked for columns that staff named by hand.
REMEMBERED_BATCHES = 20


def upload(
    data: bytes,
    *,
    kind: ImportBatch.Kind,
    file_name: str,
    intake: Intake | None,
    by: StaffMember | None,
    now: datetime.datetime,
    options: Mapping[str, str] | None = None,
) -> ImportBatch:
    """Read a workbook into a batch with all its rows; nothing else is written yet.

    The file itself is not kept. Where needed columns were not found and headers are unknown, the
    batch waits for its columns to be named. Raises WorkbookRefused.
    """
    callers = kind == ImportBatch.Kind.CALLERS
    by_hand = remembered_headers(kind)
    reading = read_rows(workbooks.read(data), callers=callers, by_hand=by_hand)
    if not reading.rows:
        raise WorkbookRefused(gettext("The workbook has column names but no rows below them."))
    missing = reading.missing(callers=callers)
    batch = ImportBatch(
        kind=kind,
        intake=intake,
        options=dict(options or {}),
        file_name=file_name[-200:],
        file_sha256=hashlib.sha256(data).hexdigest(),
        uploaded_at=now,
        uploaded_by=by,
        status=ImportBatch.Status.MAPPING if missing else ImportBatch.Status.PREVIEW,
        mapping={
            "sheets": {title: sheet.as_json() for title, sheet in reading.sheets.items()},
            "missing": missing,
            "left_aside": reading.left_aside,
            "by_hand": {},
        },
    )
    with transaction.atomic():
        batch.save()
        ImportRow.objects.bulk_create(_rows(batch, reading), batch_size=500)
    return batch


def look_ahead(batch: ImportBatch, *, now: datetime.datetime) -> None:
    """Write into every row what would become of it as things stand now."""
    if batch.kind == ImportBatch.Kind.CLASSES:
        rows = [_foresee_class(read) for read in judge_classes(batch, now=now)]
    else:
        assert batch.intake is not None
        judgement = judge(batch, batch.intake, list(batch.rows.all()), now=now)
        forecast(judgement, now=now)
        rows = [entry.row for step in judgement.steps for entry in step.entries]
    ImportRow.objects.bulk_update(rows, ["expected", "problems", "received_at"], batch_size=200)


def _foresee_class(read: ClassRow) -> ImportRow:
    row = read.row
    status = ImportRow.Status.MADE if row.status == ImportRow.Status.NEW else row.status
    row.expected = {"status": status}
    row.problems = [problem.as_json() for problem in read.problems]
    return row


def name_columns(batch: ImportBatch, chosen: Mapping[str, Mapping[str, str]]) -> None:
    """Give unknown columns the fields that staff chose: sheet → letter → field ("" keeps a remark).

    The rows' identity stays what the workbook says, so the same file is known again.
    """
    fields = headers.CALLER_FIELDS if batch.kind == ImportBatch.Kind.CALLERS else (
        headers.CLASS_FIELDS
    )  # fmt: skip
    with transaction.atomic():
        sheets = batch.mapping["sheets"]
        for title, letters in chosen.items():
            sheet = sheets.get(title)
            if sheet is None:
                continue
            renamed = {}
            for letter, name in letters.items():
                header = sheet["unknown"].get(letter)
                if header is None or name not in fields or name in sheet["columns"].values():
                    continue
                sheet["columns"][letter] = name
                del sheet["unknown"][letter]
                batch.mapping["by_hand"][headers.fold(header)] = name
                renamed[EXTRA + header] = name
            _rename_cells(batch, title, renamed)
        batch.mapping["missing"] = {}
        batch.status = ImportBatch.Status.PREVIEW
        batch.save(update_fields=["mapping", "status"])


def may_name_columns(batch: ImportBatch) -> bool:
    """Whether a column is left that nobody knows, and no row of the workbook went in yet."""
    open_states = (ImportBatch.Status.MAPPING, ImportBatch.Status.PREVIEW)
    unknown = any(sheet["unknown"] for sheet in batch.mapping.get("sheets", {}).values())
    untouched = not batch.rows.exclude(status=ImportRow.Status.NEW).exists()
    return batch.status in open_states and unknown and untouched


def discard(batch: ImportBatch) -> bool:
    """Throw away a preview with everything that was read; False once rows of it went in."""
    with transaction.atomic():
        locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        undecided = locked.status in (ImportBatch.Status.PREVIEW, ImportBatch.Status.MAPPING)
        if not undecided or locked.rows.exclude(status=ImportRow.Status.NEW).exists():
            return False
        locked.rows.all().delete()
        locked.status = ImportBatch.Status.DISCARDED
        locked.save(update_fields=["status"])
    return True


def remembered_headers(kind: ImportBatch.Kind) -> dict[str, str]:
    """Headers that staff named by hand in earlier imports: folded header → field."""
    remembered: dict[str, str] = {}
    done = ImportBatch.objects.filter(kind=kind, status=ImportBatch.Status.DONE)
    for mapping in reversed(done.values_list("mapping", flat=True)[:REMEMBERED_BATCHES]):
        remembered |= mapping.get("by_hand", {})
    return remembered


def _rows(batch: ImportBatch, reading: Reading) -> list[ImportRow]:
    return [
        ImportRow(
            batch=batch,
            sheet=row.sheet,
            sheet_order=row.sheet_order,
            row_number=row.number,
            identity=row.identity,
            cells=row.cells,
        )
        for row in reading.rows
    ]


def _rename_cells(batch: ImportBatch, sheet: str, renamed: Mapping[str, str]) -> None:
    if not renamed:
        return
    rows = list(batch.rows.filter(sheet=sheet))
    for row in rows:
        row.cells = {renamed.get(name, name): cell for name, cell in row.cells.items()}
    ImportRow.objects.bulk_update(rows, ["cells"], batch_size=500)
