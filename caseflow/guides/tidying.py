"""Blocks whose fact is stated in the first row: rows that a page put below it without a known label are kept apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from caseflow.guides.block import Block
from caseflow.guides.grouping import squeezed
from caseflow.guides.labels import Label, misspelt
from caseflow.guides.limits import read_limit
from caseflow.guides.vocabulary import IMMEDIATE_TYPES, ITEM_ENDINGS, PROMISED_TYPES, PUBLIC_BODIES

_LONGEST_LABEL: Final = 14


def tidied(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, those that state one fact cut after it; what followed stands in blocks of unknown labels."""
    return [part for block in blocks for part in _parts(_spelt(block))]


def _spelt(block: Block) -> Block:
    """A block under a label one character away from a usual one, as that kind."""
    meant = misspelt(block.label.text, block.label.style) if block.kind == "unknown" and block.rows else None
    return Block(meant, block.line, block.rows) if meant else block


def _parts(block: Block) -> Iterator[Block]:
    whole = _WHOLE.get(block.kind)
    rows = [row for row in block.rows if row.text.strip()]
    if whole is None or len(rows) < 2 or not whole(squeezed(rows[0].text), block.label.hint):  # noqa: PLR2004 - a small count the line itself names
        yield block
        return
    yield Block(block.label, block.line, rows[:1])
    yield from _unknown(block, rows[1:])


def _unknown(block: Block, rows: list) -> Iterator[Block]:  # type: ignore[type-arg]  # rows of Line
    head = squeezed(rows[0].text).rstrip("：:")
    if len(rows) > 1 and re.fullmatch(rf"[一-龥（）()/、]{{2,{_LONGEST_LABEL}}}", head):
        yield Block(Label("unknown", head), rows[0].number, rows[1:])
    else:
        yield Block(Label("unknown", f"{block.label.text}（其后文字）"), rows[0].number, rows)


def _fits(pattern: str) -> Callable[[str, str], bool]:
    compiled = re.compile(pattern)
    return lambda text, hint: compiled.fullmatch(text) is not None  # noqa: ARG005 - one signature for all


def _limit(text: str, hint: str) -> bool:
    read = read_limit(text, hint)
    return (read.limit is not None or read.immediate) and not read.doubts


_WHOLE: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "case_type": _fits(rf".{{0,4}}(?:{IMMEDIATE_TYPES}|{PROMISED_TYPES}).{{0,4}}"),
    "visits": _fits(r"\D{0,4}[0-9一二两三零]次?.{0,6}"),
    "code": _fits(r"[0-9A-Za-z\-_.]{4,}"),
    "online_depth": _fits(r".{1,30}"),
    "bureau": _fits(PUBLIC_BODIES),
    "name": _fits(rf".*{ITEM_ENDINGS}"),
    "fee": _fits(r"(?:不收费|免费|否|无|不收取(?:任何)?费用)[。]?"),
    "service_object": _fits(
        r"(?:(?:自然人|企业法人|事业法人|社会组织法人|行政机关|法人|其他组织|个人|企业)[、,，;；/和及 ]*)+"
    ),
    "statutory": _limit,
    "promised": _limit,
}
"""Kind of block → whether its first row alone states the fact."""
