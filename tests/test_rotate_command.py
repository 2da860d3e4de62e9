"""`caseflow rotate-keys` on a populated installation, cut short wherever it may be, and `caseflow seal-files`."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete

from caseflow.cli import main, rotate_keys
from caseflow.cli.init import write_private
from caseflow.config import CONFIG_FILE, load_settings
from caseflow.desk.key_use import hold
from caseflow.desk.rotating import claim_key
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.files import path_of
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.seal import Keys, new_master
from tests.support.office import Office
from tests.support.scans import PDF
from tests.support.sealed_office import open_sealed_office, opening

KILLS = int(os.environ.get("CASEFLOW_ROTATION_KILLS", "2"))
"""How often a change of the key is killed at some instant, per database; 100 in the long form."""

ROOT = Path(__file__).parent.parent


@pytest.fixture
def office(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A populated installation in the present folder, its key in its caseflow.toml."""
    for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    engine, master = create_engine_for(database_url), new_master()
    made, _ = open_sealed_office(engine, tmp_path / "caseflow-files", master)
    with writing(engine) as session:
        claim_key(session, made.house.keys, made.now)
    mail = '[office_mail]\nshawan = "office@example.cn"\n'
    told = f'# 我们的配置\ndatabase_url = "{database_url}"\nmaster_key = "{master}"  # 密钥\nport = 8123\n'
    write_private(CONFIG_FILE, f'{told}smtp_host = "mail.example.cn"\nsmtp_from = "a@example.cn"\n\n{mail}')
    yield made
    engine.dispose()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def keys_of(path: Path = CONFIG_FILE) -> Keys:
    return Keys.from_text(load_settings({}, path).master_key)


def opened(office: Office, keys: Keys) -> dict[str, str]:
    with reading(office.engine) as session:
        return opening(session, keys)


def test_the_key_is_changed_in_the_database_and_in_the_file(office: Office) -> None:
    before, old = opened(office, office.house.keys), tomllib.loads(CONFIG_FILE.read_text())

    result = run("rotate-keys", "--yes")

    assert (result.exit_code, result.stderr) == (0, "")
    after = tomllib.loads(CONFIG_FILE.read_text())
    assert after | {"master_key": ""} == old | {"master_key": ""}
    assert "# 我们的配置" in CONFIG_FILE.read_text()
    assert stat.S_IMODE(CONFIG_FILE.stat().st_mode) == 0o600
    assert opened(office, office.house.keys) == {}
    assert before.items() <= opened(office, keys_of()).items()
    assert run("verify").exit_code == 0
    assert old["master_key"] not in result.stdout + CONFIG_FILE.read_text()


def test_the_old_key_is_kept_apart_for_old_backups(office: Office) -> None:
    old = tomllib.loads(CONFIG_FILE.read_text())["master_key"]

    run("rotate-keys", "--yes")

    (kept,) = Path.cwd().glob("caseflow-key-*.retired")
    assert old in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_it_can_be_done_again_and_again(office: Office) -> None:
    before = opened(office, office.house.keys)

    for _ in range(3):
        assert run("rotate-keys", "--yes").exit_code == 0

    assert before.items() <= opened(office, keys_of()).items()
    assert run("verify").exit_code == 0
    assert len(list(Path.cwd().glob("caseflow-key-*.retired"))) == 3


