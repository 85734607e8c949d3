"""The desk in Chromium: keyboard only, keys and requests counted, several operators at once."""

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Request, expect

from classes import desk_registration
from classes.desk_registration import Call, Caller
from classes.models import Application, CallLog, ClassSession, Enrollment, Intake
from learners import people
from learners.models import Learner
from sms import phone_numbers
from tests import factories

DAY = datetime.timedelta(days=1)
SENTENCE = "#desk-sentence"
CARD = ".card-person"


class Operator:
    """Two hands on a keyboard: counts keys that are no text, and requests but refreshes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = 0
        self.typed = 0
        self.requests: list[str] = []
        page.on("request", self._note)
        page.goto("/desk/")
        expect(page.locator("#desk-q")).to_be_focused()
        self.requests.clear()

    def _note(self, request: Request) -> None:
        if "/desk/" in request.url and "/live/" not in request.url:
            self.requests.append(f"{request.method} {request.url.split('/desk/', 1)[1]}")

    def press(self, *keys: str) -> "Operator":
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1
        return self

    def type(self, text: str) -> "Operator":
        self.page.keyboard.type(text)
        self.typed += len(text)
        return self

    def find(self, text: str) -> "Operator":
        """Search, go to the first result, confirm the person (rule 5)."""
        self.type(text).press("Enter")
        expect(self.page.locator(".results .result").first).to_be_focused()
        self.press("Enter")
        expect(self.page.locator(CARD)).to_be_visible()
        return self

    def new(self, name: str, kana: str, phone: str) -> "Operator":
        self.press("F9")
        expect(self.page.locator("#id_first-name")).to_be_focused()
        return self.type(name).press("Enter").type(kana).press("Enter").type(phone).press("Enter")

    def sentence(self) -> str:
        expect(self.page.locator(SENTENCE)).to_be_visible()
        return self.page.locator(SENTENCE).inner_text()


@pytest.fixture
def intake(live_server: Any) -> Intake:
    now = timezone.now()
    return factories.intake(
        code="2026-10",
        opens_at=now - DAY,
        closes_at=now + 9 * DAY,
        min_age=60,
        residence="八王子市",
        undo_minutes=10,
    )


def first_lesson(weekday: int, hour: int = 10) -> datetime.datetime:
    """A day in three weeks that is this weekday (0 = Monday)."""
    day = timezone.localdate() + 21 * DAY
    day += datetime.timedelta(days=(weekday - day.weekday()) % 7)
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour)))


@pytest.fixture
def classes(intake: Intake) -> dict[str, ClassSession]:
    course = factories.course(name="はじめてのニュース", name_en="Reading the news")
    made = {}
    for code, venue, capacity, weekday in (
        ("N1", "クリエイトホール", 2, 0),
        ("N2", "南大沢", 5, 2),
        ("N3", "浅川", 0, 4),
    ):
        made[code] = factories.class_session(
            intake=intake,
            course=course,
            code=code,
            capacity=capacity,
            venue=factories.venue(name=venue, short_name=venue),
            lessons=[first_lesson(weekday)],
        )
    return made


def known(name: str, kana: str, phone: str, **fields: Any) -> Learner:
    number = people.NumberInput(phone_numbers.parse(phone, area_code="042"))
    fields.setdefault("birth_date", datetime.date(1939, 5, 3))
    fields = {"name": name, "kana": kana, "address": "八王子市南大沢2-1", **fields}
    return people.create(fields, [number], by=None, now=timezone.now())


@pytest.fixture
def setsuko(live_server: Any) -> Learner:
    return known("山田 節子", "ヤマダ セツコ", "090-3117-4912")


def take_a_seat(session: ClassSession) -> Application:
    """Somebody else registers meanwhile."""
    caller = Caller(uuid.uuid4(), factories.learner().pk)
    call = Call(uuid.uuid4(), (caller,), (session.pk,))
    by = factories.staff_member()
    answer = desk_registration.take(session.intake, call, by=by, now=timezone.now())
    application: Application = answer.applications[0]  # type: ignore[union-attr]
    return application


def test_a_returning_caller_costs_twelve_keys_and_three_requests(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    operator = Operator(signed_in_page())
    operator.find("4912").press("2", "Enter")
    assert "お席が決まりました" in operator.sentence()
    assert operator.typed + operator.keys <= 12
    assert [line.split("/")[1] for line in operator.requests] == ["search", "person", "register"]
    seat = Enrollment.objects.get()
    assert (seat.application.learner, seat.class_session) == (setsuko, classes["N2"])


def test_a_new_caller_costs_what_is_typed_and_six_keys(signed_in_page: Any, classes: Any) -> None:
    operator = Operator(signed_in_page())
    operator.new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1", "Enter")
    assert "お席が決まりました" in operator.sentence()
    assert operator.keys <= 6
    assert Learner.objects.get().kana == "サトウ ハナコ"


def test_what_was_searched_in_vain_is_not_typed_again(signed_in_page: Any, classes: Any) -> None:
    page = signed_in_page()
    operator = Operator(page).type("サトウ ハナコ").press("Enter")
    expect(page.locator("#desk-new")).to_be_focused()
    operator.press("Enter")
    expect(page.locator("#id_first-kana")).to_have_value("サトウ ハナコ")
    expect(page.locator("#id_first-name")).to_be_focused()
    operator.type("佐藤 花子").press("Enter").type("09012345678").press("Enter", "1", "Enter")
    operator.sentence()
    assert operator.keys == 6


def test_what_tells_people_apart_stands_on_the_result(  # rule 5
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    known("山田 節子", "ヤマダ セツコ", "042-626-4912", address="八王子市明神町1-1")
    page = signed_in_page()
    Operator(page).type("4912").press("Enter")
    results = page.locator(".results .result")
    expect(results).to_have_count(2)
    expect(results.filter(has_text="南大沢")).to_contain_text("昭和14年")
    expect(results.filter(has_text="明神町")).to_contain_text("ヤマダ セツコ")
    expect(results.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(results.nth(1)).to_be_focused()


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


def test_a_local_number_is_completed_with_one_key(signed_in_page: Any, classes: Any) -> None:
    page = signed_in_page()  # rule 6
    Operator(page).new("佐藤 花子", "サトウ ハナコ", "626-3111")
    expect(page.locator("[data-anywhere=F2]")).to_contain_text("042-626-3111")
    page.keyboard.press("F2")
    expect(page.locator("#id_first-phone")).to_have_value("042-626-3111")


def test_the_date_of_birth_is_said_back_as_an_age(signed_in_page: Any, classes: Any) -> None:
    page = signed_in_page()  # rule 13
    Operator(page).press("F9")
    page.locator("#id_first-birth").fill("S15.3.2")
    expect(page.locator("#hints-first")).to_contain_text("昭和15年3月2日")
    page.locator("#id_first-birth").fill("昭和64年1月8日")
    expect(page.locator("#hints-first .hint-warn")).to_be_visible()


def test_a_likely_duplicate_is_taken_with_one_key(  # rule 4
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    page = signed_in_page()
    operator = Operator(page).new("山田 せつ子", "ヤマダ セツコ", "090-3117-4912")
    expect(page.locator("[data-anywhere=F4]")).to_be_visible()
    operator.press("F4")
    expect(page.locator(CARD)).to_contain_text("山田 節子")
    operator.press("1", "Enter").sentence()
    assert Learner.objects.get() == setsuko


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


def test_a_couple_before_one_seat_chooses_and_nothing_is_written_before(  # rule 27
    signed_in_page: Any, classes: Any
) -> None:
    take_a_seat(classes["N1"])
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1", "p")
    expect(page.locator("#id_second-name")).to_be_focused()
    expect(page.locator("#id_second-phone")).to_have_value("090-1234-5678")
    operator.type("太郎").press("Enter").type("タロウ").press("Enter", "Enter")
    assert "お一人だけ先にお席を" in operator.sentence()
    assert Application.objects.count() == 1
    operator.press("1")
    expect(page.locator(".answer-enrolled")).to_be_visible()
    assert "もうお一人様は、キャンセル待ちの1番目" in operator.sentence()
    names = Learner.objects.filter(name__startswith="佐藤").values_list("name", flat=True)
    assert set(names) == {"佐藤 花子", "佐藤 太郎"}


def test_the_seat_that_goes_while_talking_is_offered_elsewhere(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    page = signed_in_page()
    operator = Operator(page).find("4912").press("1")
    take_a_seat(classes["N1"])
    take_a_seat(classes["N1"])
    operator.press("Enter")
    assert "お話ししている間に" in operator.sentence()
    assert not Application.objects.filter(learner=setsuko).exists()
    operator.press("2")
    expect(page.locator(".answer-enrolled")).to_be_visible()
    assert Enrollment.objects.get(application__learner=setsuko).class_session == classes["N2"]


def test_or_the_caller_waits_all_the_same(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    page = signed_in_page()
    operator = Operator(page).find("4912").press("1")
    take_a_seat(classes["N1"])
    take_a_seat(classes["N1"])
    operator.press("Enter").sentence()
    operator.press("1")
    expect(page.locator(".answer-waitlisted")).to_be_visible()
    assert "キャンセル待ちの1番目" in operator.sentence()


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


def test_classes_are_narrowed_before_a_person_is_chosen_and_stay_so(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:
    page = signed_in_page()
    operator = Operator(page).press("Escape", "f").type("水 南大沢")
    expect(page.locator(".class-row:visible")).to_have_count(1)
    operator.press("Enter", "/").find("4912").press("1", "Enter").sentence()
    assert Enrollment.objects.get().class_session == classes["N2"]
    operator.press("Escape")
    expect(page.locator("#desk-q")).to_be_focused()
    expect(page.locator(".class-row:visible")).to_have_count(1)
    page.reload()
    expect(page.locator(".class-row:visible")).to_have_count(1)


def test_digits_rank_the_wishes_of_a_lottery(
    signed_in_page: Any, intake: Intake, classes: Any, setsuko: Learner
) -> None:
    Intake.objects.update(method=Intake.Method.LOTTERY)
    page = signed_in_page()
    operator = Operator(page).find("4912").press("3", "1", "Enter")
    expect(page.locator(".answer-applied")).to_be_visible()
    assert "第1希望は" in operator.sentence()
    party = Application.objects.get().party
    ranked = [choice.class_session for choice in party.choices.order_by("rank")]
    assert ranked == [classes["N3"], classes["N1"]]


def test_an_exception_is_registered_with_its_reason(signed_in_page: Any, classes: Any) -> None:
    known("若井 望", "ワカイ ノゾミ", "090-3117-4912", birth_date=datetime.date(1990, 1, 1))
    page = signed_in_page()  # rule 15
    operator = Operator(page).find("4912").press("1", "Enter")
    expect(page.locator(".answer-refused")).to_be_visible()
    operator.press("o")
    expect(page.locator("#override-reason")).to_be_focused()
    operator.type("家族の介護をしている").press("Enter")
    expect(page.locator(".answer-enrolled")).to_be_visible()
    assert Application.objects.get().override_reason == "家族の介護をしている"


@pytest.mark.parametrize(
    ("key", "outcome"), [("q", "inquiry"), ("x", "ineligible"), ("F8", "inquiry")]
)
def test_a_call_that_ends_without_registering_takes_one_key(
    signed_in_page: Any, classes: Any, setsuko: Learner, key: str, outcome: str
) -> None:  # rule 18
    page = signed_in_page()
    operator = Operator(page).find("4912").press(key)
    expect(page.locator("#desk-q")).to_be_focused()
    expect(page.locator("#figure-calls")).to_have_text("1")
    expect(page.locator(CARD)).to_have_count(0)
    call = CallLog.objects.get()
    assert (call.outcome, call.learner) == (outcome, setsuko)
    assert operator.requests[-1].endswith("/end/")


def test_was_i_registered_takes_one_key(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:  # rule 19
    page = signed_in_page()
    operator = Operator(page).find("4912").press("1", "Enter")
    said = operator.sentence()
    operator.press("Escape").find("受付1").press("h")
    expect(page.locator(".history-list")).to_contain_text(said)
    assert "お席が決まっております" in operator.sentence()


def test_cancel_and_undo_each_ask_once(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:  # rule 30
    page = signed_in_page()
    operator = Operator(page).find("4912").press("1", "Enter")
    operator.sentence()
    operator.press("c")
    expect(page.locator("[data-outcome=confirm]")).to_be_visible()
    assert Enrollment.objects.held().exists()
    operator.press("c")
    expect(page.locator(SENTENCE)).to_contain_text("取り消しました")
    assert not Enrollment.objects.held().exists()
    operator.press("u")
    expect(page.locator("[data-outcome=confirm]")).to_contain_text("山田 節子")
    operator.press("u")
    expect(page.locator(SENTENCE)).to_contain_text("元に戻しました")
    assert Enrollment.objects.held().exists()


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


def test_signed_out_while_typing_loses_nothing(
    signed_in_page: Any, classes: Any, watch: Any
) -> None:
    watch.expect("401|htmx:responseError")
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1")
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
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
