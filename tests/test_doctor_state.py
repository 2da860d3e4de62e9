"""What the doctor says of keys, guards, seals, backups, attachments, clocks and disks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from caseflow.cli import doctor_state
from caseflow.cli.doctor_state import Level, checks_of_place, checks_of_state
from caseflow.config import Settings
from caseflow.desk.backing_up import Kept, note_backup
from caseflow.desk.rotating import claim_key
from caseflow.store.db import is_sqlite, reading, writing
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.seal import Keys, new_master
from caseflow.views.health import Health, read_health
from tests.support.sealed_office import open_sealed_office

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MASTER = new_master()
SETTINGS = Settings("sqlite:///x.db", MASTER)
WELL = Health(Keys.from_text(MASTER).key_id, NOW, 9, NOW, 0, (), None, None)
SEALED = (NOW, 9)


def verdicts(
    health: Health = WELL, seal: tuple[datetime, int] | None = SEALED, now: datetime = NOW
) -> dict[str, Level]:
    """What is not in order."""
    checks = checks_of_state(SETTINGS, health, seal, now)
    return {check.key: check.level for check in checks if check.level is not Level.OK}


def test_where_all_is_well_nothing_is_said() -> None:
    assert verdicts() == {}


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (replace(WELL, key_id=""), {"key_fits": Level.WARNING}),
        (replace(WELL, key_id="0011"), {"key_fits": Level.FAILED}),
        (replace(WELL, unguarded=("event",)), {"guards": Level.FAILED}),
        (replace(WELL, plain_files=3), {"attachments": Level.WARNING}),
        (replace(WELL, last_backup=None), {"backup": Level.WARNING}),
        (replace(WELL, last_backup=NOW - timedelta(hours=25)), {}),
        (replace(WELL, last_backup=NOW - timedelta(hours=27)), {"backup": Level.WARNING}),
        (replace(WELL, last_backup=NOW - timedelta(days=8)), {"backup": Level.FAILED}),
        (replace(WELL, newest_entry=NOW + timedelta(minutes=1)), {}),
        (replace(WELL, newest_entry=NOW + timedelta(minutes=3)), {"clock": Level.FAILED}),
        (replace(WELL, server_clock=NOW - timedelta(minutes=3)), {"clock": Level.WARNING}),
        (replace(WELL, discreet=False), {"server_log": Level.WARNING}),
        (replace(WELL, discreet=True), {}),
    ],
)
def test_each_thing_that_is_wrong_is_said_and_nothing_else(health: Health, expected: dict[str, Level]) -> None:
    assert verdicts(health) == expected


@pytest.mark.parametrize(
    ("seal", "newest", "expected"),
    [
        (None, 9, Level.WARNING),
        (None, 0, None),
        ((NOW - timedelta(minutes=29), 8), 9, None),
        ((NOW - timedelta(minutes=31), 8), 9, Level.WARNING),
        ((NOW - timedelta(hours=25), 8), 9, Level.FAILED),
        ((NOW - timedelta(days=9), 9), 9, None),
    ],
)
def test_a_seal_is_late_where_something_was_recorded_since(
    seal: tuple[datetime, int] | None, newest: int, expected: Level | None
) -> None:
    assert verdicts(replace(WELL, newest_row=newest), seal).get("seals") is expected


def test_little_room_a_key_left_lying_and_an_unfinished_change_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        doctor_state.shutil, "disk_usage", lambda _path: doctor_state.shutil._ntuple_diskusage(1, 1, 10**8)
    )
    (tmp_path / "caseflow-key-0011.retired").touch()

    told = {check.key: check.level for check in checks_of_place(replace(SETTINGS, next_master_key=new_master()))}

    assert told == {"disk": Level.FAILED, "retired_keys": Level.WARNING, "rotation": Level.FAILED}


def test_the_state_is_read_from_either_database(engine: Engine, tmp_path: Path) -> None:
    office, _ = open_sealed_office(engine, tmp_path)
    with writing(engine) as session:
        claim_key(session, office.house.keys, office.now)
        note_backup(session, Kept(tmp_path, 1, "", 0, ()), office.now)
        session.execute(delete(StoredFileRow))

    with reading(engine) as session:
        found = read_health(session)

    assert (found.key_id, found.unguarded, found.plain_files) == (office.house.keys.key_id, (), 1)
    assert found.newest_row > 0
    assert (found.newest_entry, found.last_backup) == (office.now, office.now)
    assert (found.server_clock is None, found.discreet) == ((True, None) if is_sqlite(engine) else (False, False))


def test_a_trigger_that_was_taken_away_is_missed(engine: Engine) -> None:
    with writing(engine) as session:
        if is_sqlite(engine):
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'rating'"
            for name in session.exec_driver_sql(query).scalars().all():
                session.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            session.exec_driver_sql("ALTER TABLE rating DISABLE TRIGGER USER")

    with reading(engine) as session:
        assert read_health(session).unguarded == ("rating",)
