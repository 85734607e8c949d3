"""Column headers as offices write them."""

import pytest

from classes.imports.headers import field_of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("No.", "number"),
        ("氏名", "name"),
        ("お名前", "name"),
        ("氏 名", "name"),
        ("氏名(漢字)", "name"),
        ("氏名(カナ)", "kana"),
        ("氏名【ふりがな】", "kana"),
        ("ﾌﾘｶﾞﾅ", "kana"),
        ("生年月日(西暦)", "birth_date"),
        ("ＴＥＬ", "phone"),
        ("電話番号(日中)", "phone"),
        ("携帯", "mobile"),
        ("第1希望", "choice1"),
        ("第一希望", "choice1"),
        ("第２希望", "choice2"),
        ("希望3", "choice3"),
        ("希望③", "choice3"),
        ("希望(第2)", "choice2"),
        ("②", "choice2"),
        ("希望クラス", "choice1"),
        ("2nd choice", "choice2"),
        ("First choice", "choice1"),
        ("SMS可", "sms"),
        ("備考※", "note"),
        ("紹介者", None),
        ("", None),
        ("9", None),
    ],
)
def test_a_callers_header_means_its_field(text: str, name: str | None) -> None:
    assert field_of(text, callers=True, by_hand={}) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("クラス", "code"),
        ("記号", "code"),
        ("講座", "course"),
        ("場所", "venue"),
        ("担当", "instructor"),
        ("定員(名)", "capacity"),
        ("開催日", "day"),
        ("開始時刻", "starts"),
        ("時間", "starts"),
        ("終了", "ends"),
        ("Capacity", "capacity"),
    ],
)
def test_a_classes_header_means_its_field(text: str, name: str) -> None:
    assert field_of(text, callers=False, by_hand={}) == name


def test_what_staff_named_once_is_remembered() -> None:
    assert field_of("よみ かた", callers=True, by_hand={"よみかた": "kana"}) == "kana"
