"""Guides as Word, PDF and HTML files, built from one list of paragraphs and tables."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from io import BytesIO
from xml.sax.saxutils import escape

from weasyprint import HTML

Row = Sequence[str]
Part = str | Sequence[Row]
"""A paragraph, or a table: rows of cells; "^" goes on the cell above, "<" the cell on the left."""

_NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def docx(parts: Sequence[Part], extra: dict[str, bytes] | None = None) -> bytes:
    body = "".join(_docx_table(part) if not isinstance(part, str) else _docx_paragraph(part) for part in parts)
    return docx_of_xml(f"<w:document {_NS}><w:body>{body}</w:body></w:document>".encode(), extra)


def docx_of_xml(document: bytes, extra: dict[str, bytes] | None = None) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("word/document.xml", document)
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return packed.getvalue()


def _docx_paragraph(text: str) -> str:
    numbered = text.startswith("# ")
    properties = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>' if numbered else ""
    half = len(text) // 2
    text = text.removeprefix("# ")
    runs = "".join(
        f'<w:r><w:t xml:space="preserve">{escape(piece)}</w:t></w:r>' for piece in (text[:half], text[half:])
    )
    return f"<w:p>{properties}{runs}</w:p>"


def _docx_table(rows: Sequence[Row]) -> str:
    return f"<w:tbl>{''.join(_docx_row(rows, n) for n in range(len(rows)))}</w:tbl>"


def _docx_row(rows: Sequence[Row], n: int) -> str:
    cells = []
    for place, text in enumerate(rows[n]):
        if text == "<":
            continue
        span = next((k for k, cell in enumerate([*rows[n][place + 1 :], ""]) if cell != "<"), 0) + 1
        below = n + 1 < len(rows) and place < len(rows[n + 1]) and rows[n + 1][place] == "^"
        merge = "<w:vMerge/>" if text == "^" else '<w:vMerge w:val="restart"/>' if below else ""
        grid = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
        lines = "".join(_docx_paragraph(line) for line in ("" if text == "^" else text).split("\n"))
        cells.append(f"<w:tc><w:tcPr>{grid}{merge}</w:tcPr>{lines}</w:tc>")
    return f"<w:tr>{''.join(cells)}</w:tr>"


def page(parts: Sequence[Part]) -> str:
    body = "".join(
        _page_table(part) if not isinstance(part, str) else f"<p>{escape(part.removeprefix('# '))}</p>"
        for part in parts
    )
    style = "body{font-family:'Noto Sans CJK SC',sans-serif;font-size:10.5pt}table{border-collapse:collapse;width:100%}td{border:1px solid #000;padding:3px}p{margin:3px 0;white-space:pre-wrap;min-height:1.5em}"  # noqa: E501 - one document
    return f"<!DOCTYPE html><html><head><meta charset='utf-8'><style>{style}</style></head><body>{body}</body></html>"


def _page_table(rows: Sequence[Row]) -> str:
    return f"<table>{''.join(_page_row(rows, n) for n in range(len(rows)))}</table>"


def _page_row(rows: Sequence[Row], n: int) -> str:
    cells = []
    for place, text in enumerate(rows[n]):
        if text in {"<", "^"}:
            continue
        span = next((k for k, cell in enumerate([*rows[n][place + 1 :], ""]) if cell != "<"), 0) + 1
        down = 1
        while n + down < len(rows) and place < len(rows[n + down]) and rows[n + down][place] == "^":
            down += 1
        cells.append(
            f'<td colspan="{span}" rowspan="{down}">{"<br>".join(escape(line) for line in text.split(chr(10)))}</td>'
        )
    return f"<tr>{''.join(cells)}</tr>"


def pdf(parts: Sequence[Part]) -> bytes:
    made: bytes = HTML(string=page(parts)).write_pdf()
    return made
