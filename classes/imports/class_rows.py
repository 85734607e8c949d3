"""One row of the classes' sheet, understood: a lesson of a class, and what is doubtful about it."""

import datetime
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from classes.imports import moments
from classes.imports.cells import CellReading, RowCells
from classes.imports.problems import RowProblem, ordered
from classes.models import ImportRow
from learners.folding import fold

# What the rows of one class must agree on.
SHARED = ("course", "level", "venue", "instructor", "capacity")
DEFAULT_MINUTES = 120
MOST_SEATS = 1_000
CODE_LENGTH = 12
NAME_LENGTH = 60
_DITTO = frozenset({"〃", "々", "同上", "同", "''", '"', "ditto"})
_RANGE = re.compile(r"\s*(?:から|~|〜|~|–|—|ー|-|to)\s*")
_PEOPLE = re.compile(r"\s*([0-9]+)\s*(?:名|人|席)?\s*")
_NEEDED = (
    ("code", "no_code"),
    ("course", "no_course"),
    ("level", "no_level"),
    ("venue", "no_venue"),
)


@dataclass(eq=False)
class ClassRow:
    """What one row says about a class and one of its lessons."""

    row: ImportRow
    cells: RowCells
    code: str = ""
    course: str = ""
    level: str = ""
    venue: str = ""
    instructors: tuple[str, ...] = ()
    capacity: int | None = None
    starts_at: datetime.datetime | None = None
    ends_at: datetime.datetime | None = None
    note: str = ""
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def key(self) -> str:
        return code_key(self.code)

    def wait(self, kind: str, name: str, message: str) -> None:
        problem = RowProblem(kind, self.cells.ref(name), name, message)
        self.problems = ordered([*self.problems, problem])

    def shared(self, name: str) -> object:
        """A value that all rows of a class must share, for comparing."""
        if name == "capacity":
            return self.capacity
        if name == "instructor":
            return tuple(sorted(fold(person) for person in self.instructors))
        return fold(getattr(self, name))


def read_class_rows(
    rows: Iterable[ImportRow], mapping: Mapping[str, Any],
    *, near: datetime.date,
) -> list[ClassRow]:  # fmt: skip
    """Every row with its problems. Cells left blank, merged or marked 〃 take the row above's."""
    columns = {
        title: {name: letter for letter, name in sheet["columns"].items()}
        for title, sheet in mapping.get("sheets", {}).items()
    }
    read: list[ClassRow] = []
    above: dict[str, ClassRow] = {}
    for row in rows:
        cells = RowCells(
            row.sheet, row.row_number, columns.get(row.sheet, {}), row.cells, row.fixed
        )
        read.append(_read(ClassRow(row, cells), above.get(row.sheet), near))
        above[row.sheet] = read[-1]
    _compare(read)
    return read


def code_key(code: str) -> str:
    return "".join(unicodedata.normalize("NFKC", code).split()).casefold()


def _read(found: ClassRow, above: ClassRow | None, near: datetime.date) -> ClassRow:
    for name in sorted(set(found.cells.formulas()) - {"note", "number"}):
        found.wait(
            "formula", name, gettext("A formula stands here. Write what is meant as plain text.")
        )
    _take_words(found, above)
    for name, kind in _NEEDED:
        if not getattr(found, name) and not _is_bad(found, name):
            found.wait(kind, name, gettext("This cell is empty. Write what is meant."))
    _take_capacity(found, above)
    _take_times(found, near)
    extras = [f"{header}: {value}" for header, value in found.cells.extras()]
    found.note = "\n".join(filter(None, [found.cells.text("note"), *extras]))
    return found


def _take_words(found: ClassRow, above: ClassRow | None) -> None:
    found.code = "".join(unicodedata.normalize("NFKC", _words(found, "code")).split())
    same = above is not None and (not found.code or above.key == found.key)
    if above is not None and not found.code and not _words(found, "course"):
        found.code = above.code
    for name in ("course", "level", "venue"):
        text = _words(found, name)
        if not text and same and above is not None and not _is_bad(found, name):
            text = getattr(above, name)
        setattr(found, name, text)
    people = _words(found, "instructor")
    found.instructors = tuple(
        " ".join(person.split())
        for person in re.split(r"[・、,，/／&＆\n]+", people)
        if person.strip()
    )
    if not people and same and above is not None:
        found.instructors = above.instructors
    # A class without a level's column is of the level that its course names.
    if not found.level and "level" not in found.cells.columns:
        found.level = found.course
    for name, longest in (("code", CODE_LENGTH), ("course", NAME_LENGTH), ("venue", NAME_LENGTH)):
        if len(getattr(found, name)) > longest:
            found.wait(
                "too_long", name, gettext("Write at most %(count)d letters.") % {"count": longest}
            )


