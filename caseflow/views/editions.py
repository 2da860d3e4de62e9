"""The editions of an item: since when each is known, which is in force, how many open cases run under it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, func, select

from caseflow.rules.item import Item
from caseflow.store.editions import item_of
from caseflow.store.models import CaseRow, EditionRow

SHORT: Final = 8


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition; `since` is when it was put in force, the last time where that was more than once."""

    id: int
    digest: str
    current: bool
    since: datetime
    open_cases: int
    definition: str

    @property
    def short(self) -> str:
        """The beginning of the digest, by which people name it."""
        return self.digest[:SHORT]

    @property
    def item(self) -> Item:
        """What it defines."""
        return item_of(self.definition)


def editions(session: Connection, bureau: str, item_key: str) -> tuple[Edition, ...]:
    """The editions of an item, the one in force first, then the latest first."""
    runs = and_(CaseRow.bureau == EditionRow.bureau, CaseRow.edition_id == EditionRow.id, CaseRow.is_open == 1)
    running = select(func.count()).where(runs).correlate(EditionRow).scalar_subquery()
    query = select(
        EditionRow.id,
        EditionRow.digest,
        EditionRow.current,
        EditionRow.synced_at,
        running,
        EditionRow.definition,
    ).where(EditionRow.bureau == bureau, EditionRow.item_key == item_key)
    order = (EditionRow.current.desc(), EditionRow.synced_at.desc(), EditionRow.id.desc())
    return tuple(
        Edition(id_, digest, bool(current), since, count, definition)
        for id_, digest, current, since, count, definition in session.execute(query.order_by(*order))
    )
