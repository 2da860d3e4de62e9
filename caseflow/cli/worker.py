"""`caseflow worker`: sends what is due, and sweeps once a day after midnight, Beijing time, and at the start.

Any number of workers may run: a message is claimed by one of them, and one sweeps at a time. Its log is JSON lines with
the names of events and the numbers of rows, nothing about people.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final, TextIO

import click
import structlog
from sqlalchemy import Engine

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.sending import reach_of, senders_of
from caseflow.config import Settings
from caseflow.desk.outbox import Outgoing, anything_due, claim_next, compose, mark_failed, mark_sent
from caseflow.desk.reminders import Reach
from caseflow.desk.sealing import seal_history
from caseflow.desk.upkeep import sweep
from caseflow.house import House, beijing_day
from caseflow.senders import Message, NotSent, Sender
from caseflow.store.db import reading, writing

POLL_SECONDS: Final = 15.0
"""How often the outbox is looked at."""

SWEEP_AGAIN: Final = timedelta(minutes=5)
"""When to sweep again where it failed, or another process was sweeping."""

SEAL_EVERY: Final = timedelta(minutes=5)
"""How often the history is sealed outside the database."""

GRACE_SECONDS: Final = 60.0
"""How long a server that stops waits for the message being sent."""

_INTERNAL: Final = "内部故障"
_NO_CHANNEL: Final = "没有配置这个发送渠道"


@click.command(help="发送短信和邮件，每天零点后（北京时间）和启动时检查一次全部期限。可同时运行多个。")
@click.option("--once", is_flag=True, help="检查并发送一次后结束，供计划任务使用")
def worker(once: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Work until SIGTERM or Ctrl+C; the message being sent is finished first."""
    stop = Event()
    with opened(settings_here(), json_log(sys.stdout)) as made:
        if once:
            made.sweep()
            made.seal()
            made.deliver(stop)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        made.run(stop)


@contextmanager
def in_background(settings: Settings) -> Iterator[None]:
    """A worker in a thread of this process while the context lasts."""
    stop = Event()
    with opened(settings, json_log(sys.stdout)) as made:
        thread = Thread(target=made.run, args=(stop,), name="caseflow-worker", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(GRACE_SECONDS)


@contextmanager
def opened(settings: Settings, log: Any) -> Iterator[Worker]:
    """The worker of these settings on its own engine; refused where they or the database cannot be used."""
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine:
        yield Worker(engine, house, senders_of(settings), reach_of(settings, house), log, now, settings.seals_file)


def json_log(out: TextIO) -> Any:
    """A logger that writes one JSON object per line."""
    return structlog.wrap_logger(
        structlog.WriteLogger(out),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


@dataclass(slots=True)
class Worker:
    """Sends and sweeps; no fault of one message or one sweep ends it."""

    engine: Engine
    house: House
    senders: Mapping[str, Sender]
    reach: Reach
    log: Any
    clock: Callable[[], datetime]
    seals_file: Path
    poll_seconds: float = POLL_SECONDS
    _swept_on: date | None = field(default=None, init=False)
    _not_before: datetime | None = field(default=None, init=False)
    _sealed_at: datetime | None = field(default=None, init=False)

    def run(self, stop: Event) -> None:
        """Until `stop` is set: sweep where it is due, send what is due, wait a little."""
        self.log.info("worker.started")
        while not stop.is_set():
            self._guarded("sweep", self._sweep_if_due)
            self._guarded("seal", self._seal_if_due)
            self._guarded("deliver", lambda: self.deliver(stop))
            stop.wait(self.poll_seconds)
        self.log.info("worker.stopped")

    def _guarded(self, part: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next round must come
            self.log.error("worker.failed", part=part, error=type(error).__name__)  # noqa: TRY400 - its words may name people

    def _sweep_if_due(self) -> None:
        moment = self.clock()
        early = self._not_before is not None and moment < self._not_before
        if self._swept_on == beijing_day(moment) or early:
            return
        self._not_before = moment + SWEEP_AGAIN
        if self.sweep():
            self._swept_on, self._not_before = beijing_day(moment), None

    def sweep(self) -> bool:
        """Sweep now; False where another process was sweeping, or a deadline could not be looked at."""
        swept = sweep(self.engine, self.house, self.clock(), self.reach)
        if swept.elsewhere:
            self.log.info("sweep.elsewhere")
            return False
        done = {"lapsed": swept.total, "accepted": swept.accepted, "messages": swept.messages, "letters": swept.letters}
        self.log.info("sweep.done", **done)
        for deadline_id in swept.failed:
            self.log.error("sweep.deadline_failed", deadline=deadline_id)
        return not swept.failed

    def _seal_if_due(self) -> None:
        moment = self.clock()
        if self._sealed_at is None or moment - self._sealed_at >= SEAL_EVERY:
            self.seal()
            self._sealed_at = moment

    def seal(self) -> None:
        """Seal what was recorded since the last seal, outside the database."""
        with reading(self.engine) as session:
            made = seal_history(session, self.house, self.seals_file, self.clock())
        if made is not None:
            self.log.info("history.sealed", last=made.last, entries=made.count)

    def deliver(self, stop: Event) -> int:
        """Send what is due, one after the other, until nothing is due or `stop` is set; how many were sent."""
        sent = 0
        while not stop.is_set() and (row := self._claim()) is not None:
            sent += self._deliver(row)
        return sent

    def _claim(self) -> Outgoing | None:
        with reading(self.engine) as session:
            if not anything_due(session, self.clock()):
                return None
        with writing(self.engine) as session:
            return claim_next(session, self.clock())

    def _deliver(self, row: Outgoing) -> bool:
        reason = self._attempt(row)
        if reason is None:
            with writing(self.engine) as session:
                mark_sent(session, row, self.clock())
            self.log.info("outbox.sent", row=row.id, attempt=row.attempt)
            return True
        with writing(self.engine) as session:
            given_up = mark_failed(session, row, reason, self.clock())
        self.log.warning("outbox.given_up" if given_up else "outbox.not_sent", row=row.id, attempt=row.attempt)
        return False

    def _attempt(self, row: Outgoing) -> str | None:
        """Hand the message over: None where it was taken, else why it was not, in words that name nobody."""
        sender = self.senders.get(row.channel)
        if sender is None:
            return _NO_CHANNEL
        try:
            subject, text = compose(row.kind, row.fields)
            sender.send(Message(row.key, self.house.keys.open(row.to_sealed), subject, text), self.clock())
        except NotSent as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - one message must not stop the others
            self.log.error("outbox.failed", row=row.id, error=type(error).__name__)  # noqa: TRY400 - as above
            return _INTERNAL
        return None
