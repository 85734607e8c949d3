"""The ladder as it is edited and shared: versions, differences, faults (rule 47)."""

import dataclasses
from typing import Any

import pytest

from skill_levels import curriculum, progress
from skill_levels.curriculum import CompetencyText, Curriculum
from skill_levels.models import Assessment, Competency, CompetencyVersion, SkillLevel
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.tokyo(2026, 9, 1, 10)


def reworded(code: str, **fields: Any) -> Curriculum:
    ladder = curriculum.current()
    changed = dataclasses.replace(ladder.competencies[code], **fields)
    return ladder.with_competency(changed)


def save(new: Curriculum) -> list[curriculum.Change]:
    return curriculum.save(new, by=None, now=NOW)


def test_what_ships_has_no_fault() -> None:
    assert curriculum.faults(curriculum.current()) == []


def test_saving_what_stands_changes_nothing() -> None:
    versions = CompetencyVersion.objects.count()
    assert save(curriculum.current()) == []
    assert CompetencyVersion.objects.count() == versions


def test_a_rewording_is_a_new_version_and_old_records_keep_theirs() -> None:  # rule 47
    competency = Competency.objects.get(code="open-news")
    before = competency.current
    assert before
    seen = Assessment(
        learner=factories.learner(), competency=competency, competency_version=before, value=3,
        observed_at=NOW, recorded_at=NOW,
    )  # fmt: skip
    seen.save()
    [change] = save(reworded("open-news", title_ja="ニュースをひらく", is_required=False))
    assert (change.kind, change.code) == ("changed", "open-news")
    assert {label for label, _, _ in change.fields} == {
        str(curriculum.LABELS["title_ja"]),
        str(curriculum.LABELS["is_required"]),
    }
    competency.refresh_from_db()
    assert competency.current
    assert (competency.current.version, competency.current.title_ja) == (2, "ニュースをひらく")
    seen.refresh_from_db()
    assert seen.competency_version == before
    assert seen.competency_version.title_ja != "ニュースをひらく"


def test_what_is_left_out_is_retired_and_may_come_back() -> None:
    ladder = curriculum.current()
    learner = factories.learner()
    [change] = save(ladder.without_competency("open-news"))
    assert (change.kind, change.code) == ("retired", "open-news")
    assert Competency.objects.get(code="open-news").retired_at == NOW
    assert progress.of_one(learner.pk).abilities == {}
    [back] = save(ladder)
    assert back.kind == "added"
    assert Competency.objects.get(code="open-news").retired_at is None


def test_a_level_left_out_is_no_longer_taught_and_says_so_once() -> None:
    ladder = curriculum.current()
    left = [code for code in ladder.levels if code != "payments"]
    new = Curriculum(
        {code: ladder.levels[code] for code in left},
        {k: c for k, c in ladder.competencies.items() if c.level in left and not c.warns_before},
    )
    changes = [change for change in save(new) if change.is_level]
    assert [(change.kind, change.code) for change in changes] == [("retired", "payments")]
    assert not SkillLevel.objects.get(code="payments").is_taught
    assert [c for c in curriculum.differences(curriculum.current(), new) if c.is_level] == []


def test_orders_of_levels_are_exchanged_without_a_collision() -> None:
    ladder = curriculum.current()
    news, accounts = ladder.levels["news"], ladder.levels["accounts"]
    new = ladder.with_level(dataclasses.replace(news, number=accounts.number)).with_level(
        dataclasses.replace(accounts, number=news.number)
    )
    save(new)
    assert SkillLevel.objects.get(code="news").number == accounts.number
    assert curriculum.current().fingerprint == new.fingerprint


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title_ja": " "}, "title_ja"),
        ({"title_en": "x" * 81}, "title_en"),
        ({"hint_ja": "十二文字になっているヒント"}, "hint_ja"),
        ({"hint_ja": "𠮷" * 6}, "hint_ja"),  # twelve units (rule 49)
        ({"hint_en": "x" * 41}, "hint_en"),
        ({"recheck_days": 0}, "recheck_days"),
        ({"recheck_days": 731}, "recheck_days"),
        ({"number": -1}, "number"),
        ({"level": "no-such"}, "level"),
        ({"warns_before": "no-such"}, "warns_before"),
    ],
)
def test_a_fault_names_its_field(fields: dict[str, Any], field: str) -> None:
    new = reworded("open-news", **fields)
    assert [fault.field for fault in curriculum.faults(new)] == [field]
    with pytest.raises(ValueError, match="faults"):
        save(new)


def test_a_code_that_is_none_is_a_fault() -> None:
    odd = CompetencyText("Öffnen!", "news", 1, "a", "b")
    assert curriculum.faults(curriculum.current().with_competency(odd))[0].field == "code"


def test_it_survives_being_kept_between_showing_and_confirming() -> None:
    ladder = curriculum.current()
    assert curriculum.from_json(curriculum.as_json(ladder)) == ladder
