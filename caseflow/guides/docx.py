"""Word documents (.docx) → rows, with the standard library alone; macros, bombs and entities are refused."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final
from xml.etree import ElementTree as ET

from caseflow.guides.lines import Bounds, Row, plain_rows, refuse

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT: Final = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BODY: Final = "word/document.xml"
_MOST_PARTS: Final = 3000
_DEEPEST: Final = 200
_WIDEST: Final = 60
_MARK: Final = "•"
"""Stands for a number that Word counts by itself and that is not in the text."""


def docx_rows(data: bytes, bounds: Bounds) -> list[Row]:
    """The rows of a Word document in reading order; BadInput where it cannot be read safely."""
    root = _parsed(_body(data, bounds))
    body = root.find(f"{_W}body")
    if body is None:
        raise refuse("Word 文件里没有正文")
    try:
        return list(_rows(body, 0))
    except RecursionError as error:
        raise refuse("Word 文件嵌套太深，无法读取") from error


def _body(data: bytes, bounds: Bounds) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            _check(archive, names)
            with archive.open(_BODY) as part:
                read = part.read(bounds.unpacked + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise refuse("Word 文件已损坏或加密，打不开") from error
    if len(read) > bounds.unpacked:
        raise refuse(f"Word 文件展开后超过 {bounds.unpacked / 1024 / 1024:g} MB，不读")
    return read


def _check(archive: zipfile.ZipFile, names: list[str]) -> None:
    if len(names) > _MOST_PARTS:
        raise refuse("压缩包里的文件太多，不读")
    if any("vba" in name.lower() and name.lower().endswith(".bin") for name in names):
        raise refuse("Word 文件带有宏，不读；请另存为不带宏的 .docx")
    if _BODY not in names:
        kind = "这是 Excel 表格" if any(name.startswith("xl/") for name in names) else "这是压缩包"
        raise refuse(f"{kind}，不是 Word 文件；请另存为 .docx、PDF 或文本")
    if archive.getinfo(_BODY).flag_bits & 1:
        raise refuse("文件有密码，打不开；请去掉密码后再读")


def _parsed(xml: bytes) -> ET.Element:
    if b"<!DOCTYPE" in xml[:4096] or b"<!ENTITY" in xml:
        raise refuse("Word 文件里有不该有的定义，不读")
    try:
        return ET.fromstring(xml.replace(_STRICT, _W.strip("{}").encode()))  # noqa: S314 - no DTD, no entities, bounded
    except ET.ParseError as error:
        raise refuse("Word 文件已损坏，打不开") from error


def _rows(parent: ET.Element, depth: int) -> Iterator[Row]:
    if depth > _DEEPEST:
        raise refuse("Word 文件嵌套太深，无法读取")
    for child in parent:
        if child.tag == f"{_W}p":
            yield from plain_rows(_paragraph(child))
            for box in _boxes(child):
                yield from _rows(box, depth + 1)
        elif child.tag == f"{_W}tbl":
            yield from _table(child, depth)
        elif child.tag != _FALLBACK:
            yield from _rows(child, depth + 1)


def _boxes(paragraph: ET.Element) -> Iterator[ET.Element]:
    """Text boxes anchored in a paragraph; their fallback twins left out."""
    for child in paragraph:
        if child.tag == _FALLBACK:
            continue
        if child.tag == f"{_W}txbxContent":
            yield child
        else:
            yield from _boxes(child)


def _paragraph(paragraph: ET.Element) -> str:
    text = "".join(_inline(paragraph)).strip(" \n")
    counted = paragraph.find(f"{_W}pPr/{_W}numPr/{_W}numId")
    if text and counted is not None and counted.get(f"{_W}val") != "0":
        return f"{_MARK} {text}"
    return text or " "


def _inline(element: ET.Element) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag == f"{_W}tab":
            yield "\t"
        elif child.tag in {f"{_W}br", f"{_W}cr"}:
            yield "\n"
        elif child.tag not in {f"{_W}txbxContent", _FALLBACK, f"{_W}del", f"{_W}pPr", f"{_W}instrText"}:
            yield from _inline(child)


def _table(table: ET.Element, depth: int) -> Iterator[Row]:
    for row in _own_rows(table):
        yield from _row(row, depth)


def _own_rows(table: ET.Element) -> list[ET.Element]:
    """The rows of this table, not of tables within its cells."""
    rows = []
    for child in table:
        if child.tag == f"{_W}tr":
            rows.append(child)
        elif child.tag == f"{_W}sdt":
            rows.extend(child.findall(f"{_W}sdtContent/{_W}tr"))
    return rows


def _row(row: ET.Element, depth: int) -> Iterator[Row]:
    cells: list[str] = []
    inner: list[Row] = []
    for cell in [*row.findall(f"{_W}tc"), *row.findall(f"{_W}sdt/{_W}sdtContent/{_W}tc")]:
        merged = cell.find(f"{_W}tcPr/{_W}vMerge")
        if merged is not None and merged.get(f"{_W}val") != "restart":
            cells.extend([""] * _span(cell))
            continue
        paragraphs = [_paragraph(one).replace("\t", " ") for one in cell.iter(f"{_W}p") if not _in_table(cell, one)]
        cells.append("\n".join(text for text in paragraphs if text.strip()))
        cells.extend([""] * (_span(cell) - 1))
        for table in cell.findall(f"{_W}tbl"):
            inner.extend(_table(table, depth + 1))
    yield Row(tuple(cells), table=len(cells) > 1)
    yield from inner


def _span(cell: ET.Element) -> int:
    """Over how many columns a cell goes."""
    grid = cell.find(f"{_W}tcPr/{_W}gridSpan")
    span = grid.get(f"{_W}val", "1") if grid is not None else "1"
    return min(int(span), _WIDEST) if span.isdecimal() and len(span) < 6 else 1  # noqa: PLR2004 - a small count the line itself names


def _in_table(cell: ET.Element, paragraph: ET.Element) -> bool:
    return any(paragraph in set(table.iter(f"{_W}p")) for table in cell.findall(f"{_W}tbl"))
