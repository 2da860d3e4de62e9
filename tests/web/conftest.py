"""An office with its web door; form tokens are asked for unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from tests.support.office import Office, open_office
from tests.web.counter import Door, open_door


@pytest.fixture
def office(engine: Engine) -> Office:
    """Staff of every role in Shawan, at work on a fresh database."""
    return open_office(engine)


@pytest.fixture
def door(office: Office) -> Door:
    """A browser for each member of the office's staff."""
    return Door.of(office)


@pytest.fixture
def guarded(office: Office) -> Flask:
    """The web door as it is served: every form needs its token."""
    app = open_door(office)
    app.config["WTF_CSRF_ENABLED"] = True
    return app


@pytest.fixture
def anonymous(guarded: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return guarded.test_client()


@pytest.fixture
def login(door: Door) -> Callable[[str], FlaskClient]:
    """A browser in which the member of staff with this role is signed in."""
    return lambda role: getattr(door, role).client  # type: ignore[no-any-return]


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """What the database is asked while the test runs."""
    asked: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement.lstrip())

    event.listen(engine, "before_cursor_execute", hear)
    yield asked
    event.remove(engine, "before_cursor_execute", hear)
