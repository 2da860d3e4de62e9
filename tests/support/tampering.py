"""What only the owner of the database can do: take away the triggers that keep history; and to try without keeping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from caseflow.store.db import is_sqlite, writing


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write and is always rolled back."""
    with writing(engine) as session:
        try:
            yield session
        finally:
            session.rollback()


def disarm(session: Connection) -> int:
    """Drop the triggers (SQLite) or switch them off (PostgreSQL), for good where the transaction commits; how many."""
    if is_sqlite(session):
        names = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            session.execute(text(f"DROP TRIGGER {name}"))
        return len(names)
    query = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    tables = session.execute(text(query)).scalars().all()
    for table in sorted(set(tables)):
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    return len(tables)
