"""The items a person registers most, counted from the newest registrations of the bureau: bounded, whatever its age."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, and_, case, func, select

from caseflow.house import Actor
from caseflow.store.models import CaseRow, EventRow

LAST: Final = 300
"""How many registrations back are counted, through the index ix_cases_received."""

MOST: Final = 9
"""As many as there are number keys."""


def usual_items(session: Connection, actor: Actor) -> tuple[str, ...]:
    """The keys of at most nine items: those this person registered most, then those the bureau did."""
    newest = (
        select(CaseRow.bureau, CaseRow.id, CaseRow.item_key)
        .where(CaseRow.bureau == actor.bureau)
        .order_by(CaseRow.received_on.desc(), CaseRow.id.desc())
        .limit(LAST)
        .subquery()
    )
    first = and_(EventRow.bureau == newest.c.bureau, EventRow.case_id == newest.c.id, EventRow.seq == 1)
    own = func.sum(case((EventRow.actor_id == actor.id, 1), else_=0))
    query = select(newest.c.item_key).join(EventRow, first).group_by(newest.c.item_key)
    return tuple(session.scalars(query.order_by(own.desc(), func.count().desc(), newest.c.item_key).limit(MOST)))
