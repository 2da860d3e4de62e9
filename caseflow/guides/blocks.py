"""Lines → blocks: each a label with the rows that belong to it, whatever the layout was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from caseflow.guides.block import HEAD, Block
from caseflow.guides.headers import (
    column_labels,
    column_of,
    is_facts_header,
    is_items_header,
    is_materials_header,
    is_steps_header,
)
from caseflow.guides.inline_labels import cut
from caseflow.guides.labels import Label, Piece, strip_numbering, style_of, whole_label
from caseflow.guides.lines import JOINT, Line
from caseflow.guides.menus import SHORTEST_MENU, without_menus

_FEWEST_GLUED: Final = 3
_PAIR: Final = 2
_SHORT: Final = 3
_NUMBERS: Final = frozenset({"电话", "座机", "热线", "电话号码", "固定电话"})
_COLON: Final = "："
"""Stands among the numberings for labels without a number, each before its colon on a line of its own."""
_HEAD: Final = re.compile(r"[^。；;，,！:：]{2,16}")
_BRACKETED: Final = re.compile(
    r"【(?P<head>(?!(?:事项|项目|业务|附件)[一二三四五六七八九十0-9])[^】]{2,16})】[:：]?\s*(?P<value>.*)"
)
_PART_OF_A_VALUE: Final = re.compile(
    r"[夏冬周楼号路]|上午|下午|星期|线上|线下|网|窗口|现场|自助|邮寄|电话|地址|地点|座机|手机|咨询|投诉|监督|微信|支付宝|平台"
    r"|APP|工作日|节假日|大厅|中心|[0-9]|^(?:事项|项目|业务|附件|情形)[一二三四五六七八九十]+$",
    re.IGNORECASE,
)
_LISTS: Final = frozenset({"materials", "conditions", "flow", "remarks", "legal_basis", "situations"})


def blocks_of(lines: Sequence[Line]) -> list[Block]:
    """The blocks of a document in order; the first may be without a label."""
    lines = _rejoined(lines)
    builder = _Builder(_heading_styles(lines), glued=_is_glued(lines))
    for line in lines:
        builder.take(line)
    return without_menus([block for block in builder.blocks if block.label is not HEAD or block.rows])


def _rejoined(lines: Sequence[Line]) -> list[Line]:
    """A line that begins with the colon belongs to the label on the line above."""
    result: list[Line] = []
    for line in lines:
        if result and len(line.cells) == 1 and line.cells[0].startswith(("：", ":")) and len(result[-1].cells) == 1:
            result[-1] = replace(result[-1], cells=(result[-1].cells[0] + line.cells[0],))
        else:
            result.append(line)
    return result


def _is_glued(lines: Sequence[Line]) -> bool:
    """Whether a document sets its labels right before their values, without colon or number."""
    kinds = set()
    for line in lines:
        if (
            len(line.cells) == 1
            and (label := cut(line.cells[0])[0].label)
            and not label.style
            and line.cells[0].startswith(label.text)
        ):
            rest = line.cells[0].removeprefix(label.text)
            kinds |= {label.kind} if rest and not rest[0].isspace() and rest[0] not in ":：(（" else set()
    return len(kinds) >= _FEWEST_GLUED


def _heading_styles(lines: Iterable[Line]) -> frozenset[str]:
    """The numberings under which known labels stand: a short line under one of them is a heading, known or not."""
    known: Counter[str] = Counter()
    for line in lines:
        first = cut(line.cells[0])[0] if len(line.cells) == 1 else None
        if first and first.label:
            colon = re.match(r"[^:：]{2,14}[:：].", line.cells[0])
            known[first.label.style or (_COLON if colon else "")] += 1
    return frozenset(style for style, count in known.items() if style and count > 2)  # noqa: PLR2004 - a small count the line itself names


class _Builder:
    """Reads line after line; knows the block it stands in and the table it stands in."""

    def __init__(self, styles: frozenset[str], *, glued: bool) -> None:
        self.styles = styles
        self.glued = glued
        self.spaced = False
        self.headed = False
        self.blocks: list[Block] = [Block(HEAD, 0)]
        self.table = ""
        self.heading = ""
        self.heads: tuple[Label | None, ...] = ()

    @property
    def current(self) -> Block:
        return self.blocks[-1]

    def start(self, label: Label, number: int) -> None:
        label = _below(label, self.heading)
        if len(label.text) > 3:  # noqa: PLR2004 - a small count the line itself names
            self.heading = label.kind
        self.blocks.append(Block(label, number))
        self.table = ""

    def put(self, row: Line) -> None:
        if any(cell.strip() for cell in row.cells):
            self.current.rows.append(row)

    def take(self, line: Line) -> None:
        cells = tuple(re.split(r"\s{2,}", line.text.strip()))
        if line.table:
            self.spaced = False
            self.row(line)
        elif (
            is_materials_header(cells)
            or is_items_header(cells)
            or (self.spaced and self.table and self.goes_on(line, cells))
        ):
            self.spaced = True
            self.row(replace(line, cells=cells, table=True))
        else:
            self.table, self.spaced = "", False
            self.text(line)

    def goes_on(self, line: Line, cells: Sequence[str]) -> bool:
        """Whether a line of words set apart by blanks is a further row of the table above it."""
        return len(cells) > 1 and cut(line.text)[0].label is None

    def text(self, line: Line) -> None:
        for cells in _soft_cells(line):
            if len(cells) > 1:
                self.pairs(replace(line, cells=cells))
            else:
                self.single(replace(line, cells=cells))

    def single(self, line: Line) -> None:
        parts = line.cells[0].replace(JOINT, "").split("\n")
        for part in parts:
            if not part.strip():
                continue
            if self.in_card(part):
                self.put(replace(line, cells=(part.strip(),)))
                continue
            pieces = cut(part, inside=self.current.kind, glued=self.glued)
            if pieces and pieces[0].label is None and (unknown := self.unknown(part)):
                pieces = [Piece(unknown.label, ""), *cut(unknown.text, inside="other")]
            for piece in pieces:
                if piece.label is not None:
                    self.start(piece.label, line.number)
                if piece.text:
                    self.put(replace(line, cells=(piece.text,), table=False))

    def in_card(self, text: str) -> bool:
        """Whether a line is one of a material's own facts: 材料名称, 材料形式 …, one under the other."""
        if self.current.kind != "materials":
            return False
        head = re.split(r"[:：]", strip_numbering(text.strip())[1], maxsplit=1)[0]
        kind = column_of(head)
        if kind is None or head == text.strip():
            return False
        return (kind == "material" and "名称" in head) or any(
            re.search(r"材料名称\s*[:：]", row.text) for row in self.current.rows
        )

    def unknown(self, text: str) -> Piece | None:
        """A heading whose words are not known, set like those that are."""
        if bracketed := _BRACKETED.fullmatch(text.strip()):
            kind = "materials" if re.search(r"(?:材料|资料|要件)$", bracketed["head"]) else "unknown"
            return Piece(Label(kind, bracketed["head"], "", "【"), bracketed["value"]) if self.current.kind else None
        numbering, rest = strip_numbering(text.strip())
        style = style_of(numbering)
        head, colon, value = re.sub("：", ":", rest, count=1).partition(":")
        head = head.strip()
        if not _HEAD.fullmatch(head) or (not colon and not self.current.kind):
            return None
        if numbering and style in self.styles and (style == "一" or (colon and self.current.kind not in _LISTS)):
            return Piece(Label("unknown", head, "", style), value.strip())
        plain = not numbering and _COLON in self.styles and colon and value.strip()
        if plain and self.current.kind not in _LISTS | {""} and not _PART_OF_A_VALUE.search(head):
            return Piece(Label("unknown", head), value.strip())
        return None

    def row(self, line: Line) -> None:
        cells = line.cells
        if self.table == "items" and self.second_header(cells):
            return
        if is_items_header(cells) or is_facts_header(cells):
            self.heads, self.table, self.headed = column_labels(cells), "items", True
            return
        if is_materials_header(cells) or is_steps_header(cells):
            self.header(line, "materials" if is_materials_header(cells) else "flow")
            return
        first = whole_label(cells[0])
        if first and len(cells) > 2 and is_materials_header(cells[1:]):  # noqa: PLR2004 - a small count the line itself names
            self.start(first, line.number)
            self.header(replace(line, cells=cells[1:]), "materials")
            self.table = "materials-right"
            return
        if self.table == "items":
            self.item(line)
        elif self.table and not self.leaves(cells):
            self.put(replace(line, cells=cells[1:]) if self.table == "materials-right" else line)
        else:
            self.table = ""
            self.pairs(line)

    def second_header(self, cells: Sequence[str]) -> bool:
        """A second row of headings below the first: 办理时限 over 法定 and 承诺."""
        labels = [whole_label(cell) for cell in cells]
        if cells[0].strip() or not self.headed or not any(labels):
            return False
        if any(cell.strip() and label is None for cell, label in zip(cells, labels, strict=True)):
            return False
        above = [*self.heads, *[None] * len(cells)]
        self.heads = tuple(label or head for label, head in zip(labels, above, strict=False))
        return True

    def leaves(self, cells: Sequence[str]) -> bool:
        """Whether a row no longer belongs to the table it follows."""
        labels = [whole_label(cell) for cell in cells if cell.strip()]
        first = labels[0] if labels else None
        if self.table == "materials-right":
            return bool(cells[0].strip()) and not cells[0].strip().isdecimal()
        filled = [cell for cell in cells if cell.strip()]
        return first is not None and first.kind != "remarks" and not re.fullmatch(r"[0-9]+", filled[0])

    def header(self, line: Line, kind: str) -> None:
        if self.current.kind != kind:
            self.start(Label(kind, "办理材料" if kind == "materials" else "办理流程"), line.number)
        self.table = kind
        self.put(line)

    def item(self, line: Line) -> None:
        self.headed = False
        for label, cell in zip(self.heads, line.cells, strict=False):
            if label is None:
                continue
            self.blocks.append(Block(label, line.number))
            for part in cell.split("\n"):
                self.put(Line(line.number, (part.strip(),)))

    def pairs(self, line: Line) -> None:
        """A row of labels and values in turn, a label with a cell of several lines, or cells with both in one."""
        if not any(_is_label_cell(cell, hard=line.table) for cell in line.cells):
            self.unlabelled(line)
            return
        last_label = False
        for place, cell in enumerate(line.cells):
            if place == 0 and _is_index(cell) and len(line.cells) > 1 and whole_label(line.cells[1]):
                continue
            label = whole_label(cell) if _is_label_cell(cell, hard=line.table) else None
            if label is not None and last_label and len(label.text) < 4:  # noqa: PLR2004 - a small count the line itself names
                label = None
            elif label is None and line.table and not last_label:
                label = self.odd_label(line.cells, place)
            if label is not None:
                self.start(label, line.number)
                last_label = True
            elif cell.strip():
                self.value(line, cell)
                last_label = False
            else:
                last_label = False

    def odd_label(self, cells: Sequence[str], place: int) -> Label | None:
        """An unknown label in a table of pairs: where the labels of the other pairs stand."""
        text = cells[place].strip().rstrip(":：")
        if place % 2 or place + 1 >= len(cells) or not re.fullmatch(r"[一-龥（）()、/]{2,14}", text):
            return None
        known = [n for n, cell in enumerate(cells) if n != place and _is_label_cell(cell, hard=True)]
        return Label("unknown", text) if known and all(n % 2 == 0 for n in known) else None

    def value(self, line: Line, cell: str) -> None:
        label = self.current.label
        for part in cell.replace(JOINT, "").split("\n"):
            pieces = (
                cut(part, inside=label.kind)
                if self.current.kind != "materials" or "：" in part
                else [Piece(None, part)]
            )
            if (
                self.current.kind in {"conditions", "materials", "flow", "legal_basis"}
                and pieces
                and pieces[0].label
                and not whole_label(part.split("：")[0])
            ):
                pieces = [Piece(None, part)]
            for piece in pieces:
                if piece.label is not None and not self.in_card(part):
                    self.start(piece.label, line.number)
                    if piece.text:
                        self.put(Line(line.number, (piece.text,), gap=line.gap))
                elif part.strip() and piece is pieces[0]:
                    self.put(Line(line.number, ((piece.text if piece.label is None else part).strip(),), gap=line.gap))

    def unlabelled(self, line: Line) -> None:
        cells = [cell for cell in line.cells if cell.strip()]
        if line.table and _looks_paired(cells):
            self.start(Label("unknown", line.cells[0].strip().rstrip(":：")), line.number)
            self.put(Line(line.number, (" ".join(cells[1:]),)))
            return
        if self.current.kind == "materials" and len(cells) > 1:
            self.put(line)
            return
        for cell in cells:
            self.single(Line(line.number, (cell,), gap=line.gap))


