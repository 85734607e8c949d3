"""The recommended class of many people at once; the same answer as `recommending` gives for one."""

import datetime
from collections import defaultdict
from collections.abc import Iterable

from classes import recommending
from classes.models import ClassSession, Enrollment, Intake, WaitlistEntry
from learners.models import Learner
from skill_levels import progress


def best(learners: Iterable[Learner], *, now: datetime.datetime) -> dict[int, ClassSession]:
    """By learner the class to propose, for those who have one (rule 46).

    The number of queries grows with the open intakes, not with the people. The class has its
    course with level, venue and lessons loaded.
    """
    people = list({learner.pk: learner for learner in learners}.values())
    rows = [
        row
        for intake in Intake.objects.open_at(now)
        for row in recommending.rows_of(intake, now=now)
        if recommending.can_join(row, now=now)
    ]
    if not rows or not people:
        return {}
    by_level = defaultdict(list)
    for row in rows:
        by_level[row.class_session.course.level_id].append(row)
    pks = [learner.pk for learner in people]
    standings = progress.of(pks)
    taken = _taken(pks)
    habits = recommending.habits_of(pks)
    found = {}
    for learner in people:
        level_pk = recommending.first_taught(standings[learner.pk], by_level)
        if level_pk is None:
            continue
        used = habits[learner.pk]
        fits = [row for row in by_level[level_pk] if row.class_session.pk not in taken[learner.pk]]
        if fits:
            chosen = min(fits, key=lambda row: recommending.rank(row, learner, used))
            found[learner.pk] = chosen.class_session
    return found


def _taken(pks: list[int]) -> dict[int, set[int]]:
    """Class sessions in which each holds a seat or waits."""
    taken: dict[int, set[int]] = defaultdict(set)
    seats = Enrollment.objects.held().filter(application__learner__in=pks)
    for learner, session in seats.values_list("application__learner", "class_session"):
        taken[learner].add(session)
    lines = WaitlistEntry.objects.waiting().filter(
        party__applications__learner__in=pks, party__applications__status="active"
    )
    for learner, session in lines.values_list("party__applications__learner", "class_session"):
        taken[learner].add(session)
    return taken
