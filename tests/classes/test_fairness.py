"""Who applied, was seated and came, told apart in five ways; the workbook holds text as text."""

import datetime
import io
import uuid
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from classes import cancelling, fairness, places, sheets
from classes.fairness import Dimension, Fairness
from classes.lottery import draw, freezing
from classes.models import Attendance, ClassSession, Enrollment, Intake, LotteryDraw
from learners.models import Learner
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
LESSON = tokyo(2026, 10, 5, 10)


@pytest.fixture
def session() -> ClassSession:
    return factories.class_session(code="N1", capacity=2, lessons=[LESSON])


def dimension(found: Fairness, code: str) -> Dimension:
    return next(each for each in found.dimensions if each.code == code)


def figures(found: Fairness, code: str) -> dict[str, tuple[int, int, int]]:
    groups = dimension(found, code).groups
    return {group.label: (group.applied, group.seated, group.came) for group in groups}


def came(learner: Learner, session: ClassSession, *, cancelled: bool = False) -> None:
    lesson = session.lessons.get()
    Attendance.objects.create(
        enrollment=Enrollment.objects.get(application__learner=learner, class_session=session),
        lesson=lesson,
        status=Attendance.Status.PRESENT,
        marked_at=LESSON,
    )
    if cancelled:
        lesson.cancelled_at = LESSON
        lesson.save()


def person(**fields: Any) -> Learner:
    return factories.learner(**fields)


def test_applied_seated_and_came_by_age_district_and_phone(session: ClassSession) -> None:
    old = person(
        birth_date=datetime.date(1939, 5, 1),
        address="東京都八王子市明神町1-2-3",
        phone="+81426263111",
    )
    young = person(birth_date=datetime.date(1960, 5, 1), phone="+819031174912")
    late = person(birth_date=None)
    for each in (old, young, late):
        factories.registered(session, each, at=NOW)
    came(old, session)

    found = fairness.of([session.intake])

    assert (found.total.applied, found.total.seated, found.total.came) == (3, 2, 1)
    assert figures(found, "age") == {
        "65–69": (1, 1, 0),
        "85–89": (1, 1, 1),
        "不明": (1, 0, 0),
    }
    assert figures(found, "district")["明神町"] == (1, 1, 1)
    assert figures(found, "phone") == {
        "携帯電話がある": (1, 1, 0),
        "固定電話のみ": (1, 1, 1),
        "電話番号なし": (1, 0, 0),
    }


def test_who_came_in_an_earlier_round_is_no_first_timer(session: ClassSession) -> None:
    again, new = person(), person()
    factories.registered(session, again, at=NOW)
    came(again, session)
    later = factories.intake(
        code="2026-11", opens_at=tokyo(2026, 11, 1, 9), closes_at=tokyo(2026, 11, 20, 17)
    )
    second = factories.class_session(intake=later, lessons=[tokyo(2026, 12, 1, 10)])
    for each in (again, new):
        factories.registered(second, each, at=tokyo(2026, 11, 2, 10))

    assert figures(fairness.of([later]), "first") == {
        "初めての方": (1, 1, 0),
        "以前に参加した方": (1, 1, 0),
    }
    both = fairness.of([session.intake, later])
    assert (both.total.applied, both.total.people) == (3, 2)


def test_a_lesson_the_city_cancelled_counts_nobody_as_having_come(  # rule 63
    session: ClassSession,
) -> None:
    learner = person()
    factories.registered(session, learner, at=NOW)
    came(learner, session, cancelled=True)
    assert fairness.of([session.intake]).total.came == 0


def test_a_slip_that_was_taken_back_is_no_application(session: ClassSession) -> None:
    (slip,) = factories.registered(session, at=NOW)
    cancelling.retract(session.intake_id, slip.pk, reason="", by=None, now=NOW)
    assert fairness.of([session.intake]).total.applied == 0


