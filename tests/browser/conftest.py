"""A real browser at a real server: waitress on loopback, Debian's Chromium driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine

from caseflow.config import Settings
from caseflow.house import new_master
from caseflow.store.db import create_engine_for
from tests.browser.windows import Windows
from tests.desk.test_sideroads import ITEMS
from tests.support.databases import SqliteDatabases
from tests.support.office import Office, open_office
from tests.support.serving import served
from web import create_app


@pytest.fixture
def office(sqlite_databases: SqliteDatabases) -> Iterator[Office]:
    with sqlite_databases.fresh() as url:
        engine: Engine = create_engine_for(url)
        yield open_office(engine, items=ITEMS)
        engine.dispose()


@pytest.fixture
def windows(browser: Browser, office: Office, tmp_path: Path) -> Iterator[Windows]:
    """The office's site with a window for each member of staff; its clock is the office's."""
    settings = Settings("sqlite://", new_master(), files_dir=tmp_path / "files", secure_cookies=False)
    app = create_app(settings, lambda: office.now)
    app.extensions["caseflow_engine"] = office.engine
    app.extensions["caseflow_house"] = office.house
    with served(app) as address, closing(Windows(browser, office, address)) as opened:
        yield opened
