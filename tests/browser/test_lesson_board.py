"""The class-day board on a tablet: taps show at once, wait out a lost network, arrive once."""

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from classes import lesson_taps
from classes.lesson_taps import Presence
from classes.models import Attendance, ClassSession, Course, Lesson, LessonAssessment, WalkIn
from learners import people
from learners.models import Learner
from skill_levels.models import Assessment, Competency, SkillLevel
from staff.models import AccessEvent, StaffMember
from tests import factories

TABLET = {"has_touch": True}
PEOPLE = [
    ("山田 節子", "ヤマダ セツコ"),
    ("鈴木 正雄", "スズキ マサオ"),
    ("小林 フミ", "コバヤシ フミ"),
]
LOST = "ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to (load|fetch)"


@pytest.fixture
def instructor(live_server: Any) -> StaffMember:
    return factories.staff_member(role="instructor", name="佐藤 先生")


@pytest.fixture
def session(instructor: StaffMember) -> ClassSession:
    now = timezone.localtime()
    start = now.replace(hour=10, minute=0, second=0, microsecond=0)
    week = datetime.timedelta(days=7)
    intake = factories.intake(
        opens_at=now - 5 * week, closes_at=now + 3 * week, last_joining_lesson=3
    )
    made = factories.class_session(
        intake=intake, code="N1", lessons=[start - week, start, start + week]
    )
    made.instructors.add(instructor)
    for name, kana in PEOPLE:
        person = factories.learner(name=name, kana=kana)
        factories.registered(made, person, at=now - 4 * week)
    return made


@pytest.fixture
def lesson(session: ClassSession) -> Lesson:
    return session.lessons.get(number=2)


@pytest.fixture
def setsuko(session: ClassSession) -> Learner:
    return Learner.objects.get(name="山田 節子")


@pytest.fixture
def news(live_server: Any) -> Competency:
    return Competency.objects.get(code="open-news")


@pytest.fixture
def board(signed_in_page: Any, lesson: Lesson, instructor: StaffMember) -> Page:
    return open_board(signed_in_page(user=instructor, **TABLET), lesson)


def open_board(page: Page, lesson: Lesson) -> Page:
    """On a tablet held upright."""
    page.set_viewport_size({"width": 820, "height": 1180})
    page.goto(f"/lessons/{lesson.pk}/")
    expect(page.locator("#board")).to_be_visible()
    return page


def cell(page: Page, learner: Learner, competency: Competency) -> Any:
    return page.locator(f"#c{learner.pk}-{competency.pk}")


def rate(page: Page, learner: Learner, competency: Competency, value: int) -> None:
    """Two taps, as with a thumb: the cell, then one of the five."""
    cell(page, learner, competency).locator(".cell-tap").tap()
    page.locator(f".picker-value[data-value='{value}']").tap()


def all_sent(page: Page) -> None:
    expect(page.locator("[data-tap-line]")).to_have_attribute("data-kind", "sent")


def test_two_taps_record_what_somebody_can_do(
    board: Page, setsuko: Learner, news: Competency
) -> None:
    rate(board, setsuko, news, 2)
    expect(cell(board, setsuko, news).locator(".support-2")).to_be_visible()
    all_sent(board)
    seen = Assessment.objects.get()
    assert (seen.learner, seen.competency, seen.value) == (setsuko, news, 2)
    assert LessonAssessment.objects.count() == 1
    # Whoever is rated is here.
    assert Attendance.objects.get().status == "present"


def test_the_titles_stay_above_whoever_is_looked_at(
    board: Page, session: ClassSession, lesson: Lesson, news: Competency
) -> None:
    ClassSession.objects.update(capacity=20)
    for _ in range(17):
        factories.registered(session, at=timezone.now() - datetime.timedelta(weeks=4))
    open_board(board, lesson)
    board.locator("#board-rows tr:last-child .cell-tap").first.focus()
    title, last = board.locator(f"#k{news.pk}"), board.locator("#board-rows tr:last-child")
    expect(title).to_be_in_viewport(ratio=1)
    expect(last).to_be_in_viewport()
    # Whoever comes back up by keyboard is not hidden under the titles.
    board.locator("#board-rows tr:first-child .cell-tap").first.focus()
    edge = title.evaluate("each => each.getBoundingClientRect().bottom")
    first = board.locator("#board-rows tr:first-child .cell-tap").first
    assert first.evaluate("each => each.getBoundingClientRect().top") >= edge - 1


