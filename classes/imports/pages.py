"""What the import pages show: a row in words, the fields staff may put right, counts by outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from classes.imports.cells import EXTRA, RowCells
from classes.imports.headers import CALLER_FIELDS, CHOICE_FIELDS, CLASS_FIELDS
from classes.imports.problems import KINDS, RowProblem
from classes.models import ImportBatch, ImportRow
from learners.birth_dates import format_era_date
from learners.models import Learner

Status = ImportRow.Status
BADGES = {
    Status.ENROLLED: "ok",
    Status.MADE: "ok",
    Status.WAITLISTED: "info",
    Status.APPLIED: "info",
    Status.ATTENTION: "warn",
}
# In the order of a paper form; those without a column of their own are offered all the same.
ALWAYS_FIXABLE = ("received", "name", "kana", "birth_date", "phone", "address", "choice1")
SPLIT = {
    "received": ("received_date", "received_time"),
    "name": ("family_name", "given_name"),
    "kana": ("family_kana", "given_kana"),
}
FILTERS: dict[str, StrOrPromise] = {
    "": gettext_lazy("All rows"),
    "attention": gettext_lazy("Rows that need attention"),
}


@dataclass(frozen=True)
class RowLine:
    """One row of a list."""

    row: ImportRow
    place: str
    status: str
    status_label: str
    badge: str
    words: tuple[tuple[str, str], ...]
    outcome: str
    problems: tuple[RowProblem, ...]
    learner: Learner | None = None
    partner: str = ""

    def word(self, name: str) -> str:
        return dict(self.words).get(name, "")

    @property
    def name(self) -> str:
        return self.word("name") or f"{self.word('family_name')} {self.word('given_name')}".strip()

    @property
    def kana(self) -> str:
        return self.word("kana") or f"{self.word('family_kana')} {self.word('given_kana')}".strip()

    @property
    def code(self) -> str:
        return self.word("code")

    @property
    def course(self) -> str:
        return self.word("course")

    @property
    def venue(self) -> str:
        return self.word("venue")

    @property
    def day(self) -> str:
        return self.word("day")

    @property
    def times(self) -> str:
        return "–".join(self.word(name)[:5] for name in ("starts", "ends") if self.word(name))

    @property
    def born(self) -> str:
        """The matched person's date of birth, told as an era (rule 5)."""
        born = self.learner.birth_date if self.learner is not None else None
        return format_era_date(born) if born else ""

    @property
    def wishes(self) -> str:
        return "、".join(filter(None, (self.word(name) for name in CHOICE_FIELDS)))


def cells_of(row: ImportRow) -> RowCells:
    """The row's cells with what staff put right; its batch is loaded."""
    sheet = row.batch.mapping.get("sheets", {}).get(row.sheet, {"columns": {}})
    columns = {name: letter for letter, name in sheet["columns"].items()}
    return RowCells(row.sheet, row.row_number, columns, row.cells, row.fixed)


def lines(rows: Iterable[ImportRow], *, expected: bool) -> list[RowLine]:
    """Rows for a list; `expected` shows what will become of them instead of what became."""
    listed = list(rows)
    pks = {row.expected.get("learner") for row in listed if expected} - {None}
    learners = Learner.objects.in_bulk(list(pks)) if pks else {}
    return [_line(row, learners, expected=expected) for row in listed]


def _line(row: ImportRow, learners: Mapping[int, Learner], *, expected: bool) -> RowLine:
    cells = cells_of(row)
    names = [name for name in (*row.cells, *row.fixed) if not name.startswith(EXTRA)]
    status = row.status
    if expected and row.status == Status.NEW:
        status = row.expected.get("status", Status.NEW)
    return RowLine(
        row=row,
        place=f"{row.sheet}!{row.row_number}",
        status=status,
        status_label=str(Status(status).label),
        badge=BADGES.get(Status(status), "neutral"),
        words=tuple((name, cells.text(name)) for name in dict.fromkeys(names)),
        outcome=_outcome(row) if expected else _result(row),
        problems=tuple(RowProblem.from_json(problem) for problem in row.problems),
        learner=learners.get(row.expected.get("learner", 0)) if expected else None,
        partner=row.expected.get("partner", ""),
    )


def _outcome(row: ImportRow) -> str:
    """What will become of a row, in words."""
    expected = row.expected
    classes = expected.get("classes", [])
    if "positions" in expected:
        return "、".join(
            _("%(code)s: number %(position)d in line") % {"code": code, "position": position}
            for code, position in zip(classes, expected["positions"], strict=True)
        )
    if expected.get("of"):
        return _("goes into the note of row %(place)s") % {"place": expected["of"]}
    return "、".join(classes)


def _result(row: ImportRow) -> str:
    """The receipt of what became of a row; application and intake are loaded."""
    return row.application.receipt if row.application is not None else row.settled_reason


@dataclass(frozen=True)
class Count:
    """How many rows of a batch end in one way."""

    label: str
    count: int
    badge: str = ""


def counts(batch: ImportBatch, *, expected: bool) -> tuple[list[Count], list[Count]]:
    """By outcome, and the waiting ones by their heaviest problem; one query."""
    by_status: Counter[str] = Counter()
    by_kind: Counter[str] = Counter()
    for status, foreseen, problems in batch.rows.values_list("status", "expected", "problems"):
        shown = foreseen.get("status", status) if expected and status == Status.NEW else status
        by_status[shown] += 1
        if shown == Status.ATTENTION and problems:
            by_kind[problems[0]["kind"]] += 1
    outcomes = [
        Count(str(status.label), by_status[status], BADGES.get(status, "neutral"))
        for status in Status
        if by_status[status]
    ]
    kinds = [Count(str(KINDS.get(kind, kind)), count) for kind, count in by_kind.most_common()]
    return outcomes, kinds


def missing(batch: ImportBatch) -> list[tuple[str, str]]:
    """Per sheet the needed fields that no column was found for."""
    labels = CALLER_FIELDS if batch.kind == ImportBatch.Kind.CALLERS else CLASS_FIELDS
    return [
        (sheet, "、".join(str(labels[name]) for name in names))
        for sheet, names in batch.mapping.get("missing", {}).items()
    ]


def waiting_rows() -> QuerySet[ImportRow]:
    """Rows that wait to be put right, across all workbooks, oldest first."""
    return (
        ImportRow.objects.filter(status=Status.ATTENTION)
        .select_related("batch__intake", "application__intake")
        .order_by("received_at", "pk")
    )


@dataclass(frozen=True)
class Fixable:
    """One field of the form that puts a row right."""

    name: str
    label: StrOrPromise
    text: str
    place: str


def fixable(row: ImportRow) -> list[Fixable]:
    """The fields that staff may put right, as they read now."""
    cells = cells_of(row)
    callers = row.batch.kind == ImportBatch.Kind.CALLERS
    labels = CALLER_FIELDS if callers else CLASS_FIELDS
    asked = {problem["field"] for problem in row.problems}
    names = []
    for name in labels:
        parts = SPLIT.get(name, ())
        if name == "number" or (parts and cells.columns.keys() & set(parts)):
            continue
        wanted = callers and name in ALWAYS_FIXABLE
        if wanted or name in cells.columns or name in asked:
            names.append(name)
    return [Fixable(name, labels[name], cells.text(name), cells.ref(name)) for name in names]
