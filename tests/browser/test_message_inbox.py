"""The inbox in a browser: read, answered, closed by keyboard, clean to axe, live without harm."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from classes import inbox, replies
from classes.models import Offer, Reply
from sms import suppression
from sms.models import OutboundMessage
from tests import factories
from tests.classes.answering import MOBILE, message, reachable, told, wrote

DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
BOTH = pytest.mark.parametrize("language", ["ja", "en"])
SIZES = pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
NARROW_ENOUGH = "document.documentElement.scrollWidth <= window.innerWidth"
OFFERED, COUPLE = "+818022223333", "+817044445555"


def came_in(body: str, *, sender: str = MOBILE, ago: datetime.timedelta = HOUR) -> Reply:
    inbound = wrote(body, sender=sender, at=timezone.now() - ago)
    replies.understand(now=timezone.now())
    return Reply.objects.get(inbound=inbound)


@pytest.fixture
def inbox_of_today(live_server: Any) -> list[Reply]:
    """A question, a yes to an offer, a couple on one number, and a plain yes acted on by itself."""
    now = timezone.now()
    intake = factories.intake(opens_at=now - 9 * DAY, closes_at=now + 9 * DAY)
    ten = (timezone.localtime() + DAY).replace(hour=10, minute=0)
    session = factories.class_session(code="N1", intake=intake, lessons=[ten, ten + 7 * DAY])
    other = factories.class_session(code="A1", intake=intake, lessons=[ten + DAY])
    person = reachable(name="山田 節子", kana="ヤマダ セツコ")
    husband, wife = reachable(COUPLE), reachable(COUPLE)
    for who, where in ((person, session), (husband, session), (wife, other)):
        factories.registered(where, who, at=now - 2 * DAY)
    text = "八王子市スマホ教室「ニュース」は明日10:00、クリエイトホールです。スマホをお忘れなく。"
    for who, number in ((person, MOBILE), (husband, COUPLE)):
        told(who, session, sent=message(to=number, at=now - 5 * HOUR, body=text))
    message(status=OutboundMessage.Status.SENT, at=now - 4 * HOUR, body="お待ちしています。")
    offer = factories.announced_offer(
        reachable(OFFERED), at=now - DAY, intake=intake, lessons=[now + 9 * DAY], code="N3"
    )
    OutboundMessage.objects.filter(notices__offer=offer).update(
        status=OutboundMessage.Status.DELIVERED, sent_at=now - 6 * HOUR
    )
    return [
        came_in("はい", ago=4 * HOUR + HOUR / 2),
        came_in("駐車場はありますか。足が悪いので、車で行きたいのですが。", ago=3 * HOUR),
        came_in("2", sender=COUPLE, ago=2 * HOUR),
        came_in("はい、お願いします", sender=OFFERED),
    ]


def press(page: Any, selector: str) -> None:
    """Reach a control by its focus and press it: no mouse."""
    page.locator(selector).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


@BOTH
@SIZES
def test_a_message_is_read_answered_and_closed_by_keyboard(
    signed_in_page: Any,
    inbox_of_today: list[Reply],
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    _confirmed, question, couple, yes = inbox_of_today
    page = signed_in_page(language=language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto("/messages/inbox/")
    assert_axe_clean(page)
    assert page.evaluate(NARROW_ENOUGH)
    # Urgent first.
    expect(page.locator(".inbox-link").first).to_have_attribute("id", f"reply-{yes.pk}")

    press(page, f"#reply-{question.pk}")
    assert_axe_clean(page)
    assert page.evaluate(NARROW_ENOUGH)
    page.locator("#id_body").focus()
    page.keyboard.insert_text("ございません。" * 11)
    expect(page.locator("#message-size")).to_contain_text("77/70")
    press(page, "form[action$='/answer/'] button")
    assert OutboundMessage.objects.filter(purpose=inbox.BY_HAND, to=MOBILE).count() == 1
    assert_axe_clean(page)

    page.goto(f"/messages/inbox/{couple.pk}/")
    assert_axe_clean(page)
    expect(page.locator("#who-title + p + ul, #who-title ~ ul").first).to_contain_text("A1")
    page.locator("#close-note").focus()
    page.keyboard.insert_text("お電話で確認")
    press(page, "form[action$='/close/'] button")
    couple.refresh_from_db()
    assert couple.note == "お電話で確認"

    page.goto(f"/messages/inbox/{yes.pk}/")
    assert_axe_clean(page)
    assert Offer.objects.get().status == Offer.Status.OPEN
    press(page, "button[value=accepts]")
    assert Offer.objects.get().status == Offer.Status.ACCEPTED
    assert_axe_clean(page)


@BOTH
def test_a_number_alone_is_stopped_by_keyboard(
    signed_in_page: Any, inbox_of_today: list[Reply], assert_axe_clean: Any, language: str
) -> None:
    page = signed_in_page(language=language)
    page.goto("/messages/inbox/")
    press(page, ".page-head .button")
    assert_axe_clean(page)
    page.locator("#id_number").focus()
    page.keyboard.insert_text("090-3117-4912")
    page.keyboard.press("Tab")
    press(page, "form[method=post] .button-primary")
    assert_axe_clean(page)
    assert suppression.of([MOBILE])
    assert "山田" not in page.content()


def test_a_new_message_comes_in_by_itself_and_leaves_the_focus(
    signed_in_page: Any, inbox_of_today: list[Reply]
) -> None:
    page = signed_in_page()
    page.goto("/messages/inbox/")
    link = f"#reply-{inbox_of_today[1].pk}"
    page.locator(link).focus()
    late = came_in("遅れます", ago=HOUR / 60)
    expect(page.locator(f"#reply-{late.pk}")).to_be_visible(timeout=15_000)
    expect(page.locator(link)).to_be_focused()
