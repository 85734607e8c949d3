"""The desk when something is in the way: an input method, a lost network, another operator."""

from typing import Any

import pytest
from playwright.sync_api import expect

from classes.models import Application, CallLog, ClassSession, Intake
from learners.models import Learner
from tests import factories
from tests.browser.at_the_desk import Operator, first_lesson, known, open_intake, three_classes


@pytest.fixture
def intake(live_server: Any) -> Intake:
    return open_intake()


@pytest.fixture
def classes(intake: Intake) -> dict[str, ClassSession]:
    return three_classes(intake)


@pytest.fixture
def setsuko(live_server: Any) -> Learner:
    return known("山田 節子", "ヤマダ セツコ", "090-3117-4912")


def test_keys_of_a_composition_are_nobodys_commands(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    page = signed_in_page()
    operator = Operator(page)
    devtools = page.context.new_cdp_session(page)

    def compose(text: str) -> None:
        devtools.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )

    def key_of_composition(key: str) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            devtools.send(
                "Input.dispatchKeyEvent",
                {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": 229},
            )

    compose("やまだ")
    key_of_composition("Enter")
    page.wait_for_timeout(400)  # longer than the pause after which a search starts
    assert operator.requests == []
    expect(page.locator("#desk-q")).to_be_focused()
    devtools.send("Input.insertText", {"text": "山田"})
    expect(page.locator(".results .result")).to_have_count(1)
    assert len(operator.requests) == 1


def test_the_reading_typed_before_the_kanji_becomes_the_kana(
    signed_in_page: Any, classes: Any
) -> None:
    page = signed_in_page()
    Operator(page).press("F9")
    expect(page.locator("#id_first-name")).to_be_focused()
    devtools = page.context.new_cdp_session(page)
    for reading, kanji in (("さとう", "佐藤"), ("はなこ", "花子")):
        for text in (reading, kanji):
            devtools.send(
                "Input.imeSetComposition",
                {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
            )
        devtools.send("Input.insertText", {"text": kanji})
        if kanji == "佐藤":
            page.keyboard.type(" ")
    expect(page.locator("#id_first-name")).to_have_value("佐藤 花子")
    expect(page.locator("#id_first-kana")).to_have_value("さとう はなこ")


def test_a_check_on_its_way_does_not_swallow_enter(signed_in_page: Any, classes: Any) -> None:
    page = signed_in_page()
    held: list[Any] = []
    page.route("**/check/", lambda route: held.append(route))
    with page.expect_request("**/check/"):
        operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678")
    operator.press("1", "Enter")
    assert "お席が決まりました" in operator.sentence()
    page.unroute("**/check/")  # lets go of what was held


def test_what_cannot_be_read_stays_typed_with_its_field_in_focus(
    signed_in_page: Any, classes: Any, watch: Any
) -> None:
    watch.expect("422")
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "12")
    operator.press("1", "Enter")
    expect(page.locator("#id_first-phone")).to_be_focused()
    expect(page.locator("#id_first-name")).to_have_value("佐藤 花子")
    page.locator("#id_first-phone").fill("090-1234-5678")
    operator.press("Enter", "Enter")
    assert "お席が決まりました" in operator.sentence()


def test_a_second_page_sees_the_seat_go_and_keeps_its_focus_and_choice(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    first, second = signed_in_page(), signed_in_page()
    other = Operator(second).press("Escape", "2")
    expect(second.locator(f"#seats-{classes['N1'].pk}")).to_contain_text("2")
    second.locator("#class-filter").focus()
    Operator(first).find("4912").press("1", "Enter").sentence()
    expect(second.locator(f"#seats-{classes['N1'].pk} b")).to_have_text("1", timeout=8000)
    expect(second.locator("#figure-held")).to_have_text("1")
    expect(second.locator("#class-filter")).to_be_focused()
    expect(second.locator(f"#class-{classes['N2'].pk}")).to_have_attribute("aria-pressed", "true")
    assert other.page is second


def test_somebody_half_typed_is_not_lost_without_a_question(
    signed_in_page: Any, classes: Any
) -> None:
    page = signed_in_page()
    operator = Operator(page).press("F9")
    expect(page.locator("#id_first-name")).to_be_focused()
    operator.type("佐藤").press("Escape")
    expect(page.locator("#id_first-name")).to_have_value("佐藤")
    expect(page.locator("#desk-word")).not_to_be_empty()
    operator.press("Escape")
    expect(page.locator("#id_first-name")).to_have_count(0)
    expect(page.locator("#desk-q")).to_be_focused()


def test_a_lost_network_loses_nothing_typed_and_the_next_press_registers_once(
    signed_in_page: Any, classes: Any, watch: Any
) -> None:
    watch.expect("ERR_INTERNET_DISCONNECTED|htmx:(sendError|afterRequest)|Failed to load")
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1")
    page.context.set_offline(True)
    operator.press("Enter")
    expect(page.locator("#connection-banner")).to_be_visible()
    expect(page.locator("#id_first-name")).to_have_value("佐藤 花子")
    page.context.set_offline(False)
    operator.press("Enter", "Enter")
    operator.sentence()
    expect(page.locator("#connection-banner")).to_be_hidden()
    assert Application.objects.count() == Learner.objects.count() == CallLog.objects.count() == 1


def test_an_answer_that_was_lost_on_its_way_is_given_again(  # rule 22
    signed_in_page: Any, classes: Any, watch: Any
) -> None:
    watch.expect("ERR_FAILED|htmx:(sendError|afterRequest)|Failed to load")
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1")

    def lose_the_answer(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/register/", lose_the_answer)
    operator.press("Enter")
    expect(page.locator("#desk-word")).not_to_be_empty()
    page.unroute("**/register/")
    operator.press("Enter")
    assert "受付番号は10月の1番" in operator.sentence()
    assert Application.objects.count() == Learner.objects.count() == 1


@pytest.mark.parametrize("gone", ["sessionid", None])
def test_signed_out_while_typing_loses_nothing(
    signed_in_page: Any, classes: Any, watch: Any, gone: str | None
) -> None:
    watch.expect("401|htmx:responseError")
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1")
    cookies = page.context.cookies()
    # Signed out elsewhere, or with every cookie of this browser.
    page.context.clear_cookies(**({"name": gone} if gone else {}))
    operator.press("Enter")
    expect(page.locator("#connection-banner a")).to_be_visible()
    expect(page.locator("#id_first-phone")).to_have_value("090-1234-5678")
    page.context.add_cookies(cookies)
    operator.press("Enter").sentence()
    assert Application.objects.count() == 1


def test_no_personal_data_stands_in_an_address(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    operator = Operator(signed_in_page()).find("4912").press("1", "Enter")
    operator.sentence()
    assert not any("4912" in line or "%E5" in line for line in operator.requests)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_every_state_of_the_desk_is_clean(
    signed_in_page: Any,
    classes: Any,
    setsuko: Learner,
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    width, height = size
    page = signed_in_page(language=language)
    page.set_viewport_size({"width": width, "height": height})
    operator = Operator(page)
    assert_axe_clean(page)
    operator.find("4912").press("1")
    assert_axe_clean(page)
    operator.press("Enter").sentence()
    assert_axe_clean(page)
    operator.press("h")
    expect(page.locator("[data-outcome=history]")).to_be_visible()
    assert_axe_clean(page)
    operator.press("Escape").new("佐藤 花子", "サトウ ハナコ", "626-3111").press("p", "Tab")
    expect(page.locator("#hints-first .hint").first).to_be_visible()
    page.keyboard.press("Escape")
    assert_axe_clean(page)
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)


def test_the_desk_needs_no_scrolling_with_eight_classes(
    signed_in_page: Any, intake: Intake, classes: Any, setsuko: Learner
) -> None:
    for number in range(4, 9):
        factories.class_session(intake=intake, code=f"N{number}", lessons=[first_lesson(3)])
    page = signed_in_page()
    Operator(page).find("4912").press("8", "Enter").sentence()
    last = page.locator(".class-row").last.bounding_box()
    bottom = page.locator(".desk-bottom").bounding_box()
    assert last is not None
    assert bottom is not None
    assert last["y"] + last["height"] <= bottom["y"]
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
