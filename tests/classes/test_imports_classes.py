"""Rows of classes: what is made, what waits, and that nothing standing is overwritten."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from classes.imports import corrections
from classes.imports.catalogue import find_level, propose_venue_name, units
from classes.models import ClassSession, ImportRow, Intake, Lesson, Venue
from staff.models import StaffMember
from tests import factories
from tests.classes.workbook_builder import CLASS_HEADERS, book, classes_book, run, save
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
TEN, NOON = datetime.time(10), datetime.time(12)


def lesson(day: object = datetime.datetime(2026, 10, 5), **cells: Any) -> list[Any]:
    """One row of a class N1 in the order of the October headers."""
    row = {
        "記号": "N1", "講座名": "はじめてのニュース", "レベル": "ニュースを見る",
        "会場": "南大沢市民センター", "講師": "石井", "定員": 10, "日程": day,
        "開始": TEN, "終了": NOON, **cells,
    }  # fmt: skip
    return [row[header] for header in CLASS_HEADERS]


@pytest.fixture
def bring_in(tmp_path: Path) -> Any:
    def go(*rows: list[Any], **options: Any) -> dict[str, Any]:
        file = save(tmp_path, classes_book(rows))
        return run("import_classes", file, **{"intake": "2026-10", **options})

    return go


ATTENTION = [
    ({"日程": "10月32日"}, "impossible_date", "G2"),
    ({"日程": "2026/9/31"}, "impossible_date", "G2"),
    ({"日程": None}, "impossible_date", "G2"),
    ({"日程": "=TODAY()"}, "formula", "G2"),
    ({"開始": "25:00"}, "impossible_time", "H2"),
    ({"開始": None}, "impossible_time", "H2"),
    ({"終了": datetime.time(9)}, "impossible_time", "I2"),
    ({"定員": "たくさん"}, "no_capacity", "F2"),
    ({"定員": 0}, "no_capacity", "F2"),
    ({"定員": "=5+5"}, "formula", "F2"),
    ({"会場": None}, "no_venue", "D2"),
    ({"講座名": None}, "no_course", "B2"),
    ({"レベル": "#REF!"}, "cell_error", "C2"),
    ({"記号": "とても長い記号ですから入りません"}, "too_long", "A2"),
]


@pytest.mark.parametrize(("cells", "kind", "cell"), ATTENTION)
def test_a_doubtful_row_waits_and_the_other_class_goes_in(
    bring_in: Any, cells: dict[str, Any], kind: str, cell: str
) -> None:
    counts = bring_in(
        lesson(**cells), lesson(記号="A1", レベル="アカウントを作る", 講座名="アカウント")
    )
    assert counts["attention"] == {kind: 1}
    assert counts["classes_made"] == ["A1"]
    row = ImportRow.objects.get(status=ImportRow.Status.ATTENTION)
    assert row.problems[0]["cell"] == f"教室!{cell}"


@pytest.mark.parametrize(
    "cells",
    [
        {"日程": "10月5日(月)"},
        {"日程": "2026/10/5"},
        {"日程": "令和8年10月5日"},
        {"日程": 46300},
        {"開始": "10:00", "終了": "12時"},
        {"開始": "午前10時", "終了": "12:00"},
        {"開始": "10:00~12:00", "終了": None},
        {"開始": 10 / 24, "終了": 0.5},
        {"定員": "10名"},
        {"記号": "Ｎ１"},
    ],
)
def test_days_and_times_are_read_in_many_spellings(bring_in: Any, cells: dict[str, Any]) -> None:
    counts = bring_in(lesson(**cells))
    assert counts["attention"] == {}
    made = Lesson.objects.get()
    assert (made.starts_at, made.ends_at) == (tokyo(2026, 10, 5, 10), tokyo(2026, 10, 5, 12))
    assert (made.class_session.code, made.class_session.capacity) == ("N1", 10)


def test_merged_cells_and_ditto_marks_take_the_row_above(bring_in: Any) -> None:
    nothing = dict.fromkeys(("記号", "講座名", "レベル", "会場", "講師", "定員"))
    counts = bring_in(
        lesson(),
        lesson(datetime.datetime(2026, 10, 13), **nothing),
        lesson(datetime.datetime(2026, 10, 19), 講座名="〃", 会場="同上"),
    )
    assert (counts["classes_made"], counts["lessons_made"]) == (["N1"], 3)


def test_rows_of_one_class_that_differ_wait(bring_in: Any) -> None:
    days = [datetime.datetime(2026, 10, day) for day in (5, 13, 19)]
    counts = bring_in(lesson(days[0]), lesson(days[1], 定員=12), lesson(days[2]))
    assert counts["attention"] == {"class_rows_differ": 1}
    assert ClassSession.objects.get().capacity == 10
    assert ImportRow.objects.get(status="attention").problems[0]["cell"] == "教室!F3"


def test_a_lesson_listed_twice_waits(bring_in: Any) -> None:
    counts = bring_in(lesson(), lesson(終了=datetime.time(11)))
    assert counts["attention"] == {"lesson_twice": 1}


def test_what_stands_is_not_overwritten_but_told(bring_in: Any) -> None:
    bring_in(lesson())
    counts = bring_in(lesson(定員=12), lesson(datetime.datetime(2026, 10, 13), 定員=12))
    assert counts["attention"] == {"class_differs": 2}
    assert len(counts["differences"]) == 3
    assert ClassSession.objects.get().capacity == 10
    assert Lesson.objects.count() == 1


def test_a_class_made_by_hand_just_so_is_already_there(bring_in: Any) -> None:
    bring_in(lesson())
    ImportRow.objects.all().delete()
    assert bring_in(lesson())["already_imported"] == 1


def test_options_make_the_intake(bring_in: Any) -> None:
    bring_in(
        lesson(),
        method="lottery",
        min_age=0,
        residence="日野市",
        reference_date=datetime.date(2026, 10, 1),
        opens=tokyo(2026, 8, 20, 9),
        closes=tokyo(2026, 9, 10, 17),
    )
    intake = Intake.objects.get()
    assert (intake.method, intake.min_age, intake.residence) == ("lottery", None, "日野市")
    assert intake.reference_date == datetime.date(2026, 10, 1)
    assert (intake.opens_at, intake.closes_at) == (tokyo(2026, 8, 20, 9), tokyo(2026, 9, 10, 17))


def test_options_are_read_from_the_command_line(tmp_path: Path, capsys: Any) -> None:
    file = save(tmp_path, classes_book([lesson()]))
    call_command(
        "import_classes", str(file), "--intake", "2026-10", "--reference-date", "2026-10-01",
        "--opens", "2026-08-20T09:00", "--closes", "2026-09-10 17:00", "--json",
    )  # fmt: skip
    assert Intake.objects.get().opens_at == tokyo(2026, 8, 20, 9)


def test_lessons_of_january_to_march_belong_to_the_fiscal_year_before(bring_in: Any) -> None:
    bring_in(lesson(datetime.datetime(2027, 2, 3)), intake="2027-02")
    intake = Intake.objects.get()
    assert intake.reference_date == datetime.date(2026, 4, 1)  # rule 14
    assert intake.opens_at == tokyo(2027, 1, 1, 9)


@pytest.mark.parametrize(
    "options",
    [
        {"intake": "10月 募集"},
        {"opens": tokyo(2026, 9, 10), "closes": tokyo(2026, 9, 1)},
        {"opens": tokyo(2026, 12, 1)},
    ],
)
def test_options_that_make_no_intake_are_refused(bring_in: Any, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        bring_in(lesson(), **options)
    assert not Intake.objects.exists()


def test_a_workbook_without_a_usable_row_makes_no_intake(bring_in: Any) -> None:
    with pytest.raises(CommandError):
        bring_in(lesson(日程="いつか"))
    assert not Intake.objects.exists()


def test_a_workbook_whose_columns_are_unknown_is_refused_by_the_command(tmp_path: Path) -> None:
    data = book(
        {"教室": [["記号", "講座名", "会場", "なんにち"], ["N1", "ニュース", "公民館", "10/5"]]}
    )
    with pytest.raises(CommandError, match="なんにち"):
        run("import_classes", save(tmp_path, data), intake="2026-10")


def test_venues_and_instructors_that_exist_are_used(bring_in: Any) -> None:
    venue = factories.venue(name="南大沢市民センター", short_name="南大沢")
    member = factories.staff_member(role="instructor", name="石井")
    counts = bring_in(lesson())
    assert (counts["venues_made"], counts["instructors_made"]) == ([], [])
    session = ClassSession.objects.get()
    assert session.venue == venue
    assert list(session.instructors.all()) == [member]


def test_instructors_that_are_made_never_sign_in(bring_in: Any) -> None:
    bring_in(lesson(講師="石井・佐々木"))
    members = StaffMember.objects.filter(groups__name="instructor")
    assert {member.name for member in members} == {"石井", "佐々木"}
    assert not any(member.has_usable_password() for member in members)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("はじめの一歩", "first-steps"),
        ("ニュースを見る", "news"),
        ("ニュース", "news"),
        ("アカウントを作る", "accounts"),
        ("支払う", "payments"),
        ("スマホで支払い", "payments"),
        ("手続き", "procedures"),
        ("News", "news"),
    ],
)
def test_levels_are_found_by_the_ladders_titles(text: str, code: str) -> None:
    found = find_level(text)
    assert found is not None
    assert found.code == code


def test_a_level_is_made_only_where_nothing_matches(bring_in: Any) -> None:
    counts = bring_in(lesson(レベル="写真を楽しむ", 講座名="写真"))
    assert counts["levels_made"] == ["写真を楽しむ"]
    assert ClassSession.objects.get().course.level.title_in("ja") == "写真を楽しむ"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("クリエイトホール", "クリエイトホール"),
        ("南大沢市民センター", "南大沢"),
        ("由木中央公民館", "由木中央"),
        ("公民館", "公民館"),
        ("八王子市生涯学習センター南大沢分館", "八王子市生涯学習"),
    ],
)
def test_short_names_for_messages_are_proposed(name: str, short: str) -> None:
    assert propose_venue_name(name) == short
    assert units(short) <= 8


def test_venues_are_not_made_twice_for_one_name(bring_in: Any) -> None:
    bring_in(lesson(), lesson(記号="N2", 会場="南大沢市民センター "))
    assert Venue.objects.count() == 1


def test_no_class_comes_into_a_list_that_is_frozen(bring_in: Any) -> None:  # rule 25
    intake = factories.intake(code="2026-10", list_frozen_at=tokyo(2026, 10, 2, 9))
    counts = bring_in(lesson())
    assert counts["attention"] == {"list_frozen": 1}
    assert not ClassSession.objects.exists()

    row = ImportRow.objects.get()
    staff = factories.staff_member(role="coordinator")
    now = tokyo(2026, 10, 2, 10)
    corrections.settle(row.pk, fixed={}, by=staff, now=now)
    assert not ClassSession.objects.exists()

    Intake.objects.filter(pk=intake.pk).update(list_frozen_at=None)
    corrections.settle(row.pk, fixed={}, by=staff, now=now)
    assert ClassSession.objects.get().code == "N1"
