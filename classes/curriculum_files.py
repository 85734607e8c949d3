"""The whole ladder to and from one workbook, so that cities share them (docs/curriculum.md)."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
from django.utils.translation import gettext
from openpyxl.styles import Alignment, Font

from classes import workbooks
from classes.workbooks import Row, Sheet, WorkbookRefused
from skill_levels import curriculum
from skill_levels.curriculum import CompetencyText, Curriculum, LevelText

LEVELS, COMPETENCIES = "Levels", "Competencies"
LEVEL_COLUMNS = (
    "code",
    "number",
    "is_taught",
    "title_ja",
    "title_en",
    "description_ja",
    "description_en",
    "phone_questions_ja",
    "phone_questions_en",
)
COMPETENCY_COLUMNS = (
    "level",
    "code",
    "number",
    "title_ja",
    "title_en",
    "description_ja",
    "description_en",
    "is_required",
    "recheck_days",
    "hint_ja",
    "hint_en",
    "warns_before",
)
NUMBERS = {"number", "recheck_days"}
YES_OR_NO = {"is_taught", "is_required"}
LISTS = {"phone_questions_ja", "phone_questions_en"}
_YES = {"yes", "true", "1", "○", "〇", "はい", "必須", "y"}
_NO = {"no", "false", "0", "×", "いいえ", "任意", "n", ""}


def write(ladder: Curriculum) -> bytes:
    """A workbook of two sheets that `read` reads back as the same ladder."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = LEVELS
    levels = sorted(ladder.levels.values(), key=lambda each: each.number)
    _fill(sheet, LEVEL_COLUMNS, levels)
    order = {level.code: level.number for level in levels}
    competencies = sorted(
        ladder.competencies.values(), key=lambda each: (order[each.level], each.number, each.code)
    )
    _fill(book.create_sheet(COMPETENCIES), COMPETENCY_COLUMNS, competencies)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes) -> Curriculum:
    """The ladder that a workbook holds. Raises WorkbookRefused naming every cell that is wrong."""
    sheets = {sheet.title: sheet for sheet in workbooks.read(data)}
    wrong: list[str] = []
    levels = _rows(sheets, LEVELS, LEVEL_COLUMNS, wrong)
    competencies = _rows(sheets, COMPETENCIES, COMPETENCY_COLUMNS, wrong)
    if wrong:
        raise WorkbookRefused("\n".join(wrong))
    ladder = Curriculum(
        {fields["code"]: LevelText(**fields) for _row, fields in levels},
        {fields["code"]: CompetencyText(**fields) for _row, fields in competencies},
    )
    places = {(True, fields["code"]): (LEVELS, row) for row, fields in levels}
    places |= {(False, fields["code"]): (COMPETENCIES, row) for row, fields in competencies}
    for fault in curriculum.faults(ladder):
        sheet, row = places[fault.is_level, fault.code]
        columns = LEVEL_COLUMNS if fault.is_level else COMPETENCY_COLUMNS
        wrong.append(f"{_at(sheets[sheet], row, fault.field, columns)}: {fault.message}")
    if wrong:
        raise WorkbookRefused("\n".join(wrong))
    return ladder


def _fill(sheet: Any, columns: Sequence[str], rows: Sequence[LevelText | CompetencyText]) -> None:
    sheet.append(list(columns))
    sheet.append([str(curriculum.LABELS[name]) for name in columns])
    for row in rows:
        sheet.append([_cell(getattr(row, name)) for name in columns])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            if cell.data_type == "f":  # a title that begins with "=" is words
                cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for index, name in enumerate(columns):
        letter = openpyxl.utils.get_column_letter(index + 1)
        wide = name.startswith(("title", "description", "phone"))
        sheet.column_dimensions[letter].width = 36 if wide else 14
    sheet.freeze_panes = "A3"


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "\n".join(value)
    return value


def _rows(
    sheets: Mapping[str, Sheet], title: str, columns: Sequence[str], wrong: list[str]
) -> list[tuple[Row, dict[str, Any]]]:
    """Rows below the header; a second row of labels, as `write` makes one, is left out."""
    sheet = sheets.get(title)
    if sheet is None or not sheet.rows:
        wrong.append(gettext("The sheet %(title)s is missing.") % {"title": title})
        return []
    header = sheet.rows[0]
    places = {str(cell.value).strip(): column for column, cell in header.cells.items()}
    missing = [name for name in columns if name not in places]
    if missing:
        wrong.append(
            gettext("%(title)s: the first row lacks the columns %(columns)s.")
            % {"title": title, "columns": ", ".join(missing)}
        )
        return []
    labels = {str(label) for label in curriculum.LABELS.values()}
    found: list[tuple[Row, dict[str, Any]]] = []
    codes: dict[str, Row] = {}
    for row in sheet.rows[1:]:
        code = row.cells.get(places["code"])
        if row.number == header.number + 1 and not _looks_like_data(row, places, labels):
            continue
        fields = {name: _read(title, row, places[name], name, wrong) for name in columns}
        if code is None:
            wrong.append(f"{title}!{row.number}: " + gettext("The code is missing."))
            continue
        if fields["code"] in codes:
            wrong.append(
                f"{title}!{code.at}: "
                + gettext("The code %(code)s stands here twice.") % {"code": fields["code"]}
            )
            continue
        codes[fields["code"]] = row
        found.append((row, fields))
    return found


def _looks_like_data(row: Row, places: Mapping[str, int], labels: set[str]) -> bool:
    """A row of labels has no number where the order stands."""
    order = row.cells.get(places["number"])
    return order is not None and str(order.value).strip().isdecimal()


def _read(title: str, row: Row, column: int, name: str, wrong: list[str]) -> Any:
    cell = row.cells.get(column)
    text = "" if cell is None else str(cell.value).strip()
    at = f"{title}!{cell.at if cell is not None else row.number}"
    if cell is not None and (cell.is_formula or cell.is_error):
        wrong.append(
            f"{at}: " + gettext("A formula stands here. Write what is meant as plain text.")
        )
        text = ""
    if name in NUMBERS:
        if isinstance(cell.value if cell else None, float):
            text = text.removesuffix(".0")
        if text.isascii() and text.isdecimal() and len(text) < 6:
            return int(text)
        wrong.append(f"{at}: " + gettext("Write a whole number."))
        return 0
    if name in YES_OR_NO:
        if text.lower() in _YES | _NO:
            return text.lower() in _YES
        wrong.append(f"{at}: " + gettext("Write yes or no."))
        return False
    if name in LISTS:
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    return text


def _at(sheet: Sheet, row: Row, name: str, columns: Sequence[str]) -> str:
    header = sheet.rows[0]
    column = next(c for c, cell in header.cells.items() if str(cell.value).strip() == name)
    return f"{sheet.title}!{openpyxl.utils.get_column_letter(column)}{row.number}"
