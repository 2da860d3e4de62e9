"""The crash campaign: kill at random instants under load, start again, and compare the database with what was promised.

    python -m tests.reliability.crash --kills 500 --steps 50000

`--part` runs one part of it, `--minutes` ends each part early: its line then says how far it came. One line of JSON per
part on standard output; exit 1 where anything was lost, half applied, doubled or slow to return.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from math import ceil, inf
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg

from caseflow.store.db import create_engine_for, upgrade
from tests.reliability.books import Audit, audit
from tests.reliability.clusters import Killable, killable_cluster
from tests.reliability.desks import HOUSE, Ack, Journal, work
from tests.reliability.pages import Pages
from tests.support.office import open_office
from tests.support.postgres import find_programs

DESKS = 4
STEPS_BETWEEN = 8
"""About how many steps pass between two kills, where no number of steps is asked for."""

BYTES_OF_STEP = 45
"""About what a step leaves in a desk's file."""

LONGEST_STEP = 0.03
"""Seconds: the kill comes anywhere within a step."""

READY_SECONDS = 2.0
"""How long after a kill the next answer may take, at the 99th percentile."""

PATIENCE_SECONDS = 300
"""Long enough for a machine with much else to do; what is measured is how long it took."""
_PROCESSES = get_context("forkserver")
# Everything imported once, in the process they are forked from, so that each begins at once.
_PROCESSES.set_forkserver_preload(["tests.reliability.pages"])


@dataclass(frozen=True, slots=True)
class Goal:
    """How many kills and acknowledged steps a part goes on for, at most until a moment; the seed of its chances."""

    kills: int
    steps: int
    seed: int
    until: float = inf

    def reached(self, kills: int, acknowledged: int) -> bool:
        return (kills >= self.kills and acknowledged >= self.steps) or time.monotonic() > self.until

    def share(self, kills: float, steps: float, salt: int) -> Goal:
        """A part of it."""
        return Goal(max(4, round(self.kills * kills)), round(self.steps * steps), self.seed + salt, self.until)


@dataclass
class Outcome:
    """What one part of the campaign came to."""

    part: str
    kills: int = 0
    acknowledged: int = 0
    ready: list[float] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def p99(self) -> float:
        ordered = sorted(self.ready)
        return ordered[ceil(len(ordered) * 0.99) - 1] if ordered else 0.0

    @property
    def clean(self) -> bool:
        return not any(self.faults.values())

    def line(self) -> str:
        """The figures, as JSON."""
        told = {name: len(found) for name, found in self.faults.items()}
        worst = round(max(self.ready, default=0.0), 2)
        figures = {"part": self.part, "kills": self.kills, "acknowledged": self.acknowledged, **told}
        return json.dumps(figures | {"ready_p99": round(self.p99, 2), "ready_worst": worst})


@dataclass
class Desks:
    """Several desks at work in processes of their own."""

    url: str
    folder: Path
    asynchronous: bool = False
    running: list[BaseProcess] = field(default_factory=list)

    @property
    def journals(self) -> list[Journal]:
        return [Journal(self.folder / f"desk{n}.log") for n in range(DESKS)]

    def start(self) -> None:
        for journal in self.journals:
            desk = _PROCESSES.Process(target=work, args=(self.url, journal.path, self.asynchronous), daemon=True)
            desk.start()
            self.running.append(desk)

    def kill(self) -> None:
        for desk in self.running:
            desk.kill()
        for desk in self.running:
            desk.join()
        self.running = []

    def written(self) -> int:
        """How much the files hold: an acknowledgement makes it more."""
        return sum(journal.path.stat().st_size for journal in self.journals if journal.path.exists())

    def await_progress(self, steps: int) -> None:
        """Wait until about so many steps more are acknowledged; TimeoutError where the desks stand still."""
        seen = self.written()
        enough, since = seen + steps * BYTES_OF_STEP, time.monotonic()
        while (now := self.written()) < enough:
            if now != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > PATIENCE_SECONDS:
                raise TimeoutError("the desks stand still")
            time.sleep(0.005)

    def await_answer(self) -> None:
        """Wait until any desk is answered: a desk that waits has written one `try` and nothing after it."""
        self.await_progress(2 * DESKS)

    def acks(self) -> set[Ack]:
        return {ack for journal in self.journals for ack in journal.acks()}

    def tries(self) -> set[str]:
        return {key for journal in self.journals for key in journal.tries()}

    def audit(self) -> Audit:
        engine = create_engine_for(self.url)
        try:
            return audit(engine, HOUSE, self.acks(), self.tries())
        finally:
            engine.dispose()


Kill = Callable[[random.Random], float | None]
"""Kills something and brings it back; seconds until it answered again, None where nothing had to come back."""


def prepare(url: str) -> None:
    """A database with staff of every role."""
    engine = create_engine_for(url)
    upgrade(engine)
    open_office(engine)
    engine.dispose()


def kill_desks(desks: Desks, _chance: random.Random) -> float | None:
    """The processes that write, all at once; others go on where they stopped."""
    desks.kill()
    desks.start()
    return None


def kill_cluster(how: Callable[[Killable], None], cluster: Killable, desks: Desks, _chance: random.Random) -> float:
    """The database itself; the desks are not started again."""
    began = time.monotonic()
    how(cluster)
    cluster.start()
    desks.await_answer()
    return time.monotonic() - began


