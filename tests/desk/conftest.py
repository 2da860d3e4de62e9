from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.support.office import Office, open_office


@pytest.fixture
def office(engine: Engine) -> Office:
    """An office of Shawan on a fresh database."""
    return open_office(engine)
