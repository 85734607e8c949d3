"""A day, a bad day, the month, demand and fairness in a browser: by keyboard, clean to axe."""

import datetime
import re
from typing import Any

import pytest
from django.utils import timezone

from classes.models import ClassSession, Disruption, Lesson
from tests import factories

DAY = datetime.timedelta(days=1)
BOTH = pytest.mark.parametrize("language", ["ja", "en"])
SIZES = pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
NARROW_ENOUGH = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture
def classes(live_server: Any) -> list[ClassSession]:
    """Three classes that meet tomorrow in two halls; somebody waits for the first."""
    ten = (timezone.localtime() + DAY).replace(hour=10, minute=0, second=0, microsecond=0)
    now = timezone.now()
    intake = factories.intake(
        title="12月募集", opens_at=now - 9 * DAY, closes_at=now + 9 * DAY, last_joining_lesson=2
    )
    halls = [factories.venue(name="浅川市民センター"), factories.venue(name="由井市民センター")]
    teacher = factories.staff_member(role="instructor", name="早川 恵")
    made = []
    for code, hour, hall in (("N1", 0, 0), ("N2", 4, 0), ("A1", 0, 1)):
        start = ten + datetime.timedelta(hours=hour)
        session = factories.class_session(
            code=code,
            intake=intake,
            venue=halls[hall],
            capacity=1,
            lessons=[start, start + 7 * DAY],
        )
        session.instructors.add(teacher)
        factories.registered(session, factories.learner(phone="+81426263111"), at=now - DAY)
        made.append(session)
    factories.registered(made[0], at=now - DAY)
    return made


def press(page: Any, selector: str) -> None:
    """Reach a control by its focus and press it: no mouse."""
    page.locator(selector).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def tick(page: Any, selector: str) -> None:
    page.locator(selector).first.focus()
    page.keyboard.press("Space")


@BOTH
@SIZES
def test_a_hall_is_stopped_and_given_new_days_by_keyboard(
    signed_in_page: Any,
    classes: list[ClassSession],
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"/day/?on={classes[0].lessons.earliest('starts_at').day}")
    assert_axe_clean(page)
    # The tick in a hall's header ticks that hall, and no other.
    tick(page, "table [data-ticks-all=lesson]")
    assert page.locator("input[name=lesson]:checked").count() == 2
    press(page, "form[action='/day/stop/'] .button-danger")
    assert_axe_clean(page)
    assert not Disruption.objects.exists()
    press(page, "button[name=confirmed]")
    assert_axe_clean(page)
    assert page.evaluate(NARROW_ENOUGH)
    assert Lesson.objects.filter(cancelled_at__isnull=False).count() == 2

    press(page, "form[action$='/new-days/'] .button-primary")
    assert_axe_clean(page)
    assert not Lesson.objects.filter(cancelled_at__isnull=False).exists()
    page.goto("/calls/")
    assert_axe_clean(page)


@BOTH
@SIZES
def test_the_month_demand_and_fairness_are_clean_and_fit(
    signed_in_page: Any,
    classes: list[ClassSession],
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    month = f"{timezone.localdate() + DAY:%Y-%m}"
    intake = classes[0].intake
    for url in (
        f"/timetable/?month={month}",
        f"/timetable/?month={month}&view=venue",
        f"/timetable/?month={month}&view=instructor",
        f"/intakes/{intake.code}/demand/",
        f"/classes/{classes[0].pk}/another/",
        f"/fairness/?intake={intake.pk}",
    ):
        page.goto(url)
        assert_axe_clean(page)
        assert page.evaluate(NARROW_ENOUGH), url
    # What one more class would do, and its button, are seen without scrolling sideways.
    page.goto(f"/intakes/{intake.code}/demand/")
    inside = "table => table.scrollWidth <= table.parentElement.clientWidth"
    for table in page.locator(".demand-table").all():
        assert table.evaluate(inside)


def test_one_more_class_by_keyboard(signed_in_page: Any, classes: list[ClassSession]) -> None:
    page = signed_in_page(role="coordinator", language="ja")
    page.goto(f"/intakes/{classes[0].intake.code}/demand/")
    press(page, "a[href$='/another/']")
    press(page, "button[name=offers][value='1']")
    made = ClassSession.objects.latest("pk")
    assert made.offers.open().count() == 1
    assert page.url.endswith(f"/classes/{made.pk}/")


def test_the_month_prints_on_one_sheet(signed_in_page: Any, classes: list[ClassSession]) -> None:
    page = signed_in_page(role="coordinator", language="ja")
    page.goto("/timetable/")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1
    # A4 across: 842 points wide.
    assert re.findall(rb"/MediaBox\s*\[0 0 (\d+)", printed)[0] in (b"841", b"842")


def test_an_instructor_finds_their_month_and_file(
    signed_in_page: Any, classes: list[ClassSession], assert_axe_clean: Any
) -> None:
    page = signed_in_page(role="instructor", language="ja")
    page.goto("/lessons/")
    press(page, "a[href='/timetable/']")
    assert_axe_clean(page)
    with page.expect_download() as download:
        page.locator("a[href$='.ics']").focus()
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".ics")
