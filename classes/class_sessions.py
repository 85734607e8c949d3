"""Making and changing a class session with its people and lessons, under the intake's lock."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from classes import capacity, lessons, list_freeze
from classes.locking import lock_intake
from classes.models import ClassSession, Intake
from classes.timetable import Planned
from staff.models import StaffMember

FIELDS = ("course", "code", "venue", "notes")


class CodeTaken(ValueError):
    """The intake has a class with this code; the message, translated, says so."""


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
    """A new class, also in the middle of an intake: adding one is no rule change (rule 25).

    Raises CodeTaken and list_freeze.ListFrozen.
    """
    with transaction.atomic():
        list_freeze.require_open(lock_intake(intake.pk))
        _check_code_is_free(intake.pk, fields["code"], None)
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
    """Change a class, or nothing of it.

    Raises CodeTaken, capacity.BelowHeld, lessons.LessonHeld and list_freeze.ListFrozen.
    """
    with transaction.atomic():
        intake = lock_intake(session.intake_id)
        _check_code_is_free(session.intake_id, fields["code"], session.pk)
        capacity.change(session.pk, seats, by=by, now=now)
        changed = [name for name in FIELDS if getattr(session, name) != fields[name]]
        if {"code", "course"} & set(changed):
            list_freeze.require_open(intake)
        for name in changed:
            setattr(session, name, fields[name])
        if changed:
            session._history_user = by  # type: ignore[attr-defined]
            session.save(update_fields=changed)
        session.instructors.set(instructors)
        session.assistants.set(assistants)
        lessons.set_lessons(session, planned, by=by, now=now)


def _check_code_is_free(intake_pk: int, code: str, own_pk: int | None) -> None:
    same = ClassSession.objects.filter(intake=intake_pk, code=code)
    if (same.exclude(pk=own_pk) if own_pk is not None else same).exists():
        raise CodeTaken(gettext("This intake has a class with this code already."))
