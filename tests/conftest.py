"""Which databases and browsers there are is settled before collection; what is left out is named, or fails under CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from caseflow.store.db import create_engine_for
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.postgres import find_programs, running_cluster

# The gate says the same twice, and a busy machine is no failure; CASEFLOW_LIVES asks for new random lives.
settings.register_profile("gate", derandomize="CASEFLOW_LIVES" not in os.environ, deadline=None, max_examples=200)
settings.load_profile("gate")

POSTGRES = find_programs()
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DATABASES = ("sqlite", "postgresql") if POSTGRES else ("sqlite",)

LEFT_OUT = tuple(
    text
    for text, present in (
        ("PostgreSQL (server programs and psycopg): store and desk tests ran on SQLite only", POSTGRES),
        ("Chromium: no page was opened in a browser", CHROMIUM),
    )
    if not present
)


def pytest_configure(config: pytest.Config) -> None:
    if LEFT_OUT and os.environ.get("CI") == "true":
        raise pytest.UsageError("CI must leave nothing out, but this machine lacks " + "; ".join(LEFT_OUT))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if CHROMIUM is None and item.get_closest_marker("browser")]
    # Tests of roles and the like ask for the cluster itself; all others run on whichever databases there are.
    left += [item for item in items if POSTGRES is None and "postgres_databases" in getattr(item, "fixturenames", ())]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for text in LEFT_OUT:
        terminalreporter.write_line(f"left out: {text}", yellow=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program, for tests marked `browser`."""
    assert CHROMIUM is not None
    return CHROMIUM


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's Chromium driven by Playwright; one for the session, for a process can drive no second."""
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    """One cluster per test process, started by the first test that needs it."""
    assert POSTGRES is not None
    with running_cluster(POSTGRES) as cluster:
        yield PostgresDatabases(cluster)


@pytest.fixture(params=DATABASES)
def databases(request: pytest.FixtureRequest) -> Databases:
    """Each database the machine has, one after the other."""
    name = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}[request.param]
    found: Databases = request.getfixturevalue(name)
    return found


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated, empty database; the test runs once per database."""
    made = create_engine_for(database_url)
    yield made
    made.dispose()


@pytest.fixture
def bare_engine(databases: Databases) -> Iterator[Engine]:
    """An engine on a database without tables; the test runs once per database."""
    with databases.fresh(migrated=False) as url:
        made = create_engine_for(url)
        yield made
        made.dispose()
