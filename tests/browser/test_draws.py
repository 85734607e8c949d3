"""A draw in a browser: by keyboard from the list to the reason, clean to axe in both languages."""

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone

from classes import places
from classes.lottery import draw, freezing
from classes.models import ClassSession, Intake, LotteryDraw
from tests import factories

DAY = datetime.timedelta(days=1)


@pytest.fixture
def lottery(live_server: Any) -> Intake:
    now = timezone.now()
    intake = factories.intake(
        code="2026-10",
        method=Intake.Method.LOTTERY,
        opens_at=now - 10 * DAY,
        closes_at=now - DAY,
        priority_tiers=[{"kind": "lost", "losses": 1, "rounds": 3}, {"kind": "never_attended"}],
        repeat_seats=1,
    )
    sessions = [
        factories.class_session(intake=intake, code=code, capacity=8, lessons=[now + 20 * DAY])
        for code in ("N1", "N2", "A1")
    ]
    apply(intake, sessions, 150, now=now)
    return intake


def apply(
    intake: Intake, sessions: list[ClassSession], parties: int, *, now: datetime.datetime
) -> None:
    """Every tenth party is a couple; everybody names one to three classes."""
    for number in range(parties):
        people = [factories.learner() for _ in range(1 + (number % 10 == 0))]
        places.register(
            intake.pk,
            applicants=[places.Applicant(person, uuid.uuid4()) for person in people],
            wishes=[sessions[(number + step) % 3].pk for step in range(1 + number % 3)],
            by=None,
            now=now - 5 * DAY,
        )


def press(page: Any, name: str) -> None:
    """Reach a button by its focus and press it: no mouse."""
    page.get_by_role("button", name=name, exact=True).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_from_the_list_to_the_reason_by_keyboard(
    signed_in_page: Any,
    lottery: Intake,
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    names = {
        "ja": ("名簿を確定する", "抽選する", "理由を表示"),
        "en": ("Freeze the list", "Draw now", "Show why"),
    }[language]
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"/intakes/{lottery.code}/draw/")
    assert_axe_clean(page)
    press(page, names[0])
    assert_axe_clean(page)
    page.locator("#id_seed").focus()
    page.keyboard.type("4 2 6 1 3 5")
    page.locator("#id_is_sure").focus()
    page.keyboard.press("Space")
    press(page, names[1])
    run = LotteryDraw.objects.standing().get()
    assert run.seed == "4 2 6 1 3 5"
    assert page.evaluate("document.activeElement.id") == "draw-number"
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.locator(".read-aloud").wait_for()
    assert_axe_clean(page)
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    for route in ("list", "result"):
        page.goto(f"/draws/{run.pk}/{route}/")
        assert_axe_clean(page)
        assert page.evaluate(wide)


@pytest.mark.parametrize("more", [0, 150])
def test_the_result_of_165_and_of_330_people_fits_one_page_of_the_wall(
    signed_in_page: Any, lottery: Intake, more: int
) -> None:
    coordinator = factories.staff_member(role="coordinator")
    now = timezone.now()
    apply(lottery, list(lottery.class_sessions.order_by("pk")), more, now=now)
    run = freezing.freeze(lottery.pk, by=coordinator, now=now)
    dice = LotteryDraw.SeedSource.DICE
    draw.fix_seed(run.pk, seed="1", source=dice, note="", by=coordinator, now=now)
    draw.run(run.pk, by=coordinator, now=now)
    page = signed_in_page(role="coordinator", language="ja")
    page.goto(f"/draws/{run.pk}/result/")
    printed = page.pdf(format="A4", print_background=True)
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1


def test_tiers_are_typed_and_what_a_kind_does_not_need_is_hidden(
    signed_in_page: Any, assert_axe_clean: Any, live_server: Any
) -> None:
    page = signed_in_page(role="coordinator", language="en")
    page.goto("/intakes/new/")
    kind = page.locator("#id_priority_tiers-1-kind")
    months = page.locator("#id_priority_tiers-1-months")
    assert not months.is_visible()
    kind.select_option("not_lately")
    assert months.is_visible()
    assert_axe_clean(page)
