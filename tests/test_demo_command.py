"""The demo's folder and its command: what is made anew, what is never touched, and what it prints and serves."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from caseflow.cli import main
from caseflow.cli.demo import DEMO_FILE, free_port, is_demo_file, new_demo_file, set_stage
from caseflow.cli.demo_home import Home
from caseflow.cli.demo_staff import LOGINS
from caseflow.cli.opening import house_of
from caseflow.config import CONFIG_FILE, load_settings
from caseflow.errors import BadInput, Refused
from caseflow.house import BEIJING
from caseflow.store.db import create_engine_for, reading
from caseflow.store.models import CaseRow, PersonRow

ROOT = Path(__file__).parent.parent
FRIDAY = datetime(2026, 4, 17, 16, 0, tzinfo=BEIJING)


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    set_stage(new_demo_file(path), 3, FRIDAY)

    url = new_demo_file(path)

    assert is_demo_file(path)
    assert path.stat().st_size < 10_000
    assert set_stage(url, 2, FRIDAY).cases.total() == 2


@pytest.mark.parametrize("content", [b"", b"a letter", b"SQLite format 3\x00 but broken" * 100])
def test_a_file_that_is_no_demo_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(content)

    with pytest.raises(Refused, match="不会覆盖"):
        new_demo_file(path)

    assert path.read_bytes() == content


def test_another_database_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE precious (n)")
    made.close()

    with pytest.raises(Refused, match="不会覆盖"):
        new_demo_file(path)


def test_a_demo_opens_again_in_its_folder(tmp_path: Path) -> None:
    stage = set_stage(f"sqlite:///{tmp_path}/some.db", 3, FRIDAY)

    again = load_settings({}, stage.home.folder / CONFIG_FILE)
    engine = create_engine_for(again.database_url)
    with reading(engine) as session:
        cases = session.scalars(select(CaseRow.number)).all()
        sealed = session.scalars(select(PersonRow.id_sealed)).all()
    engine.dispose()

    assert stage.home.folder == tmp_path / "some"
    assert again == stage.settings
    assert len(cases) == 3
    assert all(house_of(again).keys.open(number) for number in sealed)
    assert (stage.home.folder / CONFIG_FILE).stat().st_mode & 0o77 == 0


def test_a_folder_that_is_no_demos_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "caseflow-demo" / "letters"
    own.mkdir(parents=True)

    found = CliRunner().invoke(main, ["demo", "--no-serve", "--cases", "1"])

    assert found.exit_code == 2
    assert "不会改动" in found.stderr
    assert own.exists()
    assert not DEMO_FILE.exists()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:////srv/demo.db", "/srv/demo"),
        ("sqlite:////srv/demo", "/srv/demo-demo"),
        ("postgresql://somebody@localhost/caseflow", "caseflow-demo"),
    ],
)
def test_the_folder_lies_beside_the_database(url: str, folder: str) -> None:
    assert Home.beside(url).folder == Path(folder).resolve()


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(BadInput, match="--db"):
        Home.beside("demo.db")


def test_the_command_without_serving_tells_the_cases_by_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    found = CliRunner().invoke(main, ["demo", "--no-serve", "--cases", "3"])

    assert found.exit_code == 0
    assert "演示办件 3 件" in found.stdout
    assert "caseflow-demo && caseflow serve" in found.stdout
    assert (tmp_path / DEMO_FILE).exists()


def test_the_command_serves_on_loopback_and_tells_address_and_logins(tmp_path: Path) -> None:
    port = free_port(8300)
    words = [sys.executable, "-u", "-m", "caseflow.cli", "demo", "--cases", "3", "--port", str(port)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}

    with subprocess.Popen(
        words, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as server:
        try:
            assert server.stdout is not None
            told = until(server.stdout, "演示网址")
            page = open_page(f"http://127.0.0.1:{port}/")
        finally:
            server.terminate()

    assert f"http://127.0.0.1:{port}/" in told[-1]
    for login in LOGINS:
        assert any(login.number in line for line in told)
    assert "密码" in page


def until(lines: TextIO, word: str) -> list[str]:
    """What is printed up to and with the first line that holds the word."""
    seen: list[str] = []
    while not seen or (seen[-1] and word not in seen[-1]):
        seen.append(lines.readline())
    return seen


def open_page(url: str) -> str:
    """The page behind an address, once somebody answers there."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback address
                return str(answer.read().decode())
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)
    raise AssertionError(url)
