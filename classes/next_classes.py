"""What comes next: the class that fits whoever has no place ahead of them (rules 46 and 48).

Told when a series ended, when a re-check is due, or when an intake opens that has the class; one
notice per person and class, and none within sixty days of the last.
"""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from classes import eligibility, planned_notices, recommending, waitlist
from classes.desk import ClassRow
from classes.models import (
    Application,
    Enrollment,
    Intake,
    Lesson,
    MessageTemplate,
    Notice,
    Offer,
    WaitlistEntry,
    WalkIn,
)
from classes.planned_notices import DAY, Due
from classes.recommending import Habits
from learners.models import Learner
from skill_levels import progress
from skill_levels.models import MASTERED, Assessment
from skill_levels.progress import Progress

Purpose = Notice.Purpose

# Nobody is asked twice within so many days.
QUIET_DAYS = 60
# After the thanks for the last lesson, which go out in the morning.
AFTERNOON = datetime.time(13)
# Whoever has not been here for so long is no longer asked; a re-check comes within two years.
SINCE_DAYS = 730


@dataclass
class Open:
    """The classes that may be proposed now, by level, and how many people each is proposed to."""

    by_level: Mapping[int, Sequence[ClassRow]]
    proposed: Counter[int]

    def best(
        self,
        learner: Learner,
        standing: Progress,
        habits: Habits,
        known: set[int],
        now: datetime.datetime,
    ) -> ClassRow | None:
        """The class that fits best and is not yet known to them; one with a seat left first."""
        fits = [
            row
            for row in self._of_level(standing, timezone.localdate(now))
            if row.class_session.pk not in known
            and not eligibility.check(learner, row.class_session.intake, (), received_at=now)
            and not _too_early(row, standing)
        ]
        fits.sort(
            key=lambda row: (not self._has_room(row), recommending.rank(row, learner, habits))
        )
        if not fits:
            return None
        self.proposed[fits[0].class_session.pk] += 1
        return fits[0]

    def _of_level(self, standing: Progress, today: datetime.date) -> Sequence[ClassRow]:
        """Of the first level not reached, else of the one whose re-check has come first."""
        level_pk = recommending.first_taught(standing, self.by_level)
        if level_pk is not None:
            return self.by_level[level_pk]
        level_of = {
            rung.pk: each.step.level_pk for each in standing.levels for rung in each.step.rungs
        }
        due = [level_of[rung.pk] for rung, _ in standing.due(today)]
        return next((self.by_level[pk] for pk in due if pk in self.by_level), ())

    def _has_room(self, row: ClassRow) -> bool:
        # Before a draw there are no seats yet that could be gone.
        return row.awaits_draw or row.bookable > self.proposed[row.class_session.pk]


def due(*, now: datetime.datetime) -> Iterator[Due]:
    """One proposal for everybody who has no place ahead and for whom an open intake has a class."""
    today = timezone.localdate(now)
    intakes = _open_intakes(now)
    if not intakes:
        return
    busy = _busy(today, now)
    ended = _without_a_place(today, now) - busy
    seen = _seen_before(today, now) - busy
    if not ended | seen:
        return
    classes = _open_classes(intakes, now)
    if not classes.by_level:
        return
    steps = progress.ladder()
    may_be_told = Learner.objects.filter(planned_notices.may_be_reminded("", today=today))
    for chunk in planned_notices.chunks(sorted(ended | seen)):
        learners = may_be_told.in_bulk(chunk)
        pks = sorted(learners)
        standings = progress.of(pks, steps=steps)
        habits = recommending.habits_of(pks)
        known = _proposed_before(pks)
        for pk in pks:
            standing = standings[pk]
            if pk not in ended and not standing.due(today):
                continue
            row = classes.best(learners[pk], standing, habits[pk], known.get(pk, set()), now)
            if row is not None:
                yield _proposal(learners[pk], row, today, now)


def proposals(learners: Mapping[int, Learner], *, now: datetime.datetime) -> dict[int, Due]:
    """By learner the class to propose if somebody asks now, whenever they were last asked.

    The number of queries grows with the open intakes, not with the people.
    """
    classes = _open_classes(_open_intakes(now), now)
    if not classes.by_level or not learners:
        return {}
    today = timezone.localdate(now)
    standings = progress.of(learners)
    habits = recommending.habits_of(learners)
    found = {}
    for pk, learner in learners.items():
        row = classes.best(learner, standings[pk], habits[pk], set(), now)
        if row is not None:
            found[pk] = _proposal(learner, row, today, now)
    return found


def _open_intakes(now: datetime.datetime) -> list[Intake]:
    open_now = Intake.objects.open_at(now).filter(list_frozen_at__isnull=True)
    return list(open_now.order_by("pk"))


def _proposal(learner: Learner, row: ClassRow, today: datetime.date, now: datetime.datetime) -> Due:
    session = row.class_session
    intake = session.intake
    lesson = next(each for each in row.lessons if each.starts_at > now)
    lesson.class_session = session
    last_joining = waitlist.joining_times(session, intake).last_joining
    return Due(
        learner_pk=learner.pk,
        language=learner.language,
        intake_pk=intake.pk,
        application_pk=None,
        lesson=lesson,
        purpose=Purpose.NEXT_CLASS,
        kind=MessageTemplate.Kind.NEXT_CLASS,
        occasion=f"class:{session.pk}",
        due_at=planned_notices.at(today, AFTERNOON),
        until=min(intake.closes_at, last_joining or intake.closes_at),
        leaves_at=planned_notices.at(today, planned_notices.LETTERS_LEAVE),
    )