def test_attendance_is_one_tap_and_taken_back_by_another(board: Page, setsuko: Learner) -> None:
    row = board.locator(f"#r{setsuko.pk}")
    row.locator("[data-s=told]").tap()
    expect(row.locator("[data-s=told]")).to_have_attribute("aria-pressed", "true")
    expect(board.locator("[data-count=told]")).to_have_text("1")
    all_sent(board)
    assert Attendance.objects.get().status == "told"
    board.locator("#board-undo").tap()
    expect(row.locator("[data-s=told]")).to_have_attribute("aria-pressed", "false")
    all_sent(board)
    assert not Attendance.objects.exclude(status="").exists()


def test_a_whole_column_is_entered_at_once_and_spares_what_was_seen(
    board: Page, lesson: Lesson, setsuko: Learner, news: Competency
) -> None:
    for learner in Learner.objects.all():
        board.locator(f"#r{learner.pk} [data-s=present]").tap()
    rate(board, setsuko, news, 4)
    board.locator(f"#k{news.pk} button").tap()
    expect(board.locator("[data-picker-title]")).to_contain_text("2")
    board.locator(".picker-value[data-value='2']").tap()
    all_sent(board)
    values = dict(Assessment.objects.values_list("learner__name", "value"))
    assert values == {"山田 節子": 4, "鈴木 正雄": 2, "小林 フミ": 2}
    expect(board.locator("[data-count=missed]")).to_have_text("0")


def test_a_note_and_whose_phone_are_one_tap_further(
    board: Page, setsuko: Learner, news: Competency
) -> None:
    cell(board, setsuko, news).locator(".cell-tap").tap()
    board.locator(".picker-more summary").tap()
    board.locator("[data-picker-note]").fill("文字を大きくしたら読めた")
    board.locator("[name=picker-device][value=loan]").check()
    board.locator("[name=picker-setting][value=real]").check()
    board.locator(".picker-value[data-value='3']").tap()
    all_sent(board)
    seen = Assessment.objects.get()
    assert (seen.note, seen.device, seen.setting) == ("文字を大きくしたら読めた", "loan", "real")


def test_a_note_outlives_closing_a_correction_and_an_undo(
    board: Page, setsuko: Learner, news: Competency
) -> None:
    def latest() -> Assessment:
        all_sent(board)
        return Assessment.objects.latest("pk")

    cell(board, setsuko, news).locator(".cell-tap").tap()
    board.locator(".picker-more summary").tap()
    board.locator("[data-picker-note]").fill("文字を大きく")
    board.locator("[data-picker-close]").tap()
    cell(board, setsuko, news).locator(".cell-tap").tap()
    expect(board.locator("[data-picker-note]")).to_have_value("文字を大きく")
    board.locator(".picker-value[data-value='2']").tap()
    assert (latest().value, latest().note) == (2, "文字を大きく")

    rate(board, setsuko, news, 3)
    assert (latest().value, latest().note) == (3, "文字を大きく")

    cell(board, setsuko, news).locator(".cell-tap").tap()
    board.locator("[data-picker-note]").fill("ひとりで")
    board.locator(".picker-value[data-value='4']").tap()
    assert (latest().value, latest().note) == (4, "ひとりで")
    board.locator("#board-undo").tap()
    expect(cell(board, setsuko, news).locator(".support-3")).to_be_visible()
    assert (latest().value, latest().note) == (3, "文字を大きく")


def test_whoever_is_looked_at_is_here_also_if_thought_absent(
    board: Page, setsuko: Learner, news: Competency
) -> None:
    absent = board.locator(f"[data-row='{setsuko.pk}'] .attend-key[data-s='absent']")
    present = board.locator(f"[data-row='{setsuko.pk}'] .attend-key[data-s='present']")
    absent.tap()
    rate(board, setsuko, news, 3)
    expect(present).to_have_attribute("aria-pressed", "true")
    board.locator("#board-undo").tap()
    expect(absent).to_have_attribute("aria-pressed", "true")
    all_sent(board)


