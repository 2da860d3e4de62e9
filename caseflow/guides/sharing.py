"""Facts that a document states once for all its items: above the first, below the last, or apart from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caseflow.guides.block import Block
from caseflow.guides.grouping import Group
from caseflow.guides.lines import Document

_COMMON: Final = frozenset(
    {"phone", "complaint_phone", "phones", "place", "hours", "place_hours", "fee", "bureau", "channels"}
)


def share(found: Sequence[Group], items: Sequence[Group], document: Document) -> None:
    """Give every item the facts that stand apart from the items and that the item does not state itself.

    Facts at the end of the last item that no other item has are given to all, and marked as unsure where nothing sets
    them apart.
    """
    if len(items) < 2:  # noqa: PLR2004 - a small count the line itself names
        return
    apart = [block for group in found if group not in items for block in group.blocks]
    below, sure = _below(items[-1], items[:-1], document)
    for group in items:
        own = {block.kind for block in group.blocks if block.rows}
        shared = [block for block in (*apart, *below) if block.kind in _COMMON - own and block.rows]
        group.blocks += shared
        group.unsure += [block for block in shared if block in below and not sure]


def _below(last: Group, others: Sequence[Group], document: Document) -> tuple[list[Block], bool]:
    """The blocks that close the last item and that no other item has, and whether something sets them apart."""
    stated = {block.kind for group in others for block in group.blocks if block.rows}
    tail: list[Block] = []
    for block in reversed([block for block in last.blocks if block.rows]):
        if block.kind not in _COMMON - stated:
            break
        tail.insert(0, block)
    if not tail or len(tail) == len(last.blocks):
        return [], True
    lines = {line.number: line for line in document.lines}
    before = max((number for number in lines if number < tail[0].line), default=0)
    first = lines.get(tail[0].line)
    apart = first is not None and (first.gap or (before in lines and lines[before].table and not first.table))
    return tail, apart
