"""What is said of a wording before it is saved."""

import pytest

from classes import message_lint, message_texts
from classes.message_examples import Examples
from classes.models import MessageTemplate
from tests import factories

Kind = MessageTemplate.Kind
Form = MessageTemplate.Form

pytestmark = pytest.mark.django_db


def findings(
    wording: str, *, kind: str = Kind.REGISTERED_LOTTERY, language: str = "ja", form: str = Form.ONE
) -> list[message_lint.Finding]:
    """Of a text that owes no lesson, unless a test names another."""
    preview = Examples().preview(wording, language, form, kind=kind)
    return message_lint.find(wording, preview, kind=kind, language=language, form=form)


def warnings(wording: str, **which: str) -> list[str]:
    found = findings(wording, **which)
    assert not [each for each in found if each.refuses]
    return [each.message for each in found]


def refusals(wording: str, **which: str) -> list[str]:
    return [each.message for each in findings(wording, **which) if each.refuses]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("kind", Kind)
def test_nothing_is_said_of_the_texts_that_ship(kind, form):
    factories.course(short_name="アカウント")
    factories.venue(short_name="クリエイトホール")
    assert findings(message_texts.shipped(kind, "ja", form), kind=kind, form=form) == []


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("kind", Kind)
def test_nothing_is_said_of_the_english_ones_but_what_a_japanese_hall_costs(kind, form):
    factories.course(name_en="Getting an account")
    factories.venue(short_name="Create Hall")
    wording = message_texts.shipped(kind, "en", form)
    assert findings(wording, kind=kind, language="en", form=form) == []


@pytest.mark.parametrize(
    "wording",
    ["{name}のお席", "{city", "city}", "{ city }", "{{city}}", "{% now %}{", "{rank}番", "", "  "],
)
def test_what_cannot_be_filled_in_is_refused(wording):
    assert refusals(wording)


def test_a_text_too_long_for_the_networks_is_refused_with_its_longest_names():  # rule 49
    factories.venue(short_name="会" * 20)
    assert refusals("あ" * 661)
    just_fits = "あ" * 650
    assert not refusals(just_fits)
    assert refusals(just_fits + "{venue}", kind=Kind.REMINDER)


def test_more_than_one_message_is_warned_of_with_what_it_costs():  # rule 49
    assert warnings("あ" * 70) == []
    assert "2" in warnings("あ" * 71)[0]
    assert "3" in warnings("𠮷" * 70)[0]


@pytest.mark.parametrize(
    "wording",
    [
        "詳しくはhttps://example.jp",
        "ｗｗｗ．example",
        "hachioji.jpをご覧ください",
        "bit.ly/abcをどうぞ",
    ],
)
def test_a_link_is_refused_in_any_width(wording):  # rule 50
    assert [each.refuses for each in findings(wording)] == [True]


@pytest.mark.parametrize("wording", ["山田様", "節子さんへ", "Dear Setsuko", "お名前のご確認"])
def test_what_may_name_a_person_is_warned_of(wording):  # rule 50
    assert len(warnings(wording)) == 1


@pytest.mark.parametrize("wording", ["皆様お待ちします", "2名様のお席", "たくさんのご応募"])
def test_words_that_name_nobody_pass(wording):
    assert warnings(wording) == []


@pytest.mark.parametrize(
    "wording",
    ["090-3117-4912", "０４２（６２０）７２２８", "お電話は0426207228", "+81 42 620 7228"],
)
def test_any_other_phone_number_is_warned_of(wording):  # rule 50
    assert len(warnings(wording)) == 1


@pytest.mark.parametrize(
    "wording", ["{phone}へ", "042-626-3111", "０４２（６２６）３１１１", "受付番号2026-10-0042"]
)
def test_the_citys_own_number_passes(wording):
    assert warnings(wording) == []


@pytest.mark.parametrize(
    "wording", ["ご返信ください", "お返事をお願いします", "1と送ってください", "Please reply YES"]
)
def test_asking_for_an_answer_is_warned_of(wording):  # rule 61
    assert len(warnings(wording)) == 1


@pytest.mark.parametrize("wording", ["ご返信は不要です", "Please do not reply"])
def test_saying_that_no_answer_is_needed_passes(wording):
    assert warnings(wording) == []


def test_a_text_about_a_lesson_that_does_not_name_it_is_warned_of():  # rule 50
    [message] = warnings("{city}「{course}」{date}{time}です", kind=Kind.REMINDER)
    assert "{venue}" in message


def test_a_text_to_several_that_does_not_say_how_many_is_warned_of():  # rule 59
    [message] = warnings("{city}の申込み", form=Form.SEVERAL)
    assert "{people}" in message
