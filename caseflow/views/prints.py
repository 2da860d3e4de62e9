"""The papers of several cases that nobody has printed yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from caseflow.house import Actor
from caseflow.store.models import PaperRow

MOST: Final = 200


def waiting_to_print(session: Connection, actor: Actor, case_ids: Sequence[int]) -> tuple[int, ...]:
    """The ids of the standing papers never printed, case by case in the order given, at most MOST."""
    query = select(PaperRow.case_id, PaperRow.id).where(
        PaperRow.bureau == actor.bureau,
        PaperRow.case_id.in_(case_ids),
        PaperRow.voided_at.is_(None),
        PaperRow.printed == 0,
    )
    order = {case_id: n for n, case_id in enumerate(case_ids)}
    rows = sorted(session.execute(query), key=lambda row: (order[row.case_id], row.id))
    return tuple(row.id for row in rows[:MOST])
