"""Questions on the phone, asked upwards: the first "no" is the provisional level (rule 46)."""

import pytest

from skill_levels import placements, progress
from skill_levels.models import Placement, SkillLevel
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.tokyo(2026, 9, 1, 10)


def led_to(said: str) -> str | None:
    level = placements.ask(said, language="ja").level
    return level.code if level else None


def test_the_first_no_is_the_provisional_level() -> None:  # rule 46
    codes = [level.code for level in SkillLevel.objects.taught()]
    for place, code in enumerate(codes):
        assert led_to("y" * place + "n") == code


def test_all_yes_is_the_highest_level_taught() -> None:
    taught = list(SkillLevel.objects.taught())
    assert led_to("y" * len(taught)) == taught[-1].code


def test_each_level_is_asked_by_its_first_question_and_further_only_in_doubt() -> None:
    asked = placements.ask("y", language="ja")
    assert asked.question is not None
    assert (asked.question.level.number, asked.question.place) == (1, 0)
    doubt = placements.ask("yu", language="ja")
    assert doubt.question is not None
    assert (doubt.question.level.number, doubt.question.place) == (1, 1)
    assert led_to("yun") == asked.question.level.code
    sure_after_all = placements.ask("yuy", language="ja").question
    assert sure_after_all is not None
    assert sure_after_all.level.number == 2


def test_in_doubt_about_everything_is_not_yet() -> None:
    assert led_to("uuu") == SkillLevel.objects.taught()[0].code


def test_the_questions_are_asked_in_the_callers_language() -> None:
    question = placements.ask("", language="en").question
    assert question is not None
    assert question.text.isascii()


def test_another_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="answer"):
        placements.ask("yx", language="ja")


def test_a_later_placement_stands_for_the_earlier_which_is_kept() -> None:  # rule 47
    learner, by = factories.learner(), factories.staff_member()
    news, accounts = (SkillLevel.objects.get(code=code) for code in ("news", "accounts"))
    asked = placements.ask("yn", language="ja")
    placements.place(learner, news, answers=asked.answers, by=by, now=NOW)
    placements.place(learner, accounts, note="ご家族のお話", by=by, now=NOW)
    assert progress.of_one(learner.pk).provisional == accounts.number
    assert Placement.objects.count() == 2
    kept = Placement.objects.get(level_version__level=news)
    assert [each["answer"] for each in kept.answers] == ["y", "n"]
    assert kept.superseded_by is not None
