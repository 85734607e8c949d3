"""Learners who hold seats in two classes whose lessons overlap: warned of, lesson by lesson."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F

from classes.models import Application, ClassSession, Enrollment, Lesson
from learners.models import Learner


@dataclass(frozen=True)
class Overlap:
    """A lesson of this class at which a learner should be somewhere else (rule 38)."""

    learner: Learner
    lesson: Lesson
    other: Lesson


def of(class_session: ClassSession, learners: Collection[Learner]) -> list[Overlap]:
    """Every lesson of the series that overlaps one of another class in which these people hold
    seats, over all intakes, in one query; the class's lessons should be prefetched."""
    lessons = [lesson for lesson in class_session.lessons.all() if lesson.cancelled_at is None]
    if not lessons or not learners:
        return []
    people = {learner.pk: learner for learner in learners}
    elsewhere = (
        Lesson.objects.filter(
            cancelled_at__isnull=True,
            starts_at__lt=max(lesson.ends_at for lesson in lessons),
            ends_at__gt=min(lesson.starts_at for lesson in lessons),
            class_session__cancelled_at__isnull=True,
            class_session__enrollments__ended_at__isnull=True,
            class_session__enrollments__application__learner__in=people,
        )
        .exclude(class_session=class_session)
        .annotate(learner_pk=F("class_session__enrollments__application__learner"))
        .select_related("class_session__course", "venue")
        .order_by("starts_at", "pk")
    )
    return [
        Overlap(people[other.learner_pk], lesson, other)
        for other in elsewhere
        for lesson in lessons
        if lesson.starts_at < other.ends_at and other.starts_at < lesson.ends_at
    ]


def of_class(class_session: ClassSession) -> list[Overlap]:
    """The overlaps of everybody who holds a seat in the class."""
    held = Enrollment.objects.held().filter(class_session=class_session)
    return of(class_session, list(Learner.objects.filter(applications__enrollments__in=held)))


def of_applications(
    class_session: ClassSession, applications: Collection[Application]
) -> list[Overlap]:
    """The overlaps of those who were just seated in the class."""
    return of(class_session, [application.learner for application in applications])
