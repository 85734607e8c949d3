"""The October morning end to end, against a naive reckoning of its own."""

import datetime
import random
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jaconv
import openpyxl
import pytest
from django.db import transaction
from django.utils import timezone

from classes.models import (
    Application,
    CallLog,
    CallTask,
    ClassSession,
    Enrollment,
    ImportRow,
    Intake,
    Lesson,
    Notice,
    Venue,
    WaitlistEntry,
)
from classes.waitlist import line
from learners.models import Learner, PhoneNumber
from tests.classes import invariants
from tests.classes.workbook_builder import (
    CALLER_HEADERS,
    OCTOBER_CALLERS,
    OCTOBER_CLASSES,
    run,
    save,
    shuffled,
)

pytestmark = pytest.mark.django_db

COUNTS = {
    "rows": 250,
    "learners_created": 222,
    "learners_matched": 0,
    "enrolled": 40,
    "waitlisted": 182,
    "applied": 0,
    "duplicates": 8,
    "already_imported": 0,
    "attention": {
        "couple_wishes_differ": 2,
        "impossible_date": 2,
        "local_phone": 2,
        "no_kana": 4,
        "no_phone": 1,
        "not_resident": 4,
        "too_young": 5,
    },
}
NOTHING_NEW = {
    **dict.fromkeys(COUNTS, 0),
    "rows": 250,
    "already_imported": 250,
    "attention": {},
}


