"""The ladder as one thing that is edited, compared and shared: every change makes a version."""

import dataclasses
import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from skill_levels.models import (
    HINT_UNITS,
    Competency,
    CompetencyVersion,
    SkillLevel,
    SkillLevelVersion,
)
from skill_levels.models.ladder import RECHECK_DAYS
from staff.models import StaffMember

LONGEST_RECHECK = 730
_CODE = re.compile(r"[a-z0-9][a-z0-9-]*")
# Orders are unique: they step aside before they take their new places.
_ASIDE = 10_000


@dataclass(frozen=True)
class LevelText:
    """One level as it is written in a curriculum."""

    code: str
    number: int
    is_taught: bool
    title_ja: str
    title_en: str
    description_ja: str = ""
    description_en: str = ""
    phone_questions_ja: tuple[str, ...] = ()
    phone_questions_en: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompetencyText:
    """One competency as it is written in a curriculum."""

    code: str
    level: str
    number: int
    title_ja: str
    title_en: str
    description_ja: str = ""
    description_en: str = ""
    is_required: bool = True
    recheck_days: int = RECHECK_DAYS
    hint_ja: str = ""
    hint_en: str = ""
    # The code of the level before which staff are warned while this is below 3.
    warns_before: str = ""


@dataclass(frozen=True)
class Curriculum:
    """A whole ladder, by code."""

    levels: Mapping[str, LevelText]
    competencies: Mapping[str, CompetencyText]

    @property
    def fingerprint(self) -> str:
        """The same for the same ladder: tells whether somebody changed it meanwhile."""
        return hashlib.sha256(json.dumps(as_json(self), sort_keys=True).encode()).hexdigest()[:20]

    def with_level(self, level: LevelText) -> "Curriculum":
        return Curriculum({**self.levels, level.code: level}, self.competencies)

    def with_competency(self, competency: CompetencyText) -> "Curriculum":
        return Curriculum(self.levels, {**self.competencies, competency.code: competency})

    def without_competency(self, code: str) -> "Curriculum":
        left = {key: each for key, each in self.competencies.items() if key != code}
        return Curriculum(self.levels, left)


@dataclass(frozen=True)
class Change:
    """One level or competency that would be added, changed or retired."""

    kind: str
    code: str
    title: str
    is_level: bool
    # What it says now and would say: label, before, after.
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Fault:
    """Something wrong in a curriculum: of which row, in which field, and what to do."""

    code: str
    field: str
    message: str
    is_level: bool


ADDED, CHANGED, RETIRED = "added", "changed", "retired"
LABELS = {
    "code": gettext_lazy("code"),
    "number": gettext_lazy("order"),
    "is_taught": gettext_lazy("taught"),
    "level": gettext_lazy("level"),
    "title_ja": gettext_lazy("title (Japanese)"),
    "title_en": gettext_lazy("title (English)"),
    "description_ja": gettext_lazy("description (Japanese)"),
    "description_en": gettext_lazy("description (English)"),
    "phone_questions_ja": gettext_lazy("phone questions (Japanese)"),
    "phone_questions_en": gettext_lazy("phone questions (English)"),
    "is_required": gettext_lazy("required for the level"),
    "recheck_days": gettext_lazy("re-check after (days)"),
    "hint_ja": gettext_lazy("practice hint (Japanese)"),
    "hint_en": gettext_lazy("practice hint (English)"),
    "warns_before": gettext_lazy("below 3 warns before a seat at"),
}


def current() -> Curriculum:
    """The ladder as it stands, what is retired left out; two queries."""
    levels = {}
    for level in SkillLevel.objects.exclude(current=None).select_related("current"):
        text = level.current
        if text is None:
            continue
        levels[level.code] = LevelText(
            code=level.code,
            number=level.number,
            is_taught=level.is_taught,
            title_ja=text.title_ja,
            title_en=text.title_en,
            description_ja=text.description_ja,
            description_en=text.description_en,
            phone_questions_ja=tuple(text.phone_questions_ja),
            phone_questions_en=tuple(text.phone_questions_en),
        )
    competencies = {}
    for each in Competency.objects.current().select_related("current__warns_before"):
        words = each.current
        if words is None:
            continue
        competencies[each.code] = CompetencyText(
            code=each.code,
            level=each.level.code,
            number=each.number,
            title_ja=words.title_ja,
            title_en=words.title_en,
            description_ja=words.description_ja,
            description_en=words.description_en,
            is_required=words.is_required,
            recheck_days=words.recheck_days,
            hint_ja=words.hint_ja,
            hint_en=words.hint_en,
            warns_before=words.warns_before.code if words.warns_before else "",
        )
    return Curriculum(levels, competencies)


