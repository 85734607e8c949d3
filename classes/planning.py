"""A class as it stands on the planning page: typed, proposed, and checked for conflicts."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.forms import BaseFormSet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from classes import timetable
from classes.models import ClassSession, Intake, Lesson, Venue
from classes.planning_forms import ClassSessionForm, LessonForm, LessonFormSet, PatternForm
from classes.timetable import Conflict, Planned, Skipped
from staff.keys import posted_key

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
    # The row to put the cursor into, 0 for none; and whether conflicts were just looked for.
    focus: int = 0
    is_checked: bool = False

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
        for number, row in enumerate(self.rows.forms, start=1):
            if number == self.focus:
                row.fields["day"].widget.attrs["autofocus"] = True
        return [
            (number, row, [c for c in self.conflicts if c.number == number])
            for number, row in enumerate(self.rows.forms, start=1)
        ]

    @property
    def wrong_rows(self) -> list[tuple[int, LessonForm]]:
        """The rows with mistakes, for the summary at the top."""
        return [(number, row) for number, row in enumerate(self.rows.forms, start=1) if row.errors]

    @property
    def said(self) -> str:
        """What a screen reader hears after the rows were made anew."""
        if self.problem:
            return self.problem
        if not self.is_checked:
            return gettext("Please check what you entered")
        lessons = len(self.rows.forms)
        parts = [ngettext("%(count)d lesson.", "%(count)d lessons.", lessons) % {"count": lessons}]
        if self.skipped:
            days = len(self.skipped)
            text = ngettext("%(count)d day left out.", "%(count)d days left out.", days)
            parts.append(text % {"count": days})
        warnings = len(self.conflicts)
        text = ngettext("%(count)d warning.", "%(count)d warnings.", warnings)
        return " ".join(
            [*parts, text % {"count": warnings} if warnings else gettext("No warning.")]
        )

    @property
    def general_conflicts(self) -> list[Conflict]:
        return [conflict for conflict in self.conflicts if conflict.number is None]


def read(
    intake: Intake,
    session: ClassSession | None,
    typed: QueryDict | None,
    *,
    now: datetime.datetime,
) -> Plan:
    """The forms, filled from what was typed or from what is stored."""
    form = ClassSessionForm(typed, instance=_copy(session), intake=intake)
    venues = _venues(session)
    if typed is not None:
        rows = LessonFormSet(typed, prefix="lessons", form_kwargs={"venues": venues})
        # The pattern is a help, not part of what is saved: its mistakes are not shown here.
        pattern = PatternForm(prefix="pattern", initial=_typed_pattern(typed))
        plan = Plan(form, pattern, rows, session)
        if form.is_valid() and rows.is_valid():
            plan.conflicts = _conflicts(plan)
        return plan
    plan = Plan(form, _pattern(intake, session, now), _rows_of(session, venues, now), session)
    if session is not None:
        plan.conflicts = timetable.conflicts_of(session)
    return plan


def rearrange(intake: Intake, session: ClassSession | None, typed: QueryDict) -> Plan:
    """Do what a button of the lessons asked for, keeping everything else as typed."""
    form = ClassSessionForm(typed, instance=_copy(session), intake=intake)
    form.is_valid()
    venues = _venues(session)
    action = typed.get("do", "check")
    rows = LessonFormSet(typed, prefix="lessons", form_kwargs={"venues": venues})
    plan = Plan(form, PatternForm(prefix="pattern", initial=_typed_pattern(typed)), rows, session)
    values = [_raw(row) for row in rows.forms]
    if action == "propose":
        plan.pattern = PatternForm(typed, prefix="pattern")
        _propose(plan, form.cleaned_data.get("venue"), venues)
    elif action == "add":
        plan.rows = _bound([*values, _one_more(rows, form.cleaned_data.get("venue"))], venues)
        plan.focus = len(plan.rows.forms)
    elif (number := posted_key(action.removeprefix("remove-"))) is not None:
        index = number - 1
        kept = [value for at, value in enumerate(values) if at != index]
        plan.rows = _bound(kept, venues)
        plan.focus = min(index + 1, len(kept))
    if form.cleaned_data.get("venue") is None:
        plan.problem = plan.problem or gettext("Choose the venue first.")
    elif plan.rows.is_valid():
        plan.conflicts = _conflicts(plan)
        plan.is_checked = True
    return plan


def planned(rows: "BaseFormSet[LessonForm]", venue: Venue) -> list[Planned]:
    """The lessons of valid rows, numbered as they stand."""
    found = [row.planned(number, venue) for number, row in enumerate(rows.forms, start=1)]
    return [lesson for lesson in found if lesson is not None]


def _propose(plan: Plan, venue: Venue | None, venues: Sequence[Venue]) -> None:
    if venue is None:
        plan.problem = gettext("Choose the venue first: its closed days are left out.")
        return
    if not plan.pattern.is_valid():
        plan.problem = gettext("Enter from when, on which weekdays and at what time.")
        return
    try:
        proposals, plan.skipped = timetable.propose_dates(venue=venue, **plan.pattern.cleaned_data)
    except timetable.NoDates as error:
        plan.problem = str(error)
        return
    plan.rows = _bound([_row(p.starts_at, p.ends_at) for p in proposals], venues)
    plan.focus = 1


def _one_more(rows: "BaseFormSet[LessonForm]", venue: Venue | None) -> dict[str, str]:
    """The row after the last: the same hours, on the next open day of the same weekday."""
    last = rows.forms[-1] if rows.forms else None
    if last is None or not last.is_valid() or not last.cleaned_data.get("day"):
        return {}
    typed = last.cleaned_data
    hours = {"begins": typed["begins"], "ends": typed["ends"]}
    place = typed["venue"] or venue
    row = {name: _text(value) for name, value in hours.items()} | {"venue": _text(typed["venue"])}
    if place is None:
        return row
    try:
        found, _skipped = timetable.propose_dates(
            start=typed["day"] + datetime.timedelta(days=1),
            weekdays=[typed["day"].isoweekday()],
            count=1,
            venue=place,
            **hours,
        )
    except timetable.NoDates:
        return row
    return row | _row(found[0].starts_at, found[0].ends_at)


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


def _pattern(intake: Intake, session: ClassSession | None, now: datetime.datetime) -> PatternForm:
    """Begun where a series like this usually begins: after reception, as long as the course."""
    start = timezone.localtime(max(intake.closes_at, now)).date()
    initial: dict[str, Any] = {"start": start + datetime.timedelta(days=1)}
    if session is not None:
        initial["count"] = session.course.lesson_count
        begins = datetime.datetime.combine(start, datetime.time(10))
        length = datetime.timedelta(minutes=session.course.lesson_minutes)
        initial["ends"] = (begins + length).time()
    return PatternForm(prefix="pattern", initial=initial)


def _typed_pattern(typed: QueryDict) -> dict[str, Any]:
    names = [name for name in PatternForm.base_fields if f"pattern-{name}" in typed]
    found: dict[str, Any] = {name: typed[f"pattern-{name}"] for name in names}
    return {**found, "weekdays": typed.getlist("pattern-weekdays")}


def _venues(session: ClassSession | None) -> list[Venue]:
    """Venues in use, and those where this class meets already, with their closed days."""
    wanted = Q(is_active=True)
    if session is not None:
        wanted |= Q(pk=session.venue_id) | Q(lessons__class_session=session)
    keys = Venue.objects.filter(wanted).values("pk")
    return list(Venue.objects.filter(pk__in=keys).prefetch_related("closures"))


def _rows_of(
    session: ClassSession | None, venues: Sequence[Venue], now: datetime.datetime
) -> "BaseFormSet[LessonForm]":
    if session is None:
        rows: list[dict[str, str]] = [{} for _ in range(EMPTY_ROWS)]
    else:
        rows = [_stored_row(lesson, session, now) for lesson in session.lessons.order_by("number")]
    return LessonFormSet(prefix="lessons", initial=rows, form_kwargs={"venues": venues})


def _stored_row(lesson: Lesson, session: ClassSession, now: datetime.datetime) -> dict[str, str]:
    """A lesson to come follows the venue of its class; one that was held stays where it was."""
    follows = lesson.venue_id == session.venue_id and lesson.starts_at > now
    row = _row(lesson.starts_at, lesson.ends_at)
    return row if follows else {**row, "venue": str(lesson.venue_id)}


def _row(starts_at: datetime.datetime, ends_at: datetime.datetime) -> dict[str, str]:
    begins, ends = timezone.localtime(starts_at), timezone.localtime(ends_at)
    return {"day": str(begins.date()), "begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}"}


def _bound(
    values: Sequence[Mapping[str, str]], venues: Sequence[Venue]
) -> "BaseFormSet[LessonForm]":
    """A formset as if these rows had been typed."""
    typed = {"lessons-TOTAL_FORMS": str(len(values)), "lessons-INITIAL_FORMS": "0"}
    for index, row in enumerate(values):
        typed |= {f"lessons-{index}-{name}": value for name, value in row.items()}
    rows = LessonFormSet(typed, prefix="lessons", form_kwargs={"venues": venues})
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
