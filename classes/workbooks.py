"""Reading a stranger's workbook safely: guarded before it is parsed, formulas seen as formulas."""

import datetime
import io
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import openpyxl
from django.conf import settings
from django.utils.translation import gettext
from openpyxl.utils import get_column_letter

# Rows with content of the whole workbook: eighty of the busiest mornings on record.
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_SHEETS = 60
# What a workbook may grow to when unpacked, how many parts it may have, and how far one part
# may be packed: sheets pack to a tenth or so, a bomb to a thousandth.
MAX_UNPACKED_BYTES = 150 * 1024 * 1024
MAX_PARTS = 2_000
MAX_RATIO = 250
SMALL_PART_BYTES = 1024 * 1024
MAX_TEXT = 2_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What Excel shows where a value could not be had.
ERROR_VALUES = frozenset(
    {"#VALUE!", "#REF!", "#N/A", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)

CellValue = str | int | float | bool | datetime.datetime | datetime.date | datetime.time


class WorkbookRefused(ValueError):
    """The file cannot be brought in; the message, translated, says what to do instead."""


@dataclass(frozen=True)
class Cell:
    """One filled cell: where it is, what stands in it, and whether that is a formula."""

    at: str
    column: int
    value: CellValue
    is_formula: bool = False
    is_error: bool = False


@dataclass
class Row:
    """One row with its filled cells, by column number from 1."""

    number: int
    cells: dict[int, Cell]


@dataclass
class Sheet:
    """One sheet with its rows that hold anything."""

    title: str
    order: int
    is_hidden: bool = False
    rows: list[Row] = field(default_factory=list)


def read(data: bytes) -> list[Sheet]:
    """All sheets of a workbook, hidden ones too, blank rows left out.

    Formulas stay text and are never calculated, macros and links to other files never followed.
    Raises WorkbookRefused for anything that is no workbook, too large, or damaged.
    """
    _check_size(data)
    _check_archive(data)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of dates it cannot read; they come through as error cells.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, data_only=False, keep_links=False
            )
            try:
                return _read_sheets(book)
            finally:
                book.close()
    except WorkbookRefused:
        raise
    # openpyxl fails on damaged files with whatever its parsers raise: zlib, XML, key and type
    # errors, and refused entities. To the person at the desk they are all one thing.
    except Exception as error:
        raise WorkbookRefused(
            gettext("This workbook is damaged. Open it in Excel, save it anew as .xlsx and retry.")
        ) from error


def read_upload(upload: IO[bytes]) -> bytes:
    """The bytes of an opened file, without ever holding more than the limit and one byte."""
    return upload.read(settings.IMPORT_MAX_BYTES + 1)


def _check_size(data: bytes) -> None:
    if not data:
        raise WorkbookRefused(gettext("The file is empty. Choose the workbook once more."))
    if len(data) > settings.IMPORT_MAX_BYTES:
        raise WorkbookRefused(
            gettext(
                "The file is larger than %(size)d MB. Split the workbook and bring in each part."
            )
            % {"size": settings.IMPORT_MAX_BYTES // (1024 * 1024)}
        )


def _check_archive(data: bytes) -> None:
    if data.startswith(_OLE):
        raise WorkbookRefused(
            gettext(
                "This is an old Excel file (.xls) or has a password. "
                "Save it as .xlsx without a password and retry."
            )
        )
    not_a_workbook = gettext("This is not an Excel workbook. Save it as .xlsx in Excel and retry.")
    if not data.startswith(b"PK"):
        raise WorkbookRefused(not_a_workbook)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise WorkbookRefused(
            gettext("This workbook is cut short or damaged. Copy it once more and retry.")
        ) from error
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise WorkbookRefused(not_a_workbook)
    # zipfile never unpacks more of a part than its entry declares, so the declared sizes bind.
    too_large = (
        len(parts) > MAX_PARTS
        or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES
        or any(_is_bomb(part) for part in parts)
    )
    if too_large:
        raise WorkbookRefused(
            gettext(
                "This workbook unpacks to far more than a list of people needs and was not opened. "
                "Copy the rows into a new workbook and retry."
            )
        )


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    return part.file_size > SMALL_PART_BYTES and part.file_size > MAX_RATIO * max(
        part.compress_size, 1
    )


def _read_sheets(book: Any) -> list[Sheet]:
    worksheets = book.worksheets
    if len(worksheets) > MAX_SHEETS:
        raise WorkbookRefused(
            gettext("The workbook has more than %(count)d sheets. Bring in a part at a time.")
            % {"count": MAX_SHEETS}
        )
    sheets = []
    left = MAX_ROWS
    for order, worksheet in enumerate(worksheets):
        sheet = Sheet(worksheet.title, order, is_hidden=worksheet.sheet_state != "visible")
        for row in _rows(worksheet):
            if left == 0:
                raise WorkbookRefused(
                    gettext(
                        "The workbook has more than %(count)d rows. "
                        "Split it and bring in each part."
                    )
                    % {"count": MAX_ROWS}
                )
            left -= 1
            sheet.rows.append(row)
        sheets.append(sheet)
    return sheets


def _rows(worksheet: Any) -> Iterator[Row]:
    # The declared size of a sheet may be anything; only what is there is read.
    worksheet.reset_dimensions()
    for number, cells in enumerate(worksheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        filled = {}
        for column, raw in enumerate(cells, start=1):
            if raw.value is None:
                continue
            cell = _cell(raw, number, column)
            if cell is not None:
                filled[column] = cell
        if filled:
            yield Row(number, filled)


def _cell(raw: Any, row: int, column: int) -> Cell | None:
    at = f"{get_column_letter(column)}{row}"
    value = raw.value
    if raw.data_type == "f":
        # Array and table formulas come as objects with their text.
        text = value if isinstance(value, str) else getattr(value, "text", None) or "="
        return Cell(at, column, text[:MAX_TEXT], is_formula=True)
    if raw.data_type == "e" or (isinstance(value, str) and value in ERROR_VALUES):
        return Cell(at, column, str(value), is_error=True)
    if isinstance(value, str):
        # A tab or line break inside a cell is typing; other control characters are dirt.
        text = "".join(c for c in value if c >= " " or c in "\t\n").strip()[:MAX_TEXT]
        return Cell(at, column, text) if text else None
    if isinstance(value, datetime.timedelta):
        # A time of day beyond 24 h, or a duration format: kept as the clock would show it.
        return Cell(at, column, str(value))
    if isinstance(value, int | float | bool | datetime.datetime | datetime.date | datetime.time):
        return Cell(at, column, value)
    return Cell(at, column, str(value)[:MAX_TEXT])
