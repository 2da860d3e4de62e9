"""What every reader of facts needs: the blocks of a kind, and texts on one line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from caseflow.guides.block import Block

Blocks = Sequence[Block]
_NOTHING: Final = re.compile(r"(?:[\s/\\—\-－_*]*|无|暂无|null|undefined|空|/)")


def of_kind(blocks: Blocks, *kinds: str) -> list[Block]:
    """The blocks of these kinds that hold something."""
    return [
        block
        for block in blocks
        if block.kind in kinds and block.text.strip() and not _NOTHING.fullmatch(block.text.strip())
    ]


def one_line(text: str) -> str:
    """A text on one line, single blanks."""
    return " ".join(text.split())


def lines_of(blocks: Blocks) -> list[int]:
    """The lines blocks stand on."""
    return [number for block in blocks for number in block.lines]
