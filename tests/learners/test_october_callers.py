"""Every cell of a real-shaped morning goes through the readers."""

import datetime
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from learners import birth_dates, names, residence
from learners.search_keys import keys_for
from sms import phone_numbers

WORKBOOK = Path(__file__).parent.parent / "data" / "october_callers.xlsx"
DAY = datetime.date(2026, 9, 1)


def read_rows() -> Iterator[dict[str, Any]]:
    for sheet in openpyxl.load_workbook(WORKBOOK, read_only=True):
        header: tuple[Any, ...] = ()
        for row in sheet.iter_rows(values_only=True):
            if not header:
                header = row if "氏名" in row else ()
            elif any(row):
                yield dict(zip(header, row, strict=True))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return list(read_rows())


def test_the_morning_has_250_calls(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == 250


def test_only_the_local_numbers_and_the_missing_one_are_refused(rows: list[dict[str, Any]]) -> None:
    refused: dict[Any, str] = {}
    kinds: Counter[str] = Counter()
    for row in rows:
        try:
            kinds[phone_numbers.parse_cell(row["電話番号"], area_code="042").kind] += 1
        except phone_numbers.InvalidNumber as refusal:
            refused[row["電話番号"]] = type(refusal).__name__
    assert refused == {  # rule 6
        "3863-0860": "LocalNumber",
        "640-2962": "LocalNumber",
        "なし": "NoNumber",
    }
    assert kinds == {"mobile": 160, "landline": 80, "ip_phone": 7}  # rules 8 and 9


def test_only_the_dates_that_never_were_are_refused(rows: list[dict[str, Any]]) -> None:
    refused = []
    for row in rows:
        try:
            birth_dates.parse(row["生年月日"], today=DAY)
        except birth_dates.ImpossibleDate:
            refused.append(row["生年月日"])
    assert refused == ["昭和64年2月1日"] * 2  # rule 13


def test_only_those_of_the_next_city_live_outside(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        inside = residence.is_resident(row["住所"], row["郵便番号"], city="八王子市")
        assert inside is not row["住所"].startswith("日野市")  # rule 15
        town = residence.town(row["住所"], city="八王子市")
        assert town
        assert not any(c.isdigit() for c in town)
        assert len(residence.normalise_postcode(row["郵便番号"])) == 8


def test_every_reading_becomes_katakana_and_every_caller_is_found_by_it(
    rows: list[dict[str, Any]],
) -> None:
    without_kana = 0
    for row in rows:
        kana = names.normalise_kana(row["フリガナ"] or "")
        without_kana += not kana
        keys = keys_for(name=names.clean_name(row["氏名"]), kana=kana, latin_name="", phones=[])
        assert {key.kind.value for key in keys} == ({"name", "kana"} if kana else {"name"})
    assert without_kana == 4  # rule 2
