"""Numbers as callers say them, operators type them and Excel mangles them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms import phone_numbers
from sms.phone_numbers import InvalidNumber, LocalNumber, NoNumber, PhoneKind

AREA = "042"


def parse(text: str) -> phone_numbers.ParsedNumber:
    return phone_numbers.parse(text, area_code=AREA)


def parse_cell(value: object) -> phone_numbers.ParsedNumber:
    return phone_numbers.parse_cell(value, area_code=AREA)


@pytest.mark.parametrize(
    "text",
    [
        "090-3117-4912",
        "09031174912",
        "０９０－３１１７－４９１２",
        "090ー3117ー4912",
        "090–3117—4912",
        "090−3117−4912",
        "090(3117)4912",
        "(090)3117-4912",
        "（０９０）３１１７ー４９１２",
        "090 3117 4912",
        "090　3117　4912",
        "090.3117.4912",
        "090・3117・4912",
        "０９０ｰ３１１７ｰ４９１２",
        " 090-3117-4912\n",
        "+81 90-3117-4912",
        "+81 (0)90 3117 4912",
        "＋８１９０３１１７４９１２",
        "0081-90-3117-4912",
        "TEL:090-3117-4912",
        "℡ 090-3117-4912",
    ],
)
def test_every_spelling_of_a_mobile_number_is_the_same_number(text: str) -> None:
    parsed = parse(text)
    assert parsed.e164 == "+819031174912"
    assert parsed.national == "090-3117-4912"
    assert parsed.sms_capable
    assert parsed.kind is PhoneKind.MOBILE


def test_a_number_keeps_how_it_was_spoken() -> None:
    assert parse(" ０４２（６２６）３１１１ ").spoken == "０４２（６２６）３１１１"  # rule 7
    assert parse("042-626-3111").e164 == "+81426263111"


@pytest.mark.parametrize("prefix", ["060", "070", "080", "090"])
def test_mobiles_with_eight_digits_after_the_prefix_take_sms(prefix: str) -> None:
    parsed = parse(f"{prefix}-7203-0275")  # rule 8
    assert parsed.sms_capable
    assert parsed.national == f"{prefix}-7203-0275"


@pytest.mark.parametrize(
    ("text", "kind", "national"),
    [
        ("0426263111", PhoneKind.LANDLINE, "042-626-3111"),
        ("0312345678", PhoneKind.LANDLINE, "03-1234-5678"),
        ("0266521234", PhoneKind.LANDLINE, "0266-52-1234"),
        ("0499221234", PhoneKind.LANDLINE, "04992-2-1234"),
        ("05035162136", PhoneKind.IP_PHONE, "050-3516-2136"),
        ("0120123456", PhoneKind.TOLL_FREE, "0120-123-456"),
        ("08001234567", PhoneKind.TOLL_FREE, "0800-123-4567"),
        ("02012345678", PhoneKind.M2M, "020-1234-5678"),
        ("0570012345", PhoneKind.NAVI, "0570-012-345"),
        ("0601234567", PhoneKind.PERSONAL, "060-123-4567"),
    ],
)
def test_other_numbers_are_stored_and_take_no_sms(
    text: str, kind: PhoneKind, national: str
) -> None:
    parsed = parse(text)  # rule 9
    assert (parsed.kind, parsed.national) == (kind, national)
    assert not parsed.sms_capable


@pytest.mark.parametrize("text", ["626-3111", "６２６－３１１１", "(626)3111", "6263111"])
def test_a_local_number_is_refused_with_the_citys_area_code_suggested(text: str) -> None:
    with pytest.raises(LocalNumber) as refusal:  # rule 6
        parse(text)
    assert refusal.value.suggested is not None
    assert refusal.value.suggested.e164 == "+81426263111"
    assert refusal.value.suggestion == "042-626-3111"


def test_a_local_number_that_the_area_code_does_not_complete_has_no_suggestion() -> None:
    with pytest.raises(LocalNumber) as refusal:  # rule 6
        parse("3863-0860")
    assert refusal.value.suggested is None


def test_the_suggested_area_code_is_the_citys_own() -> None:
    with pytest.raises(LocalNumber) as refusal:  # rule 6
        phone_numbers.parse("3863-0860", area_code="03")
    assert refusal.value.suggestion == "03-3863-0860"
    with pytest.raises(LocalNumber) as refusal:
        phone_numbers.parse("22-1234", area_code="0266")
    assert refusal.value.suggestion == "0266-22-1234"


@pytest.mark.parametrize("text", ["", "  ", "なし", "無し", "－", "ナシ", "ﾅｼ"])
def test_no_number_is_told_apart_from_a_wrong_one(text: str) -> None:
    with pytest.raises(NoNumber):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "090-3117-491",
        "090-3117-49123",
        "042-626-31",
        "119",
        "1234",
        "0000000000",
        "042-626-3111(代)",
        "090-3117-4912娘",
        "042-626-3111 内線23",
        "042-626-3111 ext 23",
        "042-626-3111#23",
        "042-626-3111/090-3117-4912",
        "042-626-3111\n090-3117-4912",
        "+999 123",
        "++819031174912",
        "abc",
        "①②③-④⑤⑥⑦",
        "9" * 500,
    ],
)
def test_what_is_no_number_is_refused_with_a_message(text: str) -> None:
    with pytest.raises(InvalidNumber) as refusal:
        parse(text)
    assert str(refusal.value)
    assert not isinstance(refusal.value, LocalNumber | NoNumber)


def test_a_refusal_repeats_no_digits_of_the_number() -> None:
    with pytest.raises(InvalidNumber) as refusal:
        parse("090-3117-491")
    assert "3117" not in str(refusal.value)


def test_a_number_typed_without_its_zero_is_asked_again_not_mended() -> None:
    with pytest.raises(InvalidNumber) as refusal:
        parse("9031174912")
    assert refusal.value.suggestion == "090-3117-4912"


def test_a_foreign_number_is_kept_with_its_country() -> None:
    parsed = parse("+1 650-253-0000")
    assert parsed.e164 == "+16502530000"
    assert parsed.kind is PhoneKind.OTHER
    assert not parsed.sms_capable
    assert phone_numbers.display("+16502530000") == "+1 650-253-0000"


@pytest.mark.parametrize(
    ("value", "e164"),
    [
        (426374908, "+81426374908"),
        (426374908.0, "+81426374908"),
        ("426374908", "+81426374908"),
        (9092672417, "+819092672417"),
        ("9092672417", "+819092672417"),
        (5055904419, "+815055904419"),
        (6068371644, "+816068371644"),
        (120123456, "+81120123456"),
        (8001234567, "+818001234567"),
        (819031174912, "+819031174912"),
        (81426263111, "+81426263111"),
        ("090-3117-4912", "+819031174912"),
    ],
)
def test_a_cell_gets_back_the_zero_that_excel_dropped(value: object, e164: str) -> None:
    assert parse_cell(value).e164 == e164  # rule 67


@pytest.mark.parametrize("value", [6263111, 38630860, "626-3111"])
def test_a_cell_with_a_local_number_is_never_prefixed(value: object) -> None:
    with pytest.raises(LocalNumber):  # rule 6
        parse_cell(value)


@pytest.mark.parametrize(
    "value",
    [True, 1.5, -426374908, 4263749080, datetime.datetime(2026, 9, 1), float("inf"), float("nan")],
)
def test_a_cell_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidNumber):
        parse_cell(value)


def test_an_empty_cell_has_no_number() -> None:
    with pytest.raises(NoNumber):
        parse_cell(None)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("4912", "4912"),
        ("４９１２", "4912"),
        ("3117ー4912", "31174912"),
        ("+81 90 3117", "0903117"),
        ("0081903117", "0903117"),
        ("やまだ", ""),
        ("山田4912", ""),
        ("", ""),
        ("ー", ""),
    ],
)
def test_a_search_for_a_number_is_its_digits(text: str, digits: str) -> None:
    assert phone_numbers.search_digits(text) == digits  # rule 2


@given(st.sampled_from(["060", "070", "090"]), st.from_regex(r"[0-9]{8}", fullmatch=True))
def test_what_is_displayed_is_read_as_the_same_number(prefix: str, rest: str) -> None:
    parsed = parse(prefix + rest)
    assert parse(parsed.national) == phone_numbers.ParsedNumber(
        parsed.e164, parsed.national, parsed.national, True, PhoneKind.MOBILE
    )


@given(st.from_regex(r"0[1-9][1-9][0-9]{7}", fullmatch=True))
def test_every_ten_digit_number_is_stored_whole_and_shown_from_its_zero(digits: str) -> None:
    parsed = parse(digits)
    assert parsed.e164 == "+81" + digits[1:]
    assert parsed.national.replace("-", "") == digits
    assert not parsed.sms_capable


@given(st.one_of(st.text(max_size=60), st.text(alphabet="0123456789+-() ー", max_size=20)))
def test_no_text_at_all_brings_the_parser_down(text: str) -> None:
    phone_numbers.search_digits(text)
    try:
        parsed = parse(text)
    except InvalidNumber:
        return
    assert len(parsed.e164) <= 16
    assert len(parsed.spoken) <= 40
    assert parse(parsed.e164).e164 == parsed.e164
