"""A database of an earlier release is brought up to date without losing a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from alembic import command
from sqlalchemy import Connection, Date, DateTime, Engine, Integer, LargeBinary, MetaData, Table, func, inspect, select
from sqlalchemy.types import JSON

from caseflow.store.db import _alembic_config, reading, revision_state, upgrade, writing

RELEASED = "0001"
"""The newest revision that a release before this one left behind."""

GIVEN: Mapping[str, Mapping[str, Any]] = {
    "edition": {"current": 1},
    "staff": {"number": "a001"},
    "cases": {"number": "1", "edition_id": 1, "is_open": 1, "ended_on": None, "accepted_on": None, "amount_fen": None},
    "event": {"case_id": 1, "actor_id": 1},
    "person": {"case_id": 1, "part": "applicant"},
    "deadline": {"case_id": 1, "kind": "notice"},
}
"""One row per table, in the order of their references; what is not named is filled by its type."""


def filled(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    values = ((Date, date(2026, 3, 2)), (DateTime, datetime(2026, 3, 2, 4)), (Integer, 1), (JSON, {}))  # noqa: DTZ001 - as the column keeps it
    kinds = (*values, (LargeBinary, b"x"))
    row = {}
    for column in table.columns:
        if not column.nullable:
            row[column.name] = next((value for kind, value in kinds if isinstance(column.type, kind)), "x")
    return row | dict(given)


def counts(session: Connection) -> dict[str, int]:
    tables = MetaData()
    tables.reflect(session, only=list(GIVEN))
    return {name: session.execute(select(func.count()).select_from(tables.tables[name])).scalar_one() for name in GIVEN}


def test_a_filled_database_of_the_last_release_is_brought_up_to_date_and_keeps_its_rows(bare_engine: Engine) -> None:
    with writing(bare_engine) as session:
        config = _alembic_config()
        config.attributes["connection"] = session
        command.upgrade(config, RELEASED)
    tables = MetaData()
    with writing(bare_engine) as session:
        tables.reflect(session, only=list(GIVEN))
        for name, given in GIVEN.items():
            session.execute(tables.tables[name].insert().values(filled(tables.tables[name], given)))
    with reading(bare_engine) as session:
        before = counts(session)

    upgrade(bare_engine)

    current, newest = revision_state(bare_engine)
    with reading(bare_engine) as session:
        assert counts(session) == before == dict.fromkeys(GIVEN, 1)
        indexes = {index["name"] for index in inspect(session).get_indexes("cases")}
    assert current == newest != RELEASED
    assert "ix_cases_open_list" in indexes
