"""An engine whose work is taken back: many requests are sent to one furnished office, and each finds it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import Connection, Engine


class _Joined:
    """The one connection, in which every transaction is a savepoint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The connection stays open until everything is taken back."""

    def execution_options(self, **_: object) -> Self:
        return self

    def begin(self) -> Any:
        return self._connection.begin_nested()


class Undone:
    """Stands for an engine; `taken_back()` is a stretch of work after which the database is as before."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def connect(self) -> Any:
        return self._engine.connect() if self._connection is None else _Joined(self._connection)

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        with self._engine.connect() as connection:
            transaction = connection.begin()
            self._connection = connection
            try:
                yield
            finally:
                self._connection = None
                transaction.rollback()
