"""Runs migrations on a connection handed in by `caseflow.store.db.upgrade`, or for the alembic command on its own."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from caseflow.store.db import create_engine_for, writing
from caseflow.store.tables import METADATA

DEFAULT_URL = "sqlite:///caseflow.db"


def run(connection: Connection) -> None:
    """Apply what is asked for inside the transaction the connection is in; types and defaults are compared too."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_offline() -> None:
    """Print the SQL instead of running it (`alembic upgrade head --sql`)."""
    url = os.environ.get("CASEFLOW_DATABASE_URL", DEFAULT_URL)
    context.configure(url=url, target_metadata=METADATA, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Use the caller's connection and leave the commit to it; without one open the configured database."""
    handed_in = context.config.attributes.get("connection")
    if handed_in is not None:
        run(handed_in)
        return
    engine = create_engine_for(os.environ.get("CASEFLOW_DATABASE_URL", DEFAULT_URL))
    with writing(engine) as connection:
        run(connection)
    engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
