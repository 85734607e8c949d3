"""Whose re-checks have come, of everybody at once (rule 48)."""

import datetime

import pytest

from skill_levels import progress, rechecks
from skill_levels.models import Assessment, Competency
from tests import factories
from tests.classes.coming_back_people import seen
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
LATER = tokyo(2026, 12, 10, 12)


def test_overdue_rechecks_are_those_that_progress_finds():  # rule 48
    people = [factories.learner() for _ in range(4)]
    first, second, third = Competency.objects.current()[:3]
    seen(people[0], first, 3, tokyo(2026, 9, 1, 10))
    seen(people[0], second, 4, tokyo(2026, 10, 1, 10))
    # Looked at again: done alone lately, or forgotten.
    seen(people[1], first, 3, tokyo(2026, 9, 1, 10))
    seen(people[1], first, 3, tokyo(2026, 12, 9, 10))
    seen(people[2], first, 3, tokyo(2026, 9, 1, 10))
    seen(people[2], first, 1, tokyo(2026, 9, 8, 10))
    # Taken back, as if it had never been noted.
    wrong = seen(people[3], third, 3, tokyo(2026, 9, 1, 10))
    Assessment.objects.create(
        learner=people[3],
        competency=third,
        competency_version=third.current,
        value=None,
        observed_at=wrong.observed_at,
        recorded_at=LATER,
        supersedes=wrong,
    )
    expected = {
        pk: (len(due), due[0][1])
        for pk, standing in progress.of([p.pk for p in people]).items()
        if (due := standing.due(LATER.date()))
    }
    found = rechecks.overdue(now=LATER)
    assert {pk: (each.count, each.since) for pk, each in found.items()} == expected
    assert set(found) == {people[0].pk}


def test_a_recheck_is_due_from_the_morning_of_its_day():  # rule 48
    person = factories.learner()
    competency = Competency.objects.current().first()
    seen(person, competency, 3, tokyo(2026, 9, 1, 23, 30))
    day = tokyo(2026, 9, 1) + datetime.timedelta(days=competency.current.recheck_days)
    assert rechecks.overdue(now=day - datetime.timedelta(minutes=1)) == {}
    assert person.pk in rechecks.overdue(now=day)
