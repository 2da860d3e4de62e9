"""Who is using the master key: every connection of a process that holds it, until its change takes them all away.

A connection holds a shared lock as long as it is open and is refused where the database was sealed with another key, so
that no process goes on writing with a retired one. On PostgreSQL the lock is an advisory one, on SQLite it lies on a
file beside the database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from caseflow.errors import Unavailable

if os.name == "posix":
    import fcntl

KEYS: Final = "keys"
"""What everybody who seals and opens holds, and the change of the key takes alone."""

PURGE: Final = "purge"
"""What a backup holds, so that no file goes between the database and its copy, and a purge takes alone."""

_HANDLE: Final = "caseflow_key_use"
_IN_FORCE: Final = "SELECT key_id FROM master_key ORDER BY id DESC LIMIT 1"
_CHANGING: Final = "正在更换密钥，请等更换完成后再使用。"
_OTHER_KEY: Final = (
    "数据库是用另一把密钥密封的。请核对 caseflow.toml 中的 master_key；如果更换密钥没有完成，"
    "请再运行一次 caseflow rotate-keys；如果在另一台机器上更换过，请复制新的密钥并重新启动。"
)
_IN_USE: Final = {
    KEYS: "数据库正在使用中。请先停止所有 caseflow serve 和 caseflow worker，再更换密钥。",
    PURGE: "正在备份，请等备份完成后再销毁办件。",
}
_ELSEWHERE: Final = {KEYS: _CHANGING, PURGE: "正在销毁办件，请等销毁完成后再备份。"}


def hold(engine: Engine, key_id: str) -> None:
    """From now on every new connection of this engine uses the key of this name: Unavailable where it cannot be."""

    def connected(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        try:
            _share(engine, connection, entry)
            _require_key(engine, connection, key_id)
        except BaseException:
            # A connection that was refused here is closed by nobody else.
            connection.close()
            closed(connection, entry)
            raise

    def closed(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        handle = entry.info.pop(_HANDLE, None)
        if handle is not None:
            os.close(handle)

    event.listen(engine, "connect", connected)
    event.listen(engine, "close", closed)


@contextmanager
def alone(engine: Engine, what: str = KEYS) -> Iterator[None]:
    """While nobody holds it: Unavailable where somebody does. Nobody can begin to before this ends."""
    with _held(engine, what, exclusive=True, refusal=_IN_USE[what]):
        yield


@contextmanager
def beside(engine: Engine, what: str) -> Iterator[None]:
    """Beside others who hold it: Unavailable where somebody has it alone."""
    with _held(engine, what, exclusive=False, refusal=_ELSEWHERE[what]):
        yield


@contextmanager
def _held(engine: Engine, what: str, *, exclusive: bool, refusal: str) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        path = _lock_file(engine, what)
        handle = None if path is None else _locked(path, exclusive=exclusive)
        if path is not None and handle is None:
            raise Unavailable(refusal)
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)
        return
    # A connection of its own: the lock goes with it, also where this process dies.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            if not connection.exec_driver_sql(_try(what, exclusive=exclusive)).scalar_one():
                raise Unavailable(refusal)
            yield
        finally:
            connection.invalidate()


def _try(what: str, *, exclusive: bool) -> str:
    return f"SELECT pg_try_advisory_lock{'' if exclusive else '_shared'}({int.from_bytes(what.encode(), 'big')})"


def _share(engine: Engine, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    if engine.dialect.name == "sqlite":
        path = _lock_file(engine, KEYS)
        entry.info[_HANDLE] = handle = None if path is None else _locked(path, exclusive=False)
        shared = path is None or handle is not None
    else:
        shared = bool(_scalar(connection, _try(KEYS, exclusive=False)))
    if not shared:
        raise Unavailable(_CHANGING)


def _require_key(engine: Engine, connection: DBAPIConnection, key_id: str) -> None:
    if _key_in_force(engine, connection) not in {"", key_id}:
        raise Unavailable(_OTHER_KEY)


def _key_in_force(engine: Engine, connection: DBAPIConnection) -> str:
    """The name of the key the database was sealed with; "" where it says none."""
    sqlite = engine.dialect.name == "sqlite"
    known = "SELECT 1 FROM sqlite_master WHERE name = 'master_key'" if sqlite else "SELECT to_regclass('master_key')"
    return str(_scalar(connection, _IN_FORCE) or "") if _scalar(connection, known) else ""


def _scalar(connection: DBAPIConnection, statement: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(statement)
    row = cursor.fetchone()
    cursor.close()
    # PostgreSQL's driver has begun a transaction; the lock of a session outlives it.
    connection.rollback()
    return None if row is None else row[0]


def _lock_file(engine: Engine, what: str) -> Path | None:
    """Beside the database file; none for one in memory, or where files cannot be locked like this."""
    name = engine.url.database
    return None if os.name != "posix" or name in {None, "", ":memory:"} else Path(f"{name}-{what}")


def _locked(path: Path, *, exclusive: bool) -> int | None:
    """A handle that holds the lock as long as it is open; None where another holds it."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(f"无法打开数据库旁的 {path.name}：{error.strerror}") from error
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
