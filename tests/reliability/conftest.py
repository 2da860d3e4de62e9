"""Offices for trials of reliability: on each database, with a web door where a test asks for one."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.support.office import Office, open_office
from tests.web.counter import Door


@pytest.fixture
def office(engine: Engine) -> Office:
    """Staff of every role in Shawan, at work on a fresh database."""
    return open_office(engine)


@pytest.fixture
def door(office: Office) -> Door:
    """A browser for each member of the office's staff."""
    return Door.of(office)