def test_what_was_refused_does_not_stay_on_the_grid(board: Page, setsuko: Learner) -> None:
    """The city cancelled the lesson while the page stood open (rule 63)."""
    Lesson.objects.update(cancelled_at=timezone.now())
    present = board.locator(f"[data-row='{setsuko.pk}'] .attend-key[data-s='present']")
    present.tap()
    expect(board.locator("[data-tap-refused]")).to_contain_text("市の都合で中止")
    expect(present).to_have_attribute("aria-pressed", "false")
    expect(board.locator("[data-tap-refused]")).to_contain_text("山田 節子")


def test_without_a_network_taps_are_marked_kept_and_sent_once_in_order(
    board: Page, setsuko: Learner, news: Competency, watch: Any
) -> None:
    watch.expect(LOST)
    board.context.set_offline(True)
    rate(board, setsuko, news, 1)
    rate(board, setsuko, news, 3)
    expect(cell(board, setsuko, news).locator(".support-3")).to_be_visible()
    expect(cell(board, setsuko, news).locator(".unsent-mark")).to_have_text("未送信")
    expect(board.locator("[data-tap-line]")).to_have_attribute("data-kind", "unsent")
    expect(board.locator("#connection-banner")).to_be_hidden()
    assert not Assessment.objects.exists()
    board.context.set_offline(False)
    all_sent(board)
    expect(board.locator(".unsent-mark")).to_have_count(0)
    assert list(Assessment.objects.order_by("pk").values_list("value", flat=True)) == [1, 3]


def test_taps_outlive_a_page_that_was_closed_without_a_network(
    board: Page, lesson: Lesson, setsuko: Learner, news: Competency, watch: Any
) -> None:
    watch.expect(LOST)
    context = board.context
    context.set_offline(True)
    rate(board, setsuko, news, 2)
    board.close()
    context.set_offline(False)
    again = open_board(context.new_page(), lesson)
    all_sent(again)
    expect(cell(again, setsuko, news).locator(".support-2")).to_be_visible()
    assert Assessment.objects.count() == 1


def test_a_tap_whose_answer_was_lost_counts_once(
    board: Page, setsuko: Learner, news: Competency, watch: Any
) -> None:
    watch.expect(LOST)
    lost: list[Any] = []

    def lose_the_first_answer(route: Any) -> None:
        route.fetch()
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.abort()

    board.route("**/taps/", lose_the_first_answer)
    rate(board, setsuko, news, 2)
    all_sent(board)
    assert lost
    assert Assessment.objects.count() == 1


def test_two_instructors_see_each_others_taps_and_neither_is_overwritten(
    board: Page, signed_in_page: Any, lesson: Lesson, setsuko: Learner, news: Competency
) -> None:
    second = factories.staff_member(role="instructor")
    lesson.class_session.instructors.add(second)
    other = open_board(signed_in_page(user=second, **TABLET), lesson)
    rate(board, setsuko, news, 1)
    expect(cell(other, setsuko, news).locator(".support-1")).to_be_visible(timeout=10_000)
    rate(other, setsuko, news, 3)
    all_sent(other)
    expect(cell(board, setsuko, news).locator(".support-3")).to_be_visible(timeout=10_000)
    seen = Assessment.objects.order_by("pk").values_list("recorded_by", "value")
    assert list(seen) == [
        (lesson.class_session.instructors.get(name="佐藤 先生").pk, 1),
        (second.pk, 3),
    ]


def test_somebody_who_walks_in_is_on_the_board_in_seconds(
    board: Page, lesson: Lesson, watch: Any
) -> None:
    board.locator("[data-opens=walk-in]").tap()
    board.locator(".walk-in-new summary").tap()
    board.locator("#walk-in-new [name$=name]").first.fill("森 久子")
    board.locator("#walk-in-new [name$=kana]").fill("もり ひさこ")
    board.locator("#walk-in-new button").tap()
    expect(board.locator(".who-name", has_text="森 久子")).to_be_visible()
    assert WalkIn.objects.get().learner.kana == "モリ ヒサコ"


