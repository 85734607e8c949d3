"""A workbook brought in with keyboard alone, in both languages, on desk and tablet."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from classes.models import Application, ImportRow
from tests.classes.workbook_builder import caller, callers_book, classes_book, save

pytestmark = pytest.mark.browser

CLASS = ["N1", "はじめてのニュース", "ニュースを見る", "南大沢市民センター", "石井", 2]


@pytest.fixture
def classes_file(tmp_path: Path) -> Path:
    rows = [[*CLASS, f"2026/10/{day}", "10:00", "12:00"] for day in (5, 13)]
    return save(tmp_path, classes_book(rows), "classes.xlsx")


@pytest.fixture
def callers_file(tmp_path: Path) -> Path:
    rows = [
        caller(1),
        caller(2, 電話番号="626-3111"),
        caller(3, 同伴="次の人と一緒"),
        caller(4, 第1希望="X9", 同伴="前の人と一緒"),
    ]
    return save(tmp_path, callers_book(rows), "callers.xlsx")


@pytest.mark.parametrize(
    ("language", "width", "height"),
    [("ja", 1366, 768), ("en", 1366, 768), ("ja", 820, 1180), ("en", 820, 1180)],
)
def test_a_morning_comes_in_by_keyboard_and_a_row_is_put_right(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    classes_file: Path,
    callers_file: Path,
    language: str,
    width: int,
    height: int,
) -> None:
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": width, "height": height})
    page.goto("/imports/")
    assert_axe_clean(page)
    page.locator("#id_classes-file").set_input_files(classes_file)
    page.locator("#id_classes-code").fill("2026-10")
    page.keyboard.press("Enter")
    page.wait_for_url("**/preview/")
    assert_axe_clean(page)
    page.locator("main .page-head form button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/imports/\d+/$"))
    assert_axe_clean(page)
    page.goto("/imports/")
    page.locator("#id_callers-file").set_input_files(callers_file)
    page.locator("#id_callers-intake").focus()
    page.locator("form[action$='/callers/'] button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/preview/")
    expect(page.locator("main")).to_contain_text("受付!I5")
    assert_axe_clean(page)
    page.locator("main .page-head form button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/imports/\d+/$"))
    assert_axe_clean(page)
    page.goto("/imports/waiting/")
    assert_axe_clean(page)
    row = ImportRow.objects.get(row_number=5, batch__kind="callers")
    page.goto(f"/imports/rows/{row.pk}/")
    assert_axe_clean(page)
    page.locator("#id_cell-phone").fill("042-626-3111")
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports/waiting/")
    expect(page.locator("#messages .notice-ok")).to_be_visible()
    assert Application.objects.count() == 2
