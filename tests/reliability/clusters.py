"""A PostgreSQL that waits for the disk and may be killed: its files stay, and it starts again on the same port."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import postgres
from tests.support.postgres import PostgresFailed

RESTART_SECONDS = 60


@dataclass
class Killable:
    """One cluster; `url` is of its one database."""

    programs: Path
    home: Path
    port: int = field(default_factory=postgres._free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://caseflow@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, or start it again: what is left of the one before may still be going down."""
        until = time.monotonic() + RESTART_SECONDS
        while time.monotonic() < until:
            self.process = self._run()
            if postgres._answers(self.process, self.port):
                return
            self.process.wait()
        raise PostgresFailed((self.home / "server.log").read_text(encoding="utf-8", errors="replace"))

    def _run(self) -> subprocess.Popen[bytes]:
        with (self.home / "server.log").open("ab") as output:
            return subprocess.Popen(
                [
                    *(self.programs / "postgres", "-D", self.home / "data"),
                    *postgres._server_options(self.home, self.port),
                    # Walwriter would flush what synchronous_commit=off leaves in memory: the control needs it slow.
                    *("-c", "wal_writer_delay=10s", "-c", "restart_after_crash=on"),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=postgres._environment(self.home),
                start_new_session=True,
                **postgres._identity(postgres._server_account()),  # type: ignore[call-overload]
            )

    def kill_all(self) -> None:
        """Every process at once, so that nothing in shared memory is written any more."""
        assert self.process is not None
        # Stopped first, nobody can notice the death of another and flush; every one leads its own session.
        members = [self.process.pid, *_children(self.process.pid)]
        for signal_ in (signal.SIGSTOP, signal.SIGKILL):
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal_)
        self.process.wait()

    def kill_postmaster(self) -> None:
        """The postmaster alone; the others notice and leave."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop_at_once(self) -> None:
        """An immediate shutdown."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name in parentheses may hold spaces; the parent is the second word after it.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


@contextlib.contextmanager
def killable_cluster(programs: Path) -> Iterator[Killable]:
    """A cluster of its own, gone at the end whatever happened to it."""
    owner = postgres._server_account()
    home = Path(tempfile.mkdtemp(prefix="caseflow-crash-"))
    try:
        if os.geteuid() == 0:
            os.chown(home, owner.pw_uid, owner.pw_gid)
        command = [programs / "initdb", "-D", home / "data", *postgres._initdb_options()]
        postgres._as_server(owner, command, home)
        cluster = Killable(programs, home)
        cluster.start()
        try:
            yield cluster
        finally:
            if cluster.process is not None and cluster.process.poll() is None:
                postgres._stop(cluster.process)
    finally:
        shutil.rmtree(home, ignore_errors=True)
