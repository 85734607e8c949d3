"""The desk in Chromium by keyboard only: what each call costs in keys and requests."""

import datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from classes.models import Application, CallLog, ClassSession, Enrollment, Intake
from learners.models import Learner
from tests.browser.at_the_desk import (
    CARD,
    SENTENCE,
    Operator,
    known,
    open_intake,
    take_a_seat,
    three_classes,
)


@pytest.fixture
def intake(live_server: Any) -> Intake:
    return open_intake()


@pytest.fixture
def classes(intake: Intake) -> dict[str, ClassSession]:
    return three_classes(intake)


@pytest.fixture
def setsuko(live_server: Any) -> Learner:
    return known("山田 節子", "ヤマダ セツコ", "090-3117-4912")


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


def test_a_couple_before_one_seat_chooses_and_nothing_is_written_before(  # rule 27
    signed_in_page: Any, classes: Any
) -> None:
    take_a_seat(classes["N1"])
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1", "p")
    expect(page.locator("#id_second-name")).to_be_focused()
    expect(page.locator("#id_second-phone")).to_have_value("090-1234-5678")
    operator.type("太郎").press("Enter").type("タロウ").press("Enter", "Enter")
    assert "お一人のお席を先に" in operator.sentence()
    assert Application.objects.count() == 1
    operator.press("1")
    expect(page.locator(".answer-enrolled")).to_be_visible()
    assert "もうお一人様は、キャンセル待ちの1番目" in operator.sentence()
    names = Learner.objects.filter(name__startswith="佐藤").values_list("name", flat=True)
    assert set(names) == {"佐藤 花子", "佐藤 太郎"}


def test_a_couple_before_one_seat_may_wait_together(  # rule 27
    signed_in_page: Any, classes: Any
) -> None:
    take_a_seat(classes["N1"])
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("1", "p")
    expect(page.locator("#id_second-name")).to_be_focused()
    operator.type("太郎").press("Enter").type("タロウ").press("Enter", "Enter")
    assert "お一人のお席を先に" in operator.sentence()
    operator.press("2")
    expect(page.locator(".answer-waitlisted")).to_be_visible()
    assert "2名様でキャンセル待ちの1番目" in operator.sentence()
    assert classes["N1"].waitlist_entries.waiting().count() == 1


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


def test_the_keys_of_the_card_follow_and_enter_alone_registers_nobody_again(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:  # rules 22 and 30
    page = signed_in_page()
    operator = Operator(page).find("4912").press("1", "Enter")
    operator.sentence()
    operator.press("c")
    expect(page.locator("[data-outcome=confirm]")).to_be_visible()
    operator.press("c")
    expect(page.locator("[data-key=r]")).to_be_visible()
    expect(page.locator("[data-key=c]")).to_have_count(0)
    operator.press("Enter")
    expect(page.locator("#desk-word")).to_contain_text("数字")
    operator.press("r")
    expect(page.locator(SENTENCE)).to_contain_text("元に戻しました")
    expect(page.locator("#desk-card [data-key=c]")).to_be_visible()
    assert Application.objects.get().status == "active"
    # By mouse the focus stands on the key that goes away.
    page.locator("[data-key=c]").click()
    page.locator("#desk-answer [data-key=c]").click()
    expect(page.locator("[data-key=r]")).to_be_visible()
    operator.press("2", "Enter")
    expect(page.locator(SENTENCE)).to_contain_text("お席が決まりました")
    assert Application.objects.active().get().enrollments.get().class_session == classes["N2"]


def test_a_few_questions_give_a_level_and_a_star(
    signed_in_page: Any, classes: Any, setsuko: Learner
) -> None:  # rule 46
    page = signed_in_page()
    operator = Operator(page).find("4912")
    for key, question in (("l", "スマホはお持ちですか"), ("y", "ニュースや天気")):
        operator.press(key)
        expect(page.locator(SENTENCE)).to_contain_text(question)
    before = len(operator.requests)
    operator.press("n")
    expect(page.locator("#class-list .class-star:visible")).to_have_count(3)
    expect(page.locator(CARD)).to_contain_text("お電話での目安")
    assert len(operator.requests) == before + 1
    operator.press("2", "Enter")
    assert "お席が決まりました" in operator.sentence()
    expect(page.locator("#class-list .class-star:visible")).to_have_count(0)


def test_sms_is_asked_for_and_agreed_to_by_keyboard(
    signed_in_page: Any, classes: Any, setsuko: Learner, assert_axe_clean: Any
) -> None:  # rule 11
    page = signed_in_page()
    operator = Operator(page).find("4912").press("s")
    expect(page.locator(SENTENCE)).to_contain_text("リンクは決して付けません")
    assert_axe_clean(page)
    operator.press("y")
    expect(page.locator(CARD)).to_contain_text("SMS可")
    operator.press("1", "Enter")
    assert "お席が決まりました" in operator.sentence()
    assert setsuko.phone_numbers.get().sms_consent == "given"


def test_a_newcomers_level_is_asked_before_anything_is_written(
    signed_in_page: Any, classes: Any
) -> None:
    page = signed_in_page()
    operator = Operator(page).new("佐藤 花子", "サトウ ハナコ", "090-1234-5678").press("l")
    expect(page.locator(SENTENCE)).to_contain_text("スマホはお持ちですか")
    operator.press("y")
    expect(page.locator(SENTENCE)).to_contain_text("ニュースや天気")
    operator.press("n")
    expect(page.locator("[data-outcome=level]")).to_be_visible()
    expect(page.locator("#id_first-name")).to_have_value("佐藤 花子")
    assert not Learner.objects.exists()
    operator.press("1", "Enter").sentence()
    assert Learner.objects.get().placements.get().level_version.level.code == "news"
