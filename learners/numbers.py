"""The numbers of a learner: whose each is, and whether messages may go there (rules 3, 7 to 12)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext
from simple_history.utils import bulk_create_with_history

from learners import search
from learners.models import Learner, PhoneNumber
from sms import suppression
from sms.phone_numbers import ParsedNumber
from staff.models import StaffMember

Consent = PhoneNumber.Consent
Owner = PhoneNumber.Owner
Line = PhoneNumber.Line
Reason = suppression.Reason


class InvalidEntry(ValueError):
    """The number cannot stand like this; `field` names what to put right, the message says how."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NumberTaken(InvalidEntry):
    """The person has this number already, or it was given twice."""


@dataclass(frozen=True)
class NumberInput:
    """One number as it was given: whose it is, and what was said about messages."""

    number: ParsedNumber
    line: str = Line.VOICE
    owner: str = Owner.SELF
    owner_name: str = ""
    sms_consent: str = Consent.UNKNOWN
    # Who agreed or refused; empty: the number's owner.
    consent_given_by: str = ""
    # When, where it was written down earlier than now (imports).
    consent_at: datetime.datetime | None = None


def check(phones: Sequence[NumberInput]) -> None:
    """Raise InvalidEntry for a number given twice, or messages to another's unnamed number."""
    if len({(given.number.e164, given.line) for given in phones}) < len(phones):
        raise _twice()
    for given in phones:
        _check_owner(given.sms_consent, owner=given.owner, owner_name=given.owner_name)