def end_sessions(cluster: Killable, desks: Desks, _chance: random.Random) -> float:
    """Every connection of the desks, by the server."""
    began = time.monotonic()
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> %s"
    with psycopg.connect(cluster.url.replace("+psycopg", "")) as connection:
        connection.execute(query, [connection.info.backend_pid])
    desks.await_answer()
    return time.monotonic() - began


def campaign(part: str, desks: Desks, goal: Goal, ways: Sequence[Kill]) -> Outcome:
    """Kill in one of the ways after the other, at random instants, until the goal is reached."""
    outcome, chance = Outcome(part), random.Random(goal.seed)
    between = max(STEPS_BETWEEN, goal.steps // max(goal.kills, 1))
    desks.start()
    desks.await_answer()
    while not goal.reached(outcome.kills, len(desks.acks())):
        desks.await_progress(chance.randrange(2 * between))
        time.sleep(chance.uniform(0, LONGEST_STEP))
        ready = ways[outcome.kills % len(ways)](chance)
        outcome.kills += 1
        outcome.ready += [ready] if ready is not None else []
    desks.kill()
    outcome.acknowledged = len(desks.acks())
    outcome.faults = asdict(desks.audit())
    return outcome


@contextmanager
def sqlite_desks() -> Iterator[Desks]:
    with tempfile.TemporaryDirectory(prefix="caseflow-crash-") as folder:
        url = f"sqlite:///{folder}/crash.db"
        prepare(url)
        desks = Desks(url, Path(folder))
        try:
            yield desks
        finally:
            desks.kill()


@contextmanager
def postgres_desks(*, asynchronous: bool = False) -> Iterator[tuple[Killable, Desks]]:
    programs = find_programs()
    assert programs is not None
    with killable_cluster(programs) as cluster, tempfile.TemporaryDirectory(prefix="caseflow-crash-") as folder:
        prepare(cluster.url)
        desks = Desks(cluster.url, Path(folder), asynchronous)
        try:
            yield cluster, desks
        finally:
            desks.kill()


def on_sqlite(goal: Goal) -> Outcome:
    """kill -9 of the processes that write."""
    with sqlite_desks() as desks:
        return campaign("sqlite, desks", desks, goal, [partial(kill_desks, desks)])


def on_postgres(goal: Goal) -> Outcome:
    """kill -9 of the processes that write."""
    with postgres_desks() as (_, desks):
        return campaign("postgresql, desks", desks, goal, [partial(kill_desks, desks)])


def of_postgres(goal: Goal) -> Outcome:
    """Kills of the database's own processes; nothing of the application is started again."""
    with postgres_desks() as (cluster, desks):
        hows = (Killable.kill_postmaster, Killable.stop_at_once, Killable.kill_all)
        ways: list[Kill] = [partial(kill_cluster, how, cluster, desks) for how in hows]
        ways.append(partial(end_sessions, cluster, desks))
        return campaign("postgresql's own processes", desks, goal, ways)


def control(goal: Goal) -> Outcome:
    """The control: commits that do not wait for the disk are lost when PostgreSQL is killed whole."""
    with postgres_desks(asynchronous=True) as (cluster, desks):
        ways = [partial(kill_cluster, Killable.kill_all, cluster, desks)]
        return campaign("control: synchronous_commit=off", desks, goal, ways)


def of_server(database: str, goal: Goal) -> Outcome:
    """kill -9 of `caseflow serve` while people register and decide in their browsers."""
    chance = random.Random(goal.seed)
    with Pages.open(database) as pages:
        outcome = Outcome(f"{database}, caseflow serve")
        while not goal.reached(outcome.kills, len(pages.acks())):
            pages.await_progress(chance.randrange(2 * STEPS_BETWEEN))
            time.sleep(chance.uniform(0, LONGEST_STEP))
            outcome.ready.append(pages.kill())
            outcome.kills += 1
        pages.finish()
        outcome.acknowledged = len(pages.acks())
        outcome.faults = asdict(pages.audit()) | {"wrong_answers": pages.wrong}
        return outcome


PARTS: Mapping[str, Callable[[Goal], Outcome]] = {
    "serve-sqlite": lambda goal: of_server("sqlite", goal.share(0.1, 0, 1)),
    "serve-postgresql": lambda goal: of_server("postgresql", goal.share(0.1, 0, 2)),
    "sqlite": lambda goal: on_sqlite(goal.share(0.3, 0.4, 3)),
    "postgresql": lambda goal: on_postgres(goal.share(0.3, 0.4, 4)),
    "cluster": lambda goal: of_postgres(goal.share(0.2, 0.2, 5)),
}
"""The whole campaign: most steps at desks of their own processes, a part through the pages."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign and its control."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.crash")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=inf)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args(arguments)
    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _say(f"seed {asked.seed}")
    failed = False
    for name in asked.part or PARTS:
        until = time.monotonic() + 60 * asked.minutes
        outcome = PARTS[name](Goal(asked.kills, asked.steps, asked.seed, until))
        _say(outcome.line(), *(f"  {kind}: {text}" for kind, found in outcome.faults.items() for text in found[:5]))
        failed |= not outcome.clean or outcome.p99 > READY_SECONDS
    loose = control(Goal(2, 0, asked.seed))
    _say(loose.line())
    return int(failed or not loose.faults["lost"])


def _say(*lines: str) -> None:
    sys.stdout.writelines(line + "\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
