"""What staff read aloud to those who are coming back: a lesson ahead, one past, the next class."""

import datetime
from typing import Any

from django.utils import timezone

from classes.models import ClassSession, Lesson
from classes.sentences import render, spoken_class, spoken_clock, spoken_day
from learners.models import Learner


def reminder(learner: Learner, lesson: Lesson, days: int) -> str:
    """A lesson is so many days ahead; 0 is today."""
    return render("reminder", learner, days=days, **_when(lesson, learner.language))


def follow_up(learner: Learner, lesson: Lesson, next_lesson: Lesson | None, hint: str) -> str:
    """After a lesson: what to practise at home, and when the next one is.

    `hint` is in the learner's language, or "" where everything was done alone.
    """
    language = learner.language
    return render(
        "follow_up",
        learner,
        klass=spoken_class(lesson.class_session, language),
        hint=hint,
        next=_when(next_lesson, language) if next_lesson else None,
    )


def absent(learner: Learner, next_lesson: Lesson) -> str:
    """Somebody missed a lesson without a word: they are welcome at the next."""
    return render("absent", learner, **_when(next_lesson, learner.language))


def next_class(learner: Learner, class_session: ClassSession) -> str:
    """The class that would come next for them; its lessons should be prefetched."""
    return render("next_class", learner, klass=spoken_class(class_session, learner.language))


def how_are_you(learner: Learner) -> str:
    """Nothing is open that would suit them: how are they getting on?"""
    return render("how_are_you", learner)


def days_until(lesson: Lesson, *, now: datetime.datetime) -> int:
    """How many midnights lie between now and the lesson."""
    return (timezone.localtime(lesson.starts_at).date() - timezone.localtime(now).date()).days


def _when(lesson: Lesson, language: str) -> dict[str, Any]:
    return {
        "klass": spoken_class(lesson.class_session, language),
        "day": spoken_day(lesson.starts_at, language),
        "clock": spoken_clock(lesson.starts_at, language),
        "venue": lesson.venue.short_name or lesson.venue.name,
    }
