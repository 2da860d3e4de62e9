"""Workbooks read back: what was text is text, numbers are numbers, and a full sheet goes on on the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from caseflow.papers.workbook import Head, Sheet, Value, write_workbook

HEADS = (Head("文字"), Head("日期", "day"), Head("数", "number"))


def written(rows: Sequence[Sequence[Value]], most: int = 100) -> tuple[Workbook, int, bytes]:
    out = BytesIO()
    count = write_workbook(out, [Sheet("办件", HEADS, rows)], most=most)
    out.seek(0)
    return load_workbook(out), count, out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x","y")',
        "=1+1",
        "{=SUM(A1:A2)}",
        "+8613912345678",
        "-1",
        "@SUM(A1)",
        "http://example.com",
        "mailto:a@b.c",
        "654203036202603021000001",
        "0012",
        "㼆",
        "阿依古丽·吐尔逊",
        "𠮷",
        "<b>&\"'",
    ],
)
def test_text_is_text_whatever_it_begins_with(text: str) -> None:
    book, _, raw = written([(text, None, None)])

    cell = book["办件"]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert not cell.hyperlink
    parts = [ZipFile(BytesIO(raw)).read(name) for name in ZipFile(BytesIO(raw)).namelist()]
    assert not any(b"<f>" in part or b"<hyperlink" in part for part in parts)


def test_dates_are_dates_and_numbers_are_numbers() -> None:
    book, count, _ = written([("甲", date(2026, 3, 2), 12.5), ("", None, 0), ("丙", None, "12.5")])

    rows = list(book["办件"].iter_rows(values_only=True))
    assert rows[0] == ("文字", "日期", "数")
    assert rows[1] == ("甲", datetime(2026, 3, 2), 12.5)  # noqa: DTZ001 - a workbook's dates have no zone
    assert rows[2] == (None, None, 0)
    assert rows[3] == ("丙", None, "12.5")
    assert count == 3


@pytest.mark.parametrize(("rows", "sheets"), [(0, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_a_full_sheet_goes_on_on_the_next(rows: int, sheets: int) -> None:
    book, count, _ = written([(str(n), None, n) for n in range(rows)], most=3)

    found = [row[2] for name in book.sheetnames for row in list(book[name].iter_rows(values_only=True))[1:]]
    assert (count, len(book.sheetnames)) == (rows, sheets)
    assert found == list(range(rows))


def test_a_text_longer_than_a_cell_is_cut_and_not_lost() -> None:
    book, _, _ = written([("长" * 40_000, None, None)])

    assert book["办件"]["A2"].value == "长" * 32_767
