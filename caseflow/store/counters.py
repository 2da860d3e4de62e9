"""Gapless serials: they move in the transaction that uses them, so a rollback gives the number back."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from caseflow.store.db import is_sqlite
from caseflow.store.models import CounterRow


def next_serial(session: Connection, bureau: str, kind: str, period: str) -> int:
    """The next number of this bureau, kind and period, from 1; other writers of the same counter wait."""
    insert = sqlite_insert if is_sqlite(session) else postgres_insert
    first = insert(CounterRow).values(bureau=bureau, kind=kind, period=period, last=1)
    keys = [CounterRow.bureau, CounterRow.kind, CounterRow.period]
    bumped = first.on_conflict_do_update(index_elements=keys, set_={"last": CounterRow.last + 1})
    return session.execute(bumped.returning(CounterRow.last)).scalar_one()
