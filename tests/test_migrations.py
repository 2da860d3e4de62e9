"""Up, down and up again: no row, no trigger and no chain is lost that the older schema has a place for.

`CASEFLOW_MIGRATED_CASES=10000 pytest tests/test_migrations.py` is the long form.
"""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import OperationalError

from caseflow.cli import main
from caseflow.cli.verify import Found, look
from caseflow.desk.sealing import seal_history
from caseflow.errors import BadInput
from caseflow.house import new_master
from caseflow.store.db import (
    _alembic_config,
    create_engine_for,
    downgrade,
    is_sqlite,
    reading,
    revision_state,
    upgrade,
    writing,
)
from tests.support.archive import fill_archive
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER
from tests.support.rows import fill, row_of, tables_of
from tests.support.tampering import undone

CASES = int(os.environ.get("CASEFLOW_MIGRATED_CASES", "300"))
REVISIONS = [one.revision for one in reversed(list(ScriptDirectory.from_config(_alembic_config()).walk_revisions()))]
STEPS = list(pairwise(REVISIONS))

PREPARED = 7

Shape = dict[str, dict[str, tuple[str, bool, bool]]]
"""By table and column: the type, whether it may be empty, whether it has a value of its own."""


def migrate(engine: Engine, revision: str) -> None:
    with writing(engine) as session:
        config = _alembic_config()
        config.attributes["connection"] = session
        command.upgrade(config, revision)


def triggers(session: Connection) -> dict[str, str]:
    """Every trigger with its text; on PostgreSQL with its function's too, and whether it is on."""
    if is_sqlite(session):
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT t.tgname, pg_get_triggerdef(t.oid) || t.tgenabled::text || pg_get_functiondef(t.tgfoid) "
            "FROM pg_trigger t WHERE NOT t.tgisinternal"
        )
    return {row[0]: row[1] for row in session.execute(text(query))}


def contents(session: Connection, tables: dict[str, tuple[str, ...]]) -> dict[str, tuple[int, str]]:
    """How many rows each table has, and a digest of what these columns of them say."""
    found = {}
    reflected = {table.name: table for table in tables_of(session)}
    for name, columns in tables.items():
        table = reflected[name]
        chosen = [table.columns[column] for column in columns]
        rows = session.execute(select(*chosen)).all()
        digest = hashlib.sha256()
        for line in sorted(map(repr, rows)):
            digest.update(line.encode())
        found[name] = (len(rows), digest.hexdigest())
    return found


def columns_of(session: Connection) -> dict[str, tuple[str, ...]]:
    return {
        table.name: tuple(sorted(table.columns.keys()))
        for table in tables_of(session)
        if table.name != "alembic_version"
    }


@pytest.fixture
def office(bare_engine: Engine, tmp_path: Path) -> Office:
    """An archive with true chains, and cases led by the desk after it; sealed."""
    upgrade(bare_engine)
    office = open_office(bare_engine)
    fill_archive(bare_engine, office.house, CASES)
    for _ in range(4):
        ref = office.register("transfer-continuation")
        for by, action, details in (ACCEPT, HAND_OVER, APPROVE, CLOSE):
            office.act(ref, by, action, **details)
        office.register("outpatient-reimbursement")
    for _ in range(2):
        with reading(bare_engine) as session:
            seal_history(session, office.house, tmp_path / "seals.jsonl", office.now)
        office.now += timedelta(minutes=5)
    return office


def verified(office: Office, folder: Path) -> Found:
    return look(office.engine, office.house, folder / "seals.jsonl")


