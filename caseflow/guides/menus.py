"""Menus of saved pages: labels one below the other that say nothing, taken out before reading."""

from __future__ import annotations

from typing import Final

from caseflow.guides.block import HEAD, Block

SHORTEST_MENU: Final = 3
"""Fewer labels in a row are no menu."""
_MENU_WORDS: Final = frozenset({"基本信息", "常见问题", "办理流程", "相关附件", "收费信息", "设定依据"})


def without_menus(blocks: list[Block]) -> list[Block]:
    """Labels one after the other, all of which come again below with their values, are a page's menu."""
    kept: list[Block] = []
    last = {block.label.text: place for place, block in enumerate(blocks) if block.kind}
    place = 0
    while place < len(blocks):
        end = place
        while end < len(blocks) and blocks[end].kind and not blocks[end].rows:
            end += 1
        menu = [block.label.text for block in blocks[place : end + 1] if block.kind]
        again = all(last[text] > end or text in _MENU_WORDS for text in menu)
        if end - place >= SHORTEST_MENU - 1 and end < len(blocks) and again:
            kept.append(Block(HEAD, 0, blocks[end].rows))
            place = end + 1
        else:
            kept.extend(blocks[place : max(end, place + 1)])
            place = max(end, place + 1)
    return _one_head(kept)


def _one_head(blocks: list[Block]) -> list[Block]:
    """Rows without a label before any label belong together."""
    lead = [block for block in blocks if block.label is HEAD]
    if blocks and len(lead) > 1 and all(block.label is HEAD for block in blocks[: len(lead)]):
        return [Block(HEAD, 0, [row for block in lead for row in block.rows]), *blocks[len(lead) :]]
    return blocks