def _take_capacity(found: ClassRow, above: ClassRow | None) -> None:
    if _is_bad(found, "capacity"):
        return
    text = unicodedata.normalize("NFKC", _words(found, "capacity"))
    if not text and above is not None and above.key == found.key:
        found.capacity = above.capacity
    elif (match := _PEOPLE.fullmatch(text)) and 0 < int(match[1]) <= MOST_SEATS:
        found.capacity = int(match[1])
    if found.capacity is None:
        found.wait("no_capacity", "capacity", gettext("Write how many people fit, like 10."))


def _take_times(found: ClassRow, near: datetime.date) -> None:
    day_cell = found.cells.get("day")
    if day_cell is None:
        found.wait(
            "impossible_date", "day", gettext("The day is missing. Write it like 2026/10/5.")
        )
        return
    if _is_bad(found, "day"):
        return
    try:
        day = moments.read_day(day_cell, near=near)
    except (moments.UnreadableMoment, OverflowError):
        found.wait(
            "impossible_date", "day", gettext("There is no such day. Write it like 2026/10/5.")
        )
        return
    starts, ends = _time_cells(found)
    if _is_bad(found, "starts") or _is_bad(found, "ends"):
        return
    try:
        start = moments.read_time(starts) if starts else None
        end = moments.read_time(ends) if ends else None
    except (moments.UnreadableMoment, OverflowError):
        start = end = None
    if start is None:
        found.wait("impossible_time", "starts", gettext("Write the time like 10:00."))
        return
    zone = timezone.get_default_timezone()
    found.starts_at = datetime.datetime.combine(day, start, tzinfo=zone)
    found.ends_at = (
        datetime.datetime.combine(day, end, tzinfo=zone)
        if end is not None
        else found.starts_at + datetime.timedelta(minutes=DEFAULT_MINUTES)
    )
    if found.ends_at <= found.starts_at:
        found.wait("impossible_time", "ends", gettext("The lesson ends before it begins."))


def _time_cells(found: ClassRow) -> tuple[CellReading | None, CellReading | None]:
    """Start and end; one cell may hold both: 10:00~12:00."""
    starts, ends = found.cells.get("starts"), found.cells.get("ends")
    if starts is not None and ends is None and isinstance(starts.value, str):
        parts = _RANGE.split(unicodedata.normalize("NFKC", starts.value).strip())
        if len(parts) == 2:
            return CellReading(starts.at, parts[0]), CellReading(starts.at, parts[1])
    return starts, ends


def _compare(rows: Sequence[ClassRow]) -> None:
    """Rows of one class must agree; what most of them say, or the first, is taken as meant."""
    groups: dict[str, list[ClassRow]] = {}
    for row in rows:
        if row.key:
            groups.setdefault(row.key, []).append(row)
    for group in groups.values():
        for name in SHARED:
            values = [row.shared(name) for row in group]
            meant = max(dict.fromkeys(values), key=values.count)
            for row in group:
                if row.shared(name) != meant and not _is_bad(row, name):
                    row.wait(
                        "class_rows_differ", name,
                        gettext("The other rows of %(code)s say something else here.")
                        % {"code": row.code},
                    )  # fmt: skip
        starts: set[datetime.datetime] = set()
        for row in group:
            if row.starts_at in starts:
                row.wait("lesson_twice", "day", gettext("This lesson is listed twice."))
            elif row.starts_at is not None:
                starts.add(row.starts_at)


def _words(found: ClassRow, name: str) -> str:
    cell = found.cells.get(name)
    if cell is None or _is_bad(found, name) or cell.text.strip() in _DITTO:
        return ""
    return " ".join(cell.text.split())


def _is_bad(found: ClassRow, name: str) -> bool:
    """Whether a formula or an error stands in the cell; that is said once."""
    cell = found.cells.get(name)
    if cell is None:
        return False
    if cell.is_error and name not in {problem.field for problem in found.problems}:
        kind = "impossible_date" if name == "day" else "cell_error"
        found.wait(kind, name, gettext("Excel shows an error here. Write what is meant."))
    return cell.is_formula or cell.is_error
