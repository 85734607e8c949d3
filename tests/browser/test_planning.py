"""Coordinators plan in a browser: by keyboard, in both languages and sizes, nothing lost."""

import pytest
from playwright.sync_api import expect

from classes.models import ClassSession
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def planned(live_server) -> ClassSession:
    """A class with seats held, rules changed, a hall used twice and a closed day to come."""
    hall = factories.venue(name="浅川市民センター", closed_weekdays=[1])
    intake = factories.intake(code="2099-10", rules_frozen_at=tokyo(2026, 9, 1, 9))
    starts = [tokyo(2099, 10, 6, 10), tokyo(2099, 10, 13, 10)]
    session = factories.class_session(intake=intake, venue=hall, code="N1", lessons=starts)
    factories.class_session(intake=intake, venue=hall, code="N2", lessons=starts)
    session.instructors.add(factories.staff_member(role="instructor", name="早川 恵"))
    hall.closures.create(day="2099-10-20", reason="工事")
    intake.rule_changes.create(
        changed_at=tokyo(2026, 9, 2, 9),
        changed_by=factories.staff_member(role="administrator"),
        reason="要綱の改正",
        changes={"closes_at": ["2099-09-30T08:00:00+00:00", "2099-10-01T08:00:00+00:00"]},
    )
    return session


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("viewport", [(1366, 768), (820, 1180)])
def test_every_page_of_planning_is_clean_and_fits(
    signed_in_page, planned, assert_axe_clean, language, viewport
):
    width, height = viewport
    page = signed_in_page(role="administrator", language=language)
    page.set_viewport_size({"width": width, "height": height})
    intake = f"/intakes/{planned.intake.code}/"
    paths = ["/intakes/", "/intakes/new/", intake, f"{intake}edit/", f"{intake}copy/"]
    paths += [f"{intake}rules/", f"{intake}classes/new/", f"/classes/{planned.pk}/edit/"]
    paths += ["/venues/", "/venues/new/", f"/venues/{planned.venue_id}/"]
    paths += ["/courses/", "/courses/new/", f"/courses/{planned.course_id}/"]
    for path in paths:
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_dates_are_proposed_edited_and_saved_by_keyboard_alone(signed_in_page, planned):
    page = signed_in_page(role="coordinator")
    page.goto(f"/intakes/{planned.intake.code}/classes/new/")
    page.locator("#id_code").fill("N9")
    page.locator("#id_course").select_option(str(planned.course_id))
    page.locator("#id_capacity").fill("4")
    propose = page.locator("#do-propose")
    propose.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notice-warn").first).to_be_visible()
    expect(propose).to_be_focused()  # rule 69
    page.locator("#id_venue").select_option(str(planned.venue_id))
    page.locator("[name=pattern-start]").fill("2099-10-06")
    page.locator("[name=pattern-weekdays][value='2']").focus()
    page.keyboard.press("Space")
    propose.focus()
    page.keyboard.press("Enter")
    first = page.locator("#id_lessons-0-day")
    expect(first).to_have_value("2099-10-06")
    expect(first).to_be_focused()
    expect(page.locator(".notice-info")).to_contain_text("工事")
    expect(page.locator("#id_lessons-2-day")).to_have_value("2099-10-27")
    expect(page.locator("#lesson-1 .notice-warn").first).to_contain_text("N1")  # rule 38
    expect(page.locator("#announcer")).not_to_be_empty()
    remove = page.locator("#lesson-1 button")
    remove.focus()
    page.keyboard.press("Enter")
    expect(first).to_have_value("2099-10-13")
    expect(first).to_be_focused()
    page.locator("form#class-form > .actions .button-primary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice-ok")).to_be_visible()
    made = ClassSession.objects.get(code="N9")
    assert [lesson.starts_at for lesson in made.lessons.order_by("number")] == [
        tokyo(2099, 10, 13, 10),
        tokyo(2099, 10, 27, 10),
    ]


def test_what_is_wrong_is_named_focused_and_linked(signed_in_page, planned, watch):
    watch.expect("422")
    page = signed_in_page(role="coordinator")
    page.goto(f"/classes/{planned.pk}/edit/")
    page.locator("#id_lessons-0-ends").fill("09:00")
    page.locator("#id_notes").fill("机を借りる")
    page.locator("form#class-form > .actions .button-primary").click()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    expect(page.locator("#id_notes")).to_have_value("机を借りる")
    summary.locator("a").click()
    expect(page.locator("#id_lessons-0-ends")).to_be_focused()