def _open_classes(intakes: Sequence[Intake], now: datetime.datetime) -> Open:
    by_level: dict[int, list[ClassRow]] = {}
    for intake in intakes:
        for row in recommending.rows_of(intake, now=now):
            coming = any(lesson.starts_at > now for lesson in row.lessons)
            if coming and recommending.can_join(row, now=now):
                by_level.setdefault(row.class_session.course.level_id, []).append(row)
    waiting = Notice.objects.filter(
        purpose=Purpose.NEXT_CLASS,
        intake__in=intakes,
        created_at__gt=now - QUIET_DAYS * DAY,
    ).exclude(outcome__in=_NEVER_HEARD)
    return Open(by_level, Counter(waiting.values_list("class_session", flat=True)))


_NEVER_HEARD = (Notice.Outcome.DROPPED, Notice.Outcome.MISSED)


def _busy(today: datetime.date, now: datetime.datetime) -> set[int]:
    """Whoever has a place ahead of them, or was asked lately.

    Sets of keys, each from a plain query: one query with all of it could only be planned well by a
    database that has counted its rows, and took minutes where it had not.
    """
    recent = now - QUIET_DAYS * DAY
    asked = Notice.objects.filter(purpose=Purpose.NEXT_CLASS, created_at__gt=recent).exclude(
        outcome__in=_NEVER_HEARD
    )
    # A lesson that the city cancelled is still owed a new day: nothing has ended before its date.
    ahead = _classes_with_lessons(Q(starts_at__gte=_midnight(today)))
    # An application in an intake that is open, or whose draw is still to come.
    pending = Q(intake__opens_at__lte=now, intake__closes_at__gt=now) | Q(
        intake__method=Intake.Method.LOTTERY, intake__drawn_at=None, intake__closes_at__gt=recent
    )
    offered = Offer.objects.open().filter(party__applications__isnull=False)
    return set().union(
        asked.values_list("learner", flat=True),
        _seats(ahead).filter(ended_at=None).values_list("application__learner", flat=True),
        _lines(ahead).values_list("party__applications__learner", flat=True),
        Application.objects.active().filter(pending).values_list("learner", flat=True),
        offered.values_list("party__applications__learner", flat=True),
    )


def _without_a_place(today: datetime.date, now: datetime.datetime) -> set[int]:
    """Whose series ended yesterday or before, or the one in whose line they waited, or who came
    without a seat."""
    since = Q(starts_at__gte=now - SINCE_DAYS * DAY, starts_at__lt=_midnight(today))
    past = _classes_with_lessons(since)
    walked_in = WalkIn.objects.standing().filter(lesson__in=Lesson.objects.filter(since))
    return set().union(
        _seats(past).values_list("application__learner", flat=True),
        _lines(past).values_list("party__applications__learner", flat=True),
        walked_in.values_list("learner", flat=True),
    )


def _seen_before(today: datetime.date, now: datetime.datetime) -> set[int]:
    """Who did something alone once, so that a re-check may be due (rule 48)."""
    mastered = Assessment.objects.filter(
        learner=OuterRef("pk"),
        value__gte=MASTERED,
        observed_at__gte=now - SINCE_DAYS * DAY,
    ).order_by()
    free = Learner.objects.filter(planned_notices.may_be_reminded("", today=today)).order_by()
    return set(free.filter(Exists(mastered)).values_list("pk", flat=True))


def _classes_with_lessons(when: Q) -> "QuerySet[Any, Any]":
    """The keys of the classes that have a lesson then."""
    return Lesson.objects.filter(when).order_by().values("class_session")


def _seats(of_classes: "QuerySet[Any, Any]") -> "QuerySet[Enrollment]":
    """Seats in these classes, those included that went with their class."""
    kept = Q(ended_at=None) | Q(ending=Enrollment.Ending.CLASS_CANCELLED)
    return Enrollment.objects.filter(kept, class_session__in=of_classes).order_by()


def _lines(of_classes: "QuerySet[Any, Any]") -> "QuerySet[WaitlistEntry]":
    """Places in the lines of these classes."""
    return (
        WaitlistEntry.objects.waiting()
        .filter(
            class_session__in=of_classes,
            party__applications__status=Application.Status.ACTIVE,
        )
        .order_by()
    )


def _midnight(day: datetime.date) -> datetime.datetime:
    return planned_notices.at(day, datetime.time.min)


def _proposed_before(learner_pks: Sequence[int]) -> dict[int, set[int]]:
    """The classes that each was asked about before, in one query."""
    known: dict[int, set[int]] = {}
    rows = Notice.objects.filter(
        learner__in=learner_pks, purpose=Purpose.NEXT_CLASS, class_session__isnull=False
    )
    for learner_pk, class_pk in rows.values_list("learner", "class_session"):
        known.setdefault(learner_pk, set()).add(class_pk)
    return known


def _too_early(row: ClassRow, standing: Progress) -> bool:
    """Whether the course refuses whoever has not come so far (rule 15)."""
    course = row.class_session.course
    ready_for = standing.ready_for
    return course.refuses_other_levels and ready_for is not None and ready_for < course.level.number
