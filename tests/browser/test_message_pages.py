"""Simulator, log, hours and status in a browser: by keyboard, live, in both languages."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from classes import heartbeats
from classes.models import WorkerHeartbeat
from sms.models import InboundMessage, SendingHours, SimulatedPhone
from tests.classes.message_rows import MOBILE, came, queued, sent, told

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = datetime.timedelta(minutes=1)
OTHER = "+819031170000"


def focused_id(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


@pytest.fixture
def a_morning(live_server) -> datetime.datetime:
    """Two phones: one was told something, the other is switched off."""
    now = timezone.now()
    told(sent(body="明日10:00、南大沢です。", at=now - 20 * MINUTE))
    sent(OTHER, body="届きません。", status="undelivered", error_code="30003", at=now - 30 * MINUTE)
    queued(OTHER, send_after=now + 60 * MINUTE, at=now)
    heartbeats.begin("desk:1", now=now)
    return now


def test_an_answer_is_typed_and_chosen_by_keyboard(signed_in_page, a_morning, assert_axe_clean):
    page = signed_in_page()
    page.goto("/simulator/")
    phone = page.get_by_role("region", name="090-3117-4912")
    expect(phone.get_by_role("log")).to_contain_text("明日10:00")
    assert_axe_clean(page)
    phone.get_by_role("textbox").focus()
    page.keyboard.insert_text("行けません")
    page.keyboard.press("Enter")
    expect(phone.get_by_role("log")).to_contain_text("行けません")
    expect(phone.get_by_role("textbox")).to_have_value("")
    assert focused_id(page) == "answer-819031174912"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(phone.locator(".bubble").last).to_contain_text("1")
    answers = InboundMessage.objects.order_by("pk").values_list("sender", "body", "source")
    assert list(answers) == [(MOBILE, "行けません", "simulator"), (MOBILE, "1", "simulator")]
    assert_axe_clean(page)


def test_messages_arrive_while_somebody_types_and_nothing_typed_is_lost(signed_in_page, a_morning):
    for number in range(12):
        sent(body=f"お知らせ{number}", at=a_morning - (19 - number) * MINUTE)
    page = signed_in_page()
    page.goto("/simulator/")
    log = page.get_by_role("region", name="090-3117-4912").get_by_role("log")
    box = page.locator("#answer-819031174912")
    box.focus()
    page.keyboard.insert_text("あした")
    # Somebody reads what stands further up there, and is left where they are.
    log.evaluate("element => { element.scrollTop = 0 }")
    waits = queued(body="新しいお知らせ", at=a_morning)
    sent(OTHER, body="もう一通", at=a_morning)
    type(waits).objects.filter(pk=waits.pk).update(
        status="sent", sent_at=a_morning, attempts=1, sid="SIM-new"
    )
    expect(log).to_contain_text("新しいお知らせ", timeout=20_000)
    expect(page.get_by_role("region", name="090-3117-0000").get_by_role("log")).to_contain_text(
        "もう一通"
    )
    assert log.evaluate("element => element.scrollTop") == 0
    expect(box).to_have_value("あした")
    expect(box).to_be_focused()
    bubble = page.locator(f"#out-{waits.pk}")
    expect(bubble).to_contain_text("到着は未確認")  # rule 55
    type(waits).objects.filter(pk=waits.pk).update(status="delivered", delivered_at=a_morning)
    expect(bubble).not_to_contain_text("到着は未確認", timeout=20_000)
    expect(log.locator(".bubble")).to_have_count(14)


def test_a_phone_is_switched_off_and_another_added_by_keyboard(signed_in_page, a_morning):
    page = signed_in_page(language="en")
    page.goto("/simulator/")
    page.locator("#behaviour-819031174912").focus()
    page.keyboard.press("s")
    expect(page.locator("#announcer")).to_have_text("Saved.")
    assert SimulatedPhone.objects.get().behaviour == "off"
    page.get_by_label("Last digits").focus()
    page.keyboard.insert_text("080-1111-2222")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="080-1111-2222")).to_be_visible()
    nothing = page.get_by_text("Nothing has arrived yet.")
    expect(nothing).to_be_visible()
    page.locator("#answer-818011112222").fill("1")
    page.keyboard.press("Enter")
    expect(nothing).to_be_hidden()
    page.get_by_label("Last digits").fill("0000")
    page.keyboard.press("Enter")
    expect(page.locator(".phone")).to_have_count(1)
    expect(page.get_by_role("region", name="090-3117-0000")).to_be_visible()
    assert page.url.endswith("/simulator/")


def test_a_number_is_found_in_the_log_by_keyboard(signed_in_page, a_morning, assert_axe_clean):
    came(body="ありがとう", at=a_morning)
    page = signed_in_page(language="en")
    page.goto("/messages/")
    page.get_by_label("Last four digits").focus()
    page.keyboard.insert_text("4912")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Messages received")).to_contain_text("ありがとう")
    expect(page.get_by_role("group", name="Messages sent")).to_contain_text("明日10:00")
    assert "4912" not in page.url
    assert_axe_clean(page)


def test_the_status_turns_red_by_itself_when_the_worker_dies(signed_in_page, a_morning):
    page = signed_in_page(role="coordinator", language="en")
    page.goto("/status/")
    expect(page.locator(".status-word")).to_contain_text("Everything runs.")
    WorkerHeartbeat.objects.update(seen_at=a_morning - 5 * MINUTE)
    expect(page.locator(".status-word")).to_contain_text("No worker runs", timeout=20_000)
    expect(page.get_by_text("silent")).to_be_visible()


def test_hours_are_set_by_keyboard_and_the_sentence_follows(
    signed_in_page, assert_axe_clean, watch
):
    watch.expect("422")
    page = signed_in_page(role="administrator", language="en")
    page.goto("/messages/hours/")
    page.get_by_label("Sunday").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#what-follows")).to_contain_text("goes out on Mon")
    assert SendingHours.objects.get().closed_weekdays == [7]
    page.get_by_label("Messages go out from").fill("21:00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("later than the beginning")
    assert_axe_clean(page)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("viewport", [(1366, 768), (820, 1180)])
def test_the_pages_are_clean_in_both_languages_and_sizes(
    signed_in_page, a_morning, assert_axe_clean, language, viewport
):
    sent(status="unknown", sid="", at=a_morning - 90 * MINUTE)
    came(at=a_morning)
    width, height = viewport
    page = signed_in_page(role="administrator", language=language)
    page.set_viewport_size({"width": width, "height": height})
    paths = ("", "received/", "costs/", "hours/")
    for path in (*(f"/messages/{path}" for path in paths), "/simulator/", "/status/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
