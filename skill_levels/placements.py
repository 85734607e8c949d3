"""A provisional level from a few questions on the phone (rule 46 and ladder.md)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from learners.models import Learner
from skill_levels.models import Placement, SkillLevel
from staff.models import StaffMember

YES, NO, UNSURE = "y", "n", "u"


@dataclass(frozen=True)
class Question:
    """One question about lately, of one level."""

    level: SkillLevel
    text: str
    # 0 is the level's first; the others are asked only in doubt.
    place: int


@dataclass(frozen=True)
class Asked:
    """Where the questions stand after some answers: the next one, or the level they lead to."""

    answers: tuple[tuple[Question, str], ...]
    question: Question | None
    level: SkillLevel | None


def ask(said: str, *, language: str) -> Asked:
    """Go on after the answers `said` ("y", "n", "u" in their order), upwards through the levels.

    Each level's first question; its others only after an unsure answer, and then one "no" is a no.
    The first level answered no is the provisional one, all yes the highest taught. Raises
    ValueError for other letters.
    """
    if set(said) - {YES, NO, UNSURE}:
        raise ValueError("an answer is y, n or u")
    levels = [level for level in SkillLevel.objects.taught() if _questions(level, language)]
    left = list(said)
    answers: list[tuple[Question, str]] = []
    for level in levels:
        in_doubt = False
        for place, text in enumerate(_questions(level, language)):
            if place and not in_doubt:
                break
            question = Question(level, text, place)
            if not left:
                return Asked(tuple(answers), question, None)
            answer = left.pop(0)
            answers.append((question, answer))
            if answer == NO:
                return Asked(tuple(answers), None, level)
            in_doubt = in_doubt or answer == UNSURE
        # In doubt and never a plain yes: not yet.
        if in_doubt and all(a == UNSURE for q, a in answers if q.level == level):
            return Asked(tuple(answers), None, level)
    return Asked(tuple(answers), None, levels[-1] if levels else None)


def place(
    learner: Learner,
    level: SkillLevel,
    *,
    answers: Sequence[tuple[Question, str]] = (),
    note: str = "",
    by: StaffMember | None,
    now: datetime.datetime,
) -> Placement:
    """Note a provisional level; it stands for the one before, which is kept (rule 47).

    Raises ValueError for a level without wording.
    """
    if level.current is None:
        raise ValueError("a level without wording places nobody")
    with transaction.atomic():
        placed = Placement.objects.create(
            learner=learner,
            level_version=level.current,
            answers=[
                {"level": question.level.code, "question": question.text, "answer": answer}
                for question, answer in answers
            ],
            note=note,
            placed_at=now,
            placed_by=by,
        )
        Placement.objects.filter(learner=learner, superseded_by__isnull=True).exclude(
            pk=placed.pk
        ).update(superseded_by=placed)
    return placed


def place_as_answered(
    learner: Learner, said: str, *, by: StaffMember | None, now: datetime.datetime
) -> Placement | None:
    """Keep the answers that somebody gave before they were on record; None if unfinished."""
    try:
        asked = ask(said, language=learner.language)
    except ValueError:
        return None
    if asked.level is None:
        return None
    return place(learner, asked.level, answers=asked.answers, by=by, now=now)


def _questions(level: SkillLevel, language: str) -> list[str]:
    version = level.current
    if version is None:
        return []
    texts = version.phone_questions_en if language == "en" else version.phone_questions_ja
    return [str(text) for text in texts or version.phone_questions_ja]