@pytest.mark.parametrize("place", ["before the database", "before the file"])
def test_a_change_cut_short_goes_on_when_it_is_run_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    before = opened(office, office.house.keys)
    cut = "run" if place == "before the database" else "finish"
    with monkeypatch.context() as patch:
        patch.setattr(rotate_keys._Change, cut, _stop)
        assert "已中断" in run("rotate-keys", "--yes").stderr
    assert {"master_key", "next_master_key"} <= tomllib.loads(CONFIG_FILE.read_text()).keys()
    announced = load_settings({}).next_master_key
    verified = run("verify")

    result = run("rotate-keys", "--yes")

    assert result.exit_code == 0
    assert load_settings({}).master_key == announced
    assert before.items() <= opened(office, keys_of()).items()
    assert run("verify").exit_code == 0
    # Before the database was changed everything goes on with the old key; afterwards it says what to do.
    assert (verified.exit_code == 0) == (place == "before the database")
    assert ("再运行一次 caseflow rotate-keys" in verified.stderr) == (place == "before the file")


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_killed_at_any_instant_nothing_is_lost(office: Office) -> None:
    before = opened(office, office.house.keys)
    command = [sys.executable, "-m", "caseflow.cli", "rotate-keys", "--yes"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    assert subprocess.run(command, check=False, env=environment, capture_output=True).returncode == 0
    whole = time.monotonic() - started
    chance = random.Random(7)

    for _ in range(KILLS):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            # The first part of a run is only the start of Python.
            process.communicate(timeout=whole * chance.uniform(0.4, 1.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        again = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr

    assert before.items() <= opened(office, keys_of()).items()
    assert run("verify").exit_code == 0


# --- refused


def test_a_running_server_keeps_the_key_as_it_is(office: Office, database_url: str) -> None:
    text = CONFIG_FILE.read_text()
    server = create_engine_for(database_url)
    hold(server, office.house.keys.key_id)
    with reading(server):
        pass

    result = run("rotate-keys", "--yes")
    server.dispose()

    assert (result.exit_code, CONFIG_FILE.read_text()) == (2, text)
    assert "请先停止所有 caseflow serve 和 caseflow worker" in result.stderr


def test_a_key_that_lies_elsewhere_is_not_changed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEFLOW_MASTER_KEY", load_settings({}).master_key)

    result = run("rotate-keys", "--yes")

    assert result.exit_code == 2
    assert "环境变量" in result.stderr


def test_another_installation_s_key_changes_nothing(office: Office) -> None:
    before = opened(office, office.house.keys)
    text = CONFIG_FILE.read_text()
    CONFIG_FILE.write_text(text.replace(load_settings({}).master_key, new_master()))

    result = run("rotate-keys", "--yes")

    assert result.exit_code == 2
    assert "不是用 caseflow.toml 中的密钥密封的" in result.stderr
    assert opened(office, office.house.keys) == before


def test_a_key_written_in_another_way_is_left_alone(office: Office) -> None:
    text = CONFIG_FILE.read_text().replace("master_key = ", '"master_key" = ')
    CONFIG_FILE.write_text(text)

    result = run("rotate-keys", "--yes")

    assert (result.exit_code, CONFIG_FILE.read_text()) == (2, text)
    assert opened(office, office.house.keys)


def test_without_a_yes_nothing_is_done(office: Office) -> None:
    text = CONFIG_FILE.read_text()

    result = CliRunner().invoke(main, ["rotate-keys"], input="n\n")

    assert (result.exit_code, CONFIG_FILE.read_text()) == (2, text)


# --- attachments of an earlier release


def _left_plain(office: Office) -> Path:
    root = load_settings({}).files_dir
    with writing(office.engine) as session:
        session.execute(delete(StoredFileRow))
    plain = path_of(root, hashlib.sha256(PDF).hexdigest())
    plain.parent.mkdir(parents=True, exist_ok=True)
    plain.write_bytes(PDF)
    return plain


def test_plain_attachments_are_sealed_and_open_after_a_change_of_the_key(office: Office) -> None:
    plain = _left_plain(office)

    first, again = run("seal-files"), run("seal-files")

    assert ("已加密 1 个附件" in first.stdout, "已加密 0 个附件" in again.stdout) == (True, True)
    assert not plain.exists()
    assert run("rotate-keys", "--yes").exit_code == 0
    assert any(place.startswith("stored_file") for place in opened(office, keys_of()))


def test_a_plain_attachment_that_was_changed_is_named_and_left(office: Office) -> None:
    plain = _left_plain(office)
    plain.write_bytes(PDF + b" ")

    result = run("seal-files")

    assert (result.exit_code, plain.exists()) == (1, True)
    assert "附件编号 1" in result.stderr
