"""Writing down who a learner is, and what of it changes; every change keeps its history."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from learners import names, numbers, search
from learners.models import Learner
from learners.numbers import NumberInput, NumberTaken
from staff.models import StaffMember

__all__ = [
    "FIELDS",
    "NotAPerson",
    "NumberInput",
    "NumberTaken",
    "create",
    "update",
    "version",
    "withdraw_death",
]

NAME_FIELDS = frozenset({"name", "kana", "latin_name"})
# What may be written here; death, merging and anonymising have workflows of their own.
FIELDS = (
    "name",
    "kana",
    "latin_name",
    "birth_date",
    "sex",
    "postcode",
    "address",
    "language",
    "device",
    "support_needs",
    "emergency_name",
    "emergency_relation",
    "emergency_phone",
    "no_phone_calls",
    "postal_channel",
    "messages_paused_until",
    "notes",
)


class NotAPerson(ValueError):
    """No such person can be kept; `field` names what to put right, the message says how."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def create(
    fields: Mapping[str, Any],
    phones: Sequence[NumberInput] = (),
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> Learner:
    """Write a new person with numbers, consent and search keys, in five inserts (rules 1 and 16).

    Raises NotAPerson without any name, TypeError for a field that is not in FIELDS, and
    numbers.InvalidEntry (NumberTaken for a number given twice).
    """
    learner = Learner(created_at=now, **_cleaned(fields))
    _require_a_name(learner)
    numbers.check(phones)
    with transaction.atomic():
        _save(learner, by=by, now=now)
        numbers.write_first(learner, phones, by=by, now=now)
        search.index_new(learner, [given.number.e164 for given in phones])
    return learner


def update(
    learner_pk: int,
    fields: Mapping[str, Any],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[str]:
    """Change fields of FIELDS; returns the names of those that differ from what stood there.

    Raises NotAPerson where no name would remain, TypeError for a field that is not in FIELDS.
    """
    with transaction.atomic():
        learner = Learner.objects.select_for_update().get(pk=learner_pk)
        changed = []
        for field, value in _cleaned(fields).items():
            if getattr(learner, field) != value:
                setattr(learner, field, value)
                changed.append(field)
        if not changed:
            return []
        _require_a_name(learner)
        _save(learner, by=by, now=now, fields=changed)
        if not NAME_FIELDS.isdisjoint(changed):
            search.refresh_keys(learner)
    return sorted(changed)


def withdraw_death(learner_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """It was recorded of the wrong person. Places that ended with it do not come back by this."""
    with transaction.atomic():
        learner = Learner.objects.select_for_update().get(pk=learner_pk)
        if learner.deceased_on is not None:
            learner.deceased_on = None
            _save(learner, by=by, now=now, fields=["deceased_on"])


def version(learner: Learner) -> int:
    """A number that grows with every change of the record, to notice that somebody was faster."""
    latest = learner.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return int(latest or 0)


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Names in the form in which they are kept; fields of other workflows refused."""
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"not to be written here: {', '.join(sorted(unknown))}")
    cleaned = dict(fields)
    for field in ("name", "latin_name", "emergency_name"):
        if field in cleaned:
            cleaned[field] = names.clean_name(cleaned[field])
    if "kana" in cleaned:
        try:
            cleaned["kana"] = names.normalise_kana(cleaned["kana"])
        except names.InvalidKana as error:
            raise NotAPerson(str(error), field="kana") from error
    return cleaned


def _require_a_name(learner: Learner) -> None:
    """Rule 16: kana is not asked of everybody, but some name is."""
    if not learner.display_name:
        raise NotAPerson(gettext("Write a name: in kanji, kana or Latin letters."), field="name")


def _save(
    learner: Learner,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    fields: Sequence[str] | None = None,
) -> None:
    """Save with a history row that names who and when."""
    learner._history_user = by  # type: ignore[attr-defined]
    learner._history_date = now  # type: ignore[attr-defined]
    learner.save(update_fields=fields)
