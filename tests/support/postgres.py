"""A throw-away PostgreSQL: a cluster in a temporary directory, on loopback and a free port, gone afterwards.

On the command line: `python -m tests.support.postgres -- COMMAND…` runs COMMAND with CASEFLOW_DATABASE_URL set.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 20
ATTEMPTS = 3
UNSAFE_BUT_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off")


class PostgresFailed(Exception):
    """The cluster did not come up; the message holds the server's own words."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; `url(name)` is the address of one of its databases."""

    port: int
    user: str
    process: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{database}"


def find_programs() -> Path | None:
    """The directory of initdb and postgres, or None where the machine or the virtual environment cannot use them."""
    if importlib.util.find_spec("psycopg") is None:
        return None
    return next((folder for folder in _candidates() if _has_server(folder)), None)


def _has_server(folder: Path) -> bool:
    """pg_config alone may come with the client library."""
    return (folder / "initdb").exists() and (folder / "postgres").exists()


def _candidates() -> Iterator[Path]:
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True)
        yield Path(asked.stdout.strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


@contextlib.contextmanager
def running_cluster(programs: Path, *, durable: bool = False) -> Iterator[Cluster]:
    """Start a cluster and stop it at the end; only a durable one waits for the disk."""
    owner = _server_account()
    home = Path(tempfile.mkdtemp(prefix="caseflow-pg-"))
    try:
        if os.geteuid() == 0:
            os.chown(home, owner.pw_uid, owner.pw_gid)
        _as_server(owner, [programs / "initdb", "-D", home / "data", *_initdb_options()], home)
        cluster = _start(programs, home, owner, () if durable else UNSAFE_BUT_FAST)
        try:
            yield cluster
        finally:
            _stop(cluster.process)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _initdb_options() -> tuple[str, ...]:
    return ("-U", "caseflow", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")


def _server_account() -> pwd.struct_passwd:
    """The account the server runs under: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _identity(owner: pwd.struct_passwd) -> dict[str, object]:
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def _as_server(owner: pwd.struct_passwd, command: Sequence[object], home: Path) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        capture_output=True,
        text=True,
        cwd=home,
        env=_environment(home),
        **_identity(owner),
    )
    if done.returncode:
        raise PostgresFailed(done.stdout + done.stderr)


def _start(programs: Path, home: Path, owner: pwd.struct_passwd, options: tuple[str, ...]) -> Cluster:
    """Start the server; another program may take the free port first, so try again with the next."""
    log = home / "server.log"
    for _ in range(ATTEMPTS):
        port = _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [programs / "postgres", "-D", home / "data", *_server_options(home, port), *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=home,
                env=_environment(home),
                **_identity(owner),
            )
        if _answers(process, port):
            return Cluster(port, "caseflow", process)
        _stop(process)
    raise PostgresFailed(log.read_text(encoding="utf-8", errors="replace"))


def _server_options(home: Path, port: int) -> tuple[str, ...]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(home),
        "max_connections": "60",
        "shared_buffers": "32MB",
        "autovacuum": "off",
    }
    return tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    import psycopg  # noqa: PLC0415 - only in the extra `pg`; find_programs has looked

    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=caseflow dbname=postgres connect_timeout=2").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_SECONDS)


def main(arguments: Sequence[str]) -> int:
    """Run a command with a fresh database of its own and hand on its exit status."""
    command = list(arguments[1:]) if arguments[:1] == ["--"] else list(arguments)
    programs = find_programs()
    if programs is None or not command:
        sys.stderr.write("usage: python -m tests.support.postgres -- COMMAND…  (needs PostgreSQL and psycopg)\n")
        return 2
    with running_cluster(programs) as cluster:
        environment = {**os.environ, "CASEFLOW_DATABASE_URL": cluster.url("postgres")}
        return subprocess.run(command, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
