"""The texts of messages in a browser: worded by keyboard, previewed as they are typed."""

from typing import Any

import pytest
from playwright.sync_api import expect

from classes.models import MessageTemplate
from tests import factories

EDITOR = "/messages/texts/offer/ja/one/"


@pytest.fixture
def names(live_server: Any) -> None:
    factories.course(short_name="アカウント", name_en="Getting an account")
    factories.venue(short_name="クリエイトホール")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_the_pages_of_the_texts_are_clean(
    signed_in_page: Any,
    names: None,
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    MessageTemplate.objects.create(
        kind="offer",
        language="ja",
        version=1,
        wording="{city}のお知らせです",
        created_at=factories.tokyo(2026, 9, 1, 9),
    )
    page = signed_in_page(role="administrator", language=language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in ("/messages/texts/", "/messages/texts/?language=en", EDITOR):
        page.goto(path)
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_text_is_worded_by_keyboard_and_shows_its_cost_meanwhile(
    signed_in_page: Any, names: None, assert_axe_clean: Any
) -> None:  # rule 49
    page = signed_in_page(role="administrator")
    page.goto(EDITOR)
    preview = page.locator("#text-preview")
    expect(preview).to_contain_text("クリエイトホールに空席")
    expect(preview).to_contain_text("67/70 1通")
    box = page.get_by_role("textbox", name="文面")
    box.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("。お返事をください")
    expect(preview).to_contain_text("76/70 2通")
    expect(preview).to_contain_text("返信を求めています")
    assert_axe_clean(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("空席のお知らせ")
    button = page.get_by_role("button", name="{course}")
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    expect(box).to_have_value("空席のお知らせ{course}")
    expect(preview).to_contain_text("空席のお知らせアカウント")
    page.get_by_role("button", name="保存").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("保存しました")).to_be_visible()
    assert MessageTemplate.objects.get().wording == "空席のお知らせ{course}"


def test_what_cannot_be_saved_stays_typed_and_is_named(
    signed_in_page: Any, names: None, assert_axe_clean: Any
) -> None:
    page = signed_in_page(role="administrator")
    page.goto(EDITOR)
    box = page.get_by_role("textbox", name="文面")
    box.fill("{name}様に空席")
    page.get_by_role("button", name="保存").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#error-summary")).to_contain_text("{name}")
    expect(box).to_have_value("{name}様に空席")
    assert_axe_clean(page)


def test_the_text_that_ships_comes_back_by_one_press(signed_in_page: Any, names: None) -> None:
    MessageTemplate.objects.create(
        kind="offer",
        language="ja",
        version=1,
        wording="{city}のお知らせです",
        created_at=factories.tokyo(2026, 9, 1, 9),
    )
    page = signed_in_page(role="administrator")
    page.goto(EDITOR)
    page.get_by_role("button", name="標準の文面").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("元に戻しました")).to_be_visible()
    expect(page.locator("#text-preview")).to_contain_text("クリエイトホールに空席")