def test_up_down_and_up_loses_no_row_no_trigger_and_no_chain(office: Office, tmp_path: Path) -> None:
    engine, first = office.engine, REVISIONS[0]
    with reading(engine) as session:
        shape, before_triggers = columns_of(session), triggers(session)
    before_chains = verified(office, tmp_path)
    # What the first release has a place for, to be compared at every step of the way down and after the way up.
    lasting = _first_release_columns(shape)
    with reading(engine) as session:
        before = contents(session, lasting)

    for older, _ in reversed(STEPS):
        downgrade(engine, older, rehearse=False)
        with reading(engine) as session:
            assert contents(session, lasting) == before, older
    with reading(engine) as session:
        assert triggers(session) == {}
    assert revision_state(engine)[0] == first
    upgrade(engine)

    with reading(engine) as session:
        assert contents(session, lasting) == before
        assert (columns_of(session), triggers(session)) == (shape, before_triggers)
    assert verified(office, tmp_path) == before_chains
    assert (before_chains.broken, before_chains.cases, before_chains.seals) == ([], CASES + 8, 2)


def _first_release_columns(shape: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    engine = create_engine_for("sqlite://")
    migrate(engine, REVISIONS[0])
    with reading(engine) as session:
        first = columns_of(session)
    engine.dispose()
    assert set(first) <= set(shape)
    return first


def test_down_to_nothing_leaves_nothing(bare_engine: Engine) -> None:
    upgrade(bare_engine)
    with writing(bare_engine) as session:
        fill(session, tables_of(session))
        # An order that follows another, as an escalation does.
        orders = next(table for table in tables_of(session) if table.name == "supervision_order")
        session.execute(text("UPDATE supervision_order SET closed_on = '2026-03-03', outcome = 'escalated'"))
        session.execute(orders.insert().values({**row_of(orders), "id": 2, "follows": 1}))
        session.execute(text("DELETE FROM stored_file"))

    lost = downgrade(bare_engine, "base", rehearse=False)

    with reading(bare_engine) as session:
        assert inspect(session).get_table_names() == ["alembic_version"]
        assert triggers(session) == {}
        if not is_sqlite(session):
            left = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            assert session.execute(text(left)).scalar_one() == 0
    assert lost.rows["supervision_order"] == 2
    upgrade(bare_engine)


def test_a_batch_of_alembic_would_be_seen(tmp_path: Path) -> None:
    """The control: rebuilt by a batch, a table loses its triggers, and where cascades are on, another its rows.

    The table of the history cannot even be rebuilt: triggers of other tables read it.
    """
    engine = create_engine_for(f"sqlite:///{tmp_path / 'batch.db'}")
    upgrade(engine)
    with writing(engine) as session:
        fill(session, tables_of(session))
        parents = Table("parent", MetaData(), Column("id", Integer, primary_key=True))
        reference = ForeignKey("parent.id", ondelete="CASCADE")
        children = Table("child", parents.metadata, Column("id", Integer, primary_key=True), Column("of", reference))
        parents.metadata.create_all(session)
        session.execute(parents.insert().values(id=1))
        session.execute(children.insert().values(id=1, of=1))
        kept = columns_of(session) | {"parent": ("id",)}
        before = contents(session, kept), triggers(session)

    with pytest.raises(OperationalError, match="error in trigger"), writing(engine) as session:
        rebuild(session, "event")
    with writing(engine) as session:
        rebuild(session, "rating")
        rebuild(session, "parent")

    with reading(engine) as session:
        after = contents(session, kept), triggers(session)
    assert set(before[1]) - set(after[1]) == {"rating_fixed", "rating_stays"}
    assert {name for name in kept if before[0][name] != after[0][name]} == {"child"}
    engine.dispose()


def rebuild(session: Connection, table: str) -> None:
    operations = Operations(MigrationContext.configure(session))
    with operations.batch_alter_table(table, recreate="always") as batch:
        batch.add_column(Column("more", Text()))


def shape_of(session: Connection) -> Shape:
    looked = inspect(session)
    return {
        table: {
            column["name"]: (
                str(column["type"]),
                bool(column["nullable"]),
                column["default"] is not None or bool(column.get("autoincrement") is True) or column["name"] == "id",
            )
            for column in looked.get_columns(table)
        }
        for table in looked.get_table_names()
    }


def rules_of(session: Connection) -> dict[str, dict[str, set[str]]]:
    """What each table asks of its rows beside the types: unique columns, checks, references."""
    looked = inspect(session)
    return {
        table: {
            "unique": {
                *(str(sorted(one["column_names"])) for one in looked.get_unique_constraints(table)),
                *(str(one["column_names"]) for one in looked.get_indexes(table) if one["unique"]),
            },
            "check": {str(one["sqltext"]) for one in looked.get_check_constraints(table)},
            "reference": {str(one["constrained_columns"]) for one in looked.get_foreign_keys(table)},
        }
        for table in looked.get_table_names()
    }


@pytest.mark.parametrize(("older", "newer"), STEPS)
def test_a_newer_schema_holds_the_older_one(bare_engine: Engine, older: str, newer: str) -> None:
    """No table or column goes or changes its type; what is new may be empty or has a value of its own; no new rule."""
    migrate(bare_engine, older)
    with reading(bare_engine) as session:
        before, rules = shape_of(session), rules_of(session)

    migrate(bare_engine, newer)

    with reading(bare_engine) as session:
        after, rules_after = shape_of(session), rules_of(session)
    for table, columns in before.items():
        assert {name: after[table][name] for name in columns} == columns
        added = {name: column for name, column in after[table].items() if name not in columns}
        assert {name: column for name, column in added.items() if not (column[1] or column[2])} == {}
        for kind, asked in rules_after[table].items():
            new = asked - rules[table][kind]
            assert {one for one in new if not any(name in one for name in added)} == set()


@pytest.mark.parametrize(("older", "newer"), STEPS)
def test_what_the_previous_release_writes_is_taken_by_the_newer_schema(
    bare_engine: Engine, older: str, newer: str
) -> None:
    """By a connection that was open, with its statements prepared, while the schema changed under it."""
    migrate(bare_engine, older)
    with reading(bare_engine) as session:
        tables = {table.name: table for table in tables_of(session)}

    # More often than the driver waits before it prepares a statement on the server.
    for _ in range(PREPARED):
        with undone(bare_engine) as session:
            work(session, tables)
    beside = create_engine_for(bare_engine.url.render_as_string(hide_password=False))
    migrate(beside, newer)
    beside.dispose()

    with writing(bare_engine) as session:
        work(session, tables)
        assert session.execute(select(func.count()).select_from(tables["event"])).scalar_one() == 2
    assert revision_state(bare_engine)[0] == newer


def work(session: Connection, tables: dict[str, Table]) -> None:
    """A row into every table, one more entry of the history with the case's step, and a mark on a material replaced."""
    fill(session, tables.values())
    event, cases, material = (tables[name] for name in ("event", "cases", "case_material"))
    session.execute(event.insert().values({**row_of(event), "id": 2, "seq": 2, "to_state": "closed"}))
    session.execute(cases.update().values(version=2, state="closed", handler_id=1))
    session.execute(material.delete())
    session.execute(material.insert().values(row_of(material)))
    assert len(session.execute(select(*cases.columns, *event.columns).join_from(cases, event)).all()) == 2


def test_the_way_down_is_rehearsed_and_says_what_would_be_lost(
    bare_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    upgrade(bare_engine)
    with writing(bare_engine) as session:
        fill(session, tables_of(session))
        before = triggers(session)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEFLOW_DATABASE_URL", bare_engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("CASEFLOW_MASTER_KEY", new_master())

    rehearsed = CliRunner().invoke(main, ["downgrade", "0005"])
    with reading(bare_engine) as session:
        assert triggers(session) == before
    refused = CliRunner().invoke(main, ["downgrade", "0005", "--yes"])

    assert (rehearsed.exit_code, refused.exit_code) == (2, 2)
    assert "会丢失打开它们的密钥" in refused.stderr


def test_a_revision_that_is_not_an_older_one_is_refused(bare_engine: Engine) -> None:
    migrate(bare_engine, "0002")

    for unknown in ("0003", "9999", "nonsense"):
        with pytest.raises(BadInput, match=f"不能退回到 {unknown}"):
            downgrade(bare_engine, unknown, rehearse=False)
    assert revision_state(bare_engine)[0] == "0002"
