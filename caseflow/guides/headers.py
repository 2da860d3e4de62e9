"""Rows of tables that head columns: of materials, steps, items, or other facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from caseflow.guides.labels import Label, whole_label
from caseflow.guides.vocabulary import COLUMNS, STEP_COLUMNS

MATTERS: Final = frozenset(
    {"conditions", "materials", "statutory", "promised", "limit", "fee", "phone", "complaint_phone", "place", "hours"}
) | {"channels", "flow", "legal_basis"}
"""The kinds a guide is made of; a text without several of them is no guide."""
_COLUMNS: Final = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in COLUMNS)
_STEP: Final = re.compile(STEP_COLUMNS)
_BRACKETED: Final = re.compile(r"[（(][^（()）]*[)）]")


def column_of(cell: str) -> str | None:
    """Which column of a list of materials a cell heads."""
    plain = re.sub(r"\s|\*", "", cell)
    for text in (plain, _BRACKETED.sub("", plain)):
        for kind, pattern in _COLUMNS:
            if text and pattern.fullmatch(text):
                return kind
    return None


def is_materials_header(cells: Sequence[str]) -> bool:
    """Whether a table's row heads a list of materials."""
    filled = [cell for cell in cells if cell.strip()]
    kinds = [column_of(cell) for cell in filled]
    known = {kind for kind in kinds if kind}
    unknown = [cell for cell, kind in zip(filled, kinds, strict=True) if kind is None]
    if "material" not in known or len(known) < 2:  # noqa: PLR2004 - a small count the line itself names
        return False
    few = len(unknown) <= 2 and all(len(cell.strip()) <= 8 for cell in unknown)  # noqa: PLR2004 - a small count the line itself names
    return not unknown or (few and len(known) > 2 and ("index" in known or len(known) > 3))  # noqa: PLR2004 - a small count the line itself names


def is_steps_header(cells: Sequence[str]) -> bool:
    """Whether a table's row heads a list of steps."""
    filled = [re.sub(r"\s", "", cell) for cell in cells if cell.strip()]
    return len(filled) > 2 and sum(bool(_STEP.fullmatch(cell)) for cell in filled) >= len(filled) - 1  # noqa: PLR2004 - a small count the line itself names


def is_items_header(cells: Sequence[str]) -> bool:
    """Whether a table's row heads a list of items, each in one row."""
    labels = [whole_label(cell) for cell in cells if cell.strip()]
    kinds = {label.kind for label in labels if label}
    return len(labels) > 3 and "name" in kinds and len(kinds & MATTERS) > 1 and None not in labels[2:]  # noqa: PLR2004 - a small count the line itself names


def is_facts_header(cells: Sequence[str]) -> bool:
    """Whether a table's row heads facts in columns: 窗口名称 | 办公地址 | 联系电话."""
    labels = [whole_label(cell) for cell in cells if cell.strip()]
    texts = [label.text for label in labels if label]
    return len(labels) > 2 and len(set(texts)) == len(labels)  # noqa: PLR2004 - a small count the line itself names


def column_labels(cells: Sequence[str]) -> tuple[Label | None, ...]:
    """The labels over a table's columns; beside a column of addresses, 窗口 is only a name."""
    labels = [whole_label(cell) for cell in cells]
    places = sum(label is not None and label.kind == "place" for label in labels)
    return tuple(
        replace(label, kind="other") if label and label.text == "窗口" and places > 1 else label for label in labels
    )
