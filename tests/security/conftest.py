"""One furnished office per database; what the tests do to it is taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caseflow.store.db import create_engine_for
from tests.browser.conftest import office, windows
from tests.conftest import DATABASES
from tests.security.site import Site, Survey, furnish
from tests.support.databases import Databases
from tests.support.office import ROLES

__all__ = ["office", "windows"]
"""The windows of tests/browser, for the one test here that needs a browser."""


@pytest.fixture(scope="session", params=DATABASES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The office; many forms can be sent to the same state, see `Undone`."""
    name = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}[request.param]
    databases: Databases = request.getfixturevalue(name)
    with databases.fresh() as url:
        engine = create_engine_for(url)
        yield furnish(engine, tmp_path_factory.mktemp("site"))
        engine.dispose()


@pytest.fixture(scope="session")
def survey(site: Site) -> Survey:
    """What everybody meets in it."""
    return site.survey("", *ROLES)
