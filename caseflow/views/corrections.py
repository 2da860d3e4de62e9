"""更正清单: what was corrected, by whom and why, newest first; wrong registrations among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from caseflow.store.models import CaseRow, EventRow

CORRECTIONS = {"correct": "更正", "correct_late": "决定后更正", "withdraw": "录入错误撤回"}
PAGE = 50
WRONG_ENTRY = "录入错误"


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction: what stood before and after, with numbers masked as the history keeps them."""

    seq_id: int
    at: datetime
    number: str
    item_name: str
    actor_name: str
    label: str
    reason: str
    changes: tuple[tuple[str, str, str], ...]


def corrections(session: Connection, bureau: str, before: int | None = None) -> tuple[Correction, ...]:
    """The latest corrections of a bureau, at most 50; `before` continues after the last one shown."""
    query = (
        select(
            EventRow.id,
            EventRow.at,
            EventRow.actor_name,
            EventRow.action,
            EventRow.detail,
            CaseRow.number,
            CaseRow.item_name,
        )
        .join(CaseRow, (CaseRow.bureau == EventRow.bureau) & (CaseRow.id == EventRow.case_id))
        .where(EventRow.bureau == bureau, EventRow.action.in_(CORRECTIONS))
        .where((EventRow.action != "withdraw") | (EventRow.detail["kind"].as_string() == WRONG_ENTRY))
        .order_by(EventRow.id.desc())
        .limit(PAGE)
    )
    rows = session.execute(query if before is None else query.where(EventRow.id < before))
    return tuple(
        Correction(
            row.id,
            row.at,
            row.number,
            row.item_name,
            row.actor_name,
            CORRECTIONS[row.action],
            str(row.detail.get("reason", "")),
            _changes(row.detail),
        )
        for row in rows
    )


def _changes(detail: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    return tuple((label, str(old), str(new)) for label, (old, new) in detail.get("changes", {}).items())