def as_json(curriculum: Curriculum) -> dict[str, Any]:
    """Plain values, to be kept between showing a difference and confirming it."""
    return {
        "levels": [dataclasses.asdict(each) for _, each in sorted(curriculum.levels.items())],
        "competencies": [
            dataclasses.asdict(each) for _, each in sorted(curriculum.competencies.items())
        ],
    }


def from_json(data: Mapping[str, Any]) -> Curriculum:
    """What `as_json` made. Raises KeyError or TypeError for anything else."""
    levels = [
        LevelText(
            **{
                **each,
                "phone_questions_ja": tuple(each["phone_questions_ja"]),
                "phone_questions_en": tuple(each["phone_questions_en"]),
            }
        )
        for each in data["levels"]
    ]
    competencies = [CompetencyText(**each) for each in data["competencies"]]
    return Curriculum(
        {each.code: each for each in levels}, {each.code: each for each in competencies}
    )


def faults(curriculum: Curriculum) -> list[Fault]:
    """Everything wrong with a curriculum, empty if it can be saved."""
    found = []
    numbers: dict[int, str] = {}
    for level in curriculum.levels.values():
        for field, message in _level_faults(level):
            found.append(Fault(level.code, field, message, is_level=True))
        if level.number in numbers:
            message = gettext("%(other)s has this order already.") % {
                "other": numbers[level.number]
            }
            found.append(Fault(level.code, "number", message, is_level=True))
        numbers.setdefault(level.number, level.code)
    for competency in curriculum.competencies.values():
        for field, message in _competency_faults(competency, curriculum):
            found.append(Fault(competency.code, field, message, is_level=False))
    return found


def was_used(code: str, *, is_level: bool) -> bool:
    """Whether a level or competency ever had this code: its records stay under it (rule 47)."""
    model = SkillLevel if is_level else Competency
    return bool(model.objects.filter(code=code).exists())


def differences(old: Curriculum, new: Curriculum) -> list[Change]:
    """What saving `new` over `old` would change, levels first, in the order of the ladder."""
    return [
        *_differences(old.levels, new.levels, is_level=True),
        *_differences(old.competencies, new.competencies, is_level=False),
    ]


def save(new: Curriculum, *, by: StaffMember | None, now: datetime.datetime) -> list[Change]:
    """Make the ladder say this: new wordings become versions, what is missing is retired.

    Nothing is deleted; records keep the version they were made under (rule 47). Returns what
    changed. Raises ValueError where `faults` finds any.
    """
    if faults(new):
        raise ValueError("a curriculum with faults is not saved")
    with transaction.atomic():
        # One editor at a time: the levels are the lock.
        list(SkillLevel.objects.select_for_update().values_list("pk", flat=True))
        old = current()
        changes = differences(old, new)
        _save_levels(old, new, by, now)
        _save_competencies(old, new, by, now)
    return changes


def _save_levels(
    old: Curriculum, new: Curriculum, by: StaffMember | None, now: datetime.datetime
) -> None:
    for code in old.levels.keys() - new.levels.keys():
        SkillLevel.objects.filter(code=code).update(is_taught=False)
    moved = [code for code in new.levels if _number(old, code) != new.levels[code].number]
    for step, code in enumerate(moved):
        SkillLevel.objects.filter(code=code).update(number=_ASIDE + step)
    gone = SkillLevel.objects.exclude(code__in=new.levels)
    taken = {level.number for level in new.levels.values()}
    for step, level in enumerate(gone.filter(number__in=taken)):
        SkillLevel.objects.filter(pk=level.pk).update(number=2 * _ASIDE + step)
    for text in new.levels.values():
        row, _made = SkillLevel.objects.get_or_create(
            code=text.code, defaults={"number": text.number, "is_taught": text.is_taught}
        )
        if old.levels.get(text.code) == text:
            continue
        wording = {name: getattr(text, name) for name in _LEVEL_WORDING}
        if row.current is None or _wording_of(row.current, _LEVEL_WORDING) != wording:
            row.current = SkillLevelVersion.objects.create(
                level=row,
                version=_next_version(row.versions),
                made_at=now,
                made_by=by,
                **{
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in wording.items()
                },
            )
        row.number, row.is_taught = text.number, text.is_taught
        row.save(update_fields=["number", "is_taught", "current"])


