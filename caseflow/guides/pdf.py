"""PDF → rows: ruled tables as rows of cells, the rest as lines put together again where the page broke them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from caseflow.errors import BadInput
from caseflow.guides.labels import strip_numbering, whole_label
from caseflow.guides.lines import Bounds, Row, plain_rows, refuse

_STREAM: Final = re.compile(rb"stream\r?\n")
_IMAGE: Final = re.compile(rb"/Subtype\s*/Image|/DCTDecode|/JPXDecode|/CCITTFaxDecode")
_NO_DRAWING: Final = re.compile(
    rb"/ObjStm|/Subtype\s*/Image|/Length1\b|/CIDFontType0C|/Type1C|/OpenType|/XRef|/CIDToGIDMap|/N\s+[134]\b"
)
"""What the dictionary of a stream says where it is an image, a font, or a list of objects rather than a drawing."""
_DRAWING, _IMAGE_WEIGHT = 48, 8
"""A drawing may be a 48th of everything that may be unpacked; images, which are not unpacked, count an eighth."""
_MOST_SHAPES: Final = 20_000

_PAGE_NUMBER: Final = re.compile(r"[-—–\s·]*(?:第\s*)?[0-9]{1,3}\s*页?(?:\s*[/,，共]+\s*[0-9]{1,3}\s*页?)?[-—–\s·]*")
_USUAL_SIZE: Final = 10.0
_WIDE, _NARROW = 0.95, 0.3
"""Empty space within a line, in sizes of its letters, that reads as several blanks, and as one."""
_GAP: Final = 1.2
"""An empty space of this many times the size of the letters is an empty line."""
_FULL: Final = 0.8
"""A line of at least this part of the widest one may have been broken by the page."""


def pdf_rows(data: bytes, bounds: Bounds) -> list[Row]:
    """The rows of a PDF; BadInput where it is encrypted, broken, too large, or where its reader is not installed."""
    try:
        import pdfplumber  # noqa: PLC0415 - an extra: only where a PDF is read
    except ImportError as error:
        raise refuse("没有安装读 PDF 的部分，请运行 pip install 'caseflow[pdf]'，或另存为 .docx、文本") from error
    _check_streams(data, bounds)
    try:
        with pdfplumber.open(BytesIO(data)) as document:
            return list(_pages(document, bounds))
    except BadInput:
        raise
    except Exception as error:
        if "Password" in repr(error) or "Encrypt" in repr(error):
            raise refuse("PDF 有密码，打不开；请去掉密码后再读") from error
        raise refuse("PDF 已损坏，打不开") from error


def _check_streams(data: bytes, bounds: Bounds) -> None:
    """Unpack what is compressed, bounded, before the reader does so without a bound."""
    left, drawing = bounds.unpacked, bounds.unpacked // _DRAWING
    view = memoryview(data)
    for found in _STREAM.finditer(data):
        head = data[max(0, found.start() - 600) : found.start()].rpartition(b" obj")[2]
        if b"Flate" not in head and b"/Fl" not in head and not re.search(rb"/LZW|/RunLength", head):
            continue
        size = _unpacked(view[found.end() :], left)
        left -= size // _IMAGE_WEIGHT if _IMAGE.search(head) else size
        packed_twice = len(re.findall(rb"FlateDecode|LZWDecode|RunLengthDecode", head)) > 1
        if left <= 0 or packed_twice or (size > drawing and not _NO_DRAWING.search(head)):
            raise refuse(f"PDF 展开后超过 {bounds.unpacked / 1024 / 1024:g} MB，或画的东西太多，不读")


def _unpacked(data: memoryview, most: int) -> int:
    try:
        return len(zlib.decompressobj().decompress(data, most))
    except zlib.error:
        return 0


def _pages(document: Any, bounds: Bounds) -> Iterator[Row]:
    if len(document.pages) > bounds.pages:
        raise refuse(f"PDF 超过 {bounds.pages} 页，不像是办事指南")
    shapes = characters = 0
    for number, page in enumerate(document.pages, 1):
        shapes += len(page.rects) + len(page.lines) + len(page.curves)
        characters += len(page.chars)
        if shapes > _MOST_SHAPES or characters > bounds.characters:
            raise refuse("PDF 里的内容太多，不像是办事指南")
        if not page.chars and page.images:
            yield Row((f"[第{number}页是图片，没有文字]" if len(document.pages) > 1 else "",))
            continue
        yield from _page(page)
        page.close()


def _page(page: Any) -> Iterator[Row]:
    tables = sorted(page.find_tables(), key=lambda table: table.bbox[1])
    tables = [table for table in tables if len(table.rows) > 1 or any(len(row.cells) > 1 for row in table.rows)]
    top = 0.0
    for table in tables:
        yield from _lines(page, top, table.bbox[1])
        for cells in table.extract():
            yield Row(tuple(_cell(text) for text in cells), table=True)
        top = max(top, table.bbox[3])
    yield from _lines(page, top, float(page.height))


def _cell(text: str | None) -> str:
    """A cell's lines: those the page broke are one again; a short line, or one before a number or label, ends there."""
    lines: list[str] = []
    widest = max((_width(line) for line in (text or "").split("\n")), default=0)
    full = False
    for line in (text or "").split("\n"):
        if full and not _begins(line):
            glue = " " if re.search(r"[0-9A-Za-z]$", lines[-1]) and re.match(r"[A-Za-z]", line) else ""
            lines[-1] += glue + line.strip()
        else:
            lines.append(line.strip())
        full = _width(line) >= _FULL * widest
    return "\n".join(lines)


