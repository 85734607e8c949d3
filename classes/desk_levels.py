"""What the desk shows of somebody's level: a mark for each, the class that fits and why, and the
questions that give a first idea of it (rule 46)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from classes import recommending
from classes.desk import ClassRow
from classes.models import Attendance, Intake
from classes.recommending import Recommendation
from learners.models import Learner
from skill_levels import placements, progress
from skill_levels.models import SkillLevel
from skill_levels.progress import LevelStanding, Progress
from staff.models import StaffMember

REACHED, ASSUMED, BEGUN, OPEN = "reached", "assumed", "begun", "open"


@dataclass(frozen=True)
class Mark:
    """One level of one person, by shape and word."""

    title: str
    state: str


@dataclass(frozen=True)
class Levels:
    """The levels of a caller, what to offer next, and how reliably they came."""

    marks: tuple[Mark, ...]
    recommendation: Recommendation
    attended: int = 0
    absent: int = 0

    @property
    def is_provisional(self) -> bool:
        """All of it or some levels from the phone's questions, not seen by an instructor yet."""
        by_phone = self.recommendation.progress.provisional is not None
        return by_phone or any(mark.state == ASSUMED for mark in self.marks)

    @property
    def stars(self) -> str:
        """The classes to star, best first, as the page's script reads them."""
        return ",".join(str(fit.class_session.pk) for fit in self.recommendation.fits)


@dataclass(frozen=True)
class Answered:
    """After some answers: the next question, or where they led and what fits."""

    asked: placements.Asked
    said: str
    levels: Levels | None


def of(
    intake: Intake, learner: Learner, rows: Sequence[ClassRow], *, now: datetime.datetime
) -> Levels:
    """Marks, recommendation and attendance of somebody on record, in as many queries for all."""
    _with_intake(rows, intake)
    recommendation = recommending.recommend(learner, now=now, rows=rows)
    mine = Attendance.objects.counted().filter(enrollment__application__learner=learner)
    came = mine.aggregate(
        attended=Count("pk", filter=Q(status=Attendance.Status.PRESENT)),
        absent=Count("pk", filter=Q(status=Attendance.Status.ABSENT)),
    )
    return Levels(_marks(recommendation.progress), recommendation, **came)


def go_on(
    intake: Intake,
    learner: Learner | None,
    said: str,
    rows: Sequence[ClassRow],
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> Answered:
    """Ask on after the answers `said`; the last one notes the level of somebody on record.

    Of somebody new nothing is kept yet: registering does it. Raises ValueError (placements.ask).
    """
    language = learner.language if learner else Learner.Language.JAPANESE
    asked = placements.ask(said, language=language)
    if asked.level is None:
        return Answered(asked, said, None)
    if learner is not None:
        placements.place(learner, asked.level, answers=asked.answers, by=by, now=now)
        return Answered(asked, said, of(intake, learner, rows, now=now))
    _with_intake(rows, intake)
    placed = progress.Placed(asked.level.number, now)
    standing = progress.stand(progress.History(), progress.ladder(), placed)
    recommendation = recommending.recommend(Learner(), now=now, rows=rows, standing=standing)
    return Answered(asked, said, Levels(_marks(standing), recommendation))


def _with_intake(rows: Sequence[ClassRow], intake: Intake) -> None:
    for row in rows:
        row.class_session.intake = intake


def _marks(standing: Progress) -> tuple[Mark, ...]:
    if not standing.is_known:
        return ()
    titles = {level.pk: level.title for level in SkillLevel.objects.taught()}
    return tuple(
        Mark(titles.get(level.step.level_pk, ""), _state(level)) for level in standing.levels
    )


def _state(level: LevelStanding) -> str:
    if level.reached_since is not None:
        return REACHED
    if level.is_assumed:
        return ASSUMED
    return BEGUN if level.seen else OPEN
