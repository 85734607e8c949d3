"""Segments as the networks count them (rule 49)."""

import pytest

from sms import segments
from sms.segments import Size

TORN = "𠮷"  # two units of UTF-16


@pytest.mark.parametrize(
    ("text", "units", "count"),
    [
        ("", 0, 1),
        ("あ" * 70, 70, 1),
        ("あ" * 71, 71, 2),
        ("あ" * 134, 134, 2),
        ("あ" * 135, 135, 3),
        ("あ" * 660, 660, 10),
        (TORN * 35, 70, 1),
        (TORN * 36, 72, 2),
        # Of 67 units 66 are used, because a letter is never torn.
        (TORN * 67, 134, 3),
        ("あ" * 66 + TORN + "あ" * 66, 134, 3),
        ("葛󠄀", 3, 1),  # a variation selector counts two
        ("a" * 70 + "あ", 71, 2),
    ],
)
def test_japanese_texts_are_counted_in_utf16_units(  # rule 49
    text: str, units: int, count: int
) -> None:
    assert segments.measure(text) == Size(units, count, is_gsm7=False) or not text
    assert segments.measure(text).units == units == len(text.encode("utf-16-le")) // 2
    assert segments.measure(text).segments == count


@pytest.mark.parametrize(
    ("text", "units", "count"),
    [
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("[", 2, 1),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        # Of 153 units 152 are used, because an escape stays with its letter.
        ("a" * 152 + "{" + "a" * 152, 306, 3),
        ("Hello\nthere @ 10:00", 19, 1),
    ],
)
def test_gsm7_texts_are_counted_in_septets(text: str, units: int, count: int) -> None:  # rule 49
    assert segments.measure(text) == Size(units, count, is_gsm7=True)


def test_over_seventy_is_to_be_warned_of_and_over_660_is_refused() -> None:  # rule 49
    assert [segments.measure("あ" * n).is_joined for n in (70, 71)] == [False, True]
    assert [segments.measure("あ" * n).is_refused for n in (660, 661)] == [False, True]
    assert segments.measure("あ" * 659 + TORN).is_refused


def test_the_alone_limit_is_the_alphabets() -> None:
    assert (segments.measure("あ").alone, segments.measure("a").alone) == (70, 160)
