"""What staff read aloud about one lesson: moved, added, cancelled by the city, on after all."""

import datetime
from typing import Any

from django.utils import translation

from classes.models import Disruption, Lesson
from classes.sentences import render, running_lessons, spoken_class, spoken_clock, spoken_day
from learners.models import Learner


def changed(learner: Learner, lesson: Lesson, old_starts_at: datetime.datetime) -> str:
    """A lesson moved from that moment to another time or hall."""
    language = learner.language
    old_day = spoken_day(old_starts_at, language)
    return render("lesson_changed", learner, old_day=old_day, **_when(lesson, language))


def added(learner: Learner, lesson: Lesson) -> str:
    """A class has one lesson more."""
    return render("lesson_added", learner, **_when(lesson, learner.language))


def cancelled(learner: Learner, lesson: Lesson, disruption: Disruption) -> str:
    """「お出かけにならないでください」, with the next lesson that stands, if there is one."""
    language = learner.language
    coming = [
        other
        for other in running_lessons(lesson.class_session)
        if other.starts_at > lesson.starts_at
    ]
    with translation.override(language):
        cause = disruption.cause_in_words
    return render(
        "lesson_cancelled",
        learner,
        cause=cause,
        next=_when(coming[0], language) if coming else None,
        **_when(lesson, language),
    )


def resumed(learner: Learner, lesson: Lesson) -> str:
    """It takes place after all, as it was planned."""
    return render("lesson_resumed", learner, **_when(lesson, learner.language))


def _when(lesson: Lesson, language: str) -> dict[str, Any]:
    return {
        "klass": spoken_class(lesson.class_session, language),
        "number": lesson.number,
        "day": spoken_day(lesson.starts_at, language),
        "clock": spoken_clock(lesson.starts_at, language),
        "venue": lesson.venue.short_name or lesson.venue.name,
    }
