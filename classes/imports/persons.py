"""Who a row's person is: somebody on record, somebody of an earlier row, or new (rule 4)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from classes.imports.callers import CallerReading
from classes.models import Application, Intake
from learners.folding import spellings
from learners.models import Learner, SearchKey

_BATCH = 400
Key = tuple[str, str]


def keys_of(reading: CallerReading) -> list[Key]:
    """Kana with each phone, kana with the date of birth: rule 4's two ways, never names alone."""
    tellers = [number.e164 for number in reading.phones]
    if reading.birth_date is not None:
        tellers.append(reading.birth_date.isoformat())
    return [(kana, teller) for kana in sorted(reading_keys(reading)) for teller in tellers]


def reading_keys(person: CallerReading | Learner) -> set[str]:
    """The folded spellings of the kana, or of the Latin name where there is none (rule 16)."""
    return spellings(person.kana or person.latin_name)


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
    wanted = sorted({key for reading in readings for key in reading_keys(reading)})
    for start in range(0, len(wanted), _BATCH):
        pks = SearchKey.objects.filter(
            kind__in=(SearchKey.Kind.KANA, SearchKey.Kind.LATIN),
            key__in=wanted[start : start + _BATCH],
        ).values("learner")
        found = Learner.objects.current().filter(pk__in=pks).prefetch_related("phone_numbers")
        for learner in found:
            roll.learners[learner.pk] = learner
            tellers = [number.e164 for number in learner.phone_numbers.all()]
            if learner.birth_date is not None:
                tellers.append(learner.birth_date.isoformat())
            for kana in reading_keys(learner):
                for teller in tellers:
                    roll.on_record[(kana, teller)].add(learner.pk)
    known = list(roll.learners)
    for start in range(0, len(known), _BATCH):
        for application in Application.objects.active().filter(
            intake=intake, learner__in=known[start : start + _BATCH]
        ):
            roll.applications[application.learner_id] = application
    return roll
