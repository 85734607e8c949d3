"""The ladder of one person as a picture a senior can be shown, and what they take home of it."""

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from classes import recommending
from classes.models import Enrollment, Lesson
from classes.recommending import Recommendation
from learners.models import Learner
from skill_levels import progress
from skill_levels.models import Competency, SkillLevel
from skill_levels.progress import Ability, LevelStanding, Progress

# A re-check of the last weeks stands on the sheet as practice, not as a failure.
REACHED, HERE, BEGUN, OPEN = "reached", "here", "begun", "open"
# What fits one sheet in large type.
LISTED, PRACTISED = 12, 4
ALONE, PRACTISING, AGAIN, LATER = "alone", "practising", "again", "later"


@dataclass(frozen=True)
class Rung:
    """One thing one can do: how it stands, and what to practise at home."""

    competency: Competency
    state: str
    ability: Ability | None
    due_on: datetime.date | None
    hint: str

    @property
    def is_required(self) -> bool:
        return self.competency.current is None or self.competency.current.is_required


@dataclass(frozen=True)
class Floor:
    """One level with what belongs to it."""

    level: SkillLevel
    state: str
    reached_since: datetime.datetime | None
    is_assumed: bool
    rungs: tuple[Rung, ...]

    @property
    def alone(self) -> int:
        """How many of the required are done alone now."""
        return sum(rung.state == ALONE for rung in self.required)

    @property
    def required(self) -> list[Rung]:
        return [rung for rung in self.rungs if rung.is_required]


@dataclass(frozen=True)
class Picture:
    """Everything of one person's ladder."""

    learner: Learner
    floors: tuple[Floor, ...]
    is_known: bool
    is_provisional: bool

    @property
    def here(self) -> Floor | None:
        """The floor they stand on now: the first not reached, else the highest."""
        return next((floor for floor in self.floors if floor.state == HERE), None)

    @property
    def rungs(self) -> list[Rung]:
        return [rung for floor in self.floors for rung in floor.rungs]

    @property
    def alone(self) -> list[Rung]:
        """What they can do alone, as it was last seen."""
        return [rung for rung in self.rungs if rung.state == ALONE]

    @property
    def to_practise(self) -> list[Rung]:
        """Begun and not yet alone, or done alone once and not at the last look; few at a time."""
        wanted = [rung for rung in self.rungs if rung.state in (PRACTISING, AGAIN)]
        return sorted(wanted, key=lambda rung: rung.state != AGAIN)[:PRACTISED]

    @property
    def alone_lately(self) -> list[Rung]:
        """What was seen last of it, as much as fits a page in large type, in the ladder's order."""
        seen = [
            (rung.ability.observed_at, place)
            for place, rung in enumerate(self.alone)
            if rung.ability
        ]
        lately = {place for _seen_at, place in sorted(seen, reverse=True)[:LISTED]}
        return [rung for place, rung in enumerate(self.alone) if place in lately]

    @property
    def alone_besides(self) -> int:
        """How many more there are."""
        return len(self.alone) - len(self.alone_lately)

    @property
    def due(self) -> list[Rung]:
        """Mastered and to be looked at again by now (rule 48)."""
        return [rung for rung in self.rungs if rung.due_on is not None]

    @property
    def reached(self) -> list[Floor]:
        """Levels seen to be reached, for a certificate: not those only said on the phone."""
        return [floor for floor in self.floors if floor.reached_since is not None]


@dataclass(frozen=True)
class Sheet:
    """One person's page to take home: what, what next, and when."""

    picture: Picture
    next_lesson: Lesson | None
    recommendation: Recommendation | None


def of(learner: Learner, *, now: datetime.datetime) -> Picture:
    """One person's ladder, in a constant number of queries."""
    return of_many([learner], now=now)[0]


def of_many(learners: Collection[Learner], *, now: datetime.datetime) -> list[Picture]:
    """The ladders of these people, in as many queries as of one."""
    standings = progress.of([learner.pk for learner in learners])
    levels = {level.pk: level for level in SkillLevel.objects.taught()}
    by_level: dict[int, list[Competency]] = {}
    for competency in Competency.objects.current():
        by_level.setdefault(competency.level_id, []).append(competency)
    today = timezone.localtime(now).date()
    return [
        _picture(learner, standings[learner.pk], levels, by_level, today) for learner in learners
    ]


def sheets(
    learners: Collection[Learner], *, now: datetime.datetime, recommends: bool = True
) -> list[Sheet]:
    """What each takes home. The class that fits costs queries per person; their seat does not."""
    lessons = next_lessons(learners, now=now)
    return [
        Sheet(
            picture,
            lessons.get(picture.learner.pk),
            recommending.recommend(picture.learner, now=now)
            if recommends and picture.learner.pk not in lessons
            else None,
        )
        for picture in of_many(learners, now=now)
    ]


def next_lessons(learners: Iterable[Learner], *, now: datetime.datetime) -> dict[int, Lesson]:
    """The next lesson, after today, of a seat that each person holds; in two queries.

    A sheet is printed before the lesson at whose end it is handed out.
    """
    local = timezone.localtime(now)
    tonight = local.replace(hour=23, minute=59, second=59, microsecond=999999)
    held = Enrollment.objects.held().filter(
        application__learner__in=[learner.pk for learner in learners]
    )
    people: dict[int, list[int]] = {}
    for session_pk, learner_pk in held.values_list("class_session", "application__learner"):
        people.setdefault(session_pk, []).append(learner_pk)
    coming = (
        Lesson.objects.filter(
            Q(class_session__in=people), starts_at__gt=tonight, cancelled_at__isnull=True
        )
        .select_related("class_session__course", "venue")
        .order_by("starts_at")
    )
    found: dict[int, Lesson] = {}
    for lesson in coming:
        for learner_pk in people[lesson.class_session_id]:
            found.setdefault(learner_pk, lesson)
    return found


def _picture(
    learner: Learner,
    standing: Progress,
    levels: Mapping[int, SkillLevel],
    by_level: Mapping[int, list[Competency]],
    today: datetime.date,
) -> Picture:
    due = {rung.pk: day for rung, day in standing.due(today)}
    here = standing.next_level or (standing.levels[-1] if standing.levels else None)
    floors = [
        Floor(
            level=levels[floor.step.level_pk],
            state=_state(floor, here if standing.is_known else None),
            reached_since=floor.reached_since,
            is_assumed=floor.is_assumed and floor.reached_since is None,
            rungs=tuple(
                _rung(competency, standing.abilities.get(competency.pk), due, learner.language)
                for competency in by_level.get(floor.step.level_pk, ())
            ),
        )
        for floor in standing.levels
        if floor.step.level_pk in levels
    ]
    return Picture(learner, tuple(floors), standing.is_known, standing.provisional is not None)


def _state(floor: LevelStanding, here: LevelStanding | None) -> str:
    if here is not None and floor.step == here.step and not floor.is_reached:
        return HERE
    if floor.is_reached:
        return REACHED
    return BEGUN if floor.seen else OPEN


def _rung(
    competency: Competency,
    ability: Ability | None,
    due: Mapping[int, datetime.date],
    language: str,
) -> Rung:
    hint = competency.current.hint_in(language) if competency.current else ""
    state = LATER
    if ability is not None:
        state = ALONE if ability.is_mastered else AGAIN if ability.was_forgotten else PRACTISING
    return Rung(competency, state, ability, due.get(competency.pk), hint)
