"""The engine and the one transaction context. Nothing else opens a connection, and nothing else commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, event, func, select
from sqlalchemy import create_engine as create_plain_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from caseflow.errors import BadInput, Fault, Unavailable
from caseflow.store.write_gate import turn

WAIT_SECONDS: Final = 10
"""How long a statement waits for a lock before the user is told to try again."""

_READ_ONLY: Final = "caseflow_read_only"

# SQLite releases in which the WAL-reset corruption bug is mended: the fix and its two back-ports.
_SOUND_WAL: Final = ((3, 44, 6), (3, 50, 7), (3, 51, 3))

_MEMORY: Final = frozenset({None, "", ":memory:"})

_BUSY: Final = "数据库正忙，本次操作没有保存，请稍后再试。"
_LOST: Final = "与数据库的连接中断，本次操作没有保存，请稍后再试。"
_FULL: Final = "数据库所在磁盘已满或无法写入，本次操作没有保存，请立即通知系统管理员。"
_CLOSED: Final = "无法打开数据库，请通知系统管理员检查数据库是否在运行、地址和权限是否正确。"

_SQLITE_SENTENCES: Final = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
}

# PostgreSQL error classes, longest prefix first (appendix A of its manual).
_POSTGRES_SENTENCES: Final = (
    ("55P03", _BUSY),  # lock_not_available
    ("40P01", _BUSY),  # deadlock_detected
    ("40001", _BUSY),  # serialization_failure
    ("53300", _BUSY),  # too_many_connections
    ("53", _FULL),  # insufficient_resources
    ("57P", _LOST),  # shutdown, crash, cannot_connect_now
    ("58", _FULL),  # system_error
    ("08", _LOST),  # connection_exception
)


def create_engine_for(url: str) -> Engine:
    """An engine set up as the promises need: SQLite file or memory, or PostgreSQL; BadInput for any other URL."""
    parsed = _parse(url)
    return _sqlite_engine(parsed) if parsed.get_backend_name() == "sqlite" else _postgres_engine(parsed)


def is_sqlite(engine: Engine | Connection) -> bool:
    """Whether this is SQLite, where a whole database has one writer; otherwise it is PostgreSQL."""
    return engine.dialect.name == "sqlite"


def wal_is_sound(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite release may use WAL: 3.44.6, 3.50.7 and their line, or 3.51.3 and later."""
    return version >= _SOUND_WAL[-1] or any(version[:2] == sound[:2] and version >= sound for sound in _SOUND_WAL)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: commits at the end, rolls back on any error; Unavailable when the database cannot.

    On SQLite it takes the write lock at once (BEGIN IMMEDIATE), so what was read is still true when it is written;
    writers take it in the order of coming.
    """
    with _translated(), _turn(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that can only read and never commits; a write inside it is refused by the database."""
    options: dict[str, Any] = {_READ_ONLY: True} if is_sqlite(engine) else {"postgresql_readonly": True}
    with _translated(), engine.connect().execution_options(**options) as connection:
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision in one transaction, with the migrations that were installed."""
    with writing(engine) as connection:
        config = _alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@dataclass(frozen=True, slots=True)
class Lost:
    """What the older schema has no place for: the rows of each table that goes, and the columns that go."""

    rows: Mapping[str, int]
    columns: tuple[str, ...]


def downgrade(engine: Engine, revision: str, *, rehearse: bool) -> Lost:
    """Take the schema back to an older revision in one transaction and say what was lost; a rehearsal changes nothing.

    BadInput for a revision that is not an older one; Unavailable where a revision cannot be undone with these rows.
    """
    with _translated(), _turn(engine), engine.connect() as connection, connection.begin() as transaction:
        before = _shape(connection)
        config = _alembic_config()
        config.attributes["connection"] = connection
        try:
            command.downgrade(config, revision)
        except CommandError as error:
            raise BadInput([Fault("结构版本", f"不能退回到 {revision[:40]}：{error}")]) from error
        except RuntimeError as error:
            raise Unavailable(str(error)) from error
        after = _shape(connection)
        if rehearse:
            transaction.rollback()
    gone = {name: rows for name, (rows, _) in before.items() if name not in after}
    lost = (f"{name}.{column}" for name in after for column in sorted(before[name][1] - after[name][1]))
    return Lost(gone, tuple(lost))


def _shape(connection: Connection) -> dict[str, tuple[int, frozenset[str]]]:
    """Every table with its number of rows and the names of its columns."""
    tables = MetaData()
    tables.reflect(connection)
    return {
        name: (
            connection.execute(select(func.count()).select_from(table)).scalar_one(),
            frozenset(table.columns.keys()),
        )
        for name, table in sorted(tables.tables.items())
    }


def revision_state(engine: Engine) -> tuple[str | None, str | None]:
    """The revision the database is at and the newest one known; equal when the schema is up to date."""
    newest = ScriptDirectory.from_config(_alembic_config()).get_current_head()
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision(), newest


def known_revisions() -> frozenset[str]:
    """Every revision of the schema this version knows."""
    script = ScriptDirectory.from_config(_alembic_config())
    return frozenset(one.revision for one in script.walk_revisions())


def _turn(engine: Engine) -> AbstractContextManager[None]:
    """One's place among the writers of a SQLite file; other databases queue by themselves."""
    if not is_sqlite(engine) or engine.url.database in _MEMORY:
        return nullcontext()
    return turn(str(Path(engine.url.database or "").resolve()), WAIT_SECONDS, _BUSY)


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _parse(url: str) -> URL:
    fault = Fault("数据库地址", "应为 sqlite:///文件 或 postgresql://用户@主机/库名")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadInput([fault]) from error
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"}:
        raise BadInput([fault])
    return parsed