@pytest.fixture(scope="module")
def morning(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The morning brought in once for all tests that only look at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield bring_in()
        transaction.set_rollback(True)


def bring_in(callers: Path = OCTOBER_CALLERS, **options: Any) -> dict[str, Any]:
    run("import_classes", OCTOBER_CLASSES, intake="2026-10", **options)
    return run("import_callers", callers, intake="2026-10")


def test_classes_bring_their_intake_venues_levels_and_lessons() -> None:
    made = run("import_classes", OCTOBER_CLASSES, intake="2026-10")
    assert made["intake_made"] is True
    assert made["levels_made"] == []
    intake = Intake.objects.get(code="2026-10")
    assert (intake.title, intake.spoken_name, intake.min_age) == ("10月募集", "10月", 60)
    assert intake.reference_date == datetime.date(2026, 4, 1)  # rule 14
    assert intake.opens_at.isoformat() == "2026-09-01T00:00:00+00:00"
    assert dict(Venue.objects.values_list("name", "short_name")) == {
        "クリエイトホール": "クリエイトホール",
        "南大沢市民センター": "南大沢",
        "浅川市民センター": "浅川",
        "由木中央市民センター": "由木中央",
    }
    levels = dict(ClassSession.objects.values_list("code", "course__level__code"))
    assert levels == {"N1": "news", "N2": "news", "A1": "accounts", "P1": "payments"}
    assert Lesson.objects.count() == 13
    assert list(
        Lesson.objects.filter(class_session__code="A1").values_list("number", flat=True)
    ) == [1, 2, 3, 4]


def test_classes_brought_in_again_change_nothing() -> None:
    run("import_classes", OCTOBER_CLASSES, intake="2026-10")
    again = run("import_classes", OCTOBER_CLASSES, intake="2026-10")
    assert (again["already_imported"], again["lessons_made"], again["attention"]) == (13, 0, {})


def test_sheets_in_another_order_give_the_same_seats_and_lines(tmp_path: Path) -> None:
    def turn(rows: list[tuple[str, list[Any]]]) -> dict[str, list[list[Any]]]:
        sheets: dict[str, list[list[Any]]] = {}
        for title in ("受付C", "受付A", "受付B"):
            sheets[title] = [list(reversed(CALLER_HEADERS))]
            sheets[title] += [list(reversed(row)) for name, row in rows if name == title]
        return sheets

    turned = save(tmp_path, shuffled(OCTOBER_CALLERS, turn))
    assert bring_in(turned) == COUNTS
    assert (places(), lines()) == naive_places()


def test_a_lottery_takes_everybody_by_choice() -> None:
    counts = bring_in(method="lottery")
    assert counts["applied"] == 222
    assert counts["enrolled"] == counts["waitlisted"] == 0
    assert not WaitlistEntry.objects.exists()


def test_a_dry_run_says_the_same_and_keeps_nothing() -> None:
    run("import_classes", OCTOBER_CLASSES, intake="2026-10")
    assert run("import_callers", OCTOBER_CALLERS, intake="2026-10", dry_run=True) == COUNTS
    assert not Learner.objects.exists()
    assert not ImportRow.objects.filter(batch__kind="callers").exists()


def test_the_morning_gives_forty_seats_and_accounts_for_every_call(morning: dict[str, Any]) -> None:
    assert morning == COUNTS
    assert Enrollment.objects.held().count() == 40
    for session in ClassSession.objects.all():
        assert session.enrollments.held().count() == session.capacity
    invariants.check(Intake.objects.get(), now=timezone.now())


def test_the_same_file_again_changes_nothing_waiting_rows_included(morning: dict[str, Any]) -> None:
    before = state()
    assert run("import_callers", OCTOBER_CALLERS, intake="2026-10") == NOTHING_NEW
    assert state() == before


def test_shuffled_rows_in_other_sheets_are_the_same_content(
    morning: dict[str, Any], tmp_path: Path
) -> None:
    def shuffle(rows: list[tuple[str, list[Any]]]) -> dict[str, list[list[Any]]]:
        random.Random(2).shuffle(rows)
        sheets: dict[str, list[list[Any]]] = {"夕方": [list(CALLER_HEADERS)], "朝": []}
        sheets["朝"].append([*CALLER_HEADERS])
        for number, (_title, row) in enumerate(rows, start=1):
            sheets["朝" if number % 2 else "夕方"].append([number, *row[1:]])
        return sheets

    before = state()
    moved = save(tmp_path, shuffled(OCTOBER_CALLERS, shuffle))
    assert run("import_callers", moved, intake="2026-10") == NOTHING_NEW
    assert state() == before


def test_seats_and_lines_are_those_of_a_naive_reckoning(morning: dict[str, Any]) -> None:
    assert (places(), lines()) == naive_places()  # rule 24


def test_every_doubtful_row_names_its_cell(morning: dict[str, Any]) -> None:
    found = {
        (row.problems[0]["kind"], row.problems[0]["cell"])
        for row in ImportRow.objects.filter(status=ImportRow.Status.ATTENTION)
    }
    assert found == {
        ("no_kana", "受付A!D8"), ("no_kana", "受付B!D41"),
        ("no_kana", "受付B!D53"), ("no_kana", "受付C!D75"),
        ("not_resident", "受付A!H9"), ("not_resident", "受付A!H10"),
        ("not_resident", "受付A!H25"), ("not_resident", "受付C!H8"),
        ("too_young", "受付A!E22"), ("too_young", "受付A!E76"), ("too_young", "受付B!E4"),
        ("too_young", "受付C!E32"), ("too_young", "受付C!E58"),
        ("impossible_date", "受付B!E74"), ("impossible_date", "受付C!E31"),
        ("local_phone", "受付A!I27"), ("local_phone", "受付B!I72"), ("no_phone", "受付B!I14"),
        ("couple_wishes_differ", "受付A!J14"), ("couple_wishes_differ", "受付A!J15"),
    }  # fmt: skip


def test_a_local_number_is_suggested_never_prefixed(morning: dict[str, Any]) -> None:
    row = ImportRow.objects.get(sheet="受付B", row_number=72)
    assert row.problems[0]["suggestion"] == "042-640-2962"  # rule 6
    assert not Learner.objects.filter(phone_numbers__e164="+81426402962").exists()


def test_later_calls_of_one_person_are_words_in_the_first_application(
    morning: dict[str, Any],
) -> None:
    application = Application.objects.get(
        learner__name="森良一", learner__kana="モリ リョウイチ", intake__code="2026-10"
    )
    codes = [choice.class_session.code for choice in application.party.choices.all()]
    assert codes == ["N1", "N2"]
    assert "受付C!30" in application.note
    assert "P1、A1、N2" in application.note
    assert application.import_rows.count() == 3


def test_people_of_one_name_stay_two(morning: dict[str, Any]) -> None:
    # Same kana, another number and another date of birth: 平野キヨ of sheet B, rows 60 and 72.
    assert (
        Learner.objects.filter(kana__startswith="ヒラノ").filter(name__endswith="キヨ").count() == 1
    )
    assert ImportRow.objects.get(sheet="受付B", row_number=72).status == "attention"  # rule 4


def test_remarks_stay_text_whatever_they_begin_with(morning: dict[str, Any]) -> None:
    notes = set(Application.objects.values_list("note", flat=True))
    assert {"+車で来場", "@要連絡", "=SUM(1,1)", "-"} <= notes  # rule 67


def test_consent_is_the_callers_at_the_received_time(morning: dict[str, Any]) -> None:
    number = PhoneNumber.objects.get(learner__name="黒田千代子")
    assert (number.e164, number.as_spoken) == ("+819031174912", "090-3117-4912")  # rule 7
    assert number.sms_consent == PhoneNumber.Consent.GIVEN
    assert number.consent_given_by == "黒田千代子"
    assert number.consent_at is not None  # rule 11
    assert number.consent_at.isoformat() == "2026-09-01T00:05:50+00:00"


def test_rare_letters_come_through(morning: dict[str, Any]) -> None:
    names = set(Learner.objects.values_list("name", flat=True))
    assert {"葛󠄀西 玲子", "𠮷野弘子", "髙山節子"} <= names  # rule 17


def test_everybody_brought_in_is_to_be_told_and_every_call_is_counted(
    morning: dict[str, Any],
) -> None:
    parties = Application.objects.values("party").distinct().count()
    assert Notice.objects.count() == CallTask.objects.open().count() == parties  # rule 60
    couples = sum(
        row.cells["companion"]["value"].startswith("次")
        for row in ImportRow.objects.exclude(partner_row=None)
    )
    assert CallLog.objects.count() == 250 - couples  # rule 18


def state() -> tuple[int, ...]:
    return (
        Learner.objects.count(),
        PhoneNumber.objects.count(),
        Application.objects.count(),
        Enrollment.objects.count(),
        WaitlistEntry.objects.count(),
        Notice.objects.count(),
        CallLog.objects.count(),
    )


def places() -> dict[str, set[str]]:
    """Who sits where, by code and name without spaces."""
    found: dict[str, set[str]] = {}
    for seat in Enrollment.objects.held().select_related("application__learner", "class_session"):
        found.setdefault(seat.class_session.code, set()).add(plain(seat.application.learner.name))
    return found


def lines() -> dict[str, list[str]]:
    """Who waits, in order, members of a party by receipt."""
    return {
        session.code: [
            plain(application.learner.name)
            for entry in line(session)
            for application in entry.party.applications.select_related("learner").order_by("number")
        ]
        for session in ClassSession.objects.all()
    }


def plain(name: str) -> str:
    return "".join(name.split())


def naive_places() -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    """The morning reckoned from the raw cells with none of the product's readers."""
    seats = {"N1": 10, "N2": 10, "A1": 12, "P1": 8}
    taken: dict[str, set[str]] = {code: set() for code in seats}
    waiting: dict[str, list[tuple[int, str]]] = {code: [] for code in seats}
    sizes: dict[str, list[int]] = {code: [] for code in seats}
    people: set[tuple[str, str]] = set()
    for members in naive_parties():
        keys = [naive_keys(row) for row in members]
        if any(row_keys & people for row_keys in keys):
            continue
        if any(naive_doubt(row) for row in members):
            continue
        wishes = [
            code
            for code in naive_wishes(members[0])
            if all(code in naive_wishes(member) for member in members)
        ]
        if not wishes:
            continue
        people |= set().union(*keys)
        names = [plain(row["氏名"]) for row in members]
        for code in wishes:
            free = seats[code] - len(taken[code])
            if free >= len(names) and not any(size <= free for size in sizes[code]):
                taken[code] |= set(names)
                break
        else:
            for code in wishes:
                waiting[code] += [(0, name) for name in names]
                sizes[code].append(len(names))
    return taken, {code: [name for _n, name in entries] for code, entries in waiting.items()}


def naive_parties() -> list[list[dict[str, Any]]]:
    parties: list[list[dict[str, Any]]] = []
    for sheet in openpyxl.load_workbook(OCTOBER_CALLERS):
        rows = [
            dict(zip(CALLER_HEADERS, row, strict=True))
            for row in sheet.iter_rows(min_row=4, values_only=True)
            if any(value is not None for value in row)
        ]
        for index, row in enumerate(rows):
            if str(row["同伴"] or "").startswith("次"):
                parties.append([row, rows[index + 1]])
            elif not row["同伴"]:
                parties.append([row])
    return sorted(parties, key=lambda members: members[0]["受付日時"])


def naive_wishes(row: dict[str, Any]) -> list[str]:
    return [row[f"第{n}希望"] for n in (1, 2, 3) if row[f"第{n}希望"]]


def naive_digits(row: dict[str, Any]) -> str:
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", str(row["電話番号"])))
    return digits if digits.startswith("0") or len(digits) < 9 else f"0{digits}"


def naive_birth(row: dict[str, Any]) -> tuple[int, int, int]:
    born = row["生年月日"]
    if isinstance(born, datetime.datetime):
        return born.year, born.month, born.day
    text = unicodedata.normalize("NFKC", born)
    year, month, day = map(int, re.findall(r"\d+", text))
    return (1925 + year if text[0] in "昭S" else year), month, day


def naive_keys(row: dict[str, Any]) -> set[tuple[str, str]]:
    kana = plain(jaconv.hira2kata(unicodedata.normalize("NFKC", row["フリガナ"] or "")))
    digits = naive_digits(row)
    tellers = [str(naive_birth(row))] + ([digits] if len(digits) >= 10 else [])
    return {(kana, teller) for teller in tellers} if kana else set()


def naive_doubt(row: dict[str, Any]) -> bool:
    return (
        not row["フリガナ"]
        or len(naive_digits(row)) < 10
        or "日野市" in row["住所"]
        or naive_birth(row) > (1966, 4, 1)
    )
