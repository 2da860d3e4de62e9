"""The worker: what it sends and logs, that no fault ends it, and that it stops when it is told to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from caseflow.cli.worker import SWEEP_AGAIN, Worker, json_log
from caseflow.desk.outbox import LEASE, WAITS, Letter, enqueue
from caseflow.desk.reminders import NOWHERE, Reach
from caseflow.senders import Message, NotSent, SmsGateway
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.side_models import MessageRow, OutboxRow
from tests.support.gateways import running_gateway
from tests.support.office import Office, open_office

ROOT = Path(__file__).parent.parent
PHONE = "13912345678"
SOON = 20.0


@dataclass
class Postman:
    """A channel that keeps what it is given, and fails as told for the keys named."""

    failing: dict[str, Exception] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message, now: datetime) -> None:
        assert now.tzinfo is not None
        if message.key in self.failing:
            raise self.failing[message.key]
        self.sent.append(message)


@dataclass
class Bench:
    """A worker of an office, its channel and its log."""

    office: Office
    postman: Postman
    out: StringIO
    worker: Worker

    def put(self, n: int = 1) -> None:
        fields = {"bureau": "沙湾市医疗保障局", "item": "转移接续", "due": "2026-03-20", "query_code": "K7M2QX"}
        with writing(self.office.engine) as session:
            for _ in range(n):
                once = f"test-{next(self.office.keys)}"
                letter = Letter("shawan", None, "sms", PHONE, "supplement_due", fields, once)
                enqueue(session, self.office.house, letter, self.office.now)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]

    def names(self) -> list[str]:
        return [event["event"] for event in self.events()]


@pytest.fixture
def bench(engine: Engine, tmp_path: Path) -> Bench:
    office, postman, out = open_office(engine), Postman(), StringIO()
    seals = tmp_path / "seals.jsonl"
    worker = Worker(engine, office.house, {"sms": postman}, NOWHERE, json_log(out), lambda: office.now, seals, 0.01)
    return Bench(office, postman, out, worker)


def errors(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.execute(select(OutboxRow.last_error).order_by(OutboxRow.id)).scalars())


# --- sending


def test_what_is_due_is_sent_once_and_marked_done(bench: Bench) -> None:
    bench.put(3)

    first, second = bench.worker.deliver(Event()), bench.worker.deliver(Event())

    assert (first, second) == (3, 0)
    assert [message.key for message in bench.postman.sent] == ["shawan-1", "shawan-2", "shawan-3"]
    assert bench.postman.sent[0].to == PHONE


def test_a_fault_in_one_message_does_not_stop_the_others(bench: Bench) -> None:
    bench.put(3)
    bench.postman.failing = {"shawan-1": RuntimeError(PHONE), "shawan-2": NotSent("短信网关答复 500")}

    sent = bench.worker.deliver(Event())

    assert (sent, errors(bench.office.engine)) == (1, ["内部故障", "短信网关答复 500", ""])
    assert bench.names() == ["outbox.failed", "outbox.not_sent", "outbox.not_sent", "outbox.sent"]


def test_a_recipient_that_cannot_be_unsealed_does_not_stop_the_others(bench: Bench) -> None:
    bench.put(2)
    with writing(bench.office.engine) as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == 1).values(to_sealed=b"broken"))

    assert bench.worker.deliver(Event()) == 1


def test_what_failed_is_sent_when_the_other_side_is_back(bench: Bench) -> None:
    bench.put()
    bench.postman.failing = {"shawan-1": NotSent("无法连接短信网关")}
    bench.worker.deliver(Event())
    bench.postman.failing = {}

    early = bench.worker.deliver(Event())
    bench.office.now += WAITS[0]
    late = bench.worker.deliver(Event())

    assert (early, late, errors(bench.office.engine)) == (0, 1, [""])


def test_a_channel_that_is_not_configured_fails_with_its_reason(bench: Bench) -> None:
    bench.put()
    bench.worker.senders = {}

    bench.worker.deliver(Event())

    assert errors(bench.office.engine) == ["没有配置这个发送渠道"]


def test_a_crash_between_sending_and_marking_sends_the_same_key_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put()
    with monkeypatch.context() as patch:
        patch.setattr("caseflow.cli.worker.mark_sent", _power_cut)
        with pytest.raises(PowerCut):
            bench.worker.deliver(Event())

    during = bench.worker.deliver(Event())
    bench.office.now += LEASE
    after = bench.worker.deliver(Event())

    assert (during, after) == (0, 1)
    assert [message.key for message in bench.postman.sent] == ["shawan-1", "shawan-1"]


class PowerCut(BaseException):
    """The process ends here."""


def _power_cut(*_: object) -> None:
    raise PowerCut


def test_two_workers_share_the_work(bench: Bench) -> None:
    bench.put(20)
    threads = [Thread(target=bench.worker.deliver, args=(Event(),)) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(message.key for message in bench.postman.sent) == sorted(f"shawan-{n}" for n in range(1, 21))


def test_a_worker_told_to_stop_takes_no_further_message(bench: Bench) -> None:
    bench.put(3)
    stop = Event()
    stop.set()

    assert bench.worker.deliver(stop) == 0


def test_nothing_personal_is_in_the_log(bench: Bench) -> None:
    bench.put(3)
    bench.office.register("transfer-continuation")
    bench.office.sleep(30)
    bench.postman.failing = {"shawan-1": RuntimeError(PHONE), "shawan-2": NotSent("短信网关答复 500")}

    bench.worker.sweep()
    bench.worker.deliver(Event())

    assert {key for event in bench.events() for key in event} <= {
        *("event", "level", "timestamp", "row", "attempt", "error"),
        *("lapsed", "accepted", "messages", "letters"),
    }
    assert PHONE not in bench.out.getvalue()


# --- sweeping


def rounds(bench: Bench, n: int, *, step: timedelta = timedelta()) -> None:
    """Let the worker go round n times, the clock moving before each round but the first."""
    stop, done = Event(), iter(range(1, n))

    def wait(_seconds: float) -> bool:
        bench.office.now += step
        if next(done, None) is None:
            stop.set()
        return True

    class Stop:
        is_set = stop.is_set

        def wait(self, seconds: float) -> bool:
            return wait(seconds)

    bench.worker.run(Stop())  # type: ignore[arg-type]


def test_it_sweeps_at_the_start_and_after_each_midnight_in_beijing(bench: Bench) -> None:
    bench.office.now = bench.office.now.replace(hour=21)

    rounds(bench, 8, step=timedelta(hours=1))

    assert bench.names().count("sweep.done") == 2


def test_the_start_of_a_worker_sweeps_sends_and_stops(bench: Bench) -> None:
    bench.put()

    rounds(bench, 1)

    assert bench.names() == ["worker.started", "sweep.done", "outbox.sent", "worker.stopped"]


def test_a_sweep_that_fails_is_tried_again_later_and_sending_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put()

    def fails(*_: object) -> None:
        raise RuntimeError(PHONE)

    with monkeypatch.context() as patch:
        patch.setattr("caseflow.cli.worker.sweep", fails)
        rounds(bench, 3, step=SWEEP_AGAIN / 4)
    bench.office.now += SWEEP_AGAIN
    rounds(bench, 1)

    assert bench.names() == [
        *("worker.started", "worker.failed", "outbox.sent", "worker.stopped"),
        *("worker.started", "sweep.done", "worker.stopped"),
    ]


def test_a_database_that_is_gone_does_not_end_the_worker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bench.worker, "engine", create_engine_for("sqlite:////nonexistent/x.db"))
        rounds(bench, 2)

    failed = [(event["part"], event["error"]) for event in bench.events() if event["event"] == "worker.failed"]
    assert failed == [(part, "Unavailable") for part in ("sweep", "seal", "deliver", "seal", "deliver")]


def test_the_whole_way_from_a_deadline_to_the_gateway(bench: Bench) -> None:
    ref = bench.office.register("transfer-continuation", receipts={})
    bench.office.act(ref, "clerk", "supplement_notice")
    bench.office.sleep(18)
    with running_gateway() as gateway:
        bench.worker.senders = {"sms": SmsGateway(gateway.url, "secret")}
        bench.worker.reach = Reach(sms=True)

        rounds(bench, 2)

    (posted,) = gateway.posted
    said = json.loads(posted.body)
    assert said["to"] == PHONE
    assert ref.query_code in said["text"]
    assert "张霈" not in said["text"]


def test_a_message_given_up_is_seen_by_those_in_charge(bench: Bench) -> None:
    bench.put()
    bench.postman.failing = {"shawan-1": NotSent("短信网关答复 401")}

    for _ in range(8):
        bench.worker.deliver(Event())
        bench.office.sleep(1)

    assert bench.names()[-1] == "outbox.given_up"
    with reading(bench.office.engine) as session:
        assert set(session.execute(select(MessageRow.kind)).scalars()) == {"not_sent"}
