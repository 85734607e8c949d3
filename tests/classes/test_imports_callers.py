"""Rows of callers, one clause of the specification a test."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from classes.models import Application, CallLog, Enrollment, ImportRow, StaffTask, WaitlistEntry
from learners import people
from learners.models import Learner, PhoneNumber
from learners.numbers import NumberInput
from sms import phone_numbers
from tests import factories
from tests.classes.workbook_builder import CALLER_HEADERS, book, caller, callers_book, run, save
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
CODE = "2026-10"


@pytest.fixture(autouse=True)
def intake() -> Any:
    made = factories.intake(code=CODE, min_age=60, residence="八王子市")
    for code, capacity in (("N1", 2), ("N2", 2), ("A1", 1)):
        factories.class_session(intake=made, code=code, capacity=capacity)
    return made


@pytest.fixture
def bring_in(tmp_path: Path) -> Any:
    def go(*rows: dict[str, Any], headers: tuple[str, ...] = CALLER_HEADERS) -> dict[str, Any]:
        return run(
            "import_callers", save(tmp_path, callers_book(rows, headers=headers)), intake=CODE
        )

    return go


ATTENTION = [
    ({"生年月日": "昭和51年4月15日"}, "too_young", "E4"),
    ({"住所": "日野市神明3-11"}, "not_resident", "H4"),
    ({"フリガナ": None}, "no_kana", "D4"),
    ({"フリガナ": "黒田"}, "no_kana", "D4"),
    ({"氏名": None}, "no_name", "C4"),
    ({"電話番号": None}, "no_phone", "I4"),
    ({"電話番号": "なし"}, "no_phone", "I4"),
    ({"電話番号": "626-3111"}, "local_phone", "I4"),
    ({"電話番号": 6263111}, "local_phone", "I4"),
    ({"電話番号": "090-1234"}, "invalid_phone", "I4"),
    ({"生年月日": "昭和64年2月1日"}, "impossible_date", "E4"),
    ({"生年月日": "昭和15年2月30日"}, "impossible_date", "E4"),
    ({"生年月日": "不詳"}, "impossible_date", "E4"),
    ({"生年月日": datetime.datetime(2031, 1, 1)}, "impossible_date", "E4"),
    ({"受付日時": "2026/9/31 9:05"}, "impossible_date", "B4"),
    ({"受付日時": None}, "no_received_time", "B4"),
    ({"受付日時": "午前中"}, "impossible_date", "B4"),
    ({"受付日時": datetime.datetime(2026, 8, 31, 16, 0)}, "before_opening", "B4"),
    ({"受付日時": datetime.datetime(2026, 10, 9, 9, 0)}, "after_closing", "B4"),
    ({"第1希望": "X9"}, "unknown_class", "J4"),
    ({"第2希望": "N9"}, "unknown_class", "K4"),
    ({"第1希望": None}, "no_wish", "J4"),
    ({"電話番号": "=A4"}, "formula", "I4"),
    ({"フリガナ": "=PHONETIC(C4)"}, "formula", "D4"),
    ({"生年月日": "=TODAY()"}, "formula", "E4"),
    ({"機種": "=1+1"}, "formula", "N4"),
    ({"住所": "#REF!"}, "cell_error", "H4"),
    ({"生年月日": "#VALUE!"}, "impossible_date", "E4"),
    ({"氏名": "長" * 81}, "too_long", "C4"),
    ({"同伴": "次の人と一緒"}, "couple_incomplete", "M4"),
    ({"同伴": "前の人と一緒"}, "couple_incomplete", "M4"),
]


@pytest.mark.parametrize(("cells", "kind", "cell"), ATTENTION)
def test_a_doubtful_row_waits_and_names_its_cell(
    bring_in: Any, cells: dict[str, Any], kind: str, cell: str
) -> None:
    counts = bring_in(caller(**cells))
    assert counts["attention"] == {kind: 1}
    row = ImportRow.objects.get()
    assert row.problems[0]["cell"] == f"受付!{cell}"
    assert row.problems[0]["message"]
    assert not Learner.objects.exists()


CLEAN = [
    {"生年月日": None},
    {"生年月日": "S15.3.2"},
    {"生年月日": 19400302},
    {"生年月日": datetime.datetime(1940, 3, 2)},
    {"生年月日": "大正15年12月25日"},
    {"生年月日": "昭和41年4月1日"},
    {"住所": None, "郵便番号": None},
    {"住所": "東京都八王子市明神町6-8-6"},
    {"受付日時": "9/1 9:05"},
    {"受付日時": "令和8年9月1日 午前9時5分"},
    {"受付日時": "2026-09-01T09:05:10"},
    {"第1希望": "n1"},
    {"第1希望": "Ｎ１"},
    {"第1希望": "N1、N2"},
    {"第1希望": "-", "第2希望": "N1"},
    {"備考": "=SUM(1,1)"},
    {"備考": "@要連絡"},
    {"備考": "#REF!"},
    {"No.": "=ROW()-3"},
    {"電話番号": 9011110001},
    {"電話番号": "０４２ー６２６ー３１１１"},
    {"郵便番号": "ふめい", "性別": "?", "機種": "X社の古いもの", "SMS可": "△"},
    {"同伴": "なし"},
    {"同伴": "ヘルパーが付添い"},
    {"氏名": "John Smith", "フリガナ": None},
]


@pytest.mark.parametrize("cells", CLEAN)
def test_a_plain_row_goes_in(bring_in: Any, cells: dict[str, Any]) -> None:
    counts = bring_in(caller(**cells))
    assert (counts["enrolled"], counts["attention"]) == (1, {})
    assert counts["learners_created"] == 1


def test_a_row_with_several_problems_counts_once(bring_in: Any) -> None:
    counts = bring_in(caller(生年月日="昭和60年1月1日", フリガナ=None, 電話番号="626-3111"))
    assert counts["attention"] == {"too_young": 1}
    kinds = [problem["kind"] for problem in ImportRow.objects.get().problems]
    assert kinds == ["too_young", "no_kana", "local_phone"]


def test_without_a_date_of_birth_the_age_is_to_be_confirmed(bring_in: Any) -> None:
    bring_in(caller(生年月日=None))
    assert Learner.objects.get().age_unconfirmed  # rule 1
    assert StaffTask.objects.get().kind == StaffTask.Kind.CONFIRM_AGE


def test_words_that_fit_no_field_stay_in_the_note(bring_in: Any) -> None:
    bring_in(caller(郵便番号="ふめい", 機種="X社の古いもの", 備考="前に来た"))
    note = Application.objects.get().note
    assert "前に来た" in note
    assert "ふめい" in note
    assert "X社の古いもの" in note


def test_remarks_tell_needs_loan_phone_and_who_called(bring_in: Any) -> None:
    bring_in(
        caller(1, 備考="つえを使用。1階の席"),
        caller(2, 備考="スマホ未所持・貸出希望"),
        caller(3, 備考="ご長女から電話", 第1希望="N2"),
        caller(4, 備考="手話通訳は不要。耳が遠いので大きな声で", 第1希望="N2"),
    )
    learners = list(Learner.objects.order_by("pk"))
    assert learners[0].support_needs == ["walking", "ground_floor"]
    assert learners[3].support_needs == ["hearing"]
    applications = list(Application.objects.order_by("pk"))
    assert [a.wants_loan_phone for a in applications] == [False, True, False, False]
    assert applications[2].proxy_relation == "長女"  # rule 10
    assert applications[2].learner == learners[2]


def test_a_number_keeps_its_zero_and_how_it_was_spoken(bring_in: Any) -> None:
    bring_in(
        caller(1, 電話番号=9011110001, SMS可="○"), caller(2, 電話番号="042(626)3111", SMS可="○")
    )
    mobile, landline = PhoneNumber.objects.order_by("pk")
    assert mobile.e164 == "+819011110001"  # rules 7 and 67
    assert mobile.sms_consent == "given"
    assert landline.sms_consent == ""  # rule 8


def test_headers_in_other_words_and_order_mean_the_same(bring_in: Any, tmp_path: Path) -> None:
    words = {
        "①": "第1希望", "TEL": "電話番号", "ふりがな": "フリガナ", "お名前": "氏名",
        "受付時刻": "受付日時", "誕生日": "生年月日", "〒": "郵便番号", "メモ": "備考",
        "ご一緒": "同伴",
        "スマホ": "機種", "希望2": "第2希望", "番号": "No.", "住所": "住所", "SMS": "SMS可",
    }  # fmt: skip
    row = caller(SMS可="○", 機種="アンドロイド", 備考="+車", 第2希望="A1")
    renamed = {new: row.get(old) for new, old in words.items()}
    counts = bring_in(renamed, headers=tuple(words))
    assert counts["enrolled"] == 1
    again = run("import_callers", save(tmp_path, callers_book([row])), intake=CODE)
    # The same content under other headers and in other columns is the same row.
    assert again["already_imported"] == 1


def test_english_headers_are_known(bring_in: Any) -> None:
    headers = (
        "Received at",
        "Name",
        "Kana",
        "Date of birth",
        "Address",
        "Phone",
        "1st choice",
        "Note",
    )
    keys = ("受付日時", "氏名", "フリガナ", "生年月日", "住所", "電話番号", "第1希望", "備考")
    row = caller()
    counts = bring_in(dict(zip(headers, map(row.get, keys), strict=True)), headers=headers)
    assert counts["enrolled"] == 1


def test_day_and_time_may_stand_in_two_columns(bring_in: Any) -> None:
    headers = ("受付日", "時刻", *CALLER_HEADERS[2:])
    row = {**caller(), "受付日": "9/1(火)", "時刻": datetime.time(9, 5)}
    assert bring_in(row, headers=headers)["enrolled"] == 1
    assert Application.objects.get().received_at == tokyo(2026, 9, 1, 9, 5)


def test_family_and_given_names_may_stand_apart(bring_in: Any) -> None:
    headers = ("受付日時", "姓", "名", "セイ", "メイ", *CALLER_HEADERS[4:])
    row = {**caller(), "姓": "黒田", "名": "道子", "セイ": "クロダ", "メイ": "ミチコ"}
    assert bring_in(row, headers=headers)["enrolled"] == 1
    assert (Learner.objects.get().name, Learner.objects.get().kana) == (
        "黒田 道子",
        "クロダ ミチコ",
    )


def test_titles_blanks_headings_and_repeated_headers_are_no_rows(tmp_path: Path) -> None:
    lines = [[row.get(header) for header in CALLER_HEADERS] for row in (caller(1), caller(2))]
    data = book(
        {
            "表紙": [["10月募集"], ["担当 佐々木"]],
            "受付": [
                ["電話受付簿"], [], list(CALLER_HEADERS), lines[0], [], [3], ["午後の部"],
                list(CALLER_HEADERS), lines[1],
            ],
        }
    )  # fmt: skip
    counts = run("import_callers", save(tmp_path, data), intake=CODE)
    assert (counts["rows"], counts["enrolled"]) == (2, 2)


def test_unknown_columns_become_words_of_the_note(bring_in: Any) -> None:
    bring_in({**caller(), "紹介者": "民生委員"}, headers=(*CALLER_HEADERS, "紹介者"))
    assert "紹介者: 民生委員" in Application.objects.get().note


def test_the_first_wish_with_room_is_given_else_a_place_in_every_line(bring_in: Any) -> None:
    bring_in(
        caller(1, 第1希望="A1"),
        caller(2, 第1希望="A1", 第2希望="N1"),
        caller(3, 第1希望="A1"),
        caller(4, 第1希望="A1", 第2希望="N1"),
        caller(5, 第1希望="A1", 第2希望="N1"),
    )
    seats = Enrollment.objects.order_by("application__number")
    assert [seat.class_session.code for seat in seats] == ["A1", "N1", "N1"]
    last = WaitlistEntry.objects.filter(party__applications__number=5)
    assert {entry.class_session.code for entry in last} == {"A1", "N1"}


def test_received_time_decides_not_the_row(bring_in: Any) -> None:
    bring_in(
        caller(1, 第1希望="A1", 受付日時=datetime.datetime(2026, 9, 1, 10)),
        caller(2, 第1希望="A1", 受付日時=datetime.datetime(2026, 9, 1, 9, 30)),
    )
    assert Enrollment.objects.get().application.learner.name == "試験 花子2"  # rule 24


def test_a_couple_gets_what_both_named_in_the_earlier_rows_order(bring_in: Any) -> None:
    bring_in(
        caller(1, 第1希望="A1", 第2希望="N2", 第3希望="N1", 同伴="次の人と一緒"),
        caller(2, 第1希望="N1", 第2希望="N2", 同伴="前の人と一緒"),
    )
    seats = Enrollment.objects.all()
    assert {seat.class_session.code for seat in seats} == {"N2"}
    assert len({seat.application.party_id for seat in seats}) == 1  # rule 26


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ご夫婦", None),
        ("妻と", "夫と"),
        ("試験 花子2", None),
        (None, "花子1さんと一緒"),
        ("妻 花子2", None),
    ],
)
def test_a_couple_is_tied_by_other_words_too(
    bring_in: Any, first: str | None, second: str | None
) -> None:
    bring_in(caller(1, 同伴=first), caller(2, 同伴=second))
    assert Application.objects.values("party").distinct().count() == 1


def test_a_couple_without_a_class_in_common_waits(bring_in: Any) -> None:
    counts = bring_in(caller(1, 同伴="次の人と一緒"), caller(2, 第1希望="A1", 同伴="前の人と一緒"))
    assert counts["attention"] == {"couple_wishes_differ": 2}


def test_if_one_of_a_couple_waits_both_wait(bring_in: Any) -> None:
    counts = bring_in(
        caller(1, 同伴="次の人と一緒", 生年月日="昭和60年1月1日"), caller(2, 同伴="前の人と一緒")
    )
    assert counts["attention"] == {"too_young": 1, "couple_incomplete": 1}


def test_a_couple_waits_together_when_one_seat_is_left(bring_in: Any) -> None:
    counts = bring_in(
        caller(1, 第1希望="A1", 同伴="次の人と一緒"),
        caller(2, 第1希望="A1", 同伴="前の人と一緒"),
        caller(3, 第1希望="A1"),
    )
    assert (counts["enrolled"], counts["waitlisted"]) == (1, 2)  # rule 27


def test_a_couple_that_calls_again_is_two_second_calls(bring_in: Any) -> None:
    first = [caller(1, 同伴="次の人と一緒"), caller(2, 同伴="前の人と一緒")]
    later = [
        {**row, "受付日時": datetime.datetime(2026, 9, 1, 15), "備考": "確認"} for row in first
    ]
    counts = bring_in(*first, *later)
    assert (counts["enrolled"], counts["duplicates"]) == (2, 2)
    assert CallLog.objects.count() == 4


def test_a_partner_of_somebody_registered_already_waits(bring_in: Any) -> None:
    alone = caller(1)
    later = {**alone, "受付日時": datetime.datetime(2026, 9, 1, 15), "同伴": "次の人と一緒"}
    counts = bring_in(alone, later, caller(2, 同伴="前の人と一緒"))
    assert counts["duplicates"] == 1
    assert counts["attention"] == {"couple_incomplete": 1}


@pytest.mark.parametrize(
    "again",
    [
        {"フリガナ": "ｼｹﾝ ｶｶｷ", "電話番号": "０９０１１１１０００１"},
        {"フリガナ": "しけん　かかき", "生年月日": "S15.3.2", "電話番号": "042-626-3111"},
        {"フリガナ": "シケンカカキ", "生年月日": None, "第1希望": "X9"},
        {"フリガナ": "シケンカカキ", "生年月日": "昭和64年2月1日"},
    ],
)
def test_the_same_person_calling_again_is_one_application(
    bring_in: Any, again: dict[str, Any]
) -> None:
    later = {"受付日時": datetime.datetime(2026, 9, 1, 15), "第1希望": "A1", "備考": "やはりA1"}
    counts = bring_in(caller(1), {**caller(1), **later, **again})
    assert (counts["enrolled"], counts["duplicates"]) == (1, 1)  # rule 4
    note = Application.objects.get().note
    assert "やはりA1" in note
    assert again.get("第1希望", "A1") in note


def test_a_formula_waits_even_in_a_second_call(bring_in: Any) -> None:
    later = {"受付日時": datetime.datetime(2026, 9, 1, 15), "第1希望": "=N1"}
    counts = bring_in(caller(1), {**caller(1), **later})
    assert counts["attention"] == {"formula": 1}


def test_the_same_name_alone_is_somebody_else(bring_in: Any) -> None:
    other = caller(2, 氏名="試験 花子1", フリガナ="シケン カカキ", 生年月日="昭和16年3月2日")
    counts = bring_in(caller(1), other)
    assert (counts["enrolled"], counts["duplicates"]) == (2, 0)  # rule 4


def test_people_may_share_a_phone(bring_in: Any) -> None:
    counts = bring_in(caller(1), caller(2, 電話番号="090-1111-0001", 生年月日="昭和16年1月1日"))
    assert counts["enrolled"] == 2  # rule 3


def test_one_line_twice_in_a_file_counts_once(bring_in: Any) -> None:
    counts = bring_in(
        caller(1), {**caller(1), "No.": 7}, caller(2, 電話番号=None), caller(2, 電話番号=None)
    )
    assert (counts["enrolled"], counts["duplicates"]) == (1, 2)
    assert counts["attention"] == {"no_phone": 1}
    assert CallLog.objects.count() == 2
    assert Application.objects.get().note == ""


def on_record(**fields: Any) -> Learner:
    number = phone_numbers.parse("090-1111-0001", area_code="042")
    return people.create(
        {
            "name": "試験 花子",
            "kana": "シケン カカキ",
            "birth_date": datetime.date(1940, 3, 2),
            **fields,
        },
        [NumberInput(number)],
        by=None,
        now=tokyo(2026, 1, 1),
    )


def test_somebody_on_record_is_matched_and_completed(bring_in: Any) -> None:
    learner = on_record()
    counts = bring_in(caller(1, 性別="女", 電話番号="042-626-3111"))
    assert (counts["learners_created"], counts["learners_matched"]) == (0, 1)
    learner.refresh_from_db()
    assert (learner.sex, learner.address) == ("female", "明神町6-8-6")
    assert set(learner.phone_numbers.values_list("e164", flat=True)) == {
        "+819011110001",
        "+81426263111",
    }
    # What stands on record is not overwritten.
    assert learner.name == "試験 花子"


def test_another_date_of_birth_on_record_makes_staff_choose(bring_in: Any) -> None:
    on_record(birth_date=datetime.date(1941, 1, 1))
    assert bring_in(caller(1))["attention"] == {"birth_differs": 1}


def test_several_people_on_record_make_staff_choose(bring_in: Any) -> None:
    on_record()
    on_record()
    assert bring_in(caller(1))["attention"] == {"several_people": 1}


def test_the_record_tells_what_the_row_does_not(bring_in: Any) -> None:
    on_record(birth_date=datetime.date(1980, 1, 1))
    assert bring_in(caller(1, 生年月日=None))["attention"] == {"too_young": 1}  # rule 14


def test_somebody_who_has_an_application_already_called_again(bring_in: Any, intake: Any) -> None:
    bring_in(caller(1))
    counts = bring_in(caller(1, 受付日時=datetime.datetime(2026, 9, 2, 10), 備考="まだですか"))
    assert (counts["duplicates"], counts["learners_matched"]) == (1, 1)
    assert "まだですか" in Application.objects.get().note


def test_a_corrected_row_is_new_content(bring_in: Any) -> None:
    bring_in(caller(1, 電話番号=None))
    assert bring_in(caller(1))["enrolled"] == 1
