"""Strangers' workbooks: read safely, or refused with a sentence, never an error."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from classes import workbooks
from classes.models import ImportBatch, Intake
from classes.workbooks import WorkbookRefused, read
from tests.classes.workbook_builder import (
    OCTOBER_CALLERS,
    OCTOBER_CLASSES,
    book,
    caller,
    callers_book,
    run,
    save,
)


def rewritten(change: Callable[[str, bytes], bytes]) -> bytes:
    """The October callers with the parts of their archive changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(OCTOBER_CALLERS) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return stream.getvalue()


def first_sheet(change: Callable[[bytes], bytes]) -> bytes:
    return rewritten(lambda name, data: change(data) if name.endswith("sheet1.xml") else data)


def bomb(size: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    return stream.getvalue()


def long_book(count: int) -> bytes:
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet("受付")
    for number in range(count):
        sheet.append([number, "氏名"])
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def plain_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "hello")
    return stream.getvalue()


MALFORMED = {
    "empty": lambda: b"",
    "csv": lambda: "氏名,電話番号\n".encode("cp932"),
    "pdf": lambda: b"%PDF-1.7 ...",
    "old_excel": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "plain_zip": plain_zip,
    "truncated": lambda: OCTOBER_CALLERS.read_bytes()[:20_000],
    "broken_xml": lambda: first_sheet(lambda data: data[: len(data) // 2]),
    "entities": lambda: first_sheet(
        lambda data: data.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet', 1)
    ),
    "bomb": lambda: bomb(50 * 1024 * 1024),
    "big_bomb": lambda: bomb(200 * 1024 * 1024),
    "many_rows": lambda: long_book(100_000),
    "no_header": lambda: book({"メモ": [["これは", "名簿では", "ありません"]]}),
    "no_rows": lambda: callers_book([]),
}


@pytest.mark.parametrize("kind", MALFORMED)
@pytest.mark.django_db
def test_what_is_no_list_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    run("import_classes", OCTOBER_CLASSES, intake="2026-10")
    file = save(tmp_path, MALFORMED[kind]())
    with pytest.raises(CommandError) as refused:
        run("import_callers", file, intake="2026-10")
    assert str(refused.value)
    assert "\n" not in str(refused.value)
    assert not ImportBatch.objects.filter(kind="callers").exists()


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    run("import_classes", OCTOBER_CLASSES, intake="2026-10")
    with pytest.raises(CommandError, match="nowhere"):
        run("import_callers", tmp_path / "nowhere.xlsx", intake="2026-10")


@pytest.mark.django_db
def test_callers_need_an_intake_with_classes() -> None:
    with pytest.raises(CommandError, match="2027-01"):
        call_command("import_callers", str(OCTOBER_CALLERS), intake="2027-01")
    assert not Intake.objects.exists()


def test_a_huge_declared_size_is_not_believed() -> None:
    huge = rewritten(lambda _name, data: data.replace(b'ref="A1:P95"', b'ref="A1:XFD1048576"'))
    assert [len(sheet.rows) for sheet in read(huge)] == [93, 79, 84]


def test_a_row_far_below_is_found_without_the_rows_between() -> None:
    far = first_sheet(lambda data: data.replace(b'<row r="95"', b'<row r="900000"'))
    assert read(far)[0].rows[-1].number == 900_000


def test_the_limit_of_the_file_size_is_kept(settings: pytest.FixtureRequest) -> None:
    settings.IMPORT_MAX_BYTES = 1000  # type: ignore[attr-defined]
    with pytest.raises(WorkbookRefused):
        read(OCTOBER_CALLERS.read_bytes())


def test_formulas_are_seen_and_never_calculated() -> None:
    cells = read(callers_book([caller(備考="=SUM(1,1)")]))[0].rows[-1].cells
    formula = next(cell for cell in cells.values() if cell.is_formula)
    assert formula.value == "=SUM(1,1)"


def test_hidden_sheets_are_read_too() -> None:
    made = openpyxl.load_workbook(io.BytesIO(callers_book([caller()])))
    made.create_sheet("空")
    made["受付"].sheet_state = "hidden"
    stream = io.BytesIO()
    made.save(stream)
    sheets = read(stream.getvalue())
    assert sheets[0].is_hidden
    assert len(sheets[0].rows) == 3


def test_an_error_value_is_marked() -> None:
    row = read(book({"受付": [["#REF!", "#N/A"]]}))[0].rows[0]
    assert all(cell.is_error for cell in row.cells.values())


def test_limits_leave_room_for_a_busy_city() -> None:
    assert workbooks.MAX_ROWS >= 10_000
    assert len(read(long_book(10_000))[0].rows) == 10_000
