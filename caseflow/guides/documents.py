"""Any file a bureau hands in → numbered lines of cells. One module per format."""

from __future__ import annotations

from collections.abc import Iterable

from caseflow.guides.docx import docx_rows
from caseflow.guides.html import html_rows, looks_like_html, page_text
from caseflow.guides.lines import Bounds, Document, Row, numbered, plain_rows, refuse
from caseflow.guides.pdf import pdf_rows
from caseflow.guides.text import read_text


def read_document(data: bytes, bounds: Bounds | None = None) -> Document:
    """The lines of a guide as text, .docx, .pdf or .html; BadInput with a sentence for every other kind of file."""
    bounds = bounds or Bounds()
    if not data.strip():
        raise refuse("文件是空的")
    if len(data) > bounds.file:
        raise refuse(f"文件超过 {bounds.file / 1024 / 1024:g} MB，不像是办事指南")
    return numbered(_rows(data, bounds), bounds)


def _rows(data: bytes, bounds: Bounds) -> Iterable[Row]:
    for magic, sentence in _FOREIGN:
        if data.startswith(magic):
            raise refuse(sentence)
    if data.startswith(b"PK"):
        return docx_rows(data, bounds)
    if b"%PDF-" in data[:1024]:
        return pdf_rows(data, bounds)
    return _text_rows(data, bounds)


def _text_rows(data: bytes, bounds: Bounds) -> Iterable[Row]:
    text = page_text(data) or read_text(data, "")
    return html_rows(text, bounds) if looks_like_html(text) else plain_rows(text)


_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "这是旧版 Word/Excel（.doc、.xls）或加密的文件，请去掉密码，另存为 .docx、PDF 或文本后再读"),
    (b"{\\rtf", "这是 RTF 文件，请另存为 .docx 后再读"),
    (b"\x89PNG", "这是图片，没有文字可读；请用 Word、PDF（可选中文字的）或网页原件"),
    (b"\xff\xd8\xff", "这是图片，没有文字可读；请用 Word、PDF（可选中文字的）或网页原件"),
    (b"GIF8", "这是图片，没有文字可读；请用 Word、PDF（可选中文字的）或网页原件"),
    (b"BM6", "这是图片，没有文字可读；请用 Word、PDF（可选中文字的）或网页原件"),
    (b"II*\0", "这是图片，没有文字可读；请用 Word、PDF（可选中文字的）或网页原件"),
    (b"MM\0*", "这是图片，没有文字可读；请用 Word、PDF（可选中文字的）或网页原件"),
    (b"Rar!", "这是压缩包，请解压后逐个读入"),
    (b"7z\xbc\xaf", "这是压缩包，请解压后逐个读入"),
    (b"\x1f\x8b", "这是压缩包，请解压后逐个读入"),
    (b"MZ", "这是程序文件，不是办事指南"),
)
