"""Does the class fit who sits in it? By the first step that is missing (rule 46)."""

import pytest

from classes import lesson_moves
from classes.models import Lesson
from learners.models import Learner
from skill_levels.models import Assessment, Competency
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 10, 5, 11)


@pytest.fixture
def learner() -> Learner:
    return factories.learner()


@pytest.fixture
def lesson(learner: Learner) -> Lesson:
    session = factories.class_session()
    factories.registered(session, learner)
    return session.lessons.order_by("number")[0]


def master(learner: Learner, *, level: str) -> None:
    """Everything required up to this level, seen alone."""
    number = factories.level(level).number
    for competency in Competency.objects.current().filter(level__number__lte=number):
        Assessment(
            learner=learner,
            competency=competency,
            competency_version=competency.current,
            value=3,
            observed_at=NOW,
            recorded_at=NOW,
        ).save()


def test_who_has_reached_what_the_class_teaches_is_not_told_that_it_fits(
    lesson: Lesson, learner: Learner
) -> None:
    master(learner, level="news")
    proposal = lesson_moves.propose(lesson, learner, now=NOW)
    assert proposal
    assert not proposal.fits_already