def _save_competencies(
    old: Curriculum, new: Curriculum, by: StaffMember | None, now: datetime.datetime
) -> None:
    for code in old.competencies.keys() - new.competencies.keys():
        Competency.objects.filter(code=code).update(retired_at=now)
    levels = {level.code: level for level in SkillLevel.objects.all()}
    for text in new.competencies.values():
        if old.competencies.get(text.code) == text:
            continue
        row, _made = Competency.objects.get_or_create(
            code=text.code, defaults={"number": text.number, "level": levels[text.level]}
        )
        wording: dict[str, Any] = {name: getattr(text, name) for name in _COMPETENCY_WORDING}
        wording["warns_before"] = levels[text.warns_before] if text.warns_before else None
        present = row.current
        names = (*_COMPETENCY_WORDING, "warns_before")
        if present is None or _wording_of(present, names) != wording:
            row.current = CompetencyVersion.objects.create(
                competency=row,
                version=_next_version(row.versions),
                made_at=now,
                made_by=by,
                **wording,
            )
        row.number, row.level, row.retired_at = text.number, levels[text.level], None
        row.save(update_fields=["number", "level", "retired_at", "current"])


_LEVEL_WORDING = (
    "title_ja",
    "title_en",
    "description_ja",
    "description_en",
    "phone_questions_ja",
    "phone_questions_en",
)
_COMPETENCY_WORDING = (
    "title_ja",
    "title_en",
    "description_ja",
    "description_en",
    "is_required",
    "recheck_days",
    "hint_ja",
    "hint_en",
)


def _number(curriculum: Curriculum, code: str) -> int | None:
    level = curriculum.levels.get(code)
    return level.number if level else None


def _wording_of(version: Any, names: Iterable[str]) -> dict[str, Any]:
    found = {name: getattr(version, name) for name in names}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
    }


def _next_version(versions: Any) -> int:
    last = versions.order_by("-version").values_list("version", flat=True).first()
    return int(last or 0) + 1


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], *, is_level: bool) -> list[Change]:
    changes = []
    for code, text in new.items():
        before = old.get(code)
        if before is None:
            changes.append(Change(ADDED, code, text.title_ja, is_level))
        elif before != text:
            fields = tuple(
                (str(LABELS[field.name]), _shown(getattr(before, field.name)), _shown(after))
                for field in dataclasses.fields(text)
                if getattr(before, field.name) != (after := getattr(text, field.name))
            )
            changes.append(Change(CHANGED, code, text.title_ja, is_level, fields))
    changes += [
        Change(RETIRED, code, text.title_ja, is_level)
        for code, text in old.items()
        # A level that is not taught any more is retired already.
        if code not in new and (not is_level or text.is_taught)
    ]
    return changes


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, tuple):
        return " / ".join(value)
    return str(value)


def _level_faults(level: LevelText) -> list[tuple[str, str]]:
    found = _text_faults(level, 40, 40)
    if len(level.code) > 30:
        found.append(("code", gettext("At most %(count)d letters.") % {"count": 30}))
    if not 0 <= level.number < _ASIDE:
        found.append(("number", gettext("Write a number from 0.")))
    if len(level.phone_questions_ja) != len(level.phone_questions_en):
        message = gettext("Write as many questions in both languages, one to a line.")
        found.append(("phone_questions_en", message))
    return found


def _competency_faults(competency: CompetencyText, curriculum: Curriculum) -> list[tuple[str, str]]:
    found = _text_faults(competency, 60, 80)
    if len(competency.code) > 40:
        found.append(("code", gettext("At most %(count)d letters.") % {"count": 40}))
    if competency.level not in curriculum.levels:
        found.append(("level", gettext("There is no level of this code.")))
    if competency.warns_before and competency.warns_before not in curriculum.levels:
        found.append(("warns_before", gettext("There is no level of this code.")))
    if not 0 <= competency.number < _ASIDE:
        found.append(("number", gettext("Write a number from 0.")))
    if not 1 <= competency.recheck_days <= LONGEST_RECHECK:
        message = gettext("From 1 to %(most)d days.") % {"most": LONGEST_RECHECK}
        found.append(("recheck_days", message))
    # As an SMS counts them: two for a letter outside the common plane (rule 49).
    units = len(competency.hint_ja.encode("utf-16-le")) // 2
    if units > HINT_UNITS:
        message = gettext("A hint has at most %(most)d letters; this has %(count)d.")
        found.append(("hint_ja", message % {"most": HINT_UNITS, "count": units}))
    if len(competency.hint_en) > 40:
        found.append(("hint_en", gettext("At most %(count)d letters.") % {"count": 40}))
    return found


def _text_faults(
    text: LevelText | CompetencyText, longest_ja: int, longest_en: int
) -> list[tuple[str, str]]:
    found = []
    if not _CODE.fullmatch(text.code):
        message = gettext("A code has small letters, digits and hyphens only.")
        found.append(("code", message))
    for field, longest in (("title_ja", longest_ja), ("title_en", longest_en)):
        title = getattr(text, field)
        if not title.strip():
            found.append((field, gettext("Write a title in both languages.")))
        elif len(title) > longest:
            found.append((field, gettext("At most %(count)d letters.") % {"count": longest}))
    return found
