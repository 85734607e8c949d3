"""The people of imported rows: made, or found on record and completed where the record is blank."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction

from classes.imports.callers import CallerReading
from classes.imports.judging import Entry
from learners import numbers, people
from learners.models import Learner, PhoneNumber
from learners.numbers import NumberInput
from staff.models import StaffMember

# What a row may tell about a person.
FIELDS = (
    "name", "kana", "latin_name", "birth_date", "sex", "postcode", "address", "device",
)  # fmt: skip


@contextmanager
def kept_only_if() -> Iterator[Callable[[], None]]:
    """A savepoint, undone unless the given function is called: nobody is kept for nothing."""
    kept = False

    def keep() -> None:
        nonlocal kept
        kept = True

    with transaction.atomic():
        yield keep
        if not kept:
            transaction.set_rollback(True)


def bring_in(entry: Entry, *, by: StaffMember | None, now: datetime.datetime) -> Learner:
    """The learner of an accepted row."""
    reading = entry.reading
    if entry.learner is None:
        fields = {name: getattr(reading, name) for name in FIELDS}
        fields["support_needs"] = list(reading.needs)
        return people.create(fields, _numbers(reading), by=by, now=now)
    return _complete(entry.learner, reading, by=by, now=now)


def _complete(
    learner: Learner, reading: CallerReading, *, by: StaffMember | None, now: datetime.datetime
) -> Learner:
    """Fill what the record lacks; nothing that stands there is overwritten by an import."""
    lacking = {
        name: getattr(reading, name)
        for name in FIELDS
        if getattr(reading, name) and not getattr(learner, name)
    }
    needs = [need for need in reading.needs if need not in learner.support_needs]
    if needs:
        lacking["support_needs"] = [*learner.support_needs, *needs]
    if lacking:
        people.update(learner.pk, lacking, by=by, now=now)
        learner = Learner.objects.get(pk=learner.pk)
    known = {number.e164 for number in learner.phone_numbers.all()}
    for given in _numbers(reading):
        if given.number.e164 not in known:
            numbers.add(learner.pk, given, by=by, now=now)
    return learner


def _numbers(reading: CallerReading) -> list[NumberInput]:
    """The row's numbers; consent belongs to the first one that an SMS can reach (rule 11)."""
    capable = next((number.e164 for number in reading.phones if number.sms_capable), None)
    return [
        NumberInput(
            number,
            sms_consent=(
                reading.sms_consent if number.e164 == capable else PhoneNumber.Consent.UNKNOWN
            ),
            consent_at=reading.received_at,
        )
        for number in reading.phones
    ]
