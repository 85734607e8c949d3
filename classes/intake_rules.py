"""The rules of an intake: frozen at its first application (rule 25), and copied for next time."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from classes.locking import lock_intake
from classes.models import ClassSession, Intake, IntakeRuleChange
from staff.models import StaffMember
from staff.roles import ADMINISTRATOR


class RulesFrozen(ValueError):
    """The rules have frozen; the message, translated, says what may still be done."""


def update(
    intake_pk: int,
    fields: Mapping[str, Any],
    *,
    reason: str,
    by: StaffMember,
    now: datetime.datetime,
) -> Intake:
    """Change an intake. Frozen rules only an administrator changes, with a reason that is printed.

    Titles and notes are no rules. Raises RulesFrozen.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        changed = {
            name: [_shown(getattr(intake, name)), _shown(value)]
            for name, value in fields.items()
            if getattr(intake, name) != value
        }
        rules = {name: pair for name, pair in changed.items() if name in Intake.RULE_FIELDS}
        if rules and intake.rules_frozen_at is not None:
            _check_may_thaw(by, reason)
            IntakeRuleChange.objects.create(
                intake=intake, changed_at=now, changed_by=by, reason=reason.strip(), changes=rules
            )
        if changed:
            for name in changed:
                setattr(intake, name, fields[name])
            intake._history_user = by  # type: ignore[attr-defined]
            intake.save(update_fields=list(changed))
        return intake


def copy(
    source: Intake,
    *,
    code: str,
    title: str,
    spoken_name: str,
    opens_at: datetime.datetime,
    by: StaffMember,
) -> Intake:
    """A new intake with the same rules and classes, shifted to a new opening; lessons stay out,
    because their dates are proposed anew around holidays."""
    shift = opens_at - source.opens_at
    with transaction.atomic():
        fields = {name: getattr(source, name) for name in Intake.RULE_FIELDS}
        new = Intake(code=code, title=title, spoken_name=spoken_name, **fields)
        new.opens_at = opens_at
        new.closes_at = source.closes_at + shift
        if source.line_cutoff_at:
            new.line_cutoff_at = source.line_cutoff_at + shift
        new._history_user = by  # type: ignore[attr-defined]
        new.save()
        running = ClassSession.objects.running().filter(intake=source)
        for old in running.prefetch_related("instructors", "assistants"):
            session = ClassSession.objects.create(
                intake=new,
                course_id=old.course_id,
                code=old.code,
                venue_id=old.venue_id,
                capacity=old.capacity,
            )
            session.instructors.set(old.instructors.all())
            session.assistants.set(old.assistants.all())
        return new


def named(change: IntakeRuleChange) -> list[tuple[str, str, str]]:
    """What a change altered: the rule's name, what stood there, what stands there since."""
    return [
        (str(Intake._meta.get_field(name).verbose_name), before, after)
        for name, (before, after) in change.changes.items()
    ]


def _check_may_thaw(by: StaffMember, reason: str) -> None:
    if not by.has_role(ADMINISTRATOR):
        raise RulesFrozen(
            gettext("Applications have come in, so only an administrator may change the rules.")
        )
    if not reason.strip():
        raise RulesFrozen(gettext("Write the reason: it is printed with the rules."))


def _shown(value: object) -> str:
    return "" if value is None else str(value)
