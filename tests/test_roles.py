"""PostgreSQL's own rights: the application works and cannot change history, the auditor looks, the owner migrates."""

# ruff: noqa: S608 - every statement here is made of names and constants of this repository

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from caseflow.cli import main
from caseflow.cli.demo_plan import plan
from caseflow.cli.demo_play import Player
from caseflow.cli.demo_staff import arrange, hire
from caseflow.cli.verify import look
from caseflow.desk.correcting import correct
from caseflow.desk.definitions import sync
from caseflow.desk.rotating import claim_key
from caseflow.desk.upkeep import sweep
from caseflow.house import BEIJING, House, new_master
from caseflow.store.db import create_engine_for, downgrade, reading, revision_state, upgrade, writing
from caseflow.store.guards import KEPT, READ_ONLY
from caseflow.store.tables import METADATA
from caseflow.views.grants import is_secret
from tests.support.databases import PostgresDatabases
from tests.support.office import open_office
from tests.support.roads import ROADS
from tests.support.rows import fill, tables_of

NO_RIGHT = "42501"
OWNER, APPLICATION, AUDITOR = "caseflow_owner", "caseflow_app", "caseflow_auditor"


@dataclass(frozen=True)
class Parted:
    """A database whose roles are set apart, with an engine for each."""

    url: str
    owner: Engine
    application: Engine
    auditor: Engine


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def part(url: str) -> None:
    """What the database's administrator does with the output of `caseflow roles`."""
    printed = CliRunner().invoke(main, ["roles"])
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as session:
        # As psql does: the driver itself takes the script as it is.
        driver: Any = session.connection.driver_connection
        driver.execute(printed.stdout)
    engine.dispose()


def engines(url: str) -> Iterator[Parted]:
    made = [create_engine_for(as_role(url, role)) for role in (OWNER, APPLICATION, AUDITOR)]
    yield Parted(url, *made)
    for engine in made:
        engine.dispose()


@pytest.fixture
def parted(postgres_databases: PostgresDatabases) -> Iterator[Parted]:
    with postgres_databases.fresh() as url:
        part(url)
        yield from engines(url)


@pytest.fixture(scope="module")
def filled(postgres_databases: PostgresDatabases) -> Iterator[Parted]:
    """With one row in every table; nothing here is ever committed to it."""
    with postgres_databases.fresh() as url:
        engine = create_engine_for(url)
        with writing(engine) as session:
            fill(session, tables_of(session))
        engine.dispose()
        part(url)
        yield from engines(url)


def state_of(engine: Engine, statement: str) -> str:
    """The SQLSTATE a statement ends with, "" where it is done; it is undone at any rate."""
    with engine.connect() as session:
        try:
            session.execute(text(statement))
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", ""))
        finally:
            session.rollback()
    return ""


def test_the_application_leads_a_case_of_every_flow_from_registration_to_close(parted: Parted) -> None:
    office = open_office(parted.application)

    for flow, ((end, steps), *_) in ROADS.items():
        item = next(one for one in office.house.catalogue.items_of("shawan") if one.flow == flow)
        ref = office.register(item.key)
        for by, action, details in steps:
            office.act(ref, by, action, **details)
        assert (office.case(ref).record.state, end) == ("closed", "closed")


def test_the_application_corrects_a_case_and_its_papers_are_issued_again(parted: Parted) -> None:
    office = open_office(parted.application)
    ref = office.register("transfer-continuation")
    changes = {"applicant.name": "张需", "received_on": "2026-02-27"}

    with writing(office.engine) as session:
        correct(session, office.house, office.staff["clerk"], ref.id, 1, changes, "录入错字", office.now)

    assert office.history(ref) == ["register", "correct"]


