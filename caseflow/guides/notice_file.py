"""A file that holds a notice → its text: plain text in any encoding, a saved page, .docx or PDF with their tables."""

from __future__ import annotations

from caseflow.guides.documents import read_document
from caseflow.guides.html import looks_like_html
from caseflow.guides.text import read_text


def notice_text(data: bytes, place: str) -> str:
    """The text, cells of a table parted by bars; BadInput with the reason for anything that holds none."""
    if data.startswith(b"PK") or b"%PDF-" in data[:1024]:
        return "\n".join(read_document(data).shown)
    text = read_text(data, place)
    return "\n".join(read_document(data).shown) if looks_like_html(text) else text