def test_tiers_are_those_of_the_list_that_was_drawn() -> None:
    coordinator = factories.staff_member(role="coordinator")
    closed = tokyo(2026, 10, 2, 9)
    intake = factories.intake(
        method=Intake.Method.LOTTERY, priority_tiers=[{"kind": "never_attended"}]
    )
    session = factories.class_session(intake=intake, capacity=1, lessons=[tokyo(2026, 10, 20, 10)])
    for _ in range(3):
        places.register(
            intake.pk,
            applicants=[places.Applicant(person(), uuid.uuid4())],
            wishes=[session.pk],
            by=None,
            now=NOW,
        )
    frozen = freezing.freeze(intake.pk, by=coordinator, now=closed)
    draw.fix_seed(
        frozen.pk,
        seed="1",
        source=LotteryDraw.SeedSource.DICE,
        note="",
        by=coordinator,
        now=closed,
    )
    draw.run(frozen.pk, by=coordinator, now=closed)

    (group,) = dimension(fairness.of([intake]), "tier").groups
    assert (group.applied, group.seated) == (3, 1)
    assert group.label == "これまで教室に出席したことのない方"


def test_intakes_stand_beside_each_other_in_the_order_of_their_opening() -> None:
    for code, month in (("2026-11", 11), ("2026-10", 10)):
        intake = factories.intake(
            code=code,
            title=f"{month}月募集",
            opens_at=tokyo(2026, month - 1, 1, 9),
            closes_at=tokyo(2026, month, 1, 9),
        )
        session = factories.class_session(intake=intake, capacity=1)
        for _ in range(month - 8):
            factories.registered(session, person(), at=tokyo(2026, month - 1, 2, 9))
    groups = dimension(fairness.of(list(Intake.objects.all())), "intake").groups
    assert [(each.label, each.applied, each.seated) for each in groups] == [
        ("10月募集 2026-10", 2, 1),
        ("11月募集 2026-11", 3, 1),
    ]


def test_a_draw_to_come_is_told_apart_from_none() -> None:
    for method in (Intake.Method.LOTTERY, Intake.Method.FIRST_COME):
        intake = factories.intake(code=f"X-{method}".replace("_", "-"), method=method)
        factories.registered(factories.class_session(intake=intake), person(), at=NOW)
    groups = dimension(fairness.of(list(Intake.objects.all())), "tier").groups
    assert [each.label for each in groups] == ["抽選前", "抽選なし"]


def test_the_figures_add_up_in_every_way_to_tell_people_apart(session: ClassSession) -> None:
    for year in (1935, 1945, 1955, 1965):
        factories.registered(session, person(birth_date=datetime.date(year, 1, 1)), at=NOW)
    found = fairness.of([session.intake])
    for each in found.dimensions:
        assert sum(group.applied for group in each.groups) == found.total.applied
        assert sum(group.seated for group in each.groups) == found.total.seated


def test_the_figures_cost_the_same_queries_however_many(
    session: ClassSession, django_assert_max_num_queries: Any
) -> None:
    factories.registered(session, at=NOW)
    with django_assert_max_num_queries(10) as few:
        fairness.of([session.intake])
    for _ in range(8):
        factories.registered(session, at=NOW)
    with django_assert_max_num_queries(10) as many:
        fairness.of([session.intake])
    assert len(many.captured_queries) == len(few.captured_queries)


def test_page_and_workbook_over_http(session: ClassSession, client: Client) -> None:
    factories.registered(session, person(address="東京都八王子市=町1"), at=NOW)
    client.force_login(factories.staff_member(role="coordinator"))
    chosen = {"intake": str(session.intake_id)}
    assert client.get(reverse("fairness"), chosen).context["found"].total.applied == 1
    assert client.get(reverse("fairness"), {"intake": "x"}).status_code == 200
    answer = client.get(reverse("fairness_file"), chosen)
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert len(book.sheetnames) == 6
    client.force_login(factories.staff_member())
    assert client.get(reverse("fairness")).status_code == 403


def test_a_workbook_never_makes_a_formula_of_text() -> None:  # rule 67
    risky = ["=1+1", "+81", "-1", "@x", "00123"]
    data = sheets.workbook([sheets.Table("a/b:c", ["t"], [[text] for text in risky])])
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.active
    assert sheet is not None
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == risky
    assert {cell.data_type for cell in cells} == {"s"}
    assert [bool(cell.quotePrefix) for cell in cells] == [True, True, True, True, False]
    assert sheet.freeze_panes == "B2"
