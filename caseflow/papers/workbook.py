"""Tables → an Excel workbook, row by row, in little memory. Text is written as text, whatever it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count, islice
from typing import IO, Any, Final, Literal

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = 1_048_575
"""Rows of one sheet below its head; what is more goes on on the next."""

MOST_TEXT: Final = 32_767
Value = str | int | float | date | None

_OPTIONS: Final = {
    "constant_memory": True,
    # A name that begins with = or + is a name: nothing that was typed may become a formula or a link.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True)
class Head:
    """One column: its head, what its cells hold, its width in characters."""

    name: str
    kind: Literal["text", "day", "number"] = "text"
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; its rows are taken once, as they are written."""

    name: str
    heads: Sequence[Head]
    rows: Iterable[Sequence[Value]]


@dataclass(frozen=True, slots=True)
class _Formats:
    head: Any
    day: Any
    text: Any
    number: Any


def write_workbook(out: IO[bytes], sheets: Iterable[Sheet], *, most: int = MOST_ROWS) -> int:
    """Write every sheet, each going on on a further one after `most` rows; the number of rows written."""
    with Workbook(out, _OPTIONS) as book:
        formats = _Formats(
            book.add_format({"bold": True, "bg_color": "#EDF0F5", "bottom": 1}),
            book.add_format({"num_format": "yyyy-mm-dd"}),
            book.add_format({"num_format": "@"}),
            book.add_format({"num_format": "General"}),
        )
        return sum(_write_sheet(book, formats, sheet, most) for sheet in sheets)


def _write_sheet(book: Workbook, formats: _Formats, sheet: Sheet, most: int) -> int:
    rows: Iterator[Sequence[Value]] = iter(sheet.rows)
    total = 0
    for place in count(1):
        page = _begin(book, formats, sheet, place)
        written = 0
        for written, row in enumerate(islice(rows, most), 1):
            _write_row(page, formats, sheet.heads, written, row)
        total += written
        following = next(rows, None)
        if following is None:
            break
        rows = _chained(following, rows)
    return total


def _chained(first: Sequence[Value], rest: Iterator[Sequence[Value]]) -> Iterator[Sequence[Value]]:
    yield first
    yield from rest


def _begin(book: Workbook, formats: _Formats, sheet: Sheet, place: int) -> Worksheet:
    page = book.add_worksheet(sheet.name if place == 1 else f"{sheet.name} {place}")
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for column, head in enumerate(sheet.heads):
        page.set_column(column, column, head.width)
        page.write_string(0, column, head.name, formats.head)
    return page


def _write_row(page: Worksheet, formats: _Formats, heads: Sequence[Head], place: int, row: Sequence[Value]) -> None:
    for column, (head, value) in enumerate(zip(heads, row, strict=True)):
        if value is None or value == "":
            continue
        if isinstance(value, date):
            page.write_datetime(place, column, value, formats.day)
        elif head.kind == "number" and not isinstance(value, str):
            page.write_number(place, column, value, formats.number)
        else:
            page.write_string(place, column, str(value)[:MOST_TEXT], formats.text)
