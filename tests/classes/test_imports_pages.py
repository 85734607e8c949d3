"""The import pages over HTTP: upload, columns, preview, confirm, rows put right."""

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from classes.models import (
    Application,
    CallLog,
    Enrollment,
    ImportBatch,
    ImportRow,
    Intake,
    Lesson,
    WaitlistEntry,
)
from learners.models import Learner
from staff.models import AccessEvent, AccessSubject
from tests import factories
from tests.classes.workbook_builder import (
    CALLER_HEADERS,
    OCTOBER_CLASSES,
    book,
    caller,
    callers_book,
    classes_book,
)
from tests.factories import tokyo

pytestmark = pytest.mark.django_db


@pytest.fixture
def intake() -> Intake:
    made = factories.intake(code="2026-10", min_age=60, residence="八王子市")
    for code, capacity in (("N1", 2), ("A1", 1)):
        factories.class_session(intake=made, code=code, capacity=capacity)
    return made


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(factories.staff_member(role="coordinator", language="en"))
    client.cookies["django_language"] = "en"
    return client


def upload(client: Client, data: bytes, **fields: Any) -> Any:
    file = SimpleUploadedFile("受付簿.xlsx", data)
    said = {"callers-file": file, "callers-intake": "2026-10", **fields}
    return client.post(reverse("import_callers_upload"), said, follow=True)


def confirm(client: Client, batch: ImportBatch) -> Any:
    return client.post(reverse("import_confirm", args=[batch.pk]), follow=True)


def waiting(client: Client, *rows: dict[str, Any]) -> ImportRow:
    """These rows brought in; the first that waits."""
    upload(client, callers_book(rows))
    confirm(client, ImportBatch.objects.latest("pk"))
    return ImportRow.objects.filter(status=ImportRow.Status.ATTENTION).order_by("pk")[0]


def put_right(client: Client, row: ImportRow, **fields: str) -> Any:
    """Post the row's form as the page fills it, with these fields changed."""
    page = client.get(reverse("import_row", args=[row.pk]))
    form = page.context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    said |= {f"cell-{name}" if f"cell-{name}" in said else name: v for name, v in fields.items()}
    said = {name: value for name, value in said.items() if value not in ("", False, None)}
    return client.post(reverse("import_row", args=[row.pk]), said, follow=True)


def test_nothing_is_written_before_it_is_confirmed(planner: Client, intake: Intake) -> None:
    page = upload(planner, callers_book([caller(1), caller(2, 電話番号=None)]))
    assert page.redirect_chain[-1][0].endswith("/preview/")
    assert not Learner.objects.exists()
    assert not CallLog.objects.exists()
    text = page.content.decode()
    assert "受付!I5" in text
    assert "試験 花子1" in text


def test_the_preview_foresees_what_confirming_does(planner: Client, intake: Intake) -> None:
    rows = [
        caller(1, 第1希望="A1", 同伴="次の人と一緒"),
        caller(2, 第1希望="A1", 同伴="前の人と一緒"),
        caller(3, 第1希望="A1"),
        caller(4, 第1希望="A1", 第2希望="N1"),
        caller(5, 第1希望="A1"),
        {**caller(4), "受付日時": datetime.datetime(2026, 9, 1, 16)},
        caller(6, フリガナ=None),
    ]
    upload(planner, callers_book(rows))
    batch = ImportBatch.objects.get()
    foreseen = {row.row_number: row.expected for row in batch.rows.all()}
    confirm(planner, batch)
    for row in batch.rows.all():
        assert foreseen[row.row_number]["status"] == row.status
        if "positions" in foreseen[row.row_number]:
            assert row.application is not None
            entry = WaitlistEntry.objects.get(party=row.application.party)
            ahead = WaitlistEntry.objects.filter(
                class_session=entry.class_session, received_at__lt=entry.received_at
            )
            people = [e.party.applications.count() for e in ahead]
            assert foreseen[row.row_number]["positions"] == [len(people) + 1]


