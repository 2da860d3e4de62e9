"""A page saved from a government portal → rows: tables as cells, labels beside their values, the rest as lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email import message_from_string, policy
from html.parser import HTMLParser
from typing import Final

from caseflow.guides.lines import JOINT, Bounds, Row, refuse

_TAG: Final = re.compile(
    r"<(?:!doctype html|html|head|body|table|tr|td|div|p|span|meta|h[1-6]|ul|li|br)\b", re.IGNORECASE
)
_TAG_BYTES: Final = re.compile(rb"<(?:!doctype html|html|head|body|meta)\b", re.IGNORECASE)
_UNSEEN: Final = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "nav",
        "footer",
        "select",
        "option",
        "button",
        "iframe",
        "title",
        "textarea",
    }
)
_BLOCKS: Final = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "header",
        "main",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "tr",
        "table",
        "tbody",
        "thead",
        "caption",
        "fieldset",
        "legend",
        "form",
        "pre",
        "blockquote",
        "hr",
        "center",
    }
)
_VOID: Final = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "embed", "source", "track", "wbr"}
)
_LABEL_CLASS: Final = re.compile(
    r"(?:^|[-_\s])(?:label|key|tit|title|name|lab|dt|th|left|tag)(?:$|[-_\s])", re.IGNORECASE
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_FEWEST_TAGS: Final = 3
_POINT: Final = "• "
"""Stands before a point of a list, which a page shows with a mark or number of its own."""
_DEEPEST: Final = 400
"""So many open tags are remembered: old pages leave theirs open."""
_LONGEST_LABEL: Final = 18
_WIDEST: Final = 60


def looks_like_html(text: str) -> bool:
    """Whether a text is a page rather than plain text that happens to hold a bracket."""
    head = text[:200_000]
    return (
        bool(_mail_part(text))
        or len(_TAG.findall(head)) >= _FEWEST_TAGS
        or bool(re.match(r"\s*<(?:!doctype|html)", head, re.IGNORECASE))
    )


def page_text(data: bytes) -> str | None:
    """The text of a page in UTF-8 or GB 18030; None for what is no page. Its markup hides how Chinese it is."""
    if not _TAG_BYTES.search(data[:4096]):
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _mail_part(text: str) -> bool:
    return text.lstrip().startswith(("From: <Saved by", "MIME-Version:")) and "text/html" in text[:4000]


def html_rows(text: str, bounds: Bounds) -> list[Row]:
    """The rows of a page, or of the page within a single-file archive (.mhtml)."""
    if _mail_part(text):
        text = _from_archive(text)
    reader = _Reader(bounds)
    reader.feed(text)
    reader.close()
    reader.line()
    return reader.rows


def _from_archive(text: str) -> str:
    message = message_from_string(text, policy=policy.default)
    part = message.get_body(preferencelist=("html",)) if hasattr(message, "get_body") else None
    parts: Iterable[object] = (
        [part] if part else (one for one in message.walk() if one.get_content_type() == "text/html")
    )
    for one in parts:
        content = one.get_content()  # type: ignore[attr-defined]  # the policy makes EmailMessage of every part
        if isinstance(content, str):
            return content
    raise refuse("网页存档里没有网页正文")


class _Table:
    """A table being read: the cells of the row, and how far cells of earlier rows reach down."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.reach: dict[int, int] = {}
        self.open = False
        self.wide = 1

    def fill(self) -> None:
        while self.reach.get(len(self.cells), 0) > 0:
            self.reach[len(self.cells)] -= 1
            self.cells.append("")