def test_the_application_plays_the_whole_demo_and_its_history_holds(parted: Parted, tmp_path: Path) -> None:
    """Side roads, corrections, orders, attachments, absences, ratings, reminders: what staff do, by its role."""
    house, random = House.open(new_master()), Random(1)
    moment = datetime(2026, 4, 17, 16, 0, tzinfo=BEIJING)
    planned = plan(house.catalogue, 30, moment, random)
    opened = min(one.moves[0].at for one in planned)
    engine = parted.application
    with writing(engine) as session:
        claim_key(session, house.keys, opened)
        sync(session, house.catalogue, opened)
        crew = hire(session, house.catalogue, opened)

    Player(engine, house, crew, random, moment, tmp_path).play(planned, lambda _steps: None)
    with writing(engine) as session:
        arrange(session, house.catalogue, crew, moment)
    sweep(engine, house, moment)

    found = look(parted.owner, house, tmp_path / "none.jsonl")
    assert found.broken == []
    assert found.cases >= 30


UNCHANGED = sorted(
    (table, column.name)
    for table, changing in KEPT.items()
    for column in METADATA.tables[table].columns
    if column.name not in changing
)


def test_no_column_that_stays_can_be_updated_by_the_application(filled: Parted) -> None:
    states = {
        (table, column): state_of(filled.application, f'UPDATE {table} SET "{column}" = "{column}"')
        for table, column in UNCHANGED
    }

    assert set(states.values()) == {NO_RIGHT}, {key for key, state in states.items() if state != NO_RIGHT}


@pytest.mark.parametrize(
    "words", ["DELETE FROM {}", "TRUNCATE {}", "ALTER TABLE {} DISABLE TRIGGER ALL", "DROP TABLE {}"]
)
def test_no_row_and_no_guard_is_removed_by_the_application(filled: Parted, words: str) -> None:
    states = {state_of(filled.application, words.format(table)) for table in [*KEPT, *READ_ONLY]}

    assert states == {NO_RIGHT}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO purge (bureau) VALUES ('x')",
        "INSERT INTO purging (bureau, case_id) VALUES ('x', 1)",
        "INSERT INTO purged_event (id, bureau, case_id, seq, chain) VALUES (1, 'x', 1, 1, '')",
        "UPDATE alembic_version SET version_num = '0001'",
        "DROP TRIGGER event_fixed ON event",
        "CREATE OR REPLACE FUNCTION event_fixed() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
        "ALTER FUNCTION event_fixed() RESET ALL",
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE purging (bureau text, case_id bigint)",
        "CREATE TABLE child () INHERITS (event)",
        "CREATE RULE nothing AS ON INSERT TO event DO INSTEAD NOTHING",
        "ALTER TABLE event ADD COLUMN more text",
        "CREATE INDEX more ON event (at)",
        "SET session_replication_role = replica",
        "SELECT setval('event_id_seq', 1)",
        "SET ROLE caseflow_owner",
        "ALTER ROLE caseflow_app SUPERUSER",
        "DO $$ BEGIN GRANT DELETE ON event TO caseflow_app; DELETE FROM event; END $$",
        "COPY event TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
        "MERGE INTO event e USING staff s ON e.id = s.id WHEN MATCHED THEN DELETE",
        "INSERT INTO event SELECT * FROM event ON CONFLICT (id) DO UPDATE SET chain = ''",
        "LOCK TABLE event IN ACCESS EXCLUSIVE MODE",
    ],
)
def test_the_application_finds_no_way_around(filled: Parted, statement: str) -> None:
    assert state_of(filled.application, statement) == NO_RIGHT


def test_the_owner_too_changes_no_history_while_the_triggers_stand(filled: Parted) -> None:
    assert state_of(filled.owner, "UPDATE event SET chain = ''") == "23001"
    assert state_of(filled.owner, "DELETE FROM event") == "23001"
    assert state_of(filled.owner, "TRUNCATE event") == "23001"


def test_the_auditor_reads_every_column_that_is_not_secret_and_no_other(filled: Parted) -> None:
    columns = [(table.name, column) for table in METADATA.sorted_tables for column in table.columns]

    states = {
        (table, column.name): state_of(filled.auditor, f'SELECT "{column.name}" FROM {table}')
        for table, column in columns
    }

    assert {key for key, state in states.items() if state == NO_RIGHT} == {
        (table, column.name) for table, column in columns if is_secret(column)
    }
    assert set(states.values()) == {"", NO_RIGHT}
    assert states["person", "id_sealed"] == states["staff", "password_hash"] == states["session", "digest"] == NO_RIGHT