def test_somebody_on_record_is_found_by_kana_and_walks_in(board: Page, lesson: Lesson) -> None:
    fields = {"name": "森 久子", "kana": "モリ ヒサコ"}
    known = people.create(fields, [], by=None, now=timezone.now())
    board.locator("[data-opens=walk-in]").tap()
    board.locator("#walk-in-q").fill("モリ")
    board.locator("#walk-in-results button").first.tap()
    expect(board.locator(".who-name", has_text="森 久子")).to_be_visible()
    assert WalkIn.objects.get().learner == known


def test_the_emergency_contact_opens_with_one_press_that_is_logged(
    board: Page, setsuko: Learner
) -> None:  # rule 65
    Learner.objects.filter(pk=setsuko.pk).update(
        emergency_name="山田 一郎", emergency_phone="090-0000-0000"
    )
    board.locator(f"#r{setsuko.pk} .who-more").tap()
    expect(board.locator("#person")).not_to_contain_text("一郎")
    board.locator("#person .button-danger").tap()
    expect(board.locator("#person-emergency")).to_contain_text("一郎")
    assert AccessEvent.objects.filter(purpose="emergency_contact_opened").count() == 1


def test_somebody_in_the_wrong_class_is_moved_and_the_old_seat_is_free_only_then(
    board: Page, session: ClassSession, lesson: Lesson, setsuko: Learner, instructor: StaffMember
) -> None:
    beyond = Course.objects.create(
        name="アカウントを作る",
        short_name="アカウント",
        level=SkillLevel.objects.get(code="accounts"),
    )
    days = datetime.timedelta(days=3)
    target = factories.class_session(
        intake=session.intake, course=beyond, code="A1", lessons=[timezone.now() + days]
    )
    for competency in Competency.objects.current().filter(level__code__in=["first-steps", "news"]):
        Assessment(
            learner=setsuko, competency=competency, competency_version=competency.current,
            value=3, observed_at=timezone.now() - days, recorded_at=timezone.now() - days,
        ).save()  # fmt: skip
    board.locator(f"#r{setsuko.pk} .who-more").tap()
    board.locator(".person-fit .button-primary").tap()
    expect(board.locator("#person .read-aloud")).to_contain_text("アカウント")
    held = setsuko.applications.get().enrollments.get(ended_at=None)
    assert held.class_session == target
    assert held.moved_from is not None
    assert held.moved_from.class_session == session


def test_by_keyboard_arrows_walk_and_digits_rate(
    board: Page, setsuko: Learner, news: Competency
) -> None:
    first = cell(board, setsuko, news).locator(".cell-tap")
    first.focus()
    board.keyboard.press("3")
    expect(cell(board, setsuko, news).locator(".support-3")).to_be_visible()
    board.keyboard.press("ArrowRight")
    expect(first).not_to_be_focused()
    board.keyboard.press("ArrowLeft")
    board.keyboard.press("Enter")
    expect(board.locator(".picker-row")).to_be_visible()
    board.keyboard.press("Escape")
    expect(first).to_be_focused()
    all_sent(board)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_every_state_of_the_board_is_clean(
    signed_in_page: Any,
    lesson: Lesson,
    instructor: StaffMember,
    setsuko: Learner,
    news: Competency,
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    StaffMember.objects.filter(pk=instructor.pk).update(language=language)
    lesson_taps.mark(
        lesson.pk,
        Presence(uuid.uuid4(), setsuko.pk, status="present"),
        by=instructor,
        now=timezone.now(),
    )
    page = signed_in_page(user=instructor)
    page.goto("/lessons/")
    assert_axe_clean(page)
    open_board(page, lesson)
    # As wide as the screen, and high enough for every row: a row that the grid's frame cuts at its
    # edge while it scrolls would count as a target that is too small.
    page.set_viewport_size({"width": size[0], "height": max(size[1], 1400)})
    assert_axe_clean(page)
    cell(page, setsuko, news).locator(".cell-tap").click()
    page.locator(".picker-more summary").click()
    assert_axe_clean(page)
    page.keyboard.press("Escape")
    page.locator(f"#r{setsuko.pk} .who-more").click()
    expect(page.locator("#person h2")).to_be_visible()
    assert_axe_clean(page)
    page.keyboard.press("Escape")
    page.locator("[data-opens=walk-in]").click()
    assert_axe_clean(page)
    page.goto(f"/lessons/{lesson.pk}/settings/")
    assert_axe_clean(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
