"""Writers of a SQLite file take turns in the order of coming, in one process and among processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from caseflow.errors import Unavailable
from caseflow.store.write_gate import SUFFIX, turn, waiting

WRITERS = 16
LONG = 30.0
AT_WORK = """
import sys
from caseflow.store.write_gate import turn
with turn(sys.argv[1], 30.0, ""):
    sys.stdout.write("first\\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with open(sys.argv[2], "a") as order:
        order.write(sys.argv[3] + "\\n")
"""


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "gate.db"
    path.touch()
    return str(path)


def await_queue(database: str, length: int) -> None:
    """Until so many threads stand in the queue: each is let in only when the one before it stands there."""
    looked = threading.Event()
    while waiting(database) < length:
        looked.wait(0.001)


def drawn(database: str) -> int:
    """How many tickets were drawn among processes."""
    path = Path(database + SUFFIX)
    return int.from_bytes(path.read_bytes()[:8], "big") if path.exists() else 0


def test_sixteen_writers_take_their_turns_in_the_order_of_coming(database: str) -> None:
    order: list[int] = []

    def write(n: int) -> None:
        with turn(database, LONG, ""):
            order.append(n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    with turn(database, LONG, ""):
        for n, thread in enumerate(threads, 1):
            thread.start()
            await_queue(database, n + 1)
    for thread in threads:
        thread.join()

    assert order == list(range(WRITERS))
    assert waiting(database) == 0


def test_processes_take_their_turns_in_the_order_of_coming(database: str, tmp_path: Path) -> None:
    written = tmp_path / "order"
    looked = threading.Event()
    processes = []
    for n in range(3):
        command = [sys.executable, "-c", AT_WORK, database, str(written), str(n)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, stdout=subprocess.PIPE))
        while drawn(database) < n + 1:
            looked.wait(0.005)

    for process in reversed(processes):
        # The last may go first, if anybody may: each writes as soon as it has its turn.
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()

    assert written.read_text().split() == ["0", "1", "2"]


def test_a_process_that_dies_in_the_queue_holds_nobody_up(database: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", AT_WORK, database, str(tmp_path / "order"), "0"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    dying = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert dying.stdout is not None
    assert dying.stdout.readline() == b"first\n"
    with pytest.raises(Unavailable, match="busy"), turn(database, 0.05, "busy"):
        pass

    dying.kill()
    dying.communicate()

    with turn(database, LONG, "busy"):
        assert drawn(database) == 3


def test_who_waits_too_long_is_told_and_leaves_the_queue(database: str) -> None:
    told: list[str] = []

    def write() -> None:
        try:
            with turn(database, 0.05, "busy"):
                told.append("wrote")
        except Unavailable as error:
            told.append(str(error))

    with turn(database, LONG, ""):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert waiting(database) == 1
    with turn(database, LONG, ""):
        told.append("open again")

    assert told == ["busy", "open again"]


def test_an_error_in_ones_turn_ends_it(database: str) -> None:
    with pytest.raises(ZeroDivisionError), turn(database, LONG, ""):
        raise ZeroDivisionError

    with turn(database, LONG, ""):
        assert waiting(database) == 1