@pytest.mark.parametrize("words", ["INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_auditor_writes_nothing(filled: Parted, words: str) -> None:
    assert {state_of(filled.auditor, words.format(table)) for table in METADATA.tables} == {NO_RIGHT}


def test_nobody_else_sees_the_database(filled: Parted) -> None:
    engine = create_engine(filled.url)
    with engine.connect() as session:
        asked = "SELECT has_database_privilege('pg_monitor', current_database(), 'CONNECT')"
        assert session.execute(text(asked)).scalar_one() is False
    engine.dispose()


def test_the_owner_goes_down_and_up_and_the_application_works_on(parted: Parted) -> None:
    downgrade(parted.owner, "0002", rehearse=False)
    upgrade(parted.owner)
    part(parted.url)

    office = open_office(parted.application)
    ref = office.register("transfer-continuation")

    assert office.history(ref) == ["register"]
    assert state_of(parted.application, "DELETE FROM event") == NO_RIGHT


def test_the_application_cannot_migrate(parted: Parted) -> None:
    downgrade(parted.owner, "0002", rehearse=False)

    with pytest.raises(DBAPIError) as refused:
        upgrade(parted.application)

    assert getattr(refused.value.orig, "sqlstate", "") == NO_RIGHT
    assert revision_state(parted.owner)[0] == "0002"


def test_a_table_of_a_later_revision_is_the_applications_at_once_and_the_auditors_after_the_next_run(
    parted: Parted,
) -> None:
    with writing(parted.owner) as session:
        session.execute(text("CREATE TABLE later (id bigint GENERATED BY DEFAULT AS IDENTITY, word text)"))
        session.execute(text("CREATE TABLE serial_later (id bigserial, word text)"))

    with writing(parted.application) as session:
        for table in ("later", "serial_later"):
            session.execute(text(f"INSERT INTO {table} (word) VALUES ('x')"))
            session.execute(text(f"UPDATE {table} SET word = 'y'"))
            session.execute(text(f"DELETE FROM {table}"))

    assert state_of(parted.auditor, "SELECT word FROM later") == NO_RIGHT
    assert state_of(parted.application, "TRUNCATE later") == NO_RIGHT


def owners(session: Connection) -> set[str]:
    query = (
        "SELECT tableowner FROM pg_tables WHERE schemaname = 'public' UNION "
        "SELECT sequenceowner FROM pg_sequences WHERE schemaname = 'public' UNION "
        "SELECT r.rolname FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner "
        "WHERE p.pronamespace = 'public'::regnamespace"
    )
    return set(session.execute(text(query)).scalars())


def test_an_installation_of_one_role_is_parted_and_a_second_run_changes_nothing(
    postgres_databases: PostgresDatabases,
) -> None:
    with postgres_databases.fresh() as url:
        engine = create_engine_for(url)
        office = open_office(engine)
        ref = office.register("transfer-continuation")
        rights = "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"

        seen = []
        for _ in range(2):
            part(url)
            with reading(engine) as session:
                seen.append((owners(session), session.execute(text(rights)).all()))

        assert seen[0] == seen[1]
        assert seen[0][0] == {OWNER}
        assert office.history(ref) == ["register"]
        engine.dispose()


def test_three_roles_need_three_names() -> None:
    refused = CliRunner().invoke(main, ["roles", "--auditor", "caseflow_app"])

    assert (refused.exit_code, refused.stderr.strip()) == (2, "角色：三个角色的名称应各不相同")


def test_a_name_is_quoted_as_the_database_reads_it() -> None:
    printed = CliRunner().invoke(main, ["roles", "--owner", "a\"b'c"]).stdout

    assert 'OWNER TO "a""b\'\'c"' in printed
    assert "rolname = 'a\"b''c'" in printed
