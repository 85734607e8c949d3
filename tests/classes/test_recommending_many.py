"""The recommended class of many people at once."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classes import recommending, recommending_many
from classes.models import Attendance, Enrollment
from skill_levels import progress, rechecks
from skill_levels.models import Assessment, Competency
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 10, 12)
LATER = tokyo(2026, 12, 10, 12)


def seen(learner, competency, value, at):
    return Assessment.objects.create(
        learner=learner,
        competency=competency,
        competency_version=competency.current,
        value=value,
        observed_at=at,
        recorded_at=at,
    )


def masters(learner, code, at):
    for competency in Competency.objects.current().filter(level__code=code):
        seen(learner, competency, 3, at)


@pytest.fixture
def open_classes():
    intake = factories.intake()
    venues = [factories.venue(), factories.venue()]
    courses = [factories.course(level=factories.level(code)) for code in ("news", "accounts")]
    return [
        factories.class_session(intake=intake, course=course, venue=venue)
        for course in courses
        for venue in venues
    ]


def test_many_are_recommended_what_each_alone_would_be(open_classes):  # rule 46
    beginner, further = factories.learner(), factories.learner()
    masters(further, "news", tokyo(2026, 8, 1))
    seated = factories.learner()
    factories.registered(open_classes[0], seated)
    knows_the_hall = factories.learner()
    earlier = factories.intake(opens_at=tokyo(2026, 7, 1), closes_at=tokyo(2026, 8, 1))
    before = factories.class_session(
        intake=earlier, venue=open_classes[1].venue, lessons=[tokyo(2026, 8, 3, 10)]
    )
    factories.registered(before, knows_the_hall, at=tokyo(2026, 7, 2))
    Attendance.objects.create(
        enrollment=Enrollment.objects.get(application__learner=knows_the_hall),
        lesson=before.lessons.get(),
        status=Attendance.Status.PRESENT,
        marked_at=NOW,
    )
    people = [beginner, further, seated, knows_the_hall]
    found = recommending_many.best(people, now=NOW)
    alone = {}
    for person in people:
        fit = recommending.recommend(person, now=NOW).best
        if fit:
            alone[person.pk] = fit.class_session
    assert found == alone
    assert found[further.pk].course.level.code == "accounts"
    assert found[knows_the_hall.pk] == open_classes[1]
    assert found[seated.pk] == open_classes[1]


def test_the_number_of_queries_does_not_grow_with_the_people(open_classes):
    people = [factories.learner() for _ in range(12)]
    with CaptureQueriesContext(connection) as few:
        recommending_many.best(people[:2], now=NOW)
    with CaptureQueriesContext(connection) as many:
        recommending_many.best(people, now=NOW)
    assert len(few) == len(many)


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
