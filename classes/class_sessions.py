"""Making and changing a class session with its people and lessons, under the intake's lock."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from classes import capacity, lessons
from classes.locking import lock_intake
from classes.models import ClassSession, Intake
from classes.timetable import Planned
from staff.models import StaffMember

FIELDS = ("course", "code", "venue", "notes")


def create(
    intake: Intake,
    fields: Mapping[str, Any],
    *,
    seats: int,
    instructors: Iterable[StaffMember],
    assistants: Iterable[StaffMember],
    planned: Sequence[Planned],
    by: StaffMember,
    now: datetime.datetime,
) -> ClassSession:
    """A new class, also in the middle of an intake: adding one is no rule change (rule 25)."""
    with transaction.atomic():
        lock_intake(intake.pk)
        session = ClassSession(
            intake=intake, capacity=seats, **{name: fields[name] for name in FIELDS}
        )
        session._history_user = by  # type: ignore[attr-defined]
        session.save()
        session.instructors.set(instructors)
        session.assistants.set(assistants)
        lessons.set_lessons(session, planned, by=by, now=now)
        return session


def update(
    session: ClassSession,
    fields: Mapping[str, Any],
    *,
    seats: int,
    instructors: Iterable[StaffMember],
    assistants: Iterable[StaffMember],
    planned: Sequence[Planned],
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    """Change a class, or nothing of it: raises capacity.BelowHeld and lessons.LessonHeld."""
    with transaction.atomic():
        lock_intake(session.intake_id)
        capacity.change(session.pk, seats, by=by, now=now)
        changed = [name for name in FIELDS if getattr(session, name) != fields[name]]
        for name in changed:
            setattr(session, name, fields[name])
        if changed:
            session._history_user = by  # type: ignore[attr-defined]
            session.save(update_fields=changed)
        session.instructors.set(instructors)
        session.assistants.set(assistants)
        lessons.set_lessons(session, planned, by=by, now=now)
