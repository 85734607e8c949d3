"""Workbooks for tests, as operators would have typed them."""

import datetime
import io
import json
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
from django.core.management import call_command

DATA = Path(__file__).parent.parent / "data"
OCTOBER_CLASSES = DATA / "october_classes.xlsx"
OCTOBER_CALLERS = DATA / "october_callers.xlsx"
CALLER_HEADERS = (
    "No.", "受付日時", "氏名", "フリガナ", "生年月日", "性別", "郵便番号", "住所", "電話番号",
    "第1希望", "第2希望", "第3希望", "同伴", "機種", "SMS可", "備考",
)  # fmt: skip
CLASS_HEADERS = ("記号", "講座名", "レベル", "会場", "講師", "定員", "日程", "開始", "終了")
FIRST_CALL = datetime.datetime(2026, 9, 1, 9, 0)


def caller(number: int = 1, **cells: Any) -> dict[str, Any]:
    """One clean row, each with a person, a number and a minute of its own."""
    kana = "".join("カキクサシスタチツナ"[int(digit)] for digit in f"{number:03d}")
    return {
        "No.": number,
        "受付日時": FIRST_CALL + datetime.timedelta(minutes=number),
        "氏名": f"試験 花子{number}",
        "フリガナ": f"シケン {kana}",
        "生年月日": "昭和15年3月2日",
        "住所": "明神町6-8-6",
        "電話番号": f"090-1111-{number:04d}",
        "第1希望": "N1",
        **cells,
    }


def book(sheets: dict[str, Iterable[Sequence[Any]]]) -> bytes:
    """A workbook of these rows of cells."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def callers_book(
    rows: Iterable[dict[str, Any]], *, headers: Sequence[str] = CALLER_HEADERS
) -> bytes:
    """One sheet with a title, an empty row, headers and these callers."""
    lines = [[row.get(header) for header in headers] for row in rows]
    return book({"受付": [["電話受付簿"], [], list(headers), *lines]})


def classes_book(rows: Iterable[Sequence[Any]]) -> bytes:
    return book({"教室": [CLASS_HEADERS, *rows]})


def save(folder: Path, data: bytes, name: str = "book.xlsx") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def run(command: str, *args: Any, **options: Any) -> dict[str, Any]:
    """What a command prints with --json."""
    out = StringIO()
    call_command(command, *map(str, args), json=True, stdout=out, **options)
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


def shuffled(source: Path, change: Callable[[list[tuple[str, list[Any]]]], Any]) -> bytes:
    """The October callers with their data rows redistributed by `change`."""
    read = openpyxl.load_workbook(source)
    rows: list[tuple[str, list[Any]]] = []
    for sheet in read:
        rows += [
            (sheet.title, list(row))
            for row in sheet.iter_rows(min_row=4, values_only=True)
            if any(value is not None for value in row)
        ]
    return book(change(rows))