class _Reader(HTMLParser):
    """Collects text into lines and cells; forgives what browsers forgive."""

    def __init__(self, bounds: Bounds) -> None:
        super().__init__(convert_charrefs=True)
        self.bounds = bounds
        self.rows: list[Row] = []
        self.text = ""
        self.unseen: list[str] = []
        self.stack: list[tuple[str, bool]] = []
        self.tables: list[_Table] = []
        self.label = ""

    @property
    def in_cell(self) -> bool:
        return bool(self.tables) and self.tables[-1].open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self.unseen or tag in _UNSEEN or "hidden" in given or _HIDDEN.search(given.get("style") or ""):
            if tag not in _VOID:
                self.unseen.append(tag)
            return
        if len(self.stack) > _DEEPEST:
            del self.stack[0]
        if tag == "br":
            self.text += "\n"
        elif tag in {"table", "tr", "td", "th"}:
            self.table_tag(tag, given)
        elif tag in _BLOCKS:
            self.line()
            self.text += _POINT if tag == "li" else ""
        else:
            self.text += JOINT
        if tag not in _VOID:
            labelled = tag == "dt" or (tag in _BLOCKS and bool(_LABEL_CLASS.search(given.get("class") or "")))
            self.stack.append((tag, labelled))

    def table_tag(self, tag: str, given: dict[str, str | None]) -> None:
        if tag == "table":
            self.flush_row()
            self.line()
            self.tables.append(_Table())
        elif not self.tables:
            self.line()
        elif tag == "tr":
            self.flush_row()
        else:
            self.close_cell()
            table = self.tables[-1]
            table.open = True
            table.fill()
            table.wide = min(_number(given.get("colspan")), _WIDEST)
            down = min(_number(given.get("rowspan")), self.bounds.lines)
            table.reach |= {len(table.cells) + n: down - 1 for n in range(table.wide) if down > 1}
            self.text = ""

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            if tag in self.unseen:
                while self.unseen.pop() != tag:
                    pass
            return
        labelled = self.pop(tag)
        if tag in {"td", "th"}:
            self.close_cell()
        elif tag == "tr":
            self.flush_row()
        elif tag == "table" and self.tables:
            self.flush_row()
            self.tables.pop()
            self.text = ""
        elif tag in _BLOCKS:
            self.line(labelled=labelled)
        else:
            self.text += JOINT

    def pop(self, tag: str) -> bool:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place][0] == tag:
                labelled = self.stack[place][1]
                del self.stack[place:]
                return labelled
        return False

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.text += re.sub(r"[ \t\r\n\f]+", " ", data)

    def line(self, *, labelled: bool = False) -> None:
        """End a line of running text; within a cell, only a line of the cell."""
        if self.in_cell:
            if self.text and not self.text.endswith("\n"):
                self.text += "\n"
            return
        lines = [_tidy(part) for part in self.text.split("\n")]
        self.text = ""
        for line in lines:
            if line.strip(f" {JOINT}{_POINT}"):
                self.out(line, labelled=labelled)

    def out(self, line: str, *, labelled: bool) -> None:
        plain = line.replace(JOINT, "").strip()
        short = len(plain) <= _LONGEST_LABEL and not re.search(r"[。；，]|[0-9]{3}", plain)
        if labelled and short:
            self.release()
            self.label = plain
        elif self.label:
            self.rows.append(Row((self.label, line), table=True))
            self.label = ""
        else:
            self.rows.append(Row((line,)))

    def release(self) -> None:
        if self.label:
            self.rows.append(Row((self.label,)))
            self.label = ""

    def close_cell(self) -> None:
        if self.in_cell:
            table = self.tables[-1]
            table.cells.append(
                "\n".join(_tidy(part) for part in self.text.split("\n") if part.strip(f" {JOINT}{_POINT}")).replace(
                    JOINT, " "
                )
            )
            table.cells += [""] * (table.wide - 1)
            table.open = False
            self.text = ""

    def flush_row(self) -> None:
        self.close_cell()
        if self.tables:
            table = self.tables[-1]
            if table.cells:
                table.fill()
                self.release()
                self.rows.append(
                    Row(tuple(re.sub(r"(?<=[一-龥]) +(?=[一-龥])", " ", cell) for cell in table.cells), table=True)
                )
            table.cells = []


def _number(text: str | None) -> int:
    """A span as an attribute gives it; 1 where it gives none."""
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004 - a small count the line itself names


def _tidy(text: str) -> str:
    """Inner blanks to one, the joints between inline elements to one, none at the ends."""
    return re.sub(rf"\s*{JOINT}[{JOINT}\s]*", JOINT, text).strip(f" {JOINT}")
