"""Planning without touching the mouse: each control is reached with the Tab key alone."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from classes.models import ClassSession, Intake
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db(transaction=True)

# More presses than any of these pages has stops: a control not reached by then is not reachable.
MOST_STOPS = 90


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on with the Tab key until this control has the focus."""
    for _ in range(MOST_STOPS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached with the Tab key")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, page.locator(selector))
    page.keyboard.press(key)


def put(page: Page, name: str, value: str) -> None:
    """Reach a field with the Tab key and write over what it holds."""
    field = page.locator(f"[name={name}]")
    tab_to(page, field)
    if field.get_attribute("type") in ("date", "time", "datetime-local"):
        # The order of the parts depends on the machine's language, so the value goes in whole.
        field.fill(value)
        return
    page.keyboard.press("Control+a")
    page.keyboard.type(value)


def choose(page: Page, name: str, value: object) -> None:
    """Reach a list with the Tab key and walk it with the arrows."""
    field = page.locator(f"[name={name}]")
    tab_to(page, field)
    for _ in range(field.locator("option").count()):
        if field.input_value() == str(value):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{name} does not offer {value}")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_intake_is_made_by_keyboard_and_its_mistakes_are_named(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    language: str,
    watch: Any,
) -> None:
    watch.expect("status of 422")
    page = signed_in_page(role="coordinator", language=language)
    page.goto("/intakes/")
    assert_axe_clean(page)
    press(page, "main a[href='/intakes/new/']")
    put(page, "code", "2026-10")
    put(page, "title", "10月募集")
    put(page, "spoken_name", "10月")
    put(page, "opens_at", "2026-09-15T09:00")
    put(page, "closes_at", "2026-09-01T17:00")
    put(page, "min_age", "60")
    put(page, "reference_date", "2026-04-01")
    page.keyboard.press("Enter")
    expect(page.locator("#id_closes_at")).to_have_attribute("aria-invalid", "true")
    assert_axe_clean(page)
    expect(page.locator("#id_title")).to_have_value("10月募集")
    put(page, "closes_at", "2026-10-01T17:00")
    page.keyboard.press("Enter")
    page.wait_for_url("**/intakes/2026-10/")
    assert_axe_clean(page)
    made = Intake.objects.get()
    assert (made.title, made.min_age) == ("10月募集", 60)
    assert made.opens_at == tokyo(2026, 9, 15, 9)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_class_is_made_with_the_tab_key_and_its_proposed_dates(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    language: str,
) -> None:
    intake = factories.intake()
    venue, course = factories.venue(), factories.course()
    teacher = factories.staff_member(role="instructor", name="佐々木")
    page = signed_in_page(role="coordinator", language=language)
    page.goto(f"/intakes/{intake.code}/")
    press(page, f"a[href='/intakes/{intake.code}/classes/new/']")
    put(page, "code", "N1")
    choose(page, "course", course.pk)
    choose(page, "venue", venue.pk)
    put(page, "capacity", "4")
    press(page, f"[name=instructors][value='{teacher.pk}']", "Space")
    press(page, "[name=pattern-weekdays][value='1']", "Space")
    put(page, "pattern-start", "2026-10-05")
    put(page, "pattern-count", "3")
    press(page, "#do-propose")
    days = page.locator(".lesson-row [type=date]")
    expect(days).to_have_count(3)
    expect(page.locator("#class-lessons")).to_contain_text("スポーツの日")
    expect(page.locator("#class-lessons .notice-ok")).to_be_visible()
    expect(days.first).to_be_focused()
    assert [day.input_value() for day in days.all()] == ["2026-10-05", "2026-10-19", "2026-10-26"]
    assert_axe_clean(page)
    press(page, "#class-form .button-primary")
    page.wait_for_url(re.compile(r"/classes/\d+/$"))
    session = ClassSession.objects.get(code="N1")
    assert session.lessons.count() == 3
    assert list(session.instructors.all()) == [teacher]


def test_conflicts_stand_at_each_lesson_and_saving_with_them_is_allowed(
    signed_in_page: Callable[..., Page], assert_axe_clean: Callable[[Page], None]
) -> None:  # rule 38
    start = tokyo(2026, 10, 5, 10)
    week = datetime.timedelta(days=7)
    other = factories.class_session(code="A1", lessons=[start, start + 2 * week])
    session = factories.class_session(
        code="N1", venue=other.venue, lessons=[start, start + week, start + 2 * week], capacity=10
    )
    page = signed_in_page(role="coordinator")
    page.goto(f"/classes/{session.pk}/edit/")
    expect(page.locator("#lesson-1")).to_contain_text("A1")
    expect(page.locator("#lesson-2")).to_contain_text("スポーツの日")
    expect(page.locator("#lesson-3")).to_contain_text("A1")
    assert_axe_clean(page)
    first = page.locator("#lesson-1 [type=date]")
    tab_to(page, first)
    first.fill("2026-10-06")
    press(page, "#do-check")
    expect(page.locator("#lesson-1 .notice-warn")).to_have_count(0)
    expect(page.locator("#lesson-3")).to_contain_text("A1")
    expect(page.locator("#do-check")).to_be_focused()
    press(page, "#class-form .button-primary")
    page.wait_for_url(f"**/classes/{session.pk}/")
    assert session.lessons.get(number=1).starts_at == start + datetime.timedelta(days=1)
