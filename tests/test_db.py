"""The transaction context keeps what was acknowledged and writes nothing else, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from caseflow.errors import BadInput, Unavailable
from caseflow.store import db
from caseflow.store.db import create_engine_for, is_sqlite, reading, upgrade, wal_is_sound, writing

WRITERS = 8
ROUNDS = 10
JOURNAL = "wal" if wal_is_sound(sqlite3.sqlite_version_info) else "truncate"
SETTINGS: dict[str, tuple[str, dict[str, object]]] = {
    "sqlite": ("PRAGMA", {"foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 2, "journal_mode": JOURNAL}),
    "postgresql": (
        "SHOW",
        {"transaction_isolation": "read committed", "synchronous_commit": "on", "lock_timeout": "10s"},
    ),
}


@pytest.fixture
def counter(bare_engine: Engine) -> Engine:
    """A database with one row that counts."""
    with writing(bare_engine) as connection:
        connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0))"))
        connection.execute(text("INSERT INTO counter VALUES (1, 0)"))
    return bare_engine


@pytest.fixture
def memory() -> Iterator[Engine]:
    engine = create_engine_for("sqlite://")
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(text("SELECT n FROM counter")).scalar_one())


def read_then_write(connection: Connection) -> None:
    lock = "" if is_sqlite(connection) else " FOR UPDATE"
    n = connection.execute(text(f"SELECT n FROM counter WHERE id = 1{lock}")).scalar_one()  # noqa: S608 - a constant
    connection.execute(text("UPDATE counter SET n = :n WHERE id = 1"), {"n": n + 1})


def test_no_update_is_lost_under_many_writers(counter: Engine) -> None:
    def work() -> None:
        for _ in range(ROUNDS):
            with writing(counter) as connection:
                read_then_write(connection)

    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(counter) == WRITERS * ROUNDS


def test_what_was_written_is_there_for_another_engine(counter: Engine) -> None:
    with writing(counter) as connection:
        read_then_write(connection)

    other = create_engine_for(counter.url.render_as_string(hide_password=False))
    seen = count(other)
    other.dispose()

    assert seen == 1


def test_an_error_inside_the_block_undoes_everything(counter: Engine) -> None:
    def fail() -> None:
        with writing(counter) as connection:
            read_then_write(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert count(counter) == 0


def test_a_broken_constraint_is_not_called_unavailable(counter: Engine) -> None:
    with pytest.raises(IntegrityError), writing(counter) as connection:
        connection.execute(text("UPDATE counter SET n = -1"))

    assert count(counter) == 0


def test_a_reader_cannot_write(counter: Engine) -> None:
    with pytest.raises(DBAPIError), reading(counter) as connection:
        connection.execute(text("UPDATE counter SET n = 7"))

    assert count(counter) == 0


def test_a_writer_can_write_on_the_connection_a_reader_gave_back(counter: Engine) -> None:
    count(counter)

    with writing(counter) as connection:
        read_then_write(connection)

    assert count(counter) == 1


def test_a_reader_sees_one_moment_while_a_writer_is_at_work(counter: Engine) -> None:
    with writing(counter) as connection:
        read_then_write(connection)
        seen_outside = count(counter)

    assert seen_outside == 0
    assert count(counter) == 1


def test_a_writer_who_waits_too_long_is_told_to_try_again(counter: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "WAIT_SECONDS", 1)
    impatient = create_engine_for(counter.url.render_as_string(hide_password=False))

    with writing(counter) as first:
        read_then_write(first)
        with pytest.raises(Unavailable, match="数据库正忙"), writing(impatient) as second:
            read_then_write(second)
    impatient.dispose()

    assert count(counter) == 1


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    urls = ["postgresql://nobody@127.0.0.1:1/none", f"sqlite:///{tmp_path}/no/such/folder/x.db"]

    for url in urls:
        engine = create_engine_for(url)
        with pytest.raises(Unavailable, match="无法打开数据库"), reading(engine):
            pass
        engine.dispose()


def test_a_full_disk_is_unavailable_and_leaves_the_last_commit(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path}/small.db")
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE counter (n)"))
        connection.execute(text("INSERT INTO counter VALUES (1)"))

    with pytest.raises(Unavailable, match="磁盘已满"), writing(engine) as connection:
        connection.execute(text("PRAGMA max_page_count = 2"))
        connection.execute(text("INSERT INTO counter VALUES (randomblob(100000))"))

    assert count(engine) == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("state", "words"),
    [("55P03", "正忙"), ("40P01", "正忙"), ("53100", "磁盘已满"), ("57P01", "连接中断"), ("08006", "连接中断")],
)
def test_a_postgresql_state_becomes_a_sentence(state: str, words: str) -> None:
    error = DBAPIError("", {}, SimpleNamespace(sqlstate=state))  # type: ignore[arg-type]

    sentence = db._sentence(error)

    assert sentence is not None
    assert words in sentence


@pytest.mark.parametrize("state", ["23505", "25006", "42P01"])
def test_a_mistake_of_the_program_is_not_called_unavailable(state: str) -> None:
    error = DBAPIError("", {}, SimpleNamespace(sqlstate=state))  # type: ignore[arg-type]

    assert db._sentence(error) is None


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)])
def test_wal_is_used_where_it_is_sound(version: tuple[int, int, int]) -> None:
    assert wal_is_sound(version)


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 0), (3, 51, 2)])
def test_wal_is_not_used_where_it_can_corrupt(version: tuple[int, int, int]) -> None:
    assert not wal_is_sound(version)


def test_a_connection_is_set_up_as_promised(bare_engine: Engine) -> None:
    question, promised = SETTINGS[bare_engine.dialect.name]

    with writing(bare_engine) as connection:
        found = {name: connection.exec_driver_sql(f"{question} {name}").scalar_one() for name in promised}

    assert found == promised


def test_a_database_in_memory_lasts_as_long_as_its_engine(memory: Engine) -> None:
    with writing(memory) as connection:
        connection.execute(text("CREATE TABLE counter (n)"))
        connection.execute(text("INSERT INTO counter VALUES (3)"))

    assert count(memory) == 3


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "postgresql+asyncpg://x/y", "sqlite+aiosqlite:///x"])
def test_any_other_address_is_bad_input(url: str) -> None:
    with pytest.raises(BadInput, match="数据库地址"):
        create_engine_for(url)


def test_upgrading_reaches_the_newest_revision_and_once_is_enough(bare_engine: Engine) -> None:
    before, newest = db.revision_state(bare_engine)

    upgrade(bare_engine)
    upgrade(bare_engine)

    assert before is None
    assert newest is not None
    assert db.revision_state(bare_engine) == (newest, newest)