def write_first(
    learner: Learner,
    phones: Sequence[NumberInput],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[PhoneNumber]:
    """Insert the checked numbers of a new learner with their history, in two queries."""
    rows = [
        _row(learner, given, position=position, by=by, now=now)
        for position, given in enumerate(phones)
    ]
    if rows:
        bulk_create_with_history(rows, PhoneNumber, default_user=by, default_date=now)
    return rows


def add(
    learner_pk: int, given: NumberInput, *, by: StaffMember | None, now: datetime.datetime
) -> PhoneNumber:
    """One more number, after those that stand there. Raises InvalidEntry."""
    check([given])
    _check_capable(
        given.sms_consent,
        sms_capable=given.number.sms_capable and given.line == Line.VOICE,
    )
    with transaction.atomic():
        learner = Learner.objects.select_for_update().get(pk=learner_pk)
        last = learner.phone_numbers.aggregate(Max("position"))["position__max"]
        position = 0 if last is None else last + 1
        row = _row(learner, given, position=position, by=by, now=now)
        _save(row, by=by, now=now)
        search.refresh_keys(learner)
    return row


def update(
    number_pk: int, given: NumberInput, *, by: StaffMember | None, now: datetime.datetime
) -> list[str]:
    """Correct a number or whose it is; returns the names of the fields that changed.

    Consent was given for a number by its owner (rule 11), so another number or owner starts
    unasked; `given.sms_consent` is not read here (see `set_consent`). Raises InvalidEntry.
    """
    with transaction.atomic():
        row = PhoneNumber.objects.select_for_update().select_related("learner").get(pk=number_pk)
        wanted = {
            "e164": given.number.e164,
            "as_spoken": given.number.spoken,
            "line": given.line,
            "owner": given.owner,
            "owner_name": "" if given.owner == Owner.SELF else given.owner_name,
        }
        if wanted["e164"] == row.e164:
            # Typed again in another form, it is still as it was first spoken (rule 7).
            wanted["as_spoken"] = row.as_spoken
        changed = [field for field, value in wanted.items() if getattr(row, field) != value]
        if not changed:
            return []
        for field in changed:
            setattr(row, field, wanted[field])
        if row.sms_consent and {"e164", "line", "owner", "owner_name"}.intersection(changed):
            changed += _clear_consent(row)
        _save(row, by=by, now=now)
        if "e164" in changed:
            search.refresh_keys(row.learner)
    return sorted(changed)


def remove(number_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """Delete a number; its history stays. Raises PhoneNumber.DoesNotExist."""
    with transaction.atomic():
        row = PhoneNumber.objects.select_for_update().select_related("learner").get(pk=number_pk)
        row._history_user = by  # type: ignore[attr-defined]
        row._history_date = now  # type: ignore[attr-defined]
        row.delete()
        search.refresh_keys(row.learner)


def set_consent(
    number_pk: int,
    *,
    given: bool,
    given_by: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> PhoneNumber:
    """Note that messages to this number were agreed to or refused: by whom, when (rule 11).

    Raises InvalidEntry where no SMS can arrive, where nobody is named, or where the
    number is another person's and not marked whose (rule 12). A refusal is always taken.
    """
    with transaction.atomic():
        row = PhoneNumber.objects.select_for_update().get(pk=number_pk)
        if not given_by.strip():
            raise InvalidEntry(gettext("Write who said so."), field="given_by")
        consent = Consent.GIVEN if given else Consent.REFUSED
        _check_capable(consent, sms_capable=row.sms_capable)
        _check_owner(consent, owner=row.owner, owner_name=row.owner_name)
        row.sms_consent = consent
        row.consent_given_by = given_by.strip()
        row.consent_at = now
        row.consent_noted_by = by
        _save(row, by=by, now=now)
        if given:
            # Whoever agrees anew takes back what was said of the number before (rule 58).
            suppression.lift(row.e164, Reason.OPTED_OUT, Reason.WRONG_PERSON, now=now)
    return row


def refuse_everywhere(
    e164: str, *, given_by: str, by: StaffMember | None, now: datetime.datetime
) -> int:
    """Whoever answers at this number wants no messages there: noted for each person who has it
    (rules 11 and 58). Returns how many rows changed."""
    with transaction.atomic():
        rows = list(
            PhoneNumber.objects.select_for_update()
            .filter(e164=e164, line=Line.VOICE)
            .exclude(sms_consent=Consent.REFUSED)
            .order_by("pk")
        )
        for row in rows:
            row.sms_consent = Consent.REFUSED
            row.consent_given_by = given_by
            row.consent_at = now
            row.consent_noted_by = by
            _save(row, by=by, now=now)
    return len(rows)


def _row(
    learner: Learner,
    given: NumberInput,
    *,
    position: int,
    by: StaffMember | None,
    now: datetime.datetime,
) -> PhoneNumber:
    row = PhoneNumber(
        learner=learner,
        e164=given.number.e164,
        as_spoken=given.number.spoken,
        line=given.line,
        owner=given.owner,
        owner_name="" if given.owner == Owner.SELF else given.owner_name.strip(),
        position=position,
    )
    if given.sms_consent:
        row.sms_consent = given.sms_consent
        row.consent_given_by = given.consent_given_by or row.owner_name or learner.display_name
        row.consent_at = given.consent_at or now
        row.consent_noted_by = by
    return row


def _check_capable(consent: str, *, sms_capable: bool) -> None:
    if consent == Consent.GIVEN and not sms_capable:
        raise InvalidEntry(
            gettext("No SMS reaches this number. Ask for a mobile number."), field="sms_consent"
        )


def _check_owner(consent: str, *, owner: str, owner_name: str) -> None:
    """Rule 12: another person's number gets messages only when it is marked whose it is."""
    if consent == Consent.GIVEN and owner != Owner.SELF and not owner_name.strip():
        raise InvalidEntry(
            gettext("Write whose number this is before messages may go there."), field="owner_name"
        )


def _clear_consent(row: PhoneNumber) -> list[str]:
    row.sms_consent = Consent.UNKNOWN
    row.consent_given_by = ""
    row.consent_at = None
    row.consent_noted_by = None
    return ["sms_consent", "consent_given_by", "consent_at", "consent_noted_by"]


def _save(row: PhoneNumber, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """Save with a history row that names who and when."""
    row._history_user = by  # type: ignore[attr-defined]
    row._history_date = now  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise _twice() from error


def _twice() -> NumberTaken:
    return NumberTaken(gettext("This number is there already."), field="number")
