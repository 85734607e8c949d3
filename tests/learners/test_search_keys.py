"""Who is found by what is typed, and who is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learners.folding import fold, spellings
from learners.search_keys import Kind, SearchKeyValue, keys_for, query_prefixes, upper_bound


def finds(query: str, **learner: object) -> bool:
    """Whether the keys of a learner are found by a query, by range as the database does it."""
    fields = {"name": "", "kana": "", "latin_name": "", "phones": (), **learner}
    keys = keys_for(**fields)  # type: ignore[arg-type]
    return any(
        kind == prefix_kind and prefix <= key and key < (upper_bound(prefix) or "")
        for prefix_kind, prefix in query_prefixes(query)
        for kind, key in keys
    )


@pytest.mark.parametrize(
    "query",
    [
        "ヤマダ",
        "ﾔﾏﾀﾞ",
        "やまだ",
        "ヤマダ セツコ",
        "やまだせつこ",
        "ﾔﾏﾀﾞ　ｾﾂｺ",
        "せつこ",
        "せつこ やまだ",
        *("ヤマタ゛", "やまた゛", "やまた ゛", "ヤマタ\u3099", "や", " やまだ "),
    ],
)
def test_kana_of_any_width_and_kind_finds_a_name_in_kanji(query: str) -> None:
    assert finds(query, name="山田 節子", kana="ヤマダ セツコ")  # rule 2


@pytest.mark.parametrize(
    ("query", "kana"),
    [
        ("ヨーコ", "ヨウコ"),
        ("ヨウコ", "ヨーコ"),
        ("ヨコ", "ヨーコ"),
        ("ヨーコ", "ヨコ"),
        ("よ-こ", "ヨーコ"),
        ("よ〜こ", "ヨーコ"),
        ("ﾖｰｺ", "ヨウコ"),
        ("オータ", "オオタ"),
        ("おおた", "オータ"),
        ("ケーコ", "ケイコ"),
        ("ユーコ", "ユウコ"),
        ("ショウジ", "シヨウジ"),
        ("しようじ", "ショウジ"),
        ("ハットリ", "ハツトリ"),
        ("ﾊﾂﾄﾘ", "ハットリ"),
        ("ちづこ", "チズコ"),
        ("シヅ", "シズ"),
        ("ミスズ", "ミスヾ"),
        ("イネ", "ヰネ"),
        ("キエ", "キヱ"),
    ],
)
def test_long_marks_and_small_kana_do_not_hide_a_reading(query: str, kana: str) -> None:
    assert finds(query, kana=kana)  # rule 2


def test_voiced_and_unvoiced_readings_stay_two() -> None:
    assert not finds("ヤマタ", kana="ヤマダ")
    assert not finds("おの", kana="オオノ")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("高山", "髙山 節子"),
        ("髙山", "高山 節子"),
        ("吉野", "𠮷野弘子"),
        ("𠮷野", "𠮷野弘子"),
        ("葛西", "葛󠄀西 玲子"),
        ("葛󠄀西", "葛西 玲子"),
        ("渡辺", "渡邉 一"),
        ("渡邊", "渡辺 一"),
        ("斉藤", "齋藤 実"),
        ("斎藤", "齊藤 實"),
        ("山崎", "山﨑 守"),
        ("浜田", "濵田 進"),
        ("佐々木", "佐佐木 信綱"),
        ("神田", "神田 勝"),
        ("関が原", "関ガ原 守"),
        ("節子", "山田 節子"),
        ("\ue000田", "\ue000田 花子"),
    ],
)
def test_rare_kanji_are_found_by_themselves_and_by_the_common_ones(query: str, name: str) -> None:
    assert finds(query, name=name)  # rules 2 and 17


def test_a_gaiji_is_no_other_letter() -> None:
    assert not finds("\ue001田", name="\ue000田 花子")


@pytest.mark.parametrize(
    "query",
    ["nguyen", "NGUYEN", "Nguyễn", "hoa", "thi hoa", "Hoa Nguyen", "Ｎｇｕｙｅｎ", "nguyenthihoa"],
)
def test_latin_names_are_found_without_accents_from_any_part(query: str) -> None:
    assert finds(query, latin_name="Nguyễn Thị Hoa")  # rules 2 and 16


def test_a_person_without_kana_has_keys_of_the_latin_name_only() -> None:
    keys = keys_for(name="", kana="", latin_name="John O'Brien-Smith", phones=[])  # rule 16
    assert {key.kind for key in keys} == {Kind.LATIN}
    assert finds("o'brien", latin_name="John O'Brien-Smith")
    assert finds("obrien smith", latin_name="John O'Brien-Smith")


@pytest.mark.parametrize(
    "query",
    ["4912", "174912", "４９１２", "3117-4912", "0903117", "090-3117-4912", "+819031174912"],
)
def test_a_phone_is_found_by_its_last_digits_or_from_the_start(query: str) -> None:
    assert finds(query, phones=["+819031174912"])  # rule 2


@pytest.mark.parametrize("query", ["", " ", "491", "3117", "4913", "ー", "!"])
def test_fewer_than_four_digits_and_digits_from_the_middle_find_nobody(query: str) -> None:
    assert not finds(query, name="山田", kana="ヤマダ", phones=["+819031174912"])


def test_every_phone_of_a_learner_gives_its_two_keys() -> None:
    keys = keys_for(name="", kana="", latin_name="", phones=["+819031174912", "+81426263111"])
    assert keys == {
        SearchKeyValue(Kind.PHONE, "09031174912"),
        SearchKeyValue(Kind.PHONE_TAIL, "*21947113090"),
        SearchKeyValue(Kind.PHONE, "0426263111"),
        SearchKeyValue(Kind.PHONE_TAIL, "*1113626240"),
    }


def test_a_long_name_gives_keys_that_fit_and_are_found() -> None:
    name = "㍿" * 80
    assert all(len(key.key) <= 80 for key in keys_for(name=name, kana="", latin_name="", phones=()))
    assert finds(name, name=name)


@given(st.text(), st.text())
def test_the_upper_bound_parts_what_begins_with_a_prefix_from_what_follows(
    prefix: str, rest: str
) -> None:
    bound = upper_bound(prefix)
    if bound is None:
        assert set(prefix) <= {"\U0010ffff"}
        return
    # SQLite compares bytes of UTF-8, which order as code points do.
    assert prefix.encode() <= (prefix + rest).encode() < bound.encode()


@given(st.text(min_size=1), st.text(min_size=1))
def test_nothing_else_lies_below_the_upper_bound(prefix: str, other: str) -> None:
    bound = upper_bound(prefix)
    if bound is not None and prefix <= other < bound:
        assert other.startswith(prefix)


def test_the_upper_bound_steps_over_the_surrogates_and_the_last_code_point() -> None:
    assert upper_bound("あ") == "ぃ"
    assert upper_bound("\ud7ff") == "\ue000"
    assert upper_bound("あ\U0010ffff") == "ぃ"
    assert upper_bound("\U0010ffff") is None
    assert upper_bound("") is None


@given(st.text())
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


_KANA = st.text(alphabet="アイウエオカガキギハバパーッャュョ゛゜あいうおんヤヨ", min_size=1)
_PART = st.one_of(_KANA, st.text(alphabet="山田髙々𠮷葛\U000e0100ハナaéß", min_size=1))


@given(st.lists(_PART, min_size=1, max_size=3), st.sampled_from([" ", "　"]))
def test_every_part_of_a_name_is_found_by_itself(parts: list[str], space: str) -> None:
    name = space.join(parts)
    for part in parts:
        # A voiced mark at the head of a part belongs to the letter before it.
        if fold(part) and not any(other.startswith(("゛", "゜")) for other in parts):
            assert finds(part, name=name)  # rule 2
    if fold(name):
        assert finds(name, name=name)


@given(_KANA, st.integers(1, 10))
def test_a_reading_is_found_from_its_first_letters(kana: str, length: int) -> None:
    typed = kana[:length]
    if fold(typed) and not kana[length:].startswith(("゛", "゜")):
        assert finds(typed, kana=kana)


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    assert all(prefix for _kind, prefix in query_prefixes(text))
    assert all(spellings(text))
