"""History can be added to, and nothing of it can be changed or removed: not by any statement a connection can send."""

# ruff: noqa: S608 - every statement here is made of names and constants of this repository

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from caseflow.store.db import create_engine_for, is_sqlite, upgrade, writing
from caseflow.store.guards import KEPT
from caseflow.store.tables import METADATA
from tests.conftest import DATABASES
from tests.support.databases import Databases
from tests.support.rows import fill, other_than, row_of, tables_of
from tests.support.tampering import disarm, undone

TOLD_BY_THE_HISTORY = frozenset({"version", "chain", "state"})
"""Columns of a case that follow its newest entry."""


@dataclass(frozen=True)
class Rows:
    """A database with one row in every table; nothing here is ever committed to it."""

    engine: Engine
    tables: dict[str, Table]

    def undone(self) -> AbstractContextManager[Connection]:
        return undone(self.engine)

    def refusal(self, statement: str) -> str:
        """What the database says to a statement; nothing where it is done."""
        try:
            with self.undone() as session:
                session.execute(text(statement))
        except DBAPIError as error:
            return str(error.orig)
        return ""

    def updates(self, session: Connection) -> Iterator[tuple[str, str, str]]:
        """Every column of every kept table with what is said to another value in it."""
        for name in KEPT:
            for column in self.tables[name].columns:
                attempt = session.begin_nested()
                try:
                    session.execute(self.tables[name].update().values({column.name: other_than(column)}))
                except DBAPIError as error:
                    yield name, column.name, str(error.orig)
                else:
                    yield name, column.name, ""
                attempt.rollback()


@pytest.fixture(scope="module", params=DATABASES)
def rows(request: pytest.FixtureRequest) -> Iterator[Rows]:
    databases: Databases = request.getfixturevalue(
        {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}[request.param]
    )
    with databases.fresh() as url:
        engine = create_engine_for(url)
        with writing(engine) as session:
            tables = tables_of(session)
            fill(session, tables)
        yield Rows(engine, {table.name: table for table in tables})
        engine.dispose()


def test_every_table_of_the_schema_is_known(rows: Rows) -> None:
    assert set(rows.tables) - {"alembic_version"} == set(METADATA.tables)


def test_of_a_row_that_is_kept_only_what_the_product_writes_later_can_be_changed(rows: Rows) -> None:
    changing: dict[str, set[str]] = {name: set() for name in KEPT}

    with rows.undone() as session:
        for name, column, said in rows.updates(session):
            if f"{name}：" not in said:
                changing[name].add(column)

    changing["cases"] |= TOLD_BY_THE_HISTORY
    assert changing == {name: set(columns) for name, columns in KEPT.items()}


def test_without_the_triggers_every_column_changes(rows: Rows) -> None:
    with rows.undone() as session:
        disarm(session)

        assert [said for _, _, said in rows.updates(session) if "：" in said] == []


@pytest.mark.parametrize("table", KEPT)
def test_no_row_that_is_kept_can_be_removed(rows: Rows, table: str) -> None:
    said = [rows.refusal(f"DELETE FROM {table}"), rows.refusal(f"DELETE FROM {table} WHERE id = 1")]

    assert all(f"{table}：登记后不能删除" in one or "最新一条不能删除" in one for one in said)


@pytest.mark.parametrize("table", KEPT)
def test_no_row_that_is_kept_can_be_replaced(rows: Rows, table: str) -> None:
    names = ", ".join(f'"{name}"' for name in row_of(rows.tables[table]))
    again = f"INTO {table} ({names}) SELECT {names} FROM {table}"
    upsert = f"INSERT {again} WHERE true ON CONFLICT (id) DO UPDATE SET id = 2"

    said = [rows.refusal(upsert)]
    if is_sqlite(rows.engine):
        said.append(rows.refusal(f"INSERT OR REPLACE {again}"))
        said.append(rows.refusal(f"UPDATE OR REPLACE {table} SET id = 2"))

    assert all(f"{table}：" in one for one in said)


def test_truncate_is_refused_also_by_way_of_the_table_referred_to(rows: Rows) -> None:
    if is_sqlite(rows.engine):
        assert "syntax error" in rows.refusal("TRUNCATE event")
        return

    said = [rows.refusal(f"TRUNCATE {words}") for words in ("event", "cases CASCADE", "staff CASCADE")]

    assert all("：登记后不能删除" in one for one in said)


EVENT = "bureau, case_id, seq, at, on_day, actor_name, action, from_state, to_state, detail, chain"


@pytest.fixture(scope="module")
def history_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with one entry of history, as anybody may open it who has the file."""
    path = tmp_path_factory.mktemp("plain") / "plain.db"
    engine = create_engine_for(f"sqlite:///{path}")
    upgrade(engine)
    with writing(engine) as session:
        fill(session, tables_of(session))
    engine.dispose()
    return path


@pytest.fixture
def plain(history_file: Path) -> Iterator[sqlite3.Connection]:
    """A connection without any of the product's settings, as the sqlite3 program makes it; what it does is undone."""
    connection = sqlite3.connect(history_file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE OR REPLACE event SET seq = 2",
        "UPDATE OR IGNORE event SET chain = ''",
        "UPDATE event SET rowid = 9",
        f"INSERT OR REPLACE INTO event (id, {EVENT}) SELECT 1, {EVENT} FROM event",
        f"INSERT OR REPLACE INTO event ({EVENT}) SELECT {EVENT} FROM event",
        f"REPLACE INTO event (id, {EVENT}) SELECT 7, {EVENT} FROM event",
        f"INSERT INTO event (id, {EVENT}) SELECT 1, {EVENT} FROM event WHERE true ON CONFLICT DO UPDATE SET chain = ''",
        "DELETE FROM event",
    ],
)
def test_a_connection_without_any_settings_cannot_change_the_history(plain: sqlite3.Connection, statement: str) -> None:
    before = plain.execute("SELECT * FROM event").fetchall()

    with pytest.raises(sqlite3.IntegrityError, match="event："):
        plain.execute(statement)

    assert plain.execute("SELECT * FROM event").fetchall() == before


