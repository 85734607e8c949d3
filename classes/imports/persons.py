"""Who a row's person is: somebody on record, somebody of an earlier row, or new (rule 4)."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from classes.imports.callers import CallerReading
from classes.models import Application, Intake
from learners.folding import fold
from learners.models import Learner, PhoneNumber, SearchKey

_BATCH = 400
Key = tuple[str, str]


def keys_of(reading: CallerReading) -> list[Key]:
    """Kana with each phone, kana with the date of birth: rule 4's two ways; names alone are none."""
    kana = reading.reading_key
    if not kana:
        return []
    keys = [(kana, number.e164) for number in reading.phones]
    if reading.birth_date is not None:
        keys.append((kana, reading.birth_date.isoformat()))
    return keys


@dataclass
class Roll:
    """Everybody known: learners on record with their application here, and rows accepted so far."""

    learners: dict[int, Learner] = field(default_factory=dict)
    applications: dict[int, Application] = field(default_factory=dict)
    on_record: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    accepted: dict[Key, Any] = field(default_factory=dict)
    accepted_learners: dict[int, Any] = field(default_factory=dict)

    def earlier(self, reading: CallerReading) -> Any | None:
        """What an earlier row of this workbook was accepted as, if it is the same person."""
        for key in keys_of(reading):
            if key in self.accepted:
                return self.accepted[key]
        for learner in self.candidates(reading):
            if learner.pk in self.accepted_learners:
                return self.accepted_learners[learner.pk]
        return None

    def accept(self, reading: CallerReading, entry: Any, learner: Learner | None) -> None:
        """From now on further rows of this person are second calls."""
        for key in keys_of(reading):
            self.accepted.setdefault(key, entry)
        if learner is not None:
            self.accepted_learners.setdefault(learner.pk, entry)

    def candidates(self, reading: CallerReading) -> list[Learner]:
        """Learners on record who are likely this person; only the best where some fit better."""
        hits: dict[int, int] = defaultdict(int)
        for key in keys_of(reading):
            for pk in self.on_record.get(key, ()):
                hits[pk] += 1
        best = max(hits.values(), default=0)
        return [self.learners[pk] for pk in sorted(hits) if hits[pk] == best]


def load_roll(intake: Intake, readings: Iterable[CallerReading]) -> Roll:
    """Everybody on record whose kana one of the rows has, in a few queries."""
    roll = Roll()
    wanted = sorted({reading.reading_key for reading in readings} - {""})
    for start in range(0, len(wanted), _BATCH):
        pks = SearchKey.objects.filter(
            kind__in=(SearchKey.Kind.KANA, SearchKey.Kind.LATIN),
            key__in=wanted[start : start + _BATCH],
        ).values("learner")
        found = Learner.objects.current().filter(pk__in=pks).prefetch_related("phone_numbers")
        for learner in found:
            roll.learners[learner.pk] = learner
            kana = fold(learner.kana or learner.latin_name)
            for number in learner.phone_numbers.all():
                roll.on_record[(kana, number.e164)].add(learner.pk)
            if learner.birth_date is not None:
                roll.on_record[(kana, learner.birth_date.isoformat())].add(learner.pk)
    known = list(roll.learners)
    for start in range(0, len(known), _BATCH):
        for application in Application.objects.active().filter(
            intake=intake, learner__in=known[start : start + _BATCH]
        ):
            roll.applications[application.learner_id] = application
    return roll


@dataclass(frozen=True)
class NumberRead:
    """One number with the consent that the row gives for it (rule 11)."""

    e164: str
    spoken: str
    consent: str
    consent_at: datetime.datetime | None


def numbers_of(reading: CallerReading, *, now: datetime.datetime) -> list[NumberRead]:
    """The row's numbers; consent belongs to the first one that an SMS can reach."""
    capable = next((n.e164 for n in reading.phones if n.sms_capable), None)
    return [
        NumberRead(
            number.e164,
            number.spoken,
            reading.sms_consent if number.e164 == capable else PhoneNumber.Consent.UNKNOWN,
            (reading.received_at or now)
            if number.e164 == capable and reading.sms_consent
            else None,
        )
        for number in reading.phones
    ]
