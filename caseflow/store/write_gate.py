"""The queue before SQLite's one write lock: who comes first writes first, in this process and among processes.

SQLite itself lets waiting writers sleep and try again; who sleeps longest comes last, again and again, and under many
writers some wait for seconds. Here the threads of a process stand in a queue, and the first of them stands in a queue
with the first of every other process: it draws a ticket from a file beside the database, locks its own ticket's byte
there, and waits until the byte of the ticket before is free.

Only fairness rests on this. The write lock is still SQLite's, so a process that dies in the queue, or knows nothing of
it, costs others their place, never a row. Where the system has no such locks (Windows), each process queues by itself.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from caseflow.errors import Unavailable

if sys.platform != "win32":
    import fcntl

SUFFIX: Final = "-queue"
"""What the file of the queue is called after the database, as SQLite's own `-journal` and `-wal`."""

PAUSE: Final = 0.001
"""Seconds between two looks at the ticket before; only one thread of each process looks."""

_COUNTER: Final = 8
"""Bytes of the last ticket drawn, at the start of the file; the byte of ticket n lies n bytes behind them."""

_guard = threading.Lock()
_queues: dict[str, deque[threading.Lock]] = {}
_nobody = threading.Event()


@contextmanager
def turn(database: str, seconds: float, busy: str) -> Iterator[None]:
    """One's turn to write to this file, in the order of coming; Unavailable(`busy`) after `seconds` in a queue."""
    mine = _stand(database)
    try:
        if not mine.acquire(timeout=seconds):
            raise Unavailable(busy)
        with _among_processes(database, seconds, busy):
            yield
    finally:
        _leave(database, mine)


def waiting(database: str) -> int:
    """How many threads of this process stand in the queue of a file, the one at work included."""
    with _guard:
        return len(_queues.get(database, ()))


def _stand(database: str) -> threading.Lock:
    """Join the queue of this process: a lock that opens when one is its first."""
    mine = threading.Lock()
    with _guard:
        queue = _queues.setdefault(database, deque())
        if queue:
            mine.acquire()
        queue.append(mine)
    return mine


def _leave(database: str, mine: threading.Lock) -> None:
    with _guard:
        queue = _queues[database]
        first = queue[0] is mine
        queue.remove(mine)
        if not queue:
            del _queues[database]
        elif first:
            queue[0].release()


@contextmanager
def _among_processes(database: str, seconds: float, busy: str) -> Iterator[None]:
    file = _open(database)
    if file is None:
        yield
        return
    try:
        ticket = _draw(file)
        if not _is_next(file, ticket, seconds):
            raise Unavailable(busy)
        yield
    finally:
        # Closing it frees the byte of the ticket.
        os.close(file)


def _open(database: str) -> int | None:
    """The file of the queue, made with the mode and owner of the database; None where there can be none."""
    if sys.platform == "win32":
        return None
    try:
        beside = Path(database).stat()
        file = os.open(database + SUFFIX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, beside.st_mode & 0o666)
        if os.geteuid() == 0:
            os.fchown(file, beside.st_uid, beside.st_gid)
    except OSError:
        # A folder one may not write to, or a full disk: SQLite says so itself, in its own words.
        return None
    return file


def _draw(file: int) -> int:
    """The next ticket, its byte locked before anybody can draw the one after."""
    fcntl.lockf(file, fcntl.LOCK_EX, _COUNTER, 0)
    ticket = int.from_bytes(os.pread(file, _COUNTER, 0), "big") + 1
    os.pwrite(file, ticket.to_bytes(_COUNTER, "big"), 0)
    fcntl.lockf(file, fcntl.LOCK_EX, 1, _COUNTER + ticket)
    fcntl.lockf(file, fcntl.LOCK_UN, _COUNTER, 0)
    return ticket


def _is_next(file: int, ticket: int, seconds: float) -> bool:
    """Wait until whoever drew the ticket before is done or gone; False where that takes longer than it may."""
    for _ in range(int(seconds / PAUSE)):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _COUNTER + ticket - 1)
        except OSError:
            _nobody.wait(PAUSE)
        else:
            fcntl.lockf(file, fcntl.LOCK_UN, 1, _COUNTER + ticket - 1)
            return True
    return False


def _forget() -> None:
    """A forked child has none of the threads that stood in the queue."""
    global _guard  # noqa: PLW0603 - the parent may have held it
    _guard = threading.Lock()
    _queues.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
