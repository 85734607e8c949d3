"""A class as it stands on the planning page: typed, proposed, and checked for conflicts."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.forms import BaseFormSet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext

from classes import timetable
from classes.models import ClassSession, Intake, Venue
from classes.planning_forms import ClassSessionForm, LessonForm, LessonFormSet, PatternForm
from classes.timetable import Conflict, Planned, Skipped

EMPTY_ROWS = 3


@dataclass
class Plan:
    """The forms of one class, and what is known of its lessons."""

    form: ClassSessionForm
    pattern: PatternForm
    rows: "BaseFormSet[LessonForm]"
    session: ClassSession | None = None
    skipped: list[Skipped] = field(default_factory=list)
    problem: str = ""
    conflicts: list[Conflict] = field(default_factory=list)

    def is_valid(self) -> bool:
        """Whether the class and each row can be saved; the pattern is only a help."""
        return self.form.is_valid() and self.rows.is_valid()

    @property
    def fields(self) -> dict[str, Any]:
        data = self.form.cleaned_data
        return {name: data[name] for name in ("course", "code", "venue", "notes")}

    @property
    def people_and_lessons(self) -> dict[str, Any]:
        data = self.form.cleaned_data
        return {
            "seats": data["capacity"],
            "instructors": data["instructors"],
            "assistants": data["assistants"],
            "planned": planned(self.rows, data["venue"]),
        }

    @property
    def numbered_rows(self) -> list[tuple[int, LessonForm, list[Conflict]]]:
        """Each row with its number and what stands in its way."""
        return [
            (number, row, [c for c in self.conflicts if c.number == number])
            for number, row in enumerate(self.rows.forms, start=1)
        ]

    @property
    def general_conflicts(self) -> list[Conflict]:
        return [conflict for conflict in self.conflicts if conflict.number is None]


def read(intake: Intake, session: ClassSession | None, typed: QueryDict | None) -> Plan:
    """The forms, filled from what was typed or from what is stored."""
    form = ClassSessionForm(typed, instance=_copy(session), intake=intake)
    pattern = PatternForm(prefix="pattern", initial={"start": timezone.localtime(intake.closes_at)})
    if typed is not None:
        rows = LessonFormSet(typed, prefix="lessons")
        plan = Plan(form, pattern, rows, session)
        if form.is_valid() and rows.is_valid():
            plan.conflicts = _conflicts(plan)
        return plan
    plan = Plan(form, pattern, _rows_of(session), session)
    if session is not None:
        plan.conflicts = timetable.conflicts_of(session)
    return plan


def rearrange(intake: Intake, session: ClassSession | None, typed: QueryDict) -> Plan:
    """Do what a button of the lessons asked for, keeping everything else as typed."""
    form = ClassSessionForm(typed, instance=_copy(session), intake=intake)
    form.is_valid()
    pattern = PatternForm(typed, prefix="pattern")
    rows = LessonFormSet(typed, prefix="lessons")
    rows.is_valid()
    plan = Plan(form, pattern, rows, session)
    action = typed.get("do", "check")
    values = [dict(row.cleaned_data) if row.is_valid() else _raw(row) for row in rows.forms]
    if action == "propose":
        _propose(plan, form.cleaned_data.get("venue"))
    elif action == "add":
        plan.rows = _bound([*values, {}])
    elif action.startswith("remove-") and action[7:].isdigit():
        index = int(action[7:]) - 1
        plan.rows = _bound([value for at, value in enumerate(values) if at != index])
    plan.conflicts = _conflicts(plan) if plan.rows.is_valid() else []
    return plan


def planned(rows: "BaseFormSet[LessonForm]", venue: Venue) -> list[Planned]:
    """The lessons of valid rows, numbered as they stand."""
    found = [row.planned(number, venue) for number, row in enumerate(rows.forms, start=1)]
    return [lesson for lesson in found if lesson is not None]


def _propose(plan: Plan, venue: Venue | None) -> None:
    if venue is None:
        plan.form.add_error("venue", _choose_venue())
        plan.problem = _choose_venue()
        return
    if not plan.pattern.is_valid():
        return
    try:
        proposals, plan.skipped = timetable.propose_dates(venue=venue, **plan.pattern.cleaned_data)
    except timetable.NoDates as error:
        plan.problem = str(error)
        return
    local = [(timezone.localtime(p.starts_at), timezone.localtime(p.ends_at)) for p in proposals]
    plan.rows = _bound(
        [
            {"day": begins.date(), "begins": begins.time(), "ends": ends.time(), "venue": venue}
            for begins, ends in local
        ]
    )


def _choose_venue() -> str:
    return gettext("Choose the venue first: its closed days are left out.")


def _conflicts(plan: Plan) -> list[Conflict]:
    data = plan.form.cleaned_data
    venue = data.get("venue")
    if venue is None:
        return []
    instructors = list(data.get("instructors") or ())
    return timetable.conflicts(
        planned(plan.rows, venue),
        capacity=data.get("capacity") or 0,
        helpers=[*instructors, *(data.get("assistants") or ())],
        instructors=instructors,
        class_session=plan.session,
    )


def _rows_of(session: ClassSession | None) -> "BaseFormSet[LessonForm]":
    if session is None:
        return LessonFormSet(prefix="lessons", initial=[{} for _ in range(EMPTY_ROWS)])
    return LessonFormSet(
        prefix="lessons",
        initial=[
            {
                "day": timezone.localtime(lesson.starts_at).date(),
                "begins": timezone.localtime(lesson.starts_at).time(),
                "ends": timezone.localtime(lesson.ends_at).time(),
                "venue": lesson.venue_id,
            }
            for lesson in session.lessons.order_by("number")
        ],
    )


def _bound(values: Sequence[Mapping[str, Any]]) -> "BaseFormSet[LessonForm]":
    """A formset as if these rows had been typed."""
    typed: dict[str, str] = {
        "lessons-TOTAL_FORMS": str(len(values)),
        "lessons-INITIAL_FORMS": "0",
    }
    for index, row in enumerate(values):
        for name, value in row.items():
            typed[f"lessons-{index}-{name}"] = _text(value)
    rows = LessonFormSet(typed, prefix="lessons")
    rows.is_valid()
    return rows


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.time):
        return f"{value:%H:%M}"
    return str(value.pk) if isinstance(value, Venue) else str(value)


def _raw(row: LessonForm) -> dict[str, str]:
    return {name: row[name].value() or "" for name in row.fields}


def _copy(session: ClassSession | None) -> ClassSession | None:
    """A row of its own for the form, which writes into what it is given."""
    return ClassSession.objects.get(pk=session.pk) if session is not None else None
