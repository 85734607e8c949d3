"""A workbook named on the command line: opened, or refused in one line."""

from pathlib import Path

from django.utils.translation import gettext

from classes.imports.headers import CALLER_FIELDS, CLASS_FIELDS
from classes.models import ImportBatch
from classes.workbooks import WorkbookRefused, read_upload


def open_workbook(name: str) -> bytes:
    """The bytes of the file. Raises WorkbookRefused if it cannot be read."""
    try:
        with Path(name).open("rb") as file:
            return read_upload(file)
    except OSError as error:
        raise WorkbookRefused(
            gettext("%(file)s cannot be read: %(reason)s")
            % {"file": name, "reason": error.strerror or type(error).__name__}
        ) from error


def refuse_unknown_columns(batch: ImportBatch) -> None:
    """Columns are named by hand on the page only. Raises WorkbookRefused naming them."""
    missing = batch.mapping["missing"]
    if not missing:
        return
    fields = CALLER_FIELDS if batch.kind == ImportBatch.Kind.CALLERS else CLASS_FIELDS
    parts = []
    for sheet, names in missing.items():
        unknown = "、".join(batch.mapping["sheets"][sheet]["unknown"].values())
        lacking = "、".join(str(fields[name]) for name in names)
        parts.append(
            gettext("%(sheet)s: no column for %(lacking)s; unknown headers: %(unknown)s.")
            % {"sheet": sheet, "lacking": lacking, "unknown": unknown}
        )
    parts.append(gettext("Bring the workbook in on the import page and name the columns there."))
    raise WorkbookRefused(" ".join(parts))
