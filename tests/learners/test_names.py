"""Names and readings as they are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learners import names


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  山田　花子 ", "山田 花子"),
        ("山田 \t 花子", "山田 花子"),
        ("山田花子", "山田花子"),
        ("山田\u200b花子\x00\ufeff", "山田花子"),
        ("", ""),
        ("Nguyễn  Thị Hoa", "Nguyễn Thị Hoa"),
    ],
)
def test_a_name_is_trimmed_to_single_spaces(typed: str, kept: str) -> None:
    assert names.clean_name(typed) == kept


@pytest.mark.parametrize("name", ["𠮷野", "髙山", "葛󠄀西", "神田", "﨑山", "\ue000田", "が\u3099"])
def test_rare_kanji_and_selectors_are_kept_as_typed(name: str) -> None:
    assert names.clean_name(name) == name  # rule 17


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ﾌｼﾞﾀ ｲﾁﾛｳ", "フジタ イチロウ"),
        ("なかむら　きみこ", "ナカムラ キミコ"),
        ("ｸﾛﾀﾞﾁﾖｺ", "クロダチヨコ"),
        ("か゛とう", "ガトウ"),
        ("か ゛とう", "ガトウ"),
        ("は゜る", "パル"),
        ("よーこ", "ヨーコ"),
        ("ヨ-コ", "ヨーコ"),
        ("ﾖｰｺ", "ヨーコ"),
        ("みすゞ", "ミスヾ"),
        ("ゔ", "ヴ"),
        ("ジョン・スミス", "ジョン・スミス"),
        ("ジャン＝ポール", "ジャン・ポール"),
        ("", ""),
    ],
)
def test_a_reading_is_kept_in_full_width_katakana(typed: str, kept: str) -> None:
    assert names.normalise_kana(typed) == kept  # rule 2


@pytest.mark.parametrize("typed", ["山田", "Yamada", "ヤマダ1", "ヤマダ(旧姓)", "ヤマダ!"])
def test_a_reading_with_other_letters_is_refused(typed: str) -> None:
    with pytest.raises(names.InvalidKana):
        names.normalise_kana(typed)


@given(st.text())
def test_what_is_kept_is_kept_again(text: str) -> None:
    cleaned = names.clean_name(text)
    assert names.clean_name(cleaned) == cleaned
    try:
        kana = names.normalise_kana(text)
    except names.InvalidKana:
        return
    assert names.normalise_kana(kana) == kana
