"""Migrated, empty databases, fast: migrate one template per session, then copy it for every test."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, text

from caseflow.store.db import create_engine_for, upgrade
from tests.support.postgres import Cluster


class Databases(Protocol):
    """Hands out the URL of a database that nobody else uses; `migrated=False` for one without tables."""

    def fresh(self, *, migrated: bool = True) -> contextlib.AbstractContextManager[str]: ...


class SqliteDatabases:
    """Files in a directory of the session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        path = self._folder / f"test-{next(self._numbers)}.db"
        if migrated:
            shutil.copyfile(self._migrated_template(), path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for suffix in ("", "-journal", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _migrated_template(self) -> Path:
        if not self._template.exists():
            _migrate(f"sqlite:///{self._template}")
        return self._template


class PostgresDatabases:
    """Databases of one cluster, copied inside the server."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._migrated = False
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        template = self._migrated_template() if migrated else "template1"
        self._order(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self._cluster.url(name)
        finally:
            self._order(f"DROP DATABASE {name} WITH (FORCE)")

    def _migrated_template(self) -> str:
        if not self._migrated:
            self._order("CREATE DATABASE migrated_template")
            _migrate(self._cluster.url("migrated_template"))
            self._migrated = True
        return "migrated_template"

    def _order(self, statement: str) -> None:
        with _outside_transactions(self._cluster.url("postgres")) as connection:
            connection.execute(text(statement))


@contextlib.contextmanager
def _outside_transactions(url: str) -> Iterator[Connection]:
    """CREATE and DROP DATABASE cannot run in a transaction, so this one engine is not the product's."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _migrate(url: str) -> None:
    engine = create_engine_for(url)
    upgrade(engine)
    engine.dispose()
