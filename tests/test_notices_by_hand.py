"""The one-time notices of six items, word for word as somebody wrote them by hand from the guides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caseflow.catalogue import load_catalogue
from caseflow.rules.checklist import Mark, Receipt, check_answers, check_materials, check_receipts
from caseflow.rules.item import Item

FILES = sorted((Path(__file__).parent / "data" / "notices_by_hand").glob("*.json"))
ITEMS: dict[str, Item] = {item.key: item for item in load_catalogue().items.values()}


def receipt(written: str | dict[str, str]) -> Receipt:
    if isinstance(written, str):
        return Receipt(Mark(written))
    return Receipt(Mark.FAULTY, written.get("option", ""), fault=written["fault"])


def test_there_are_six_of_them() -> None:
    assert len(FILES) == 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_notice_reads_as_it_was_written_by_hand(path: Path) -> None:
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    item = ITEMS[path.stem]
    receipts = {key: receipt(one) for key, one in written["receipts"].items()}

    checklist = check_materials(item, written["answers"], receipts)

    assert (*check_answers(item, written["answers"]), *check_receipts(item, receipts)) == ()
    assert checklist.questions == ()
    assert list(checklist.notice_lines()) == written["lines"]