def _below(label: Label, heading: str) -> Label:
    """A short label by the heading it stands below: 电话 under 投诉渠道 is for complaints."""
    if heading in {"complaint_phone", "phone", "phones"} and label.text in _NUMBERS:
        return replace(label, kind=heading)
    if heading == "complaint_phone" and label.kind in {"place", "online", "hours"} and len(label.text) <= _SHORT:
        return replace(label, kind="other", text=f"投诉{label.text}")
    return label


def _is_index(cell: str) -> bool:
    """Whether a cell only numbers its row."""
    return re.fullmatch(r"\s*[0-9]{1,3}\s*[.、．]?\s*", cell) is not None


def _looks_paired(cells: Sequence[str]) -> bool:
    first = cells[0].strip()
    return len(cells) == _PAIR and re.fullmatch(r"[一-龥（）()、/]{2,14}[:：]?", first) is not None


def _is_label_cell(cell: str, *, hard: bool) -> bool:
    label = whole_label(cell)
    if label is None:
        return False
    return hard or len(label.text) > 3 or cell.strip().endswith((":", "："))  # noqa: PLR2004 - a small count the line itself names


_SOFT: Final = re.compile(rf"{JOINT}+|\s{{2,}}")


def _soft_cells(line: Line) -> Iterator[tuple[str, ...]]:
    """The line cut at its wide blanks where that shows labels and values side by side; else the line as it is."""
    text = line.cells[0] if len(line.cells) == 1 else "  ".join(line.cells)
    parts = tuple(part for part in _SOFT.split(text) if part and part.strip(f" {JOINT}"))
    labels = [bool(_is_label_cell(part, hard=False)) for part in parts]
    if JOINT in text and len(parts) >= SHORTEST_MENU and all(labels):
        return
    if len(parts) > 1 and labels[0] and (sum(labels) > 1 or JOINT in text) and not _adjacent_labels(labels):
        yield parts
    elif len(parts) > 1 and all(cut(part)[0].label for part in parts):
        yield from ((part,) for part in parts)
    else:
        yield (text,)


def _adjacent_labels(labels: Sequence[bool]) -> bool:
    return len(labels) > 2 and all(labels)  # noqa: PLR2004 - a small count the line itself names