def _width(line: str) -> float:
    return sum(0.5 if ord(char) < 0x100 else 1 for char in line)  # noqa: PLR2004 - a small count the line itself names


def _begins(line: str) -> bool:
    """Whether a line begins something new, even below a line that reaches the margin."""
    numbering, rest = strip_numbering(line.strip())
    return not line.strip() or bool(numbering.strip() and rest) or whole_label(line) is not None


def _names_a_fact(line: str, before: str) -> bool:
    """Whether a line begins with a label and its colon, and the label did not begin on the line before."""
    head = re.split("[:：]", line, maxsplit=1)[0]
    if head == line or whole_label(head) is None:
        return False
    return not any(whole_label(before[-n:] + head) for n in range(1, 7))


def _lines(page: Any, top: float, bottom: float) -> Iterator[Row]:
    if bottom - top < 1:
        return
    part = page.crop((0, top, page.width, bottom), strict=False)
    found = [
        line
        for line in part.extract_text_lines(return_chars=True, strip=True)
        if line["text"].strip() and not _PAGE_NUMBER.fullmatch(line["text"])
    ]
    if not found:
        return
    right = max(line["x1"] for line in found)
    text, full, bottom_before = "", False, None
    for line in found:
        words, size = _spaced(line), _size(line)
        gap = bottom_before is not None and line["top"] - bottom_before > _GAP * size
        if text and full and not gap and not _begins(words) and not _names_a_fact(words, text):
            text += words.strip()
        else:
            yield from plain_rows(text)
            if gap:
                yield Row(("",))
            text = words
        full = line["x1"] > right - 1.5 * size and right > page.width * 0.75
        bottom_before = line["bottom"]
    yield from plain_rows(text)


def _size(line: Any) -> float:
    return float((line["chars"][-1].get("size") or _USUAL_SIZE) if line.get("chars") else _USUAL_SIZE)


def _spaced(line: Any) -> str:
    """The line's text with wide gaps kept as several blanks."""
    text, before = "", None
    for char in line.get("chars", ()):
        if before is not None and char["x0"] - before > _WIDE * (char.get("size") or _USUAL_SIZE):
            text += "   "
        elif (
            before is not None
            and char["x0"] - before > _NARROW * (char.get("size") or _USUAL_SIZE)
            and not text.endswith(" ")
        ):
            text += " "
        text += char["text"]
        before = char["x1"]
    return text or str(line["text"])
