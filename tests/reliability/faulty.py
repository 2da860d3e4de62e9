"""Make the k-th statement of whatever runs fail, and see that the database is as it was before."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from caseflow.store.db import is_sqlite, reading

BOTH = bool(os.environ.get("CASEFLOW_FAULTS"))
"""The long form: each way on each database. Otherwise SQLite gets bad statements, PostgreSQL loses its connection."""

BAD = "SELECT no_such_function_at_all()"


class CommitFailed(Exception):
    """What the commit of a transaction fails with."""


@dataclass
class Tape:
    """Counts the statements of writing transactions and spoils one; the one after the last is the commit."""

    way: str
    spoil: int
    seen: int = 0
    spoiled: bool = False

    def statement(
        self, connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        self.seen += 1
        if self.seen != self.spoil or self.spoiled:
            return statement, parameters
        self.spoiled = True
        if self.way == "bad statement":
            return BAD, ()
        held = connection.connection.dbapi_connection
        assert held is not None
        held.close()
        return statement, parameters

    def commit(self, _connection: Connection) -> None:
        self.seen += 1
        if self.seen == self.spoil and not self.spoiled:
            self.spoiled = True
            raise CommitFailed


@contextmanager
def spoiling(engine: Engine, tape: Tape) -> Iterator[None]:
    """Everything this engine is asked meanwhile goes by the tape."""
    event.listen(engine, "before_cursor_execute", tape.statement, retval=True)
    event.listen(engine, "commit", tape.commit)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", tape.statement)
        event.remove(engine, "commit", tape.commit)


def ways(engine: Engine) -> tuple[str, ...]:
    """How statements fail here."""
    every = ("bad statement", "lost connection")
    return every if BOTH else every[:1] if is_sqlite(engine) else every[1:]


def dump(engine: Engine) -> dict[str, str]:
    """A digest of every row of every table, and of what tables and columns there are."""
    return _whole_file(engine) if is_sqlite(engine) else _every_table(engine)


def _whole_file(engine: Engine) -> dict[str, str]:
    """The database as its committed pages: what a rolled-back transaction must leave byte for byte."""
    with reading(engine) as session:
        held = session.connection.driver_connection
        assert isinstance(held, sqlite3.Connection)
        # A file without a page cannot be serialized.
        pages = session.exec_driver_sql("PRAGMA page_count").scalar_one()
        return {"the file": sha256(held.serialize() if pages else b"").hexdigest()}


def _every_table(engine: Engine) -> dict[str, str]:
    names = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    columns = "SELECT 'columns', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM information_schema.columns t"
    content = "SELECT '{0}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{0}\" t"
    with reading(engine) as session:
        tables = session.execute(names).scalars().all()
        asked = " UNION ALL ".join([columns, *(content.format(name) for name in tables)])
        return {name: digest or "" for name, digest in session.execute(text(asked))}


def fail_everywhere(engine: Engine, act: Callable[[], Any], places: Iterator[int] | None = None) -> int:
    """Do it with its first statement failing, then its second …, and at last unharmed; how many places it failed at.

    After each failure every table is as it was before. What is done is done exactly once, at the end.
    """
    failures, before = 0, dump(engine)
    for place in places or _every_place(engine):
        for way in ways(engine):
            tape = Tape(way, place)
            with spoiling(engine, tape):
                failed = _fails(act)
            if not tape.spoiled:
                assert not failed, f"{failed!r} although nothing was spoiled"
                return failures
            assert failed is not None, f"statement {place} was spoiled, and nobody noticed"
            assert dump(engine) == before, f"half applied after statement {place} ({way})"
            failures += 1
    act()
    return failures


def _every_place(engine: Engine) -> Iterator[int]:
    """Every statement; on PostgreSQL, where each failure costs a new connection, every seventh in the short form."""
    return count(1, 1 if BOTH or is_sqlite(engine) else 7)


def _fails(act: Callable[[], Any]) -> Exception | None:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - any error is a failure; what matters is what it leaves behind
        return error
    return None
