"""The board and a class in a browser: figures that renew themselves, red with a press."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from classes import cancelling
from classes.models import ClassSession, Enrollment, Offer
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def begun(live_server) -> ClassSession:
    """A class that began yesterday: its freed seat passes only by a press (rule 37)."""
    now = timezone.now()
    intake = factories.intake(
        opens_at=now - 20 * DAY, closes_at=now + 20 * DAY, last_joining_lesson=2
    )
    session = factories.class_session(
        intake=intake, capacity=1, lessons=[now - DAY, now + 6 * DAY], code="N1"
    )
    (held,) = factories.registered(session, at=now - 3 * DAY)
    factories.registered(session, factories.learner(name="鈴木 正雄"), at=now - 3 * DAY)
    cancelling.cancel(intake.pk, held.pk, reason="", by=None, now=now - HOUR)
    return session


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_line_standing_still_is_red_and_one_press_offers_the_seat(
    signed_in_page, begun, assert_axe_clean, language
):  # rule 29
    page = signed_in_page(role="coordinator", language=language)
    page.goto(f"/intakes/{begun.intake.code}/board/")
    expect(page.locator(".board-red")).to_contain_text("N1")
    assert_axe_clean(page)
    page.locator(".board-red button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice-ok")).to_be_visible()
    expect(page.locator(".board-red")).to_have_count(0)
    assert Offer.objects.open().count() == 1


def test_the_figures_renew_themselves_without_taking_the_focus(signed_in_page, begun):
    page = signed_in_page(role="coordinator")
    page.goto(f"/intakes/{begun.intake.code}/board/")
    link = page.locator(f"#class-{begun.pk}")
    link.focus()
    other = factories.class_session(
        intake=begun.intake, code="N2", lessons=[timezone.now() + 6 * DAY]
    )
    factories.registered(other, at=timezone.now())
    expect(page.locator(f"#class-{other.pk}")).to_be_visible(timeout=20_000)
    expect(page.locator(f"#class-{begun.pk}")).to_be_focused()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("viewport", [(1366, 768), (820, 1180)])
def test_board_and_class_are_clean_in_both_languages_and_sizes(
    signed_in_page, begun, assert_axe_clean, language, viewport
):
    offer = factories.announced_offer(
        factories.learner(phone="+819031174912"),
        factories.learner(),
        at=timezone.now() - HOUR,
        intake=begun.intake,
        lessons=[timezone.now() + 6 * DAY],
    )
    factories.registered(offer.class_session, at=timezone.now())
    width, height = viewport
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": width, "height": height})
    for path in (
        f"/intakes/{begun.intake.code}/board/",
        f"/classes/{offer.class_session_id}/",
        f"/classes/{begun.pk}/",
        "/classes/",
    ):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_seat_is_cancelled_and_undone_by_keyboard(signed_in_page, begun, assert_axe_clean):
    session = factories.class_session(
        intake=begun.intake, code="N3", lessons=[timezone.now() + 6 * DAY]
    )
    factories.registered(session, at=timezone.now())
    page = signed_in_page()
    page.goto(f"/classes/{session.pk}/")
    page.locator(".row-actions summary").first.focus()
    page.keyboard.press("Enter")
    assert_axe_clean(page)
    page.locator(".row-forms .button-danger").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice-ok")).to_be_visible()
    assert not Enrollment.objects.held().filter(class_session=session).exists()
    page.locator("form[action$='/undo/'] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice-ok")).to_be_visible()
    assert Enrollment.objects.held().filter(class_session=session).count() == 1
