"""`caseflow worker` as it is started: once, until a signal, and beside the pages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caseflow.cli import main
from tests.support.gateways import Gateway, running_gateway

ROOT = Path(__file__).parent.parent
SOON = 20.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a database that is ready."""
    for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    assert run("init", "--database", "sqlite:///caseflow.db").exit_code == 0
    return tmp_path


def run(*words: str) -> Any:
    return CliRunner().invoke(main, words)


def test_once_it_sweeps_sends_and_ends(folder: Path) -> None:
    ended = run("worker", "--once")

    assert ended.exit_code == 0
    assert [json.loads(line)["event"] for line in ended.stdout.splitlines()] == ["sweep.done"]


def test_a_mailbox_of_no_bureau_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEFLOW_SMTP_HOST", "mail.example.cn")
    monkeypatch.setenv("CASEFLOW_SMTP_FROM", "a@example.cn")
    monkeypatch.setenv("CASEFLOW_OFFICE_MAIL", "nowhere=a@example.cn")

    for command in (["worker", "--once"], ["tick"]):
        refused = run(*command)
        assert (refused.exit_code, "office_mail" in refused.stderr) == (2, True)


def test_without_a_configuration_the_sentence_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    refused = run("worker")

    assert (refused.exit_code, "caseflow init" in refused.stderr) == (2, True)


def test_beside_the_pages_it_runs_while_they_are_served(
    folder: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`serve --with-worker`, with the pages stood in for by a wait for the message."""
    _queue_for(folder)
    monkeypatch.setenv("CASEFLOW_SMS_URL", gateway.url)
    monkeypatch.setenv("CASEFLOW_SMS_SECRET", "s")
    monkeypatch.setattr("caseflow.cli.serve.run", lambda *_: _await(lambda: bool(gateway.posted)))
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    served = run("serve", "--with-worker")

    events = [json.loads(line)["event"] for line in served.stdout.splitlines()]
    assert (served.exit_code, events) == (0, ["worker.started", "sweep.done", "outbox.sent", "worker.stopped"])


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running_gateway() as found:
        yield found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(folder: Path, number: signal.Signals) -> None:
    process = _started(folder)
    _await_line(process, "sweep.done")

    process.send_signal(number)
    rest, _ = process.communicate(timeout=SOON)

    assert process.returncode == 0
    assert json.loads(rest.splitlines()[-1])["event"] == "worker.stopped"


def test_a_signal_while_sending_lets_the_message_be_finished(folder: Path, gateway: Gateway) -> None:
    gateway.delay = 30
    _queue_for(folder)
    process = _started(folder, CASEFLOW_SMS_URL=gateway.url, CASEFLOW_SMS_SECRET="s", CASEFLOW_SEND_TIMEOUT="30")
    _await(lambda: bool(gateway.posted))

    process.send_signal(signal.SIGTERM)
    gateway.released.set()
    rest, _ = process.communicate(timeout=SOON)

    assert [json.loads(line)["event"] for line in rest.splitlines()][-2:] == ["outbox.sent", "worker.stopped"]
    assert process.returncode == 0


def _started(folder: Path, **environ: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "caseflow.cli", "worker"]
    here = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environ}
    return subprocess.Popen(command, cwd=folder, env=here, stdout=subprocess.PIPE, text=True)


def _await_line(process: subprocess.Popen[str], event: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == event:
            return
    raise AssertionError(event)


def _await(happened: Any) -> None:
    ends = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _queue_for(folder: Path) -> None:
    """One short message in the database of the folder, under the key of its configuration."""
    code = """
from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.desk.outbox import Letter, enqueue
from caseflow.store.db import writing

settings = settings_here()
fields = {"bureau": "b", "item": "i", "due": "d", "query_code": "q"}
with database(settings.database_url) as engine, writing(engine) as session:
    enqueue(session, house_of(settings), Letter("shawan", None, "sms", "1", "supplement_due", fields, "o"), now())
"""
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=here, check=True)
