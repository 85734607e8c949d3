"""What somebody can do now, computed from their observations; nothing of it is stored.

One pass over the observations in the order of their time: `History` takes them one by one, in any
order of arrival, and always says the same as if it had been given all of them at once.
"""

import bisect
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils import timezone

from skill_levels.models import MASTERED, Assessment, Competency, Placement, SkillLevel

# As a plain number: comparing with the choice itself costs a look-up each time.
_MASTERED = int(MASTERED)


class Observation(NamedTuple):
    """One standing observation, as far as progress needs it; in the order of their time.

    A tuple, because a cohort has thousands.
    """

    observed_at: datetime.datetime
    pk: int
    competency_pk: int
    value: int


@dataclass(frozen=True)
class Ability:
    """What stands of one competency: the last value, and since when it has been mastered."""

    value: int
    observed_at: datetime.datetime
    mastered_since: datetime.datetime | None
    # The highest value ever seen: a lower one now is forgetting, which is normal (rule 44).
    best: int
    # When it was last seen below mastery.
    below_at: datetime.datetime | None

    @property
    def is_mastered(self) -> bool:
        return self.value >= MASTERED

    @property
    def was_forgotten(self) -> bool:
        """Done alone once, and not at the last look."""
        return self.best >= MASTERED > self.value


@dataclass(frozen=True)
class Rung:
    """One competency of the ladder with the rules of its present wording."""

    pk: int
    is_required: bool
    recheck_days: int


@dataclass(frozen=True)
class Step:
    """One level of the ladder with what one can do there."""

    level_pk: int
    number: int
    rungs: tuple[Rung, ...]

    @property
    def required(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.rungs if rung.is_required)


Ladder = Sequence[Step]


def ladder() -> tuple[Step, ...]:
    """The levels that are taught, lowest first, with what is taught there now, in two queries."""
    rungs: dict[int, list[Rung]] = {}
    for level_pk, pk, is_required, days in (
        Competency.objects.current()
        .exclude(current=None)
        .values_list("level_id", "pk", "current__is_required", "current__recheck_days")
    ):
        rungs.setdefault(level_pk, []).append(Rung(pk, is_required, days))
    levels = SkillLevel.objects.filter(is_taught=True).order_by("number")
    return tuple(
        Step(pk, number, tuple(rungs.get(pk, ())))
        for pk, number in levels.values_list("pk", "number")
    )


@dataclass
class History:
    """Standing observations of one person, competency by competency, in the order of their time."""

    by_competency: dict[int, list[Observation]] = field(default_factory=dict)

    def add(self, observation: Observation) -> None:
        """Take one more; a late one (weak Wi-Fi) finds its place by its time."""
        bisect.insort(self.by_competency.setdefault(observation.competency_pk, []), observation)

    def remove(self, observation: Observation) -> None:
        """It was corrected or taken back. Raises ValueError if it is not here."""
        seen = self.by_competency[observation.competency_pk]
        seen.remove(observation)
        if not seen:
            del self.by_competency[observation.competency_pk]

    def abilities(self) -> dict[int, Ability]:
        """By competency what stands; one that was never looked at is not among them (rule 43)."""
        return {pk: _ability(seen) for pk, seen in self.by_competency.items()}


def _ability(seen: Sequence[Observation]) -> Ability:
    since: datetime.datetime | None = None
    below: datetime.datetime | None = None
    best = 0
    for observed_at, _pk, _competency_pk, value in seen:
        if value < _MASTERED:
            since, below = None, observed_at
        elif since is None:
            since = observed_at
        best = max(best, value)
    last = seen[-1]
    return Ability(last.value, last.observed_at, since, best, below)


@dataclass(frozen=True)
class LevelStanding:
    """One level of one person."""

    step: Step
    abilities: Mapping[int, Ability]
    # Counts as reached because the person was placed above it on the phone (rule 46).
    is_assumed: bool

    @property
    def reached_since(self) -> datetime.datetime | None:
        """When the last required competency was mastered; None while one is missing (rule 45)."""
        required = self.step.required
        since = [
            ability.mastered_since
            for rung in required
            if (ability := self.abilities.get(rung.pk)) and ability.mastered_since
        ]
        return max(since) if required and len(since) == len(required) else None

    @property
    def is_reached(self) -> bool:
        return self.is_assumed or self.reached_since is not None

    @property
    def missing(self) -> tuple[Rung, ...]:
        """Required competencies not mastered, also those never looked at."""
        return tuple(
            rung
            for rung in self.step.required
            if not (ability := self.abilities.get(rung.pk)) or not ability.is_mastered
        )

    @property
    def seen(self) -> int:
        """How many competencies of the level were looked at."""
        return sum(1 for rung in self.step.rungs if rung.pk in self.abilities)

    @property
    def mastered(self) -> int:
        """How many competencies of the level are mastered now."""
        return sum(
            1
            for rung in self.step.rungs
            if (ability := self.abilities.get(rung.pk)) and ability.is_mastered
        )


