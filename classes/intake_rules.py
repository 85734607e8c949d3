"""The rules of an intake: frozen at its first application (rule 25), and copied for next time."""

import calendar
import datetime
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext

from classes import dates
from classes.locking import lock_intake
from classes.lottery import tiers
from classes.models import ClassSession, Intake, IntakeRuleChange
from staff.models import StaffMember
from staff.roles import ADMINISTRATOR

FISCAL_YEAR_BEGINS = 4
_MONTH = re.compile(r"(?<!\d)(1[0-2]|[1-9])月")


class CodeTaken(ValueError):
    """An intake has this code already; codes stand before receipt numbers and are unique."""


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

    Titles and notes are no rules; the code stays, it is part of receipt numbers.
    Raises RulesFrozen and CodeTaken.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        changed = {
            name: [_stored(getattr(intake, name)), _stored(value)]
            for name, value in fields.items()
            if getattr(intake, name) != value
        }
        if "code" in changed and intake.rules_frozen_at is not None:
            raise RulesFrozen(gettext("Receipt numbers were given with this code, so it stays."))
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
            _save(intake, update_fields=list(changed))
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
    """A new intake with the same rules and classes, shifted to a new opening.

    Age is reckoned on the same day of the new opening's fiscal year (rule 14). Lessons stay out,
    because their dates are proposed anew around holidays; so does whoever left. Raises CodeTaken.
    """
    shift = opens_at - source.opens_at
    fields = {name: getattr(source, name) for name in Intake.RULE_FIELDS}
    new = Intake(
        code=code,
        title=title,
        spoken_name=spoken_name,
        reminder_days=source.reminder_days,
        **fields,
    )
    with transaction.atomic():
        new.opens_at = opens_at
        # A new day is set when the new reception is planned.
        new.draw_on = None
        new.closes_at = source.closes_at + shift
        years = _fiscal_year(opens_at) - _fiscal_year(source.opens_at)
        new.reference_date = _years_later(source.reference_date, years)
        if source.line_cutoff_at:
            new.line_cutoff_at = source.line_cutoff_at + shift
        new._history_user = by  # type: ignore[attr-defined]
        _save(new)
        running = ClassSession.objects.running().filter(intake=source)
        for old in running.prefetch_related("instructors", "assistants"):
            session = ClassSession(
                intake=new,
                course_id=old.course_id,
                code=old.code,
                venue_id=old.venue_id,
                capacity=old.capacity,
                notes=old.notes,
            )
            session._history_user = by  # type: ignore[attr-defined]
            session.save()
            session.instructors.set(_still_here(old.instructors.all(), opens_at))
            session.assistants.set(_still_here(old.assistants.all(), opens_at))
        return new


def may_thaw(who: StaffMember) -> bool:
    """Whether this person may change rules that have frozen (rule 25)."""
    return who.has_role(ADMINISTRATOR)


def printed(intake: Intake) -> list[tuple[IntakeRuleChange, list[tuple[str, str, str]]]]:
    """Each change of a frozen rule with its lines: the rule, what stood there, what does since."""
    return [
        (
            change,
            [
                (_capitalised(name), _in_words(name, before), _in_words(name, after))
                for name, (before, after) in change.changes.items()
            ],
        )
        for change in intake.rule_changes.select_related("changed_by")
    ]


def next_after(source: Intake) -> dict[str, Any]:
    """What a copy is proposed to be called, and when it opens: a month later, at the same hour."""
    opens = timezone.localtime(source.opens_at)
    month = opens.month % 12 + 1
    year = opens.year + opens.month // 12
    last_day = calendar.monthrange(year, month)[1]
    proposed = opens.replace(year=year, month=month, day=min(opens.day, last_day))
    return {
        "code": re.sub(r"^(\d{4})-(\d{2})$", _next_month_code, source.code, count=1),
        "title": _MONTH.sub(_next_month_name, source.title, count=1),
        "spoken_name": _MONTH.sub(_next_month_name, source.spoken_name, count=1),
        "opens_at": proposed,
    }


def _next_month_code(found: "re.Match[str]") -> str:
    year, month = int(found[1]), int(found[2])
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def _next_month_name(found: "re.Match[str]") -> str:
    return f"{int(found[1]) % 12 + 1}月"


def _fiscal_year(moment: datetime.datetime) -> int:
    local = timezone.localtime(moment)
    return local.year if local.month >= FISCAL_YEAR_BEGINS else local.year - 1


def _still_here(people: Iterable[StaffMember], moment: datetime.datetime) -> list[StaffMember]:
    day = timezone.localtime(moment).date()
    return [who for who in people if who.ends_on is None or who.ends_on >= day]


def _years_later(day: datetime.date, years: int) -> datetime.date:
    last_day = calendar.monthrange(day.year + years, day.month)[1]
    return day.replace(year=day.year + years, day=min(day.day, last_day))


def _save(intake: Intake, *, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            intake.save(update_fields=update_fields)
    except IntegrityError as error:
        raise CodeTaken from error


def _check_may_thaw(by: StaffMember, reason: str) -> None:
    if not may_thaw(by):
        raise RulesFrozen(
            gettext("Applications have come in, so only an administrator may change the rules.")
        )
    if not reason.strip():
        raise RulesFrozen(gettext("Write the reason: it is printed with the rules."))


def _stored(value: object) -> str:
    """A rule's value as text that `_in_words` reads again."""
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return "" if value is None else str(value)


def _in_words(name: str, stored: str) -> str:
    """A stored value as people read it: a label, or a day with its weekday."""
    field = Intake._meta.get_field(name)
    if not stored:
        return gettext("none")
    if isinstance(field, models.JSONField):
        listed = tiers.sentences(tiers.read(json.loads(stored)))
        return " / ".join(f"{number}. {text}" for number, text in listed) or gettext("none")
    if isinstance(field, models.DateTimeField):
        return dates.moment(timezone.localtime(datetime.datetime.fromisoformat(stored)))
    if isinstance(field, models.DateField):
        return dates.day_long(datetime.date.fromisoformat(stored))
    return str(dict(getattr(field, "flatchoices", ())).get(stored, stored))


def _capitalised(name: str) -> str:
    label = str(Intake._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]
