"""On PostgreSQL with its roles apart: who may purge, change the key and back up."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, make_url

from caseflow.cli import main
from caseflow.config import CONFIG_FILE
from caseflow.desk.rotating import claim_key
from caseflow.house import BEIJING
from caseflow.store.db import create_engine_for, writing
from caseflow.store.seal import Keys, new_master
from tests.support.databases import PostgresDatabases
from tests.support.office import open_office
from tests.support.roads import ACCEPT, HAND_OVER, REFUSE
from tests.support.sealed_office import INPATIENT, TRANSFER, with_keys

LATER = datetime(2058, 1, 1, 10, tzinfo=BEIJING)


@pytest.fixture
def url(postgres_databases: PostgresDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A database whose roles were set apart, with a case of ten years that is over, worked on by the application."""
    for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("caseflow.cli.purge.now", lambda: LATER)
    with postgres_databases.fresh() as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as session:
            driver: Any = session.connection.driver_connection
            driver.execute(CliRunner().invoke(main, ["roles"]).stdout)
        engine.dispose()
        master = new_master()
        fill(as_role(url, "caseflow_app"), master)
        CONFIG_FILE.write_text(f'database_url = "{url}"\nmaster_key = "{master}"\n')
        yield url


def fill(url: str, master: str) -> None:
    engine = create_engine_for(url)
    office = with_keys(open_office(engine), Keys.from_text(master))
    with writing(engine) as session:
        claim_key(session, office.house.keys, office.now)
    ref = office.register(INPATIENT)
    for by, action, details in (ACCEPT, HAND_OVER, ("reviewer", "refuse", REFUSE)):
        office.act(ref, by, action, **details)
    office.register(TRANSFER)
    engine.dispose()


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def run(url: str, role: str, *words: str) -> Result:
    """A command with the address of this role in the configuration's place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASEFLOW_DATABASE_URL", as_role(url, role))
        return CliRunner().invoke(main, list(words))


def test_only_the_owner_destroys_cases(url: str) -> None:
    words = ("purge", "--yes", "--by", "李主任，销毁清册〔2058〕1号")

    application, owner = run(url, "caseflow_app", *words), run(url, "caseflow_owner", *words)

    assert (application.exit_code, "数据库所有者" in application.stderr) == (2, True)
    assert (owner.exit_code, "已销毁 1 件" in owner.stdout) == (0, True)
    assert run(url, "caseflow_app", "verify").exit_code == 0


def test_the_application_backs_up_and_the_key_is_changed_by_either(url: str, tmp_path: Path) -> None:
    made = run(url, "caseflow_app", "backup", str(tmp_path / "a.backup"))
    changed = [run(url, role, "rotate-keys", "--yes") for role in ("caseflow_owner", "caseflow_app")]

    assert (made.exit_code, [one.exit_code for one in changed]) == (0, [0, 0]), made.stderr
    assert run(url, "caseflow_app", "verify").exit_code == 0
