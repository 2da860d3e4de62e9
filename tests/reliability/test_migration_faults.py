"""Whichever statement of whatever migration fails, nothing of it is there. CASEFLOW_FAULTS=1 runs the long form."""

from __future__ import annotations

from functools import partial

import pytest
from alembic import command
from sqlalchemy import Engine

from caseflow.store.db import _alembic_config, revision_state, writing
from tests.reliability.faulty import BOTH, fail_everywhere

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")


@pytest.mark.parametrize("revision", REVISIONS)
def test_no_migration_is_half_applied(bare_engine: Engine, revision: str) -> None:
    before = f"{int(revision) - 1:04d}"
    if before != "0000":
        _migrate(bare_engine, before)
    places = iter(range(1, 2000, 1 if BOTH else _stride(revision)))

    failures = fail_everywhere(bare_engine, partial(_migrate, bare_engine, revision), places)

    assert failures > 0
    assert revision_state(bare_engine)[0] == revision


def _stride(revision: str) -> int:
    """A few places of each revision; the first creates nearly everything and has a hundred statements."""
    return 29 if revision == "0001" else 7


def _migrate(engine: Engine, revision: str) -> None:
    with writing(engine) as session:
        config = _alembic_config()
        config.attributes["connection"] = session
        command.upgrade(config, revision)