@dataclass(frozen=True)
class Progress:
    """Where one person stands on the ladder at one moment."""

    levels: tuple[LevelStanding, ...]
    abilities: Mapping[int, Ability]
    # The level named on the phone, while no observation has replaced it.
    provisional: int | None

    @property
    def highest_reached(self) -> LevelStanding | None:
        """The last level below the first one that is not reached."""
        reached = None
        for standing in self.levels:
            if not standing.is_reached:
                break
            reached = standing
        return reached

    @property
    def next_level(self) -> LevelStanding | None:
        """The first level not reached; None at the top of the ladder (rule 46)."""
        return next((standing for standing in self.levels if not standing.is_reached), None)

    @property
    def is_known(self) -> bool:
        """Whether anything is known, by observation or by phone."""
        return bool(self.abilities) or self.provisional is not None

    @property
    def ready_for(self) -> int | None:
        """The highest level that would not be too early: one above what is reached, where somebody
        was placed, or where they were looked at already. None where nothing is known."""
        if not self.is_known:
            return None
        reached = [level.step.number + 1 for level in self.levels if level.is_reached]
        looked_at = [level.step.number for level in self.levels if level.seen]
        placed = [self.provisional] if self.provisional is not None else []
        return max([*reached, *looked_at, *placed], default=0)

    def due(self, today: datetime.date) -> tuple[tuple[Rung, datetime.date], ...]:
        """Mastered competencies whose re-check has come, with the day it was due (rule 48)."""
        found = []
        for standing in self.levels:
            for rung in standing.step.rungs:
                ability = self.abilities.get(rung.pk)
                if ability is None or not ability.is_mastered:
                    continue
                day = recheck_day(ability, rung)
                if day <= today:
                    found.append((rung, day))
        return tuple(sorted(found, key=lambda pair: pair[1]))

    @property
    def forgotten(self) -> tuple[int, ...]:
        """Competencies done alone once and not at the last look."""
        return tuple(pk for pk, ability in self.abilities.items() if ability.was_forgotten)


def recheck_day(ability: Ability, rung: Rung) -> datetime.date:
    """When a mastered competency is to be looked at again (rule 48)."""
    seen_on = timezone.localtime(ability.observed_at).date()
    return seen_on + datetime.timedelta(days=rung.recheck_days)


@dataclass(frozen=True)
class Placed:
    """The level named on the phone, and when."""

    number: int
    at: datetime.datetime

    def still_vouches_for(self, step: Step, abilities: Mapping[int, Ability]) -> bool:
        """Whether a level below it counts as reached: nothing required was seen below 3."""
        return step.number < self.number and not any(
            not ability.is_mastered or (ability.below_at and ability.below_at >= self.at)
            for rung in step.required
            if (ability := abilities.get(rung.pk))
        )

    def is_replaced(self, steps: Ladder, abilities: Mapping[int, Ability]) -> bool:
        """Whether the placed level was looked at since."""
        return any(
            ability.observed_at >= self.at
            for step in steps
            if step.number == self.number
            for rung in step.rungs
            if (ability := abilities.get(rung.pk))
        )


def stand(history: History, steps: Ladder, placed: Placed | None) -> Progress:
    """Where these observations and the phone's placement leave somebody (rules 45 and 46).

    Levels below the placement count as reached until one of their required competencies is seen
    below 3. From the first observation at the placed level, the placement is no longer shown.
    """
    abilities = history.abilities()
    standings = tuple(
        LevelStanding(
            step,
            abilities,
            is_assumed=placed is not None and placed.still_vouches_for(step, abilities),
        )
        for step in steps
    )
    is_provisional = placed is not None and not placed.is_replaced(steps, abilities)
    return Progress(standings, abilities, placed.number if placed and is_provisional else None)


def of(
    learner_pks: Iterable[int],
    *,
    until: datetime.datetime | None = None,
    steps: Ladder | None = None,
) -> dict[int, Progress]:
    """Progress by learner: one query for the observations of all of them, one for placements.

    `until` gives the standing of that moment (observations made before it), for before and after.
    """
    pks = list(learner_pks)
    steps = ladder() if steps is None else steps
    histories: dict[int, History] = {pk: History() for pk in pks}
    rows = Assessment.objects.standing_of(pks)
    if until is not None:
        rows = rows.filter(observed_at__lt=until)
    # In order of time within each competency: `add` then only appends.
    ordered = rows.order_by("learner_id", "competency_id", "observed_at", "pk")
    for learner_pk, competency_pk, value, observed_at, pk in ordered.values_list(
        "learner_id", "competency_id", "value", "observed_at", "pk"
    ):
        history = histories[learner_pk].by_competency
        history.setdefault(competency_pk, []).append(
            Observation(observed_at, pk, competency_pk, value or 0)
        )
    placed = placements(pks, until=until)
    return {pk: stand(histories[pk], steps, placed.get(pk)) for pk in pks}


def of_one(learner_pk: int) -> Progress:
    """Progress of one person."""
    return of([learner_pk])[learner_pk]


def placements(
    learner_pks: Iterable[int], *, until: datetime.datetime | None = None
) -> dict[int, Placed]:
    """Where each was placed on the phone last, in one query."""
    rows = Placement.objects.filter(learner__in=list(learner_pks), superseded_by__isnull=True)
    if until is not None:
        rows = Placement.objects.filter(learner__in=list(learner_pks), placed_at__lt=until)
    ordered = rows.order_by("placed_at", "pk").values_list(
        "learner_id", "level_version__level__number", "placed_at"
    )
    return {pk: Placed(number, at) for pk, number, at in ordered}