def _sqlite_engine(url: URL) -> Engine:
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}, "hide_parameters": True}
    if url.database in _MEMORY:
        options["poolclass"] = StaticPool
    engine = create_plain_engine(url, **options)
    event.listen(engine, "handle_error", _name_nobody)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(dbapi_connection: DBAPIConnection, _record: object) -> None:
    # The driver's own BEGIN comes only before the first write: after a SELECT there is no transaction, and updates
    # are lost. With isolation_level None it sends nothing, and _begin_sqlite does.
    dbapi_connection.isolation_level = None
    journal = "WAL" if wal_is_sound(sqlite3.sqlite_version_info) else "TRUNCATE"
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
    cursor.execute("PRAGMA foreign_keys = ON")
    # So that what OR REPLACE takes away is asked of the triggers that keep history like any other removal.
    cursor.execute("PRAGMA recursive_triggers = ON")
    cursor.execute(f"PRAGMA journal_mode = {journal}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _postgres_engine(url: URL) -> Engine:
    options: dict[str, Any] = {"isolation_level": "READ COMMITTED", "pool_pre_ping": True, "hide_parameters": True}
    engine = create_plain_engine(url.set(drivername="postgresql+psycopg"), **options)
    event.listen(engine, "handle_error", _name_nobody)
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _name_nobody(context: ExceptionContext) -> None:
    """Leave out of an error what quotes a row: PostgreSQL's DETAIL, and the value in the words of a data exception."""
    error = context.original_exception
    diagnosis, state = getattr(error, "diag", None), getattr(error, "sqlstate", None)
    if diagnosis is None or state is None:
        return
    words = f"data exception {state}" if state.startswith("22") else diagnosis.message_primary or state
    error.args = (words,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__qualname__}) {words}",)


def _prepare_postgres(dbapi_connection: DBAPIConnection, _record: object) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute("SET synchronous_commit TO on")
    # Every statement here is short; compiling one would take longer than running it.
    cursor.execute("SET jit TO off")
    cursor.execute(f"SET lock_timeout TO '{WAIT_SECONDS}s'")
    cursor.close()
    dbapi_connection.commit()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what only the machine's state explains into Unavailable; every other error passes as it is."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(_BUSY) from error
    except DBAPIError as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise Unavailable(sentence) from error


def _sentence(error: DBAPIError) -> str | None:
    if isinstance(error.orig, sqlite3.Error):
        # The low byte is the primary code; the rest says which kind of it.
        code = getattr(error.orig, "sqlite_errorcode", None)
        return None if code is None else _SQLITE_SENTENCES.get(code & 0xFF)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return _LOST if error.connection_invalidated else _without_state(error)
    return next((sentence for prefix, sentence in _POSTGRES_SENTENCES if state.startswith(prefix)), None)


def _without_state(error: DBAPIError) -> str | None:
    """A server that could not be reached gives no SQLSTATE."""
    return _CLOSED if type(error.orig).__name__ in {"OperationalError", "ConnectionTimeout"} else None
