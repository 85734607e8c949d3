"""Who changed what of a person's record and when, told from the kept history."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from learners import birth_dates
from learners.models import Learner, PhoneNumber
from sms import phone_numbers
from staff.models import StaffMember

# What stands in the history and says nothing to a reader.
_UNSPOKEN = frozenset(
    # Who noted a consent, and when, is who made the change.
    {"id", "created_at", "learner", "position", "consent_noted_by", "consent_at", "anonymised_at"}
)
# An emergency contact opens with a press of its own (rule 65); here only that it changed.
_HIDDEN = frozenset({"emergency_name", "emergency_relation", "emergency_phone"})
_LABELS = {"merged_into": _("merged into another record")}


@dataclass(frozen=True)
class ChangedField:
    """One field before and after, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One change of the person or of one number: when, by whom, which fields."""

    # Of the history's row: tells which of two changes at one moment came later.
    number: int
    at: datetime.datetime
    by: StaffMember | None
    subject: str
    kind: str
    fields: tuple[ChangedField, ...]


def of(learner: Learner) -> list[Change]:
    """Every change of the record and of its numbers, latest first, in two queries."""
    people = learner.history.select_related("history_user").order_by("history_id")
    rows = (
        PhoneNumber.history.filter(learner_id=learner.pk)
        .select_related("history_user")
        .order_by("id", "history_id")
    )
    found = _told(people, lambda _row: gettext("person"))
    found += _told(rows, lambda row: phone_numbers.display(row.e164))
    return sorted(found, key=lambda change: (change.at, change.number), reverse=True)


def _told(rows: Iterable[Any], subject_of: Any) -> list[Change]:
    changes = []
    before: Any = None
    for row in rows:
        if before is not None and before.id != row.id:
            before = None
        kind = {
            "+": gettext("written"),
            "~": gettext("changed"),
            "-": gettext("removed"),
        }[row.history_type]
        fields = tuple(_differences(before, row)) if row.history_type != "-" else ()
        if fields or row.history_type != "~":
            changes.append(
                Change(
                    row.history_id,
                    row.history_date,
                    row.history_user,
                    subject_of(row),
                    kind,
                    fields,
                )
            )
        before = row
    return changes


def _differences(before: Any, row: Any) -> Iterable[ChangedField]:
    for field in row.tracked_fields:
        if field.name in _UNSPOKEN:
            continue
        old = getattr(before, field.attname) if before is not None else field.get_default()
        new = getattr(row, field.attname)
        if old == new or (not old and not new):
            continue
        label = str(_LABELS.get(field.name, field.verbose_name))
        if field.name in _HIDDEN:
            yield ChangedField(label, _presence(old), _presence(new))
        else:
            yield ChangedField(label, _in_words(field, old), _in_words(field, new))


def _presence(value: object) -> str:
    return gettext("(not shown here)") if value else "—"


def _in_words(field: "models.Field[Any, Any]", value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if not value:
        return "—"
    if field.name == "support_needs":
        labels = dict(Learner.SupportNeed.choices)
        return "、".join(str(labels.get(need, need)) for need in value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if field.name == "e164":
        return phone_numbers.display(value)
    if isinstance(value, datetime.date):
        return birth_dates.format_era_date(value)
    return str(value)
