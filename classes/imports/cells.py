"""Cells as they are kept with an imported row, and the identity that their content gives it."""

import datetime
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classes.workbooks import Cell, CellValue

# The running number is a position on paper, not content.
POSITION_FIELD = "number"
EXTRA = "extra:"

StoredCells = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class CellReading:
    """One cell with its address within the sheet."""

    at: str
    value: CellValue
    is_formula: bool = False
    is_error: bool = False

    @property
    def text(self) -> str:
        """The value as one would type it; whole floats without their .0."""
        return as_text(self.value)


@dataclass(frozen=True)
class RowCells:
    """One row's cells by field, what staff put right standing before what was read."""

    sheet: str
    row_number: int
    columns: Mapping[str, str]
    cells: StoredCells
    fixed: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> CellReading | None:
        """The filled cell of a field, or None."""
        if name in self.fixed:
            text = self.fixed[name].strip()
            return CellReading(self._at(name), text) if text else None
        stored = self.cells.get(name)
        return load(stored) if stored else None

    def text(self, name: str) -> str:
        cell = self.get(name)
        return cell.text if cell else ""

    def ref(self, name: str) -> str:
        """Where staff find the field in Excel: 受付A!E19; the row if it has no column."""
        at = self._at(name)
        return f"{self.sheet}!{at}" if at else f"{self.sheet}!{self.row_number}"

    def formulas(self) -> list[str]:
        """The fields that hold a formula (and were not put right)."""
        return [
            name
            for name, stored in self.cells.items()
            if stored.get("kind") == "formula" and name not in self.fixed
        ]

    def extras(self) -> list[tuple[str, str]]:
        """Columns that nobody named: header and text."""
        return [
            (name.removeprefix(EXTRA), load(stored).text)
            for name, stored in self.cells.items()
            if name.startswith(EXTRA)
        ]

    def _at(self, name: str) -> str:
        stored = self.cells.get(name)
        if stored:
            return str(stored["at"])
        return f"{self.columns[name]}{self.row_number}" if name in self.columns else ""


def store(cell: Cell) -> dict[str, Any]:
    """A cell as JSON: address, kind, and the value as text or number."""
    value = cell.value
    if cell.is_formula:
        kind, kept = "formula", value
    elif cell.is_error:
        kind, kept = "error", value
    elif isinstance(value, datetime.datetime):
        kind, kept = "datetime", value.replace(microsecond=0).isoformat()
    elif isinstance(value, datetime.date):
        kind, kept = "date", value.isoformat()
    elif isinstance(value, datetime.time):
        kind, kept = "time", value.replace(microsecond=0).isoformat()
    elif isinstance(value, bool):
        kind, kept = "bool", value
    elif isinstance(value, int | float):
        kind, kept = "number", value
    else:
        kind, kept = "text", value
    return {"at": cell.at, "kind": kind, "value": kept}


def load(stored: Mapping[str, Any]) -> CellReading:
    """The cell that `store` kept."""
    value, kind = stored["value"], stored["kind"]
    if kind == "datetime":
        value = datetime.datetime.fromisoformat(value)
    elif kind == "date":
        value = datetime.date.fromisoformat(value)
    elif kind == "time":
        value = datetime.time.fromisoformat(value)
    return CellReading(
        str(stored["at"]), value, is_formula=kind == "formula", is_error=kind == "error"
    )


def as_text(value: CellValue) -> str:
    """A value as one would type it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime.datetime):
        if value.time() == datetime.time():
            return value.date().isoformat()
        return value.replace(microsecond=0).isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def identity(cells: StoredCells) -> str:
    """SHA-256 of what a row says: by field, whatever the order of columns, the row or the sheet."""
    content = sorted(
        (name, _normalised(load(stored)))
        for name, stored in cells.items()
        if name != POSITION_FIELD
    )
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _normalised(cell: CellReading) -> str:
    return " ".join(unicodedata.normalize("NFKC", cell.text).split())
