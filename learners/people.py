"""Writing who a learner is: the person, their numbers and consent, and their search keys."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from learners import search
from learners.models import Learner, PhoneNumber
from sms.phone_numbers import ParsedNumber
from staff.models import StaffMember


class NotAPerson(ValueError):
    """What is missing before somebody can be written; the message, translated, says it."""


class NumberTaken(ValueError):
    """The person has this number already."""


@dataclass(frozen=True)
class NumberInput:
    """One number as it was given: whose it is, and what was said about SMS (rules 7, 11, 12)."""

    number: ParsedNumber
    line: str = PhoneNumber.Line.VOICE
    owner: str = PhoneNumber.Owner.SELF
    owner_name: str = ""
    sms_consent: str = PhoneNumber.Consent.UNKNOWN
    consent_given_by: str = ""
    consent_at: datetime.datetime | None = None


# Fields of Learner that may be written by `create` and `update`.
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
    "notes",
)


def create(
    fields: Mapping[str, Any],
    numbers: Iterable[NumberInput] = (),
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> Learner:
    """Write somebody new with their numbers and search keys.

    Raises NotAPerson without a kana or Latin name (rule 16), NumberTaken for a number twice.
    """
    learner = Learner(**_known(fields), created_at=now)
    _check(learner)
    with transaction.atomic():
        _save(learner, by)
        rows = [
            _number_row(learner, given, position, by=by, now=now)
            for position, given in enumerate(numbers)
        ]
        for row in rows:
            _save(row, by)
        search.index_new(learner, [row.e164 for row in rows])
    return learner


def update(learner: Learner, fields: Mapping[str, Any], *, by: StaffMember | None) -> list[str]:
    """Change what differs and return the names of those fields (rule 64). Raises NotAPerson."""
    changed = []
    for name, value in _known(fields).items():
        if getattr(learner, name) != value:
            setattr(learner, name, value)
            changed.append(name)
    _check(learner)
    if changed:
        with transaction.atomic():
            _save(learner, by, update_fields=changed)
            if {"name", "kana", "latin_name"} & set(changed):
                search.refresh_keys(learner)
    return changed


def add_number(
    learner: Learner, given: NumberInput, *, by: StaffMember | None, now: datetime.datetime
) -> PhoneNumber:
    """One more number, last in order. Raises NumberTaken."""
    with transaction.atomic():
        known = list(learner.phone_numbers.all())
        if any((n.e164, n.line) == (given.number.e164, given.line) for n in known):
            raise NumberTaken(gettext("This number is there already."))
        position = max((number.position for number in known), default=-1) + 1
        row = _number_row(learner, given, position, by=by, now=now)
        _save(row, by)
        search.refresh_keys(learner)
    return row


def change_number(
    row: PhoneNumber, given: NumberInput, *, by: StaffMember | None, now: datetime.datetime
) -> PhoneNumber:
    """Correct a number; consent was given for the old one, so it goes with it (rule 11)."""
    with transaction.atomic():
        others = row.learner.phone_numbers.exclude(pk=row.pk)
        if others.filter(e164=given.number.e164, line=given.line).exists():
            raise NumberTaken(gettext("This number is there already."))
        if row.e164 != given.number.e164:
            row.sms_consent = PhoneNumber.Consent.UNKNOWN
            row.consent_given_by = ""
            row.consent_at = None
            row.consent_noted_by = None
        row.e164 = given.number.e164
        row.as_spoken = given.number.spoken
        row.line = given.line
        row.owner = given.owner
        row.owner_name = given.owner_name
        _save(row, by)
        if given.sms_consent != row.sms_consent:
            set_consent(row, given.sms_consent, given_by=given.consent_given_by, by=by, now=now)
        search.refresh_keys(row.learner)
    return row


def remove_number(row: PhoneNumber, *, by: StaffMember | None) -> None:
    """Take a number away; the change history keeps what it was."""
    learner = row.learner
    with transaction.atomic():
        row._history_user = by  # type: ignore[attr-defined]
        row.delete()
        search.refresh_keys(learner)


def set_consent(
    row: PhoneNumber,
    consent: str,
    *,
    given_by: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """Note who agreed, or refused, to SMS on this number, when, and who noted it (rule 11)."""
    row.sms_consent = consent
    asked = consent != PhoneNumber.Consent.UNKNOWN
    row.consent_given_by = (given_by or row.learner.display_name) if asked else ""
    row.consent_at = now if asked else None
    row.consent_noted_by = by if asked else None
    _save(row, by)


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"no such field of a learner: {', '.join(sorted(unknown))}")
    return dict(fields)


def _check(learner: Learner) -> None:
    if not learner.kana and not learner.latin_name:
        raise NotAPerson(gettext("Enter the name in kana, or in Latin letters."))


def _number_row(
    learner: Learner,
    given: NumberInput,
    position: int,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> PhoneNumber:
    asked = given.sms_consent != PhoneNumber.Consent.UNKNOWN
    return PhoneNumber(
        learner=learner,
        e164=given.number.e164,
        as_spoken=given.number.spoken,
        line=given.line,
        owner=given.owner,
        owner_name=given.owner_name,
        position=position,
        sms_consent=given.sms_consent,
        consent_given_by=(given.consent_given_by or learner.display_name) if asked else "",
        consent_at=(given.consent_at or now) if asked else None,
        consent_noted_by=by if asked else None,
    )


def _save(row: Any, by: StaffMember | None, **options: Any) -> None:
    """Save with the history row saying who did it, also outside a request."""
    row._history_user = by
    row.save(**options)