def test_without_its_guards_replace_takes_a_row_of_history_away(plain: sqlite3.Connection) -> None:
    """The control: what OR REPLACE removes asks no delete trigger unless recursive triggers are on."""
    plain.execute("DROP TRIGGER event_order")

    plain.execute(f"INSERT OR REPLACE INTO event ({EVENT}) SELECT {EVENT} FROM event")

    assert plain.execute("SELECT id FROM event").fetchall() == [(2,)]


def test_the_settings_of_the_product_alone_guard_against_replace(history_file: Path) -> None:
    engine = create_engine_for(f"sqlite:///{history_file}")

    with pytest.raises(IntegrityError, match="event："), writing(engine) as session:
        session.execute(text("DROP TRIGGER event_order"))
        session.execute(text(f"INSERT OR REPLACE INTO event ({EVENT}) SELECT {EVENT} FROM event"))

    engine.dispose()


ONCE: dict[str, tuple[str, dict[str, object]]] = {
    "calendar_day": ("retired_at", {}),
    "paper": ("voided_at", {"void_reason": "y", "fields": {"y": 2}}),
    "payment": ("returned_on", {"return_reason": "y"}),
    "attachment": ("removed_at", {"remove_reason": "y"}),
    "broken_word": ("cleared_on", {}),
    "pause": ("to_on", {}),
    "absence": ("cancelled_at", {}),
    "supervision_order": ("closed_on", {"outcome": "accepted"}),
}
"""What is written once: the column that says it happened, and what is said with it, as somebody would change it."""

WITH: dict[str, dict[str, object]] = {
    "payment": {"return_reason": "账号有误"},
    "supervision_order": {"outcome": "ended"},
}


@pytest.mark.parametrize("name", ONCE)
def test_what_happened_once_stays_as_it_was_told(rows: Rows, name: str) -> None:
    marker, more = ONCE[name]
    table = rows.tables[name]
    with rows.undone() as session:
        session.execute(table.update().values({marker: other_than(table.columns[marker]), **WITH.get(name, {})}))

        for column, value in {marker: None, **more}.items():
            attempt = session.begin_nested()
            with pytest.raises(IntegrityError, match=f"{name}："):
                session.execute(table.update().values({column: value}))
            attempt.rollback()


def test_only_the_form_of_an_order_is_filled_in_later(rows: Rows) -> None:
    paper = rows.tables["paper"]
    with rows.undone() as session:
        session.execute(insert(paper).values({**row_of(paper), "id": 2, "serial": 2, "kind": "acceptance"}))
        session.execute(paper.update().where(paper.columns.kind == "order").values(fields={"rounds": 1}))

        with pytest.raises(IntegrityError, match="paper：文书内容制发后不能更改"):
            session.execute(paper.update().where(paper.columns.kind == "acceptance").values(fields={"rounds": 1}))


@pytest.mark.parametrize(
    ("seq", "event_id", "said"),
    [(2, 2, ""), (3, 3, "接在最后一条之后"), (1, 4, "接在最后一条之后"), (2, 1, "接在最后一条之后")],
    ids=["the next", "a gap", "the same again", "the row of another"],
)
def test_an_entry_follows_the_last_one(rows: Rows, seq: int, event_id: int, said: str) -> None:
    heard = rows.refusal(
        f"INSERT INTO event (id, {EVENT}) SELECT {event_id}, {EVENT.replace('seq', str(seq), 1)} FROM event"
    )

    assert said in heard
    assert bool(heard) is bool(said)


HEAD = "cases：环节和版本应与最后一条办理记录一致"


@pytest.mark.parametrize("columns", ["state = 'closed'", "version = 2", "chain = 'other'", "version = 2, state = 'y'"])
def test_a_case_stands_where_its_newest_entry_says(rows: Rows, columns: str) -> None:
    assert HEAD in rows.refusal(f"UPDATE cases SET {columns}")


def test_a_case_does_not_go_back_to_an_earlier_entry(rows: Rows) -> None:
    event = rows.tables["event"]
    with rows.undone() as session:
        session.execute(insert(event).values({**row_of(event), "id": 2, "seq": 2, "chain": "y", "to_state": "z"}))
        session.execute(text("UPDATE cases SET version = 2, chain = 'y', state = 'z'"))

        with pytest.raises(IntegrityError, match=HEAD):
            session.execute(text("UPDATE cases SET version = 1, chain = 'x', state = 'x'"))


def test_a_temporary_table_of_the_same_name_does_not_stand_in_for_the_real_one(rows: Rows) -> None:
    with rows.undone() as session:
        session.execute(text("CREATE TEMP TABLE purging (bureau text, case_id integer)"))
        session.execute(text("INSERT INTO purging VALUES ('x', 1)"))

        with pytest.raises(IntegrityError, match="rating：登记后不能删除"):
            session.execute(text("DELETE FROM rating"))
