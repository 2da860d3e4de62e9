"""What most commands open first: the settings, the definitions with the keys, a database that is up to date."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine

from caseflow.config import Settings, load_settings
from caseflow.desk.key_use import hold
from caseflow.errors import Unavailable
from caseflow.house import BEIJING, House, new_master
from caseflow.store.db import create_engine_for, revision_state

NOT_MIGRATED = "数据库还没有建表，或不是本版本的结构。请先运行：caseflow sync"


def now() -> datetime:
    """The present moment, Beijing time: the one place where commands read the clock."""
    return datetime.now(BEIJING)


def settings_here() -> Settings:
    """The settings of the present folder and environment."""
    return load_settings(os.environ)


def fresh_settings(url: str) -> Settings:
    """Settings for a new installation, with a master key that exists nowhere else."""
    return Settings(database_url=url, master_key=new_master())


def house_of(settings: Settings) -> House:
    """The definitions and keys these settings name; InvalidDefinition or BadInput where they cannot be used."""
    return House.open(settings.master_key, settings.items_dir, settings.sign_in)


@contextmanager
def database(url: str, *, migrated: bool = True, house: House | None = None) -> Iterator[Engine]:
    """An engine for one command; Unavailable with what to run where the schema is not this version's.

    With a house its key is held meanwhile: Unavailable where the database was sealed with another.
    """
    engine = create_engine_for(url)
    if house is not None:
        hold(engine, house.keys.key_id)
    try:
        if migrated:
            require_migrated(engine)
        yield engine
    finally:
        engine.dispose()


def require_migrated(engine: Engine) -> None:
    """Unavailable unless the database has the newest schema."""
    current, newest = revision_state(engine)
    if current != newest:
        raise Unavailable(NOT_MIGRATED)
