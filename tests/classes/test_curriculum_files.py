"""The ladder to and from a workbook: a round trip changes nothing, a fault names its cell."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from classes import curriculum_files
from classes.workbooks import WorkbookRefused
from skill_levels import curriculum
from skill_levels.models import Competency

pytestmark = pytest.mark.django_db


def workbook() -> Any:
    return openpyxl.load_workbook(io.BytesIO(curriculum_files.write(curriculum.current())))


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refusal(book: Any) -> str:
    with pytest.raises(WorkbookRefused) as refused:
        curriculum_files.read(saved(book))
    return str(refused.value)


def test_a_round_trip_changes_nothing() -> None:
    ladder = curriculum.current()
    assert curriculum_files.read(curriculum_files.write(ladder)) == ladder


def test_titles_that_look_like_formulas_stay_words() -> None:
    import dataclasses

    ladder = curriculum.current()
    odd = dataclasses.replace(ladder.competencies["open-news"], title_ja="=1+1")
    again = curriculum_files.read(curriculum_files.write(ladder.with_competency(odd)))
    assert again.competencies["open-news"].title_ja == "=1+1"


def test_a_fault_names_its_cell() -> None:
    book = workbook()
    sheet = book["Competencies"]
    sheet["J3"] = "とても長い練習のヒントです"
    sheet["I4"] = "soon"
    sheet["H5"] = "maybe"
    sheet["D6"] = "=A1"
    said = refusal(book)
    assert "Competencies!I4" in said
    assert "Competencies!H5" in said
    assert "Competencies!D6" in said
    book = workbook()
    book["Competencies"]["J3"] = "とても長い練習のヒントです"
    assert "Competencies!J3" in refusal(book)


def test_a_missing_sheet_column_or_code_and_a_code_twice_are_named() -> None:
    book = workbook()
    del book["Levels"]
    assert "Levels" in refusal(book)
    book = workbook()
    book["Levels"]["D1"] = "title"
    assert "title_ja" in refusal(book)
    book = workbook()
    book["Competencies"]["B4"] = book["Competencies"]["B3"].value
    assert "Competencies!B4" in refusal(book)
    book = workbook()
    book["Competencies"]["B3"] = None
    assert "Competencies!3" in refusal(book)


@pytest.mark.parametrize("data", [b"", b"no workbook", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(WorkbookRefused):
        curriculum_files.read(data)


def test_the_commands_write_show_and_apply(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ladder.xlsx"
    call_command("export_curriculum", str(path))
    call_command("import_curriculum", str(path))
    assert "The ladder says the same." in capsys.readouterr().out
    book = openpyxl.load_workbook(path)
    sheet: Any = book["Competencies"]
    row = next(row for row in sheet.iter_rows(min_row=3) if row[1].value == "open-news")
    row[3].value = "ニュースをひらく"
    book.save(path)
    call_command("import_curriculum", str(path))
    assert "→ ニュースをひらく" in capsys.readouterr().out
    assert Competency.objects.get(code="open-news").current.version == 1  # type: ignore[union-attr]
    call_command("import_curriculum", str(path), "--apply")
    assert Competency.objects.get(code="open-news").current.version == 2  # type: ignore[union-attr]
    with pytest.raises(CommandError):
        call_command("import_curriculum", str(tmp_path / "none.xlsx"))
