"""A label of a guide and the rows that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from caseflow.guides.labels import Label
from caseflow.guides.lines import Line

HEAD: Final = Label("", "")
"""The label of what stands before any label."""


@dataclass(slots=True)
class Block:
    """A label and the rows after it; `line` is where the label stands."""

    label: Label
    line: int
    rows: list[Line] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What the block is about."""
        return self.label.kind

    @property
    def lines(self) -> tuple[int, ...]:
        """The numbers of the lines the block stands on."""
        return tuple(sorted({self.line, *(row.number for row in self.rows)} - {0}))

    @property
    def text(self) -> str:
        """The rows as one text, a line each."""
        return "\n".join(row.text for row in self.rows if row.text.strip())
