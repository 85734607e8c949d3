"""Bringing classes in: the intake where there is none, its class sessions and their lessons.

What stands already is never changed by an import: a row that says something else waits, with what
stands and what the sheet says, and staff change the class on its own page.
"""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from classes.imports.catalogue import Catalogue, find_level, find_venue
from classes.imports.class_rows import ClassRow, code_key, read_class_rows
from classes.imports.commit import NothingToConfirm
from classes.imports.new_intake import IntakeOptions, OptionsRefused, plan_intake
from classes.locking import lock_intake
from classes.models import ClassSession, ImportBatch, ImportRow, Intake, Lesson
from learners.folding import fold
from staff.models import StaffMember

Status = ImportRow.Status


@dataclass
class ClassesResult:
    """What one workbook of classes made, and what stands in its way."""

    intake: Intake | None = None
    intake_made: bool = False
    rows: int = 0
    class_sessions: list[str] = field(default_factory=list)
    lessons: int = 0
    made: dict[str, list[str]] = field(default_factory=dict)
    already: int = 0
    attention: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "intake": self.intake.code if self.intake is not None else None,
            "intake_made": self.intake_made,
            "rows": self.rows,
            "classes_made": self.class_sessions,
            "lessons_made": self.lessons,
            "venues_made": self.made.get("venues", []),
            "courses_made": self.made.get("courses", []),
            "levels_made": self.made.get("levels", []),
            "instructors_made": self.made.get("instructors", []),
            "already_imported": self.already,
            "attention": dict(sorted(self.attention.items())),
            "differences": self.differences,
        }


def judge_classes(batch: ImportBatch, *, now: datetime.datetime) -> list[ClassRow]:
    """Every row understood and compared with what stands; writes nothing.

    A row ends as NEW (goes in), ALREADY (was brought in, or stands just so) or ATTENTION.
    """
    options = IntakeOptions.from_json(batch.options)
    intake = batch.intake or Intake.objects.filter(code=options.code).first()
    rows = list(batch.rows.all())
    read = read_class_rows(rows, batch.mapping, near=timezone.localtime(now).date())
    known = _known_identities(intake, batch)
    standing = _standing(intake)
    frozen = is_frozen(intake)
    for row in read:
        if row.row.status != Status.NEW:
            continue
        if row.row.identity in known:
            row.row.status = Status.ALREADY
            row.problems = []
            continue
        session = standing.get(row.key)
        if session is not None and not row.problems:
            _compare_with_standing(row, session)
        if session is None and frozen:
            wait_for_the_draw(row)
        if row.problems:
            row.row.status = Status.ATTENTION
    return read


def commit_classes(
    batch_pk: int, *, by: StaffMember | None, now: datetime.datetime
) -> ClassesResult:
    """Bring in what can go in, in one transaction: classes are few, and half a list is none.

    Raises NothingToConfirm, and OptionsRefused where the intake's options cannot be.
    """
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_pk)
        if batch.status != ImportBatch.Status.PREVIEW:
            raise NothingToConfirm
        if batch.intake_id is not None:
            lock_intake(batch.intake_id)
        read = judge_classes(batch, now=now)
        result = ClassesResult(rows=len(read))
        clean = [row for row in read if row.row.status == Status.NEW]
        result.intake, result.intake_made = _intake(batch, clean)
        if result.intake is not None:
            catalogue = Catalogue(now)
            _make(result, catalogue, clean)
            result.made = catalogue.made
        _settle(batch, read, result, by=by, now=now)
    return result


def is_frozen(intake: Intake | None) -> bool:
    """Whether the list of the intake stands still for its draw, as it is now (rule 25)."""
    if intake is None:
        return False
    return Intake.objects.filter(pk=intake.pk, list_frozen_at__isnull=False).exists()


def has_class(intake: Intake, row: ClassRow) -> bool:
    """Whether the class of a row stands in the intake."""
    return row.key in _standing(intake)


def wait_for_the_draw(row: ClassRow) -> None:
    """No class comes into a list that was hashed: the row waits until it was drawn."""
    row.wait(
        "list_frozen",
        "code",
        gettext("The list is frozen for the draw. Put this row in after it."),
    )


def add_lesson(
    row: ClassRow, intake: Intake, *, result: ClassesResult, now: datetime.datetime
) -> None:
    """A row that staff put right: its class is made, or gets one lesson more."""
    session = _standing(intake).get(row.key)
    if session is None:
        catalogue = Catalogue(now)
        result.intake = intake
        _make(result, catalogue, [row])
        return
    _add_lessons(session, [row])
    result.lessons += 1


def _intake(batch: ImportBatch, clean: Sequence[ClassRow]) -> tuple[Intake | None, bool]:
    """The batch's intake under its lock, or a new one; none where no row can go in."""
    if batch.intake is not None:
        return lock_intake(batch.intake.pk), False
    options = IntakeOptions.from_json(batch.options)
    standing = Intake.objects.filter(code=options.code).first()
    if standing is not None:
        return lock_intake(standing.pk), False
    starts = [row.starts_at for row in clean if row.starts_at is not None]
    if not starts:
        raise OptionsRefused(
            gettext("No row can be brought in, so there is no class to open an intake for.")
        )
    intake = plan_intake(options, min(starts))
    intake.save()
    return lock_intake(intake.pk), True