def test_confirming_twice_brings_in_once(planner: Client, intake: Intake) -> None:
    upload(planner, callers_book([caller(1)]))
    batch = ImportBatch.objects.get()
    confirm(planner, batch)
    assert confirm(planner, batch).status_code == 200
    assert Application.objects.count() == 1


def test_a_long_workbook_goes_in_by_several_answers(planner: Client, intake: Intake) -> None:
    rows = [caller(number) for number in range(1, 131)]
    rows.append(caller(131, 電話番号=None))
    rows.append(caller(131, 電話番号=None))
    rows.append({**caller(3), "受付日時": datetime.datetime(2026, 9, 1, 18)})
    upload(planner, callers_book(rows))
    batch = ImportBatch.objects.get()
    page = confirm(planner, batch)
    assert "import-progress" in page.content.decode()
    done = planner.post(reverse("import_confirm", args=[batch.pk]), headers={"HX-Request": "true"})
    assert done["HX-Redirect"] == reverse("import_detail", args=[batch.pk])
    batch.refresh_from_db()
    result = batch.result
    assert (result["enrolled"], result["waitlisted"], result["duplicates"]) == (2, 128, 2)
    assert result["attention"] == {"no_phone": 1}
    assert result["learners_created"] == Learner.objects.count() == 130


def test_a_preview_may_be_thrown_away(planner: Client, intake: Intake) -> None:
    upload(planner, callers_book([caller(1)]))
    batch = ImportBatch.objects.get()
    planner.post(reverse("import_discard", args=[batch.pk]))
    assert not ImportRow.objects.exists()
    upload(planner, callers_book([caller(1)]))
    confirm(planner, ImportBatch.objects.latest("pk"))
    assert Application.objects.count() == 1


def test_what_went_in_cannot_be_thrown_away(planner: Client, intake: Intake) -> None:
    waiting(planner, caller(1, 電話番号=None))
    planner.post(reverse("import_discard", args=[ImportBatch.objects.get().pk]))
    assert ImportRow.objects.count() == 1


@pytest.mark.parametrize("data", [b"", b"name,phone\n", b"PK\x03\x04broken", bytes(5000)])
def test_a_bad_file_is_refused_with_a_sentence(
    planner: Client, intake: Intake, data: bytes
) -> None:
    page = upload(planner, data)
    assert page.status_code == 422
    assert page.context["callers_form"].errors["file"]
    assert not ImportBatch.objects.exists()


def test_classes_come_by_page_too(planner: Client) -> None:
    file = SimpleUploadedFile("教室.xlsx", OCTOBER_CLASSES.read_bytes())
    said = {
        "classes-file": file,
        "classes-code": "2026-10",
        "classes-method": "lottery",
        "classes-min_age": "65",
        "classes-residence": "八王子市",
    }
    page = planner.post(reverse("import_classes_upload"), said, follow=True)
    assert page.redirect_chain[-1][0].endswith("/preview/")
    assert not Intake.objects.exists()
    confirm(planner, ImportBatch.objects.get())
    made = Intake.objects.get()
    assert (made.method, made.min_age, made.class_sessions.count()) == ("lottery", 65, 4)


def test_unknown_columns_are_named_by_hand_and_remembered(planner: Client, intake: Intake) -> None:
    headers = ("受付日時", "氏名", "よみかた", "生年月日", "住所", "電話番号", "第1希望", "紹介")
    keys = ("受付日時", "氏名", "フリガナ", "生年月日", "住所", "電話番号", "第1希望", "備考")
    lines = [[caller(number).get(key) for key in keys] for number in (1, 2)]
    data = book({"受付": [headers, *lines]})
    page = upload(planner, data)
    assert page.redirect_chain[-1][0].endswith("/columns/")
    batch = ImportBatch.objects.get()
    said = {"column-0-C": "kana"}
    page = planner.post(reverse("import_mapping", args=[batch.pk]), said, follow=True)
    assert page.redirect_chain[-1][0].endswith("/preview/")
    confirm(planner, batch)
    assert Enrollment.objects.count() == 2
    # The same file is known again, now without asking.
    page = upload(planner, data)
    assert page.redirect_chain[-1][0].endswith("/preview/")
    confirm(planner, ImportBatch.objects.latest("pk"))
    assert ImportBatch.objects.latest("pk").result["already_imported"] == 2


