"""What can be wrong with a row: fixed kinds, their weight, and what staff read about each."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

# A row counts once, under the first of these that it has: what ends the matter comes before what
# a call back to the person mends, and what only follows from the partner's row comes last.
KINDS: dict[str, StrOrPromise] = {
    "too_young": _("too young"),
    "too_old": _("too old"),
    "not_resident": _("lives outside the city"),
    "deceased": _("recorded as deceased"),
    "before_opening": _("received before reception opened"),
    "after_closing": _("received after reception closed"),
    "no_name": _("no name"),
    "no_kana": _("no kana"),
    "no_phone": _("no phone number"),
    "local_phone": _("area code missing"),
    "invalid_phone": _("no such phone number"),
    "impossible_date": _("no such date"),
    "no_received_time": _("no received time"),
    "unknown_class": _("no such class"),
    "no_wish": _("no class wished for"),
    "too_many_wishes": _("more classes than may be wished for"),
    "formula": _("formula"),
    "cell_error": _("error in Excel"),
    "too_long": _("too long"),
    "birth_differs": _("date of birth differs from the record"),
    "several_people": _("several people on record"),
    "wrong_level": _("asks for an earlier step first"),
    "list_frozen": _("the list is closed"),
    "started": _("the class has begun"),
    "couple_wishes_differ": _("a couple without a class in common"),
    "couple_incomplete": _("partner missing or waiting"),
    # Classes
    "no_code": _("no code"),
    "no_course": _("no course"),
    "no_level": _("no level"),
    "no_venue": _("no venue"),
    "no_capacity": _("no capacity"),
    "impossible_time": _("no such time"),
    "class_rows_differ": _("rows of one class differ"),
    "lesson_twice": _("lesson listed twice"),
    "class_differs": _("differs from the class that stands"),
}
_WEIGHT = {kind: weight for weight, kind in enumerate(KINDS)}
# Kinds that staff may accept as 特例 with a reason (rule 15).
OVERRIDABLE = frozenset({"too_young", "too_old", "not_resident", "wrong_level"})


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong with a row: its kind, where it stands, and what to do."""

    kind: str
    cell: str
    field: str
    message: str
    suggestion: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RowProblem":
        return cls(
            kind=stored["kind"],
            cell=stored["cell"],
            field=stored.get("field", ""),
            message=stored["message"],
            suggestion=stored.get("suggestion", ""),
        )

    @property
    def title(self) -> StrOrPromise:
        """The kind in the reader's language."""
        return KINDS.get(self.kind, self.kind)


def ordered(problems: Iterable[RowProblem]) -> list[RowProblem]:
    """By weight: the first is the one under which the row is counted."""
    return sorted(problems, key=lambda problem: _WEIGHT.get(problem.kind, len(_WEIGHT)))