def _make(result: ClassesResult, catalogue: Catalogue, clean: Sequence[ClassRow]) -> None:
    assert result.intake is not None
    groups: dict[str, list[ClassRow]] = {}
    for row in clean:
        groups.setdefault(row.key, []).append(row)
    standing = _standing(result.intake)
    for key, rows in groups.items():
        session = standing.get(key)
        if session is None:
            session = _make_session(result.intake, catalogue, rows)
            result.class_sessions.append(session.code)
        _add_lessons(session, rows)
        result.lessons += len(rows)


def _make_session(intake: Intake, catalogue: Catalogue, rows: Sequence[ClassRow]) -> ClassSession:
    first = rows[0]
    assert first.capacity is not None
    assert first.starts_at is not None
    assert first.ends_at is not None
    minutes = int((first.ends_at - first.starts_at).total_seconds()) // 60
    level = catalogue.level(first.level)
    session = ClassSession.objects.create(
        intake=intake,
        course=catalogue.course(first.course, level, lessons=len(rows), minutes=minutes),
        code=first.code,
        venue=catalogue.venue(first.venue),
        capacity=first.capacity,
        notes="\n".join(dict.fromkeys(row.note for row in rows if row.note)),
    )
    session.instructors.set([catalogue.instructor(name) for name in first.instructors])
    return session


def _add_lessons(session: ClassSession, rows: Sequence[ClassRow]) -> None:
    """New lessons take the numbers after those that stand; a class's first lot goes by date."""
    standing = session.lessons.count()
    ordered = sorted(rows, key=lambda row: (row.starts_at is None, row.starts_at))
    for number, row in enumerate(ordered, start=standing + 1):
        assert row.starts_at is not None
        assert row.ends_at is not None
        Lesson.objects.create(
            class_session=session,
            number=number,
            venue=session.venue,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )


def _settle(
    batch: ImportBatch,
    read: Sequence[ClassRow],
    result: ClassesResult,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    for row in read:
        if row.row.status == Status.NEW:
            row.row.status = Status.MADE
        if row.row.status == Status.ATTENTION:
            result.attention[row.problems[0].kind] += 1
            result.differences += [
                f"{problem.cell}: {problem.message}"
                for problem in row.problems
                if problem.kind == "class_differs"
            ]
        elif row.row.status == Status.ALREADY:
            result.already += 1
        waits = row.row.status == Status.ATTENTION
        row.row.problems = [problem.as_json() for problem in row.problems] if waits else []
        row.row.settled_at = None if waits else now
        row.row.settled_by = None if waits else by
    ImportRow.objects.bulk_update(
        [row.row for row in read],
        ["status", "problems", "settled_at", "settled_by"],
        batch_size=200,
    )
    batch.intake = result.intake
    batch.status = ImportBatch.Status.DONE
    batch.done_at = now
    batch.result = result.as_json()
    batch.save(update_fields=["intake", "status", "done_at", "result"])


def _known_identities(intake: Intake | None, batch: ImportBatch) -> set[str]:
    if intake is None:
        return set()
    rows = (
        ImportRow.objects.filter(batch__intake=intake, batch__kind=ImportBatch.Kind.CLASSES)
        .exclude(batch=batch.pk)
        .exclude(status=Status.NEW)
    )
    return set(rows.values_list("identity", flat=True))


def _standing(intake: Intake | None) -> dict[str, ClassSession]:
    if intake is None:
        return {}
    sessions = (
        ClassSession.objects.filter(intake=intake)
        .select_related("course__level__current", "venue")
        .prefetch_related("lessons", "instructors")
    )
    return {code_key(session.code): session for session in sessions}


def _compare_with_standing(row: ClassRow, session: ClassSession) -> None:
    """Just so: already there. Otherwise each difference is a problem that names both sides."""
    level = find_level(row.level)
    venue = find_venue(row.venue)
    names = {fold(member.name) for member in session.instructors.all()}
    said = (
        ("course", fold(row.course) == fold(session.course.name), row.course, session.course.name),
        ("level", level == session.course.level, row.level, session.course.level.title),
        ("venue", venue == session.venue, row.venue, session.venue.name),
        ("capacity", row.capacity == session.capacity, row.capacity, session.capacity),
        (
            "instructor",
            not row.instructors or {fold(name) for name in row.instructors} == names,
            "、".join(row.instructors),
            "、".join(member.name for member in session.instructors.all()),
        ),
    )
    for name, same, sheet, stands in said:
        if not same:
            _differ(row, name, str(sheet), str(stands))
    lessons = {(lesson.starts_at, lesson.ends_at) for lesson in session.lessons.all()}
    if (row.starts_at, row.ends_at) not in lessons and row.starts_at is not None:
        days = "、".join(
            f"{timezone.localtime(start):%m/%d %H:%M}" for start, _end in sorted(lessons)
        )
        _differ(row, "day", f"{timezone.localtime(row.starts_at):%m/%d %H:%M}", days)
    if not row.problems:
        row.row.status = Status.ALREADY


def _differ(row: ClassRow, name: str, sheet: str, stands: str) -> None:
    row.wait(
        "class_differs", name,
        gettext("The sheet says %(sheet)s, the class stands with %(stands)s. "
                "Change it on the class's page if it is meant.")
        % {"sheet": sheet, "stands": stands or "–"},
    )  # fmt: skip
