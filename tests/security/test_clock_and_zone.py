"""A server set to a wrong zone, and a clock that jumps: the same dates everywhere, no negative days, no lost order."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from caseflow.desk.upkeep import sweep
from caseflow.errors import Refused
from caseflow.house import BEIJING
from caseflow.papers import render
from caseflow.store.base import Base
from caseflow.store.db import create_engine_for, reading
from caseflow.store.models import CaseRow, EventRow, PaperRow
from tests.support.databases import Databases
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CHECK, CLOSE, HAND_OVER, PAY, SETTLE, SMALL
from tests.web.counter import Counter, open_door
from web.clock import system_clock

ZONES = ("Asia/Shanghai", "UTC", "America/Los_Angeles", "Asia/Urumqi")
NIGHT = datetime(2026, 3, 3, 0, 30, tzinfo=BEIJING)
"""Already the third in Beijing, still the second nearly everywhere else."""

STOP = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "reason": "笔迹鉴定"}

_DAY = timedelta(days=1)
JUMPS = (
    (-_DAY, ACCEPT),
    (_DAY, ACCEPT),
    (-timedelta(hours=1), HAND_OVER),
    (timedelta(0), ("reviewer", "claim", {})),
    (366 * _DAY, ("reviewer", "suspend", STOP)),
    (-30 * _DAY, ("reviewer", "resume", {"reason": "完成"})),
    (30 * _DAY, ("reviewer", "resume", {"reason": "完成"})),
    (-timedelta(hours=1), APPROVE),
)
"""A step after each jump of the clock: a day and a month back, an hour back, a year on."""


@contextmanager
def _zone(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process in another zone, as a server set wrongly has it."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()


def _live(engine: Engine) -> Office:
    """Two cases lived by night: one paid, one stopped, resumed and closed, and a sweep."""
    office = open_office(engine)
    office.now = NIGHT
    paid, other = office.register("inpatient-reimbursement"), office.register("transfer-continuation")
    for by, action, details in (ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE, PAY):
        office.act(paid, by, action, **details)
    for by, action, details in (ACCEPT, HAND_OVER, ("reviewer", "suspend", STOP)):
        office.act(other, by, action, **details)
    office.sleep(2)
    for by, action, details in (("reviewer", "resume", {"reason": "完成"}), APPROVE, CLOSE):
        office.act(other, by, action, **details)
    office.register("transfer-continuation")
    office.sleep(30)
    sweep(engine, office.house, office.now)
    return office


def _stored(engine: Engine) -> dict[str, list[Any]]:
    """Every date and every moment of every row of every table, with numbers and states; each paper as it prints."""
    found: dict[str, list[Any]] = {}
    with reading(engine) as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(select(table)).mappings()
            found[table.name] = sorted(
                ({name: one for name, one in row.items() if _told(name, one)} for row in rows), key=str
            )
        papers = session.execute(select(PaperRow.kind, PaperRow.fields).order_by(PaperRow.id)).all()
    found["printed"] = [render(kind, {**fields, "query_code": ""}) for kind, fields in papers]
    return found


def _told(name: str, value: object) -> bool:
    return isinstance(value, date) or name in ("number", "state", "seq", "kind", "version")


def test_a_life_is_the_same_in_every_zone(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    lives, local_days = {}, set()
    for zone in ZONES:
        with databases.fresh() as url, _zone(zone, monkeypatch):
            local_days.add(date.fromtimestamp(NIGHT.timestamp()))  # noqa: DTZ012 - the process's own zone is meant
            options = f"?options=-c%20TimeZone%3D{zone}" if url.startswith("postgresql") else ""
            engine = create_engine_for(url + options)
            _live(engine)
            lives[zone] = _stored(engine)
            engine.dispose()

    assert len(local_days) == 2, "the zone of the process was not changed"
    assert len(lives["Asia/Shanghai"]["printed"]) > 5
    assert lives["Asia/Shanghai"][CaseRow.__tablename__][0]["received_on"] == date(2026, 3, 3)
    for zone in ZONES[1:]:
        assert lives[zone] == lives["Asia/Shanghai"], zone


@pytest.mark.parametrize("zone", ZONES)
def test_the_web_s_clock_is_beijing_s_in_every_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with _zone(zone, monkeypatch):
        read = system_clock()

    assert read.utcoffset() == timedelta(hours=8)
    assert abs(read - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_clock_that_jumps_breaks_nothing(engine: Engine) -> None:
    office = open_office(engine)
    ref = office.register("transfer-continuation")
    app = open_door(office)
    pages = {"clerk": ("/", f"/cases/{ref.number}"), "supervisor": ("/overdue?view=stays", "/board", "/foresight")}
    browsers = {who: Counter.of(app, office, who) for who in pages}
    refused = []

    for jump, (by, action, details) in JUMPS:
        office.now += jump
        try:
            office.act(ref, by, action, **details)
        except Refused as why:
            refused.append((action, str(why)))
        for who, paths in pages.items():
            for path in paths:
                page = browsers[who].get(path)
                assert page.status_code in (200, 303), (path, page.status_code)
                assert not re.search(
                    r"(?<![\d-])[-−]\d+\s*(个工作日|个自然日|天|日)", re.sub(r"<[^>]+>", "", page.text)
                ), path
        sweep(engine, office.house, office.now)

    with reading(engine) as session:
        told = select(EventRow.seq).where(EventRow.case_id == ref.id).order_by(EventRow.id)
        seqs = list(session.execute(told).scalars())
    assert seqs == list(range(1, len(seqs) + 1))
    assert [action for action, _ in refused] == ["accept", "resume"]
    assert all("核对服务器时间" in words for _, words in refused)
    assert office.history(ref) == ["register", "accept", "hand_over", "claim", "suspend", "resume", "approve"]


def test_within_a_day_the_order_of_the_steps_is_theirs_and_not_the_clock_s(engine: Engine) -> None:
    office = open_office(engine)
    ref = office.register("transfer-continuation")
    for by, action, details in (ACCEPT, HAND_OVER):
        office.now -= timedelta(hours=1)
        office.act(ref, by, action, **details)

    assert office.history(ref) == ["register", "accept", "hand_over"]
