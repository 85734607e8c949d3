"""People on record in Chromium: by keyboard, with axe, in both languages."""

import datetime
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from learners import people
from learners.models import Learner
from learners.numbers import NumberInput
from sms import phone_numbers
from tests import factories
from tests.factories import tokyo
from tests.learners.test_merge import register

MOBILE = "090-3117-4912"


@pytest.fixture
def known(db: None) -> Learner:
    """Somebody with numbers, a place in line and a likely duplicate."""
    given = [NumberInput(phone_numbers.parse(MOBILE, area_code="042"), sms_consent="given")]
    fields = {"name": "山田 節子", "kana": "ヤマダ セツコ", "address": "八王子市南大沢2-1"}
    now = tokyo(2026, 9, 1, 10)
    learner = people.create(
        {**fields, "birth_date": datetime.date(1940, 3, 2)}, given, by=None, now=now
    )
    people.create(fields, given, by=None, now=now)
    people.update(learner.pk, {"notes": "杖"}, by=None, now=now)
    register(learner, factories.class_session(code="N1"))
    return learner


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (820, 1180)])
def test_the_pages_of_people_are_clean(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    known: Learner,
    language: str,
    width: int,
    height: int,
) -> None:
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": width, "height": height})
    other = Learner.objects.exclude(pk=known.pk).get()
    number = known.phone_numbers.get()
    for address in (
        "/learners/",
        "/learners/new/",
        f"/learners/{known.pk}/",
        f"/learners/{known.pk}/edit/",
        f"/learners/{known.pk}/history/",
        f"/learners/{known.pk}/deceased/",
        f"/learners/{known.pk}/emergency/edit/",
        f"/learners/{known.pk}/numbers/new/",
        f"/learners/{known.pk}/merge/",
        f"/learners/{known.pk}/merge/{other.pk}/",
        f"/learners/numbers/{number.pk}/",
        f"/learners/numbers/{number.pk}/sms/",
        f"/learners/numbers/{number.pk}/remove/",
    ):
        page.goto(address)
        assert_axe_clean(page)
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), address


def test_somebody_is_found_and_opened_by_keyboard_alone(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    known: Learner,
) -> None:
    page = signed_in_page(role="reception", language="en")
    page.goto("/learners/")
    page.keyboard.type("4912")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="山田 節子").first
    expect(link).to_be_visible()
    assert "4912" not in page.url
    assert_axe_clean(page)
    expect(page.locator("#learner-q")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    if not link.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/learners/{known.pk}/")
    page.get_by_role("button", name="Open").press("Enter")
    expect(page.locator("#emergency")).to_be_visible()  # rule 65
    expect(page.locator("h1")).to_contain_text("山田 節子")
    assert_axe_clean(page)


def test_enter_is_no_answer_to_whether_the_area_code_is_right(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    watch,
    known: Learner,
) -> None:
    watch.expect("status of 422")
    page = signed_in_page(role="reception", language="en")
    page.goto(f"/learners/{known.pk}/numbers/new/")
    page.get_by_label("Phone number").fill("626-3111")
    page.get_by_label("Phone number").press("Enter")
    suggestion = page.get_by_role("button", name="042-626-3111")
    expect(suggestion).to_be_visible()  # rule 6
    assert_axe_clean(page)
    with page.expect_event("load"):
        page.get_by_label("Phone number").press("Enter")
    expect(suggestion).to_be_visible()
    assert known.phone_numbers.count() == 1
    suggestion.press("Enter")
    page.wait_for_url(f"**/learners/{known.pk}/")
    assert known.phone_numbers.filter(e164="+81426263111", as_spoken="626-3111").exists()


def test_a_likely_duplicate_is_shown_before_somebody_new_is_kept(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    watch,
    known: Learner,
) -> None:
    watch.expect("status of 422")
    page = signed_in_page(role="reception", language="en")
    page.goto("/learners/new/")
    page.get_by_label("Name", exact=True).fill("山田 節子")
    page.get_by_label("Kana").fill("やまだ せつこ")
    page.get_by_label("Phone number").fill(MOBILE)
    page.get_by_label("Phone number").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("on record already")  # rule 4
    assert_axe_clean(page)
    assert Learner.objects.count() == 2
    expect(page.get_by_label("Kana")).to_have_value("やまだ せつこ")
    page.get_by_role("button", name="Another person").press("Enter")
    page.wait_for_url(re.compile(r"/learners/\d+/$"))
    assert Learner.objects.count() == 3