def test_a_column_nobody_needs_may_be_named_from_the_preview(
    planner: Client, intake: Intake
) -> None:
    headers = ("受付日時", "氏名", "フリガナ", "生年月日", "住所", "電話番号", "第1希望", "紹介")
    line = [caller(1).get(key) for key in headers[:-1]]
    upload(planner, book({"受付": [headers, [*line, "女"]]}))
    batch = ImportBatch.objects.get()
    address = reverse("import_mapping", args=[batch.pk])
    page = planner.get(reverse("import_preview", args=[batch.pk])).content.decode()
    assert "紹介" in page
    assert address in page
    form = planner.get(address).context["form"]
    [field] = form.columns
    planner.post(address, {field: "sex"})
    batch.refresh_from_db()
    assert not any(sheet["unknown"] for sheet in batch.mapping["sheets"].values())
    confirm(planner, batch)
    assert Learner.objects.get().sex == "female"
    # What went in is not named anew.
    assert planner.get(address).status_code == 302


def test_two_columns_cannot_mean_the_same(planner: Client, intake: Intake) -> None:
    headers = ("受付日時", "氏名", "よみかた", "別の読み", "電話番号", "第1希望")
    upload(
        planner, book({"受付": [headers, ["2026/9/1 9:05", "黒田", "クロダ", "ク", "042-1", "N1"]]})
    )
    batch = ImportBatch.objects.get()
    said = {"column-0-C": "kana", "column-0-D": "kana"}
    page = planner.post(reverse("import_mapping", args=[batch.pk]), said)
    assert page.context["form"].errors


def test_a_row_put_right_keeps_its_written_time(planner: Client, intake: Intake) -> None:
    row = waiting(
        planner,
        caller(1, 第1希望="A1", 電話番号="626-3111"),
        caller(2, 第1希望="A1"),
        caller(3, 第1希望="A1"),
    )
    page = put_right(planner, row, phone="042-626-3111")
    assert page.redirect_chain[-1][0] == reverse("import_waiting")
    row.refresh_from_db()
    assert row.status == ImportRow.Status.WAITLISTED
    entries = WaitlistEntry.objects.order_by("received_at")  # rule 24
    assert [e.party.applications.get().learner.name for e in entries] == [
        "試験 花子1",
        "試験 花子3",
    ]
    # Nobody lost a seat to the late entry.
    assert Enrollment.objects.get().application.learner.name == "試験 花子2"
    assert CallLog.objects.get(learner__name="試験 花子1").outcome == CallLog.Outcome.REGISTERED


def test_what_is_still_wrong_stays_typed(planner: Client, intake: Intake) -> None:
    row = waiting(planner, caller(1, 電話番号=None, フリガナ=None))
    page = put_right(planner, row, phone="042-626-3111")
    assert page.status_code == 200
    form = page.context["form"]
    assert form["cell-phone"].value() == "042-626-3111"
    row.refresh_from_db()
    assert [problem["kind"] for problem in row.problems] == ["no_kana"]
    put_right(planner, row, kana="しけん")
    assert Learner.objects.get().kana == "シケン"


def test_an_exception_needs_its_reason(planner: Client, intake: Intake) -> None:
    row = waiting(planner, caller(1, 生年月日="昭和60年1月1日"))
    put_right(planner, row)
    assert not Application.objects.exists()
    put_right(planner, row, override_reason="ご主人の介助のため")
    assert Application.objects.get().override_reason == "ご主人の介助のため"  # rule 15


