"""Dates of birth in the spellings of the field, and the days that never were."""

import datetime

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from learners import birth_dates
from learners.birth_dates import ImpossibleDate

TODAY = datetime.date(2026, 9, 1)


def parse(value: str | datetime.date) -> datetime.date:
    return birth_dates.parse(value, today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "昭和15年3月2日",
        "昭和１５年３月２日",
        "昭和 15年 3月 2日",
        "昭和十五年三月二日",
        "昭和一五年三月二日",
        "昭15/3/2",
        "昭15.3.2",
        "昭15-03-02",
        "昭15ー3ー2",
        "S15.3.2",
        "s15-3-2",
        "Ｓ１５．３．２",
        "S15/3/2",
        "S 15.3.2",
        "S.15.3.2",
        "S15 3 2",
        "S150302",
        "昭和150302",
        "㍼15年3月2日",
        "昭和15年3月2日生まれ",
        "昭和15年3月2日生",
        "昭和15年3月2日(土)",
        "昭和15年(1940年)3月2日",
        "1940年(昭和15年)3月2日",
        "1940/3/2",
        "1940-03-02",
        "1940-03-02 00:00:00",
        "1940-03-02T00:00:00",
        "1940.3.2",
        "1940年3月2日",
        "西暦1940年3月2日",
        "一九四〇年三月二日",
        "１９４０年３月２日",
        "19400302",
        " 1940/3/2 ",
    ],
)
def test_every_usual_spelling_is_the_same_day(text: str) -> None:
    assert parse(text) == datetime.date(1940, 3, 2)  # rule 13


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("大正15年12月25日", (1926, 12, 25)),
        ("昭和元年12月25日", (1926, 12, 25)),
        ("昭和1年12月31日", (1926, 12, 31)),
        ("昭和64年1月7日", (1989, 1, 7)),
        ("平成元年1月8日", (1989, 1, 8)),
        ("平成31年4月30日", (2019, 4, 30)),
        ("令和元年5月1日", (2019, 5, 1)),
        ("R1.5.1", (2019, 5, 1)),
        ("H31.4.30", (2019, 4, 30)),
        ("T10.1.1", (1921, 1, 1)),
        ("昭和二十年十月三十一日", (1945, 10, 31)),
        ("S31.2.29", (1956, 2, 29)),
    ],
)
def test_the_first_and_last_day_of_an_era_are_accepted(
    text: str, day: tuple[int, int, int]
) -> None:
    assert parse(text) == datetime.date(*day)  # rule 13


@pytest.mark.parametrize(
    "text",
    [
        "昭和64年1月8日",
        "昭和64年2月1日",
        "昭和65年1月1日",
        "昭和100年1月1日",
        "昭和元年12月24日",
        "大正15年12月26日",
        "平成元年1月7日",
        "平成31年5月1日",
        "令和元年4月30日",
        "大正16年1月1日",
        "昭和15年2月30日",
        "昭和15年13月1日",
        "昭和0年1月1日",
        "1941/2/29",
        "1940/0/2",
        "明治39年1月1日",
        "1906/8/31",
        "2026/9/2",
        "令和99年1月1日",
        "令和100年1月1日",
        "0001/1/1",
    ],
)
def test_days_that_never_were_or_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ImpossibleDate):  # rule 13
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "15/3/2",
            "3/2/1940",
            "昭和15年",
            "昭和",
            "あ",
            "1940",
            "昭和15年3月",
            "X15.3.2",
            "1",
        ),
        *("1940年(昭和16年)3月2日", "昭和15年(庚辰)3月2日", "1940/3/2 10:30", "194032", "一" * 400),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ImpossibleDate) as refusal:
        parse(text)
    assert str(refusal.value)


def test_the_refusal_names_the_last_day_of_the_era() -> None:
    with translation.override("en"), pytest.raises(ImpossibleDate, match="Showa 64 ended on 1/7"):
        parse("昭和64年1月8日")  # rule 13
    with (
        translation.override("en"),
        pytest.raises(ImpossibleDate, match="Taisho 15 ended on 12/25"),
    ):
        parse("大正15年12月26日")
    with translation.override("en"), pytest.raises(ImpossibleDate, match="Heisei 1 began on 1/8"):
        parse("平成元年1月7日")


def test_excels_own_dates_are_taken_as_they_are() -> None:
    assert parse(datetime.datetime(1946, 6, 4)) == datetime.date(1946, 6, 4)
    assert parse(datetime.date(1946, 6, 4)) == datetime.date(1946, 6, 4)
    with pytest.raises(ImpossibleDate):
        parse(datetime.datetime(2027, 1, 1))


def test_the_oldest_people_can_be_registered_and_nobody_older() -> None:
    assert parse("1906/9/1") == datetime.date(1906, 9, 1)
    assert parse("明治39年9月1日") == datetime.date(1906, 9, 1)
    with pytest.raises(ImpossibleDate):
        parse("1906/8/31")


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ((1966, 4, 1), (2026, 4, 1), 60),
        ((1966, 4, 2), (2026, 4, 1), 59),
        ((1966, 3, 31), (2026, 4, 1), 60),
        ((1940, 2, 29), (2026, 2, 28), 85),
        ((1940, 2, 29), (2026, 3, 1), 86),
        ((1940, 2, 29), (2028, 2, 29), 88),
    ],
)
def test_age_is_counted_by_birthdays(
    born: tuple[int, int, int], day: tuple[int, int, int], age: int
) -> None:
    assert birth_dates.age_on(datetime.date(*born), datetime.date(*day)) == age  # rule 14


def test_dates_are_told_by_era() -> None:
    assert birth_dates.format_era(datetime.date(1939, 3, 2)) == "昭和14年"
    assert birth_dates.format_era(datetime.date(1926, 12, 24)) == "大正15年"
    assert birth_dates.format_era(datetime.date(1926, 12, 25)) == "昭和元年"
    assert birth_dates.format_era(datetime.date(1989, 1, 7)) == "昭和64年"
    assert birth_dates.format_era(datetime.date(1989, 1, 8)) == "平成元年"
    assert birth_dates.format_era(datetime.date(1860, 1, 1)) == "1860年"
    assert birth_dates.format_era_date(datetime.date(1940, 3, 2)) == "昭和15年3月2日"


@given(st.dates(datetime.date(1907, 1, 1), TODAY))
def test_a_date_told_by_era_is_read_as_the_same_day(day: datetime.date) -> None:
    assert parse(birth_dates.format_era_date(day)) == day  # rule 13


@given(st.dates(datetime.date(1907, 1, 1), TODAY), st.sampled_from("/.-"))
def test_a_western_date_is_read_as_itself(day: datetime.date, mark: str) -> None:
    assert parse(f"{day.year}{mark}{day.month}{mark}{day.day}") == day


@given(
    st.one_of(
        st.text(max_size=30),
        st.text(alphabet="昭和大正平成令元年月日STHRM0123456789/.-() 十百千〇一二三", max_size=16),
    )
)
def test_no_text_at_all_brings_the_reader_down(text: str) -> None:
    try:
        day = parse(text)
    except ImpossibleDate:
        return
    assert datetime.date(1906, 9, 1) <= day <= TODAY
