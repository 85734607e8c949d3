"""Rules 44 and 47: observations are appended; a correction supersedes; wording stays."""

import datetime
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from learners.models import Learner
from skill_levels import progress
from skill_levels.assessments import NotTaught, Observed, record
from skill_levels.models import (
    AppendOnly,
    Assessment,
    Competency,
    CompetencyVersion,
    Placement,
    SkillLevel,
    SkillLevelVersion,
)
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.tokyo(2026, 10, 5, 11)


@pytest.fixture
def learner() -> Learner:
    return factories.learner()


@pytest.fixture
def competency() -> Competency:
    return Competency.objects.get(code="open-news")


def observed(
    learner: Learner, competency: Competency, value: int | None, **fields: Any
) -> Observed:
    fields.setdefault("client_uuid", uuid.uuid4())
    fields.setdefault("observed_at", NOW)
    return Observed(learner_pk=learner.pk, competency_pk=competency.pk, value=value, **fields)


def rate(learner: Learner, competency: Competency, value: int | None, **fields: Any) -> Assessment:
    supersedes = fields.pop("supersedes", None)
    tap = observed(learner, competency, value, **fields)
    return record(tap, supersedes=supersedes, by=None, now=NOW)[0]


def value_of(learner: Learner, competency: Competency) -> int | None:
    ability = progress.of_one(learner.pk).abilities.get(competency.pk)
    return ability.value if ability else None


def test_the_same_tap_is_recorded_once(learner: Learner, competency: Competency) -> None:
    tap = observed(learner, competency, 3)
    first, is_new = record(tap, by=None, now=NOW)
    again, is_again_new = record(tap, by=None, now=NOW)
    assert (first, is_new, is_again_new) == (again, True, False)


def test_a_later_lower_rating_is_allowed_and_stands(
    learner: Learner, competency: Competency
) -> None:
    rate(learner, competency, 3)  # rule 44
    rate(learner, competency, 1, observed_at=NOW + datetime.timedelta(days=30))
    assert value_of(learner, competency) == 1
    assert Assessment.objects.standing().count() == 2


def test_a_correction_supersedes_and_both_stay_on_record(
    learner: Learner, competency: Competency
) -> None:
    wrong = rate(learner, competency, 0)  # rule 44
    rate(learner, competency, 2, supersedes=wrong)
    assert value_of(learner, competency) == 2
    assert list(Assessment.objects.standing().values_list("value", flat=True)) == [2]
    assert Assessment.objects.count() == 2


def test_correcting_what_was_corrected_meanwhile_corrects_the_correction(
    learner: Learner, competency: Competency
) -> None:
    wrong = rate(learner, competency, 0)
    second = rate(learner, competency, 2, supersedes=wrong)
    third = rate(learner, competency, 3, supersedes=wrong)
    assert third.supersedes == second
    assert Assessment.objects.standing().get() == third


def test_a_tap_taken_back_leaves_nothing_assessed(learner: Learner, competency: Competency) -> None:
    slip = rate(learner, competency, 4)
    rate(learner, competency, None, supersedes=slip)
    assert value_of(learner, competency) is None  # rule 43: not assessed, not "cannot"


def test_nothing_cannot_be_taken_back(learner: Learner, competency: Competency) -> None:
    with pytest.raises(ValueError, match="nothing to take back"):
        rate(learner, competency, None)
    slip = rate(learner, competency, 4)
    rate(learner, competency, None, supersedes=slip)
    with pytest.raises(ValueError, match="nothing to take back"):
        rate(learner, competency, None, supersedes=slip)


@pytest.mark.parametrize("value", [-1, 5])
def test_support_is_0_to_4(learner: Learner, competency: Competency, value: int) -> None:
    with pytest.raises(ValueError, match="0 to 4"):
        rate(learner, competency, value)


def test_an_observation_is_never_changed(learner: Learner, competency: Competency) -> None:
    made = rate(learner, competency, 2)  # rule 44
    made.value = 4
    with pytest.raises(AppendOnly):
        made.save()
    with pytest.raises(AppendOnly):
        made.delete()
    with pytest.raises(AppendOnly):
        Assessment.objects.update(value=4)


def test_the_database_itself_refuses_a_second_correction_of_one(
    learner: Learner, competency: Competency
) -> None:
    wrong = rate(learner, competency, 0)
    rate(learner, competency, 2, supersedes=wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assessment(
            learner=learner,
            competency=competency,
            competency_version=competency.current,
            value=1,
            observed_at=NOW,
            recorded_at=NOW,
            supersedes=wrong,
        ).save()


def test_a_record_keeps_the_wording_it_was_made_by(
    learner: Learner, competency: Competency
) -> None:
    made = rate(learner, competency, 3)  # rule 47
    competency.current = CompetencyVersion.objects.create(
        competency=competency,
        version=2,
        title_ja="新しい言い方",
        title_en="New words",
        made_at=NOW,
    )
    competency.save()
    made.refresh_from_db()
    assert made.competency_version.title_ja == "ニュースを開く"
    assert value_of(learner, competency) == 3


def test_what_is_retired_is_not_rated_any_more_and_keeps_its_records(
    learner: Learner, competency: Competency
) -> None:
    rate(learner, competency, 3)  # rule 47
    competency.retired_at = timezone.now()
    competency.save()
    with pytest.raises(NotTaught):
        rate(learner, competency, 4)
    assert value_of(learner, competency) == 3


def test_a_level_is_reached_without_what_was_retired(learner: Learner) -> None:
    required = Competency.objects.current().filter(level__code="news", current__is_required=True)
    *known, last = required
    for each in known:
        rate(learner, each, 3)
    news = SkillLevel.objects.get(code="news")
    assert not _reached(learner, news)
    last.retired_at = timezone.now()
    last.save()
    assert _reached(learner, news)


def _reached(learner: Learner, level: SkillLevel) -> bool:
    standings = progress.of_one(learner.pk).levels
    return next(each for each in standings if each.step.level_pk == level.pk).is_reached


def test_the_standing_of_an_earlier_day_leaves_out_what_came_later(
    learner: Learner, competency: Competency
) -> None:
    rate(learner, competency, 1)
    later = NOW + datetime.timedelta(days=7)
    rate(learner, competency, 3, observed_at=later)
    before = progress.of([learner.pk], until=later)[learner.pk]
    assert before.abilities[competency.pk].value == 1


def test_progress_of_many_people_costs_the_same_queries_as_of_one(
    competency: Competency, django_assert_num_queries
) -> None:
    people = [factories.learner() for _ in range(4)]
    for person in people:
        rate(person, competency, 2)
    news = SkillLevelVersion.objects.get(level__code="news")
    Placement.objects.create(learner=people[0], level_version=news, placed_at=NOW)
    with django_assert_num_queries(4):
        assert len(progress.of([person.pk for person in people])) == 4
    with django_assert_num_queries(4):
        assert progress.of_one(people[0].pk).provisional is None
