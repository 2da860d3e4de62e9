"""The lines of a document as values, whatever its format: numbered, cleaned, bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from caseflow.errors import BadInput, Fault

JOINT = "\ue000"
"""Where a page puts two pieces of one line side by side, with nothing but its layout between them."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is read at most: bytes of the file, bytes of a part unpacked, lines, characters, pages."""

    file: int = 20 * 1024 * 1024
    unpacked: int = 48 * 1024 * 1024
    lines: int = 20_000
    characters: int = 600_000
    cell: int = 20_000
    pages: int = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the document: a single cell of running text, or a table's row; `gap` where a blank stood before."""

    number: int
    cells: tuple[str, ...]
    table: bool = False
    gap: bool = False

    @property
    def text(self) -> str:
        """The cells that hold something, side by side."""
        return " ".join(cell for cell in self.cells if cell.strip()).replace(JOINT, "")


@dataclass(frozen=True, slots=True)
class Row:
    """What a format hands over: the cells of one line, before they are numbered."""

    cells: tuple[str, ...]
    table: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The lines of a document that hold something, numbered as in `shown`, which is what people are shown."""

    lines: tuple[Line, ...]
    shown: tuple[str, ...] = field(repr=False)


def refuse(sentence: str) -> BadInput:
    """The error for a file that cannot be read."""
    return BadInput([Fault("", sentence)])


_PIPES = str.maketrans({"｜": "|", "│": "|", "┃": "|", "║": "|", "¦": "|"})
_RULE = re.compile(r"[\s|+\-=:─━┄┈┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬═_—]*")


def plain_rows(text: str) -> Iterator[Row]:
    """The lines of a text; pipes and tabs between cells make a line a table's row."""
    for line in text.splitlines():
        yield _plain_row(line)


def _plain_row(line: str) -> Row:
    piped = line.translate(_PIPES)
    if _RULE.fullmatch(piped):
        return Row(("",))
    if piped.count("|") > 1 or (piped.count("|") == 1 and not _OPENING.search(piped)):
        return Row(
            tuple(cell.strip() for cell in piped.strip().removeprefix("|").removesuffix("|").split("|")), table=True
        )
    if "\t" in line.strip():
        return Row(tuple(cell.strip() for cell in line.strip("\n").lstrip(" ").split("\t")), table=True)
    return Row((line.strip(),))


_OPENING = re.compile(r"https?://")


def numbered(rows: Iterable[Row], bounds: Bounds) -> Document:
    """The rows with their line numbers; BadInput where the document is larger than a guide can be."""
    lines: list[Line] = []
    shown: list[str] = []
    gap, characters = False, 0
    for number, row in enumerate(rows, 1):
        cells = tuple(_clean(cell) for cell in row.cells)
        characters += sum(map(len, cells))
        if number > bounds.lines or characters > bounds.characters or any(len(cell) > bounds.cell for cell in cells):
            raise refuse("内容太多，不像是办事指南；请把各事项分开读入")
        shown.append(" | ".join(cells).replace(JOINT, " "))
        if any(cell.strip() for cell in cells):
            lines.append(Line(number, cells, row.table and len(cells) > 1, gap))
        gap = not any(cell.strip() for cell in cells)
    if not lines:
        raise refuse("文件里没有文字（可能是扫描的图片）；请用可选中文字的原件")
    return Document(tuple(lines), tuple(shown))


_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f]")
_ANCHOR = re.compile(r"\[bookmark:[^\]]*\]")


_HALF_WIDTH = {
    code: code - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for code in range(ord(first), ord(last) + 1)
}


def _clean(cell: str) -> str:
    plain = _INVISIBLE.sub("", cell).translate(_HALF_WIDTH).replace("\u00a0", " ").replace("\u3000", "  ")
    return _ANCHOR.sub("", plain).strip(" \r\n")
