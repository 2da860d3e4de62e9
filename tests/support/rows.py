"""One plain row in every table of a schema as it is reflected, whatever its revision, by the types of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Date, DateTime, Integer, LargeBinary, MetaData, Table
from sqlalchemy.types import JSON

DAY = date(2026, 3, 2)
MOMENT = datetime(2026, 3, 2, 4)  # noqa: DTZ001 - as the column keeps it

GIVEN: Mapping[str, Mapping[str, Any]] = {
    "cases": {"is_open": 1},
    "case_material": {"mark": "received"},
    "person": {"part": "applicant"},
    "deadline": {"kind": "notice"},
    "attachment": {"kind": "pdf"},
    "outbox": {"channel": "sms"},
    # The one kind of paper whose form is filled in later.
    "paper": {"kind": "order"},
    "order_word": {"kind": "issue"},
    "supervision_order": {"outcome": ""},
}
"""What the checks of a table ask for; what is not named is filled by its type, and every reference is to row 1."""

LEFT_EMPTY = frozenset({"alembic_version", "purge", "purged_event", "purging"})
"""What only Alembic and a purge write."""


def tables_of(session: Connection) -> tuple[Table, ...]:
    """Every table as it is in the database, those referred to first."""
    found = MetaData()
    found.reflect(session)
    return tuple(found.sorted_tables)


def value_of(column: Column[Any]) -> Any:
    """A value by type, the same for the columns of every table, so that references meet."""
    values = ((Date, DAY), (DateTime, MOMENT), (Integer, 1), (JSON, {}), (LargeBinary, b"x"))
    return next((value for kind, value in values if isinstance(column.type, kind)), "x")


def other_than(column: Column[Any]) -> Any:
    """A value by type that `value_of` does not give."""
    value = value_of(column)
    if isinstance(value, int):
        return value + 1
    return value + timedelta(days=1) if isinstance(value, date) else {**value, "y": 1} if value == {} else value + value


def row_of(table: Table) -> dict[str, Any]:
    """A row with what must not be empty, and nothing else."""
    filled = {column.name: value_of(column) for column in table.columns if not column.nullable}
    return filled | dict(GIVEN.get(table.name, {}))


def fill(session: Connection, tables: Iterable[Table]) -> None:
    """One row into each of the tables."""
    for table in tables:
        if table.name not in LEFT_EMPTY:
            session.execute(table.insert().values(row_of(table)))