def test_an_exception_waives_eligibility_only(planner: Client, intake: Intake) -> None:
    row = waiting(planner, caller(1, 生年月日="昭和60年1月1日", 電話番号=None))
    put_right(planner, row, override_reason="特別")
    assert not Application.objects.exists()
    row.refresh_from_db()
    assert [problem["kind"] for problem in row.problems] == ["no_phone"]


def couple(**second: Any) -> list[dict[str, Any]]:
    return [caller(1, 同伴="次の人と一緒"), caller(2, 同伴="前の人と一緒", **second)]


def test_a_couple_goes_in_together_once_both_are_right(planner: Client, intake: Intake) -> None:
    row = waiting(planner, *couple(第1希望="A1"))
    put_right(planner, row, choice2="A1")
    assert not Application.objects.exists() or Application.objects.count() == 2
    assert Application.objects.values("party").distinct().count() == 1
    assert not ImportRow.objects.filter(status=ImportRow.Status.ATTENTION).exists()


def test_a_couple_may_be_registered_each_alone(planner: Client, intake: Intake) -> None:
    row = waiting(planner, *couple(第1希望="A1"))
    put_right(planner, row, alone="on")
    assert Enrollment.objects.count() == 2
    assert Application.objects.values("party").distinct().count() == 2


def test_two_rows_that_wait_are_tied_by_hand(planner: Client, intake: Intake) -> None:  # rule 26
    waiting(
        planner,
        caller(1, 同伴="試験 花子3さんと", 電話番号=None),
        caller(2),
        caller(3, フリガナ=None),
    )
    first, last = ImportRow.objects.filter(status=ImportRow.Status.ATTENTION).order_by("row_number")
    page = planner.get(reverse("import_row", args=[first.pk]))
    assert "試験 花子3" in page.content.decode()
    put_right(planner, first, phone="090-1111-0009", tie_to=str(last.pk))
    first.refresh_from_db()
    assert (first.status, first.partner_row) == (ImportRow.Status.ATTENTION, last)
    put_right(planner, last, kana="しけん はなこ")
    assert not ImportRow.objects.filter(status=ImportRow.Status.ATTENTION).exists()
    parties = Application.objects.exclude(learner__name="試験 花子2").values("party")
    assert parties.distinct().count() == 1


def test_a_partner_who_waits_no_more_is_said(planner: Client, intake: Intake) -> None:
    waiting(planner, caller(1, 同伴="次の人と一緒"), caller(2, 電話番号=None))
    first, second = ImportRow.objects.order_by("row_number")
    ImportRow.objects.update(partner_row=None)
    page = planner.get(reverse("import_row", args=[first.pk]))
    assert f'value="{second.pk}"' in page.content.decode()
    ImportRow.objects.filter(pk=second.pk).update(
        status=ImportRow.Status.DISCARDED, settled_reason="別件"
    )
    answer = put_right(planner, first, tie_to=str(second.pk))
    assert answer.status_code == 200
    assert not Application.objects.exists()


def test_an_exception_for_one_brings_both_in(planner: Client, intake: Intake) -> None:
    waiting(planner, *couple(生年月日="昭和60年1月1日"))
    young = ImportRow.objects.get(problems__0__kind="too_young")
    put_right(planner, young, override_reason="ご夫婦のため")
    assert Enrollment.objects.count() == 2
    assert Application.objects.values("party").distinct().count() == 1


def test_staff_choose_among_people_on_record(planner: Client, intake: Intake) -> None:
    waiting(planner, caller(1, 電話番号="626-3111"))
    ImportRow.objects.all().delete()
    from learners import people
    from learners.numbers import NumberInput
    from sms import phone_numbers

    number = NumberInput(phone_numbers.parse("090-1111-0001", area_code="042"))
    born = datetime.date(1941, 1, 1)
    known = people.create(
        {"name": "試験", "kana": "シケン カカキ", "birth_date": born, "address": "明神町1"},
        [number],
        by=None,
        now=tokyo(2026, 1, 1),
    )
    row = waiting(planner, caller(1))
    put_right(planner, row)
    assert not Application.objects.exists()
    put_right(planner, row, learner=str(known.pk))
    assert Application.objects.get().learner == known  # rule 5


