"""Tables as an Excel workbook: headers stay in view, text stays text (rule 67)."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

Value = str | int | float | None
# Excel refuses longer names of sheets, and these letters in them.
LONGEST_TITLE = 31
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
# What a program might take for a formula when the file is passed on as text.
FORMULA_STARTS = ("=", "+", "-", "@")
WIDEST = 60


@dataclass(frozen=True)
class Table:
    """One sheet: its title, its headers and its rows."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Value]]


def workbook(tables: Sequence[Table]) -> bytes:
    """One sheet a table, in A4 landscape, the header printed on every page."""
    book = openpyxl.Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    for place, table in enumerate(tables):
        sheet = first if place == 0 else book.create_sheet()
        sheet.title = table.title.translate(FORBIDDEN)[:LONGEST_TITLE]
        _fill(sheet, table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Worksheet, table: Table) -> None:
    for column, header in enumerate(table.headers, start=1):
        cell = sheet.cell(1, column)
        _write(cell, header)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for number, row in enumerate(table.rows, start=2):
        for column, value in enumerate(row, start=1):
            _write(sheet.cell(number, column), value)
    for column, header in enumerate(table.headers, start=1):
        texts = [header, *(str(row[column - 1] or "") for row in table.rows)]
        width = max(_width(text) for text in texts) + 2
        sheet.column_dimensions[get_column_letter(column)].width = min(width, WIDEST)
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _write(cell: Any, value: Value) -> None:
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        if value.startswith(FORMULA_STARTS):
            cell.quotePrefix = True


def _width(text: str) -> int:
    """Columns it takes: a full-width letter takes two."""
    return max(sum(2 if ord(c) > 0x2E7F else 1 for c in line) for line in text.split("\n"))
