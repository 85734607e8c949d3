"""The call list in a browser: by keyboard alone, several operators at once, in both languages."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from classes import calls, offers
from classes.models import CallAttempt, CallTask, Enrollment, Offer, StaffTask
from learners.models import PhoneNumber
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def offer_to(name: str, kana: str, phone: str) -> CallTask:
    """An offer announced just now, in an intake that is open today."""
    now = timezone.now()
    start = now - datetime.timedelta(hours=2)
    intake = factories.intake(
        opens_at=now - datetime.timedelta(days=1),
        closes_at=now + datetime.timedelta(days=20),
    )
    first = now + datetime.timedelta(days=14)
    return factories.call_task(
        factories.learner(name=name, kana=kana, phone=phone),
        at=start,
        intake=intake,
        lessons=[first, first + datetime.timedelta(days=7)],
    )


@pytest.fixture
def two_calls(live_server) -> tuple[CallTask, CallTask]:
    return (
        offer_to("山田 節子", "ヤマダ セツコ", "+819031174912"),
        offer_to("鈴木 正雄", "スズキ マサオ", "+81426263111"),
    )


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def take_next(page: Page) -> None:
    page.keyboard.press("n")
    expect(page.locator(".call-panel")).to_be_visible()


def test_an_offer_is_told_and_accepted_with_four_keys(signed_in_page, two_calls, assert_axe_clean):
    page = signed_in_page()
    page.goto("/calls/")
    assert_axe_clean(page)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    take_next(page)
    expect(page.locator(".call-panel .read-aloud")).to_contain_text("お席が空きました")
    expect(page.locator(".call-number").first).to_have_text("090-3117-4912")
    assert "山田 節子" in focused(page)
    assert_axe_clean(page)
    page.keyboard.press("1")
    expect(page.locator(".call-answer-row")).to_be_visible()
    assert_axe_clean(page)
    page.keyboard.press("1")
    expect(page.locator(".call-result .read-aloud")).to_contain_text("お席が決まりました")
    assert_axe_clean(page)
    assert Enrollment.objects.held().get().application.learner.name == "山田 節子"
    assert len([url for url in requests if "/rows/" not in url]) == 2
    page.keyboard.press("n")
    expect(page.locator(".call-panel")).to_contain_text("鈴木 正雄")


def test_the_digits_after_reached_belong_to_the_answer(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    expect(page.locator(".call-answer-row")).to_be_hidden()
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(page.locator(".call-result .read-aloud")).to_be_visible()
    assert Offer.objects.get(pk=two_calls[0].notice.offer_id).status == "declined"


def test_thinking_it_over_starts_their_time(signed_in_page, two_calls):  # rule 29
    page = signed_in_page(language="en")
    page.goto("/calls/")
    take_next(page)
    page.keyboard.press("1")
    page.keyboard.press("3")
    expect(page.locator(".call-result")).to_contain_text("think it over")
    assert Offer.objects.get(pk=two_calls[0].notice.offer_id).expires_at


def test_nobody_there_sinks_the_call_and_a_note_is_kept(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    page.locator("#call_note").focus()
    page.keyboard.insert_text("3コールで切れた 123")
    page.keyboard.press("Enter")
    assert "山田 節子" in focused(page)
    page.keyboard.press("3")
    expect(page.locator(".call-result")).to_be_visible()
    attempt = CallAttempt.objects.get()
    assert (attempt.outcome, attempt.note) == ("no_answer", "3コールで切れた 123")
    expect(page.locator(".call-row").last).to_contain_text("山田 節子")


def test_a_call_back_is_entered_with_five_and_enter(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    page.keyboard.press("5")
    expect(page.locator("#call_call_back_at")).to_be_focused()
    tomorrow = timezone.localtime() + datetime.timedelta(days=1)
    page.locator("#call_call_back_at").fill(f"{tomorrow:%Y-%m-%d}T10:30")
    page.keyboard.press("Enter")
    expect(page.locator(".call-result")).to_be_visible()
    at = timezone.localtime(CallAttempt.objects.get().call_back_at)
    assert (at.date(), at.hour, at.minute) == (tomorrow.date(), 10, 30)


def test_a_key_that_is_quicker_than_the_page_settles_keeps_its_field(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    expect(page.locator(".call-panel [data-focus-here]")).to_be_focused()
    page.keyboard.press("5")
    settled = "new CustomEvent('htmx:afterSettle', {bubbles: true, detail: {target: desk}})"
    page.locator("#call-desk").evaluate(f"desk => desk.dispatchEvent({settled})")
    expect(page.locator("#call_call_back_at")).to_be_focused()


def test_a_time_gone_by_is_refused_and_what_was_typed_stays(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    page.locator("#call_note").fill("夕方に")
    page.locator("#call_call_back_at").fill("2020-01-01T10:30")
    page.locator("#call_call_back_at").press("Enter")
    expect(page.locator(".call-panel [role=alert]")).to_be_visible()
    expect(page.locator("#call_note")).to_have_value("夕方に")
    assert not CallAttempt.objects.exists()


def test_a_wrong_number_brings_up_the_next_one(signed_in_page, two_calls):
    learner = two_calls[0].notice.learner
    PhoneNumber.objects.create(
        learner=learner, e164="+81426261111", as_spoken="626-1111", owner="family", position=1
    )
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    page.keyboard.press("4")
    expect(page.locator(".call-number").first).to_have_text("042-626-1111")
    expect(page.locator(".is-wrong .call-number")).to_have_text("090-3117-4912")
    assert StaffTask.objects.get().kind == "confirm_number"


def test_two_operators_see_who_calls_and_never_call_the_same_person(signed_in_page, two_calls):
    first, second = signed_in_page(), signed_in_page()
    first.goto("/calls/")
    second.goto("/calls/")
    take_next(first)
    # The second's list is still the old one: Enter on the call that has just been taken.
    second.keyboard.press("ArrowDown")
    second.keyboard.press("Enter")
    expect(second.locator("[role=alert]").last).to_be_visible()
    expect(second.locator(".call-panel")).to_have_count(0)
    take_next(second)
    expect(second.locator(".call-panel")).to_contain_text("鈴木 正雄")


def test_the_list_renews_itself_and_keeps_the_focus(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert "鈴木 正雄" in focused(page)
    calls.claim(two_calls[0].pk, by=factories.staff_member(name="高橋"), now=timezone.now())
    expect(page.locator(".call-row").first).to_contain_text("高橋", timeout=20_000)
    assert "鈴木 正雄" in focused(page)


def test_an_offer_that_ended_meanwhile_is_said_and_breaks_nothing(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    offers.decline(two_calls[0].notice.offer_id, reason="", by=None, now=timezone.now())
    page.keyboard.press("1")
    page.keyboard.press("1")
    expect(page.locator(".call-result")).to_be_visible()
    assert not Enrollment.objects.held().exists()


def test_a_call_is_put_back_with_escape(signed_in_page, two_calls):
    page = signed_in_page()
    page.goto("/calls/")
    take_next(page)
    page.keyboard.press("Escape")
    expect(page.locator(".call-panel")).to_have_count(0)
    assert not CallTask.objects.filter(claimed_by__isnull=False).exists()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("viewport", [(1366, 768), (820, 1180)])
def test_the_pages_are_clean_in_both_languages_and_sizes(
    signed_in_page, two_calls, assert_axe_clean, language, viewport
):
    factories.registered(
        factories.class_session(
            intake=two_calls[0].notice.intake,
            lessons=[timezone.now() + datetime.timedelta(days=14)],
        ),
        factories.learner(no_phone_calls=True, birth_date=None),
        at=timezone.now(),
    )
    width, height = viewport
    page = signed_in_page(language=language)
    page.set_viewport_size({"width": width, "height": height})
    for path in ("/calls/", "/calls/print/", "/letters/", "/tasks/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto("/letters/")
    letters = page.locator(".table-scroll").first
    assert letters.evaluate("table => table.scrollWidth <= table.clientWidth")
    page.get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    page.locator("button[value=posted]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice")).to_have_class(re.compile("notice-ok"))


def test_twelve_calls_fit_on_two_sheets_of_paper(signed_in_page, two_calls):
    for number in range(10):
        offer_to("田中 博", "タナカ ヒロシ", f"+8142626{number:04d}")
    page = signed_in_page()
    page.goto("/calls/print/")
    expect(page.locator("tbody tr")).to_have_count(12)
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(sheets) <= 2
