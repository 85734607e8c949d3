"""From sheets to data rows: the header row found, titles, blanks and repeated headers left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext
from openpyxl.utils import get_column_letter

from classes.imports import cells, headers
from classes.workbooks import Row, Sheet, WorkbookRefused

HEADER_SEARCH_ROWS = 20
FEWEST_HEADERS = 3
# Without these columns a row can mean nothing; staff name them by hand where they have other names.
NEEDED = {
    True: (("name", "family_name"), ("kana", "family_kana"), ("phone", "mobile"),
           ("choice1", "choice2"), ("received", "received_date")),
    False: (("code",), ("course",), ("venue",), ("capacity",), ("day",), ("starts",)),
}  # fmt: skip


@dataclass
class SheetColumns:
    """How one sheet's columns were understood: letter → field, and headers nobody knows."""

    header_row: int
    columns: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    # Columns known only because staff once named them: to a row's identity they stay as written.
    by_hand: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"header_row": self.header_row, "columns": self.columns, "unknown": self.unknown}

    def by_field(self) -> dict[str, str]:
        return {name: letter for letter, name in self.columns.items()}


@dataclass(frozen=True)
class DataRow:
    """One row of data, its cells by field as they are kept."""

    sheet: str
    sheet_order: int
    number: int
    cells: dict[str, dict[str, Any]]
    identity: str


@dataclass
class Reading:
    """What a workbook holds: rows, how each sheet was understood, and sheets left aside."""

    rows: list[DataRow] = field(default_factory=list)
    sheets: dict[str, SheetColumns] = field(default_factory=dict)
    left_aside: list[str] = field(default_factory=list)

    def missing(self, *, callers: bool) -> dict[str, list[str]]:
        """Per sheet with unknown headers: the needed fields that no column was found for."""
        found = {}
        for title, sheet in self.sheets.items():
            known = set(sheet.columns.values())
            lacking = [names[0] for names in NEEDED[callers] if known.isdisjoint(names)]
            if lacking and sheet.unknown:
                found[title] = lacking
        return found


def read_rows(sheets: list[Sheet], *, callers: bool, by_hand: Mapping[str, str]) -> Reading:
    """Every data row of every sheet that has a header row within its first twenty.

    Raises WorkbookRefused if no sheet has one.
    """
    reading = Reading()
    for sheet in sheets:
        header = _find_header(sheet, callers=callers, by_hand=by_hand)
        if header is None:
            if sheet.rows:
                reading.left_aside.append(sheet.title)
            continue
        columns = _columns(header, callers=callers, by_hand=by_hand)
        reading.sheets[sheet.title] = columns
        titles = {letter: _header_text(cell.value) for letter, cell in _lettered(header)}
        for row in sheet.rows:
            if row.number <= header.number or _is_no_data(row, titles, columns):
                continue
            found = _cells(row, titles, columns)
            as_written = {columns.by_hand.get(name, name): cell for name, cell in found.items()}
            reading.rows.append(
                DataRow(sheet.title, sheet.order, row.number, found, cells.identity(as_written))
            )
    if not reading.sheets:
        raise WorkbookRefused(
            gettext("No row of column names was found: names like 氏名, フリガナ and 電話番号.")
            if callers
            else gettext("No row of column names was found: names like 記号, 会場 and 日程.")
        )
    return reading


def _find_header(sheet: Sheet, *, callers: bool, by_hand: Mapping[str, str]) -> Row | None:
    """The row of the first twenty that names the most fields; at least three, a name among them."""
    best, best_count = None, FEWEST_HEADERS - 1
    for row in sheet.rows:
        if row.number > HEADER_SEARCH_ROWS:
            break
        found = {
            headers.field_of(_header_text(cell.value), callers=callers, by_hand=by_hand)
            for cell in row.cells.values()
            if not cell.is_formula
        } - {None}
        identified = {"name", "kana", "family_name", "family_kana", "phone"} if callers else {
            "code", "course", "venue"
        }  # fmt: skip
        if len(found) > best_count and found & identified:
            best, best_count = row, len(found)
    return best


def _columns(header: Row, *, callers: bool, by_hand: Mapping[str, str]) -> SheetColumns:
    result = SheetColumns(header.number)
    taken: set[str] = set()
    for letter, cell in _lettered(header):
        text = _header_text(cell.value)
        name = headers.field_of(text, callers=callers, by_hand=by_hand)
        if name == "phone" and name in taken and "mobile" not in taken:
            name = "mobile"
        if name is None or name in taken:
            result.unknown[letter] = text
            continue
        taken.add(name)
        result.columns[letter] = name
        if headers.field_of(text, callers=callers, by_hand={}) is None:
            result.by_hand[name] = cells.EXTRA + text
    # A time alone belongs to a day of its own column; without one it is the whole received time.
    if "received_time" in taken and not taken & {"received", "received_date"}:
        letter = result.by_field()["received_time"]
        result.columns[letter] = "received"
    return result


def _lettered(row: Row) -> list[tuple[str, Any]]:
    return [(get_column_letter(column), cell) for column, cell in row.cells.items()]


def _header_text(value: object) -> str:
    return " ".join(str(value).split())


def _is_no_data(row: Row, titles: Mapping[str, str], columns: SheetColumns) -> bool:
    """Blank but for its number, a heading between the rows, or the header printed once more."""
    filled = {letter: _header_text(cell.value) for letter, cell in _lettered(row)}
    if set(filled) <= {letter for letter, name in columns.columns.items() if name == "number"}:
        return True
    if sum(titles.get(letter) == text for letter, text in filled.items()) >= FEWEST_HEADERS:
        return True
    return len(filled) == 1 and next(iter(filled)) not in columns.columns


def _cells(row: Row, titles: Mapping[str, str], columns: SheetColumns) -> dict[str, dict[str, Any]]:
    found = {}
    for letter, cell in _lettered(row):
        name = columns.columns.get(letter)
        if name is None:
            name = cells.EXTRA + (titles.get(letter) or letter)
            while name in found:
                name += "'"
        found[name] = cells.store(cell)
    return found
