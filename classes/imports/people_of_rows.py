"""The people of imported rows: made, or found on record and completed where the record is blank."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction

from classes.imports.callers import CallerReading
from classes.imports.judging import Entry
from classes.imports.persons import numbers_of
from learners import search_keys
from learners.models import Learner, PhoneNumber, SearchKey
from staff.models import StaffMember


@contextmanager
def kept_only_if() -> Iterator[Callable[[], None]]:
    """A savepoint that is undone unless the given function is called: nobody is kept for nothing."""
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
    if entry.learner is None:
        return _create(entry.reading, by=by, now=now)
    _complete(entry.learner, entry.reading, by=by, now=now)
    return entry.learner


def _create(
    reading: CallerReading, *, by: StaffMember | None, now: datetime.datetime
) -> Learner:
    learner = Learner.objects.create(
        name=reading.name,
        kana=reading.kana,
        latin_name=reading.latin_name,
        birth_date=reading.birth_date,
        sex=reading.sex,
        postcode=reading.postcode,
        address=reading.address,
        device=reading.device,
        support_needs=list(reading.needs),
        created_at=now,
    )
    _add_numbers(learner, reading, set(), by=by, now=now)
    _index(learner, [number.e164 for number in reading.phones])
    return learner


def _complete(
    learner: Learner, reading: CallerReading, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """Fill what the record lacks; nothing that stands there is overwritten by an import."""
    changed = []
    for name in ("name", "kana", "latin_name", "birth_date", "sex", "postcode", "address", "device"):
        value = getattr(reading, name)
        if value and not getattr(learner, name):
            setattr(learner, name, value)
            changed.append(name)
    needs = [need for need in reading.needs if need not in learner.support_needs]
    if needs:
        learner.support_needs = [*learner.support_needs, *needs]
        changed.append("support_needs")
    if changed:
        learner.save(update_fields=changed)
    known = {number.e164 for number in learner.phone_numbers.all()}
    _add_numbers(learner, reading, known, by=by, now=now)
    _index(learner, known | {number.e164 for number in reading.phones})


def _add_numbers(
    learner: Learner,
    reading: CallerReading,
    known: set[str],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    for position, number in enumerate(numbers_of(reading, now=now), start=len(known)):
        consent = {
            "sms_consent": number.consent,
            "consent_given_by": learner.display_name,
            "consent_at": number.consent_at,
            "consent_noted_by": by,
        }
        if number.e164 not in known:
            PhoneNumber.objects.create(
                learner=learner,
                e164=number.e164,
                as_spoken=number.spoken[:40],
                position=position,
                **(consent if number.consent else {}),
            )


def _index(learner: Learner, phones: "set[str] | list[str]") -> None:
    keys = search_keys.keys_for(
        name=learner.name, kana=learner.kana, latin_name=learner.latin_name, phones=phones
    )
    SearchKey.objects.bulk_create(
        [SearchKey(learner=learner, kind=key.kind, key=key.key) for key in keys],
        ignore_conflicts=True,
    )
