"""Coming back and messages to many in a browser: by keyboard alone, in both languages."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from classes.models import Attendance, BulkMessage, ClassSession, Enrollment, Notice
from learners.models import Learner, PhoneNumber
from sms.models import OutboundMessage
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


def came(session: ClassSession, learner: Learner) -> None:
    """They had a seat and came to its lessons that lie behind."""
    at = session.intake.opens_at + datetime.timedelta(hours=1)
    (application,) = factories.registered(session, learner, at=at)
    seat = Enrollment.objects.get(application=application)
    for lesson in session.lessons.filter(starts_at__lt=timezone.now()):
        Attendance.objects.create(
            enrollment=seat, lesson=lesson, status="present", marked_at=lesson.starts_at
        )


@pytest.fixture
def city(live_server) -> ClassSession:
    """Six people whose class has ended, one of them reached by SMS; a class is open."""
    now = timezone.now()
    over = factories.class_session(
        code="N1",
        capacity=20,
        intake=factories.intake(opens_at=now - 90 * DAY, closes_at=now - 60 * DAY),
        lessons=[now - 40 * DAY, now - 33 * DAY],
    )
    names = ["山田 節子", "鈴木 正雄", "佐藤 ハル", "高橋 実", "田中 トミ", "伊藤 清"]
    for number, name in enumerate(names):
        learner = factories.learner(
            name=name, no_phone_calls=number == 1, created_at=now - 90 * DAY
        )
        if number == 0:
            PhoneNumber.objects.create(
                learner=learner, e164="+819031174912", as_spoken="", sms_consent="given"
            )
        came(over, learner)
    return factories.class_session(
        code="A1",
        capacity=20,
        intake=factories.intake(opens_at=now - 5 * DAY, closes_at=now + 20 * DAY),
        venue=factories.venue(short_name="浅川"),
        lessons=[now + 30 * DAY, now + 37 * DAY],
    )


def focused(page: Page, attribute: str) -> str:
    return str(page.evaluate(f"document.activeElement.getAttribute('{attribute}')"))


def test_those_who_slip_are_told_by_keyboard_alone(signed_in_page, city, assert_axe_clean):
    page = signed_in_page("coordinator")
    page.goto("/coming-back/")
    expect(page.locator(".coming-back-table tbody tr")).to_have_count(6)
    page.locator("[data-choose-all]").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-choose-count]")).to_contain_text("6")
    assert_axe_clean(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/coming-back/tell/$"))
    assert not Notice.objects.filter(purpose="next_class").exists()
    assert_axe_clean(page)
    page.locator("form .button-primary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice")).to_have_class(re.compile("notice-ok"))
    told = Notice.objects.filter(purpose="next_class", class_session=city)
    assert sorted(told.values_list("channel", flat=True)) == ["call"] * 4 + ["post", "sms"]
    expect(page.get_by_text("ご案内中").first).to_be_visible()


def test_all_and_none_tick_and_say_how_many(signed_in_page, city):
    page = signed_in_page("coordinator", language="en")
    page.goto("/coming-back/")
    first = page.locator("input[name=learner]").first
    first.focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-choose-count]")).to_have_text("Ticked: 1")
    page.locator("[data-choose-all]").check()
    expect(page.locator("[data-choose-count]")).to_have_text("Ticked: 6")
    page.locator("[data-choose-all]").uncheck()
    expect(page.locator("[data-choose-count]")).to_have_text("Nobody is ticked.")


def test_a_message_to_the_chosen_is_looked_at_sent_watched_and_stopped(
    signed_in_page, city, assert_axe_clean
):
    page = signed_in_page("coordinator")
    page.goto("/coming-back/")
    page.locator("[data-choose-all]").check()
    page.locator("button[formaction]").focus()
    page.keyboard.press("Enter")
    page.locator("#id_wording").focus()
    page.keyboard.insert_text("{city}のスマホ相談会が始まります。お返事は0120-000-000へ")
    assert_axe_clean(page)
    page.locator("button[value=preview]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".bulk-preview .read-aloud")).to_contain_text("八王子市のスマホ相談会")
    expect(page.locator(".bulk-preview [role=alert]")).to_contain_text("電話番号")
    assert not BulkMessage.objects.exists()
    assert_axe_clean(page)
    page.locator("button[value=send]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bulk-progress")).to_be_visible()
    assert Notice.objects.filter(purpose="bulk").count() == 6
    assert_axe_clean(page)
    OutboundMessage.objects.update(status="delivered")
    expect(page.locator("#bulk-progress .figure", has_text="SMS到着")).to_contain_text(
        "1", timeout=10_000
    )
    page.locator("#bulk-progress .button-danger").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bulk-progress .notice-warn")).to_be_visible()
    assert Notice.objects.filter(purpose="bulk", outcome="dropped").count() == 5


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("viewport", [(1366, 768), (820, 1180)])
def test_the_pages_are_clean_in_both_languages_and_sizes(
    signed_in_page, city, assert_axe_clean, language, viewport
):
    width, height = viewport
    page = signed_in_page("coordinator", language=language)
    page.set_viewport_size({"width": width, "height": height})
    tabs = ["", "?show=returned", "?show=told", "?show=rate"]
    for path in [*(f"/coming-back/{tab}" for tab in tabs), f"/messages/many/?class={city.pk}"]:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