def test_a_row_is_set_aside_only_with_a_reason(planner: Client, intake: Intake) -> None:
    row = waiting(planner, caller(1, 電話番号=None))
    address = reverse("import_row_set_aside", args=[row.pk])
    assert planner.post(address, {"reason": "  "}).status_code == 422
    planner.post(address, {"reason": "ご本人が取りやめ"})
    row.refresh_from_db()
    assert (row.status, row.settled_reason) == ("discarded", "ご本人が取りやめ")
    # Twice is told, not done.
    assert planner.post(address, {"reason": "再"}, follow=True).status_code == 200
    row.refresh_from_db()
    assert row.settled_reason == "ご本人が取りやめ"


def test_a_lesson_put_right_joins_its_class(planner: Client, intake: Intake) -> None:
    ten, noon = datetime.time(10), datetime.time(12)
    rows = [
        ["N9", "写真", "ニュース", "公民館", "石井", 10, datetime.datetime(2026, 10, 5), ten, noon],
        ["N9", "写真", "ニュース", "公民館", "石井", 10, "10月32日", ten, noon],
    ]
    file = SimpleUploadedFile("教室.xlsx", classes_book(rows))
    said = {
        "classes-file": file, "classes-code": "2026-10", "classes-method": "first_come",
    }  # fmt: skip
    planner.post(reverse("import_classes_upload"), said)
    confirm(planner, ImportBatch.objects.get())
    row = ImportRow.objects.get(status=ImportRow.Status.ATTENTION)
    put_right(planner, row, day="2026/10/12")
    lessons = Lesson.objects.filter(class_session__code="N9")
    assert [lesson.starts_at for lesson in lessons] == [
        tokyo(2026, 10, 5, 10),
        tokyo(2026, 10, 12, 10),
    ]


def test_reception_puts_rows_right_but_uploads_nothing(client: Client, intake: Intake) -> None:
    client.force_login(factories.staff_member(role="reception"))
    assert client.get(reverse("import_list")).status_code == 200
    assert client.get(reverse("import_waiting")).status_code == 200
    assert upload(client, callers_book([caller(1)])).status_code == 403


def test_whose_rows_were_shown_is_logged(planner: Client, intake: Intake) -> None:
    row = waiting(planner, caller(1, 電話番号=None))
    planner.get(reverse("import_waiting"))
    event = AccessEvent.objects.filter(route="import_waiting").latest("pk")  # rule 64
    subject = AccessSubject.objects.get(event=event)
    assert (subject.model_label, subject.key) == ("classes.ImportRow", str(row.pk))


@pytest.mark.parametrize(
    "route", ["import_preview", "import_detail", "import_waiting", "import_list"]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    planner: Client, intake: Intake, route: str, django_assert_max_num_queries: Any
) -> None:
    for size in (1, 30):
        first = size * 100
        rows = [
            caller(first + n, 電話番号=None if n % 2 else f"090-2222-{first + n:04d}")
            for n in range(size)
        ]
        upload(planner, callers_book(rows))
        batch = ImportBatch.objects.latest("pk")
        if route != "import_preview":
            confirm(planner, batch)
        address = reverse(route) if route in ("import_waiting", "import_list") else reverse(
            route, args=[batch.pk]
        )  # fmt: skip
        with django_assert_max_num_queries(24):
            assert planner.get(address).status_code == 200


def test_every_header_of_the_october_list_is_known(planner: Client, intake: Intake) -> None:
    upload(planner, callers_book([caller(1)]))
    sheet = ImportBatch.objects.get().mapping["sheets"]["受付"]
    assert len(sheet["columns"]) == len(CALLER_HEADERS)
    assert sheet["unknown"] == {}
