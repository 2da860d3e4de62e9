"""How the lists stand to the bare SQL they need, and whether they grow with the closed cases.

`python -m benchmarks.lists --url URL [--few URL]`, over databases made by `benchmarks.fill`. Each figure is the median
of several runs in one process: the view with everything it reads and makes, and beside it the same question put by
hand through the bare driver. With `--few`, a database with as many open cases and hardly any closed ones, the pages
are timed on both, through the web door without a network.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection, Engine, event, func, select
from werkzeug.test import Client

from benchmarks.fill import BUREAU, TODAY
from caseflow.catalogue import load_catalogue
from caseflow.config import Settings
from caseflow.desk.staff import add_staff
from caseflow.errors import BadInput
from caseflow.house import BEIJING, Actor, new_master
from caseflow.rules.calendar import WorkingCalendar
from caseflow.store.db import create_engine_for, is_sqlite, reading, writing
from caseflow.store.models import StaffRoleRow
from caseflow.views import finding, overdue, worklist
from caseflow.views.worklist import Filters
from web import create_app

REPEATS = 9
NOW = datetime(2026, 11, 24, 11, 0, tzinfo=BEIJING)
PASSWORD = "measuring-lists-1"  # noqa: S105 - of a throw-away database
LINE = """c.id, c.version, c.number, c.item_key, c.item_name, c.state, c.is_open, c.channel, c.received_on,
    c.supplemented_on, c.accepted_on, c.handler_id, c.applicant_name, c.applicant_last4, c.promised_due,
    c.statutory_due, c.promised_n, c.promised_unit, c.statutory_n, c.statutory_unit, c.extend, s.name,
    (SELECT count(*) FROM event e WHERE e.bureau = c.bureau AND e.case_id = c.id AND e.action = 'send_back'),
    (SELECT count(*) FROM person p WHERE p.bureau = c.bureau AND p.case_id = c.id AND p.part = 'agent'),
    (SELECT min(p.id_kind) FROM person p WHERE p.bureau = c.bureau AND p.case_id = c.id AND p.part = 'applicant'),
    (SELECT count(*) FROM pause u WHERE u.bureau = c.bureau AND u.case_id = c.id),
    (SELECT min(d.due_on) FROM deadline d WHERE d.bureau = c.bureau AND d.case_id = c.id AND d.stopped_on IS NULL)"""
OPEN = "FROM cases c LEFT JOIN staff s ON s.id = c.handler_id WHERE c.bureau = ? AND c.is_open = 1"
COUNTS = """SELECT sum(CASE WHEN statutory_due < ? OR promised_due < ? THEN 1 ELSE 0 END),
    sum(CASE WHEN promised_due = ? THEN 1 ELSE 0 END), sum(CASE WHEN promised_due > ? THEN 1 ELSE 0 END),
    sum(CASE WHEN state = 'suspended' THEN 1 ELSE 0 END), sum(CASE WHEN handler_id IS NULL THEN 1 ELSE 0 END),
    sum(CASE WHEN state = 'supplementing' THEN 1 ELSE 0 END), sum(CASE WHEN handler_id = 7 THEN 1 ELSE 0 END),
    count(*) FROM cases WHERE bureau = ? AND is_open = 1"""
DAY = TODAY.isoformat()
LATE = f"SELECT {LINE} {OPEN} AND c.statutory_due < ? ORDER BY c.promised_due, c.statutory_due, c.id LIMIT 51"
LAPSED = """SELECT d.kind, c.state, count(*) FROM deadline d JOIN cases c ON c.bureau = d.bureau AND c.id = d.case_id
    WHERE d.bureau = ? AND d.stopped_on IS NULL AND d.due_on < ? AND c.is_open = 1 GROUP BY d.kind, c.state"""
GROUPS = """SELECT item_key, count(*), min(statutory_due) FROM cases
    WHERE bureau = ? AND is_open = 1 AND statutory_due < ? GROUP BY item_key"""
FOUND = f"""SELECT {LINE} FROM cases c LEFT JOIN staff s ON s.id = c.handler_id
    WHERE c.id IN (SELECT id FROM (%s) w ORDER BY id DESC LIMIT 51) ORDER BY c.id DESC"""
WAY = "SELECT id FROM (SELECT id FROM cases WHERE bureau = ? AND %s ORDER BY id DESC LIMIT 51) w"
PREFIX = ("", "\U0010ffff")
"""What is put behind the words to say where the texts that begin with them begin and end."""

Question = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One list: the view's and the bare driver's median in milliseconds, and the statements the view sent."""

    name: str
    view_ms: float
    bare_ms: float
    statements: int

    @property
    def told(self) -> dict[str, Any]:
        ratio = round(self.view_ms / self.bare_ms, 2)
        return {"list": self.name, "view_ms": self.view_ms, "bare_ms": self.bare_ms, "ratio": ratio} | {
            "statements": self.statements
        }


@dataclass(frozen=True, slots=True)
class Desk:
    """What the views are asked with."""

    engine: Engine
    calendar: WorkingCalendar
    supervisor: Actor
    clerk: Actor
    area: str


def desk_of(engine: Engine) -> Desk:
    catalogue = load_catalogue()
    bureau = catalogue.bureau(BUREAU)
    holders = select(StaffRoleRow.role, func.min(StaffRoleRow.staff_id)).group_by(StaffRoleRow.role)
    with reading(engine) as session:
        people = {
            role: Actor(staff_id, "", "", BUREAU, frozenset({role})) for role, staff_id in session.execute(holders)
        }
    calendar = catalogue.calendar_of(BUREAU)
    return Desk(engine, calendar, people["supervisor"], people["clerk"], bureau.area + bureau.department)


def timed(work: Callable[[], object]) -> float:
    """The median of several runs, in milliseconds; one before them does not count."""
    work()
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return round(median(took) * 1000, 2)


def bare(engine: Engine, questions: Sequence[Question]) -> Callable[[], object]:
    """The questions put one after the other through the driver alone, every row fetched."""
    mark = "?" if is_sqlite(engine) else "%s"

    def ask() -> None:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            for statement, values in questions:
                cursor.execute(statement.replace("?", mark), values)
                cursor.fetchall()
            connection.rollback()
        finally:
            connection.close()

    return ask


def figure(desk: Desk, name: str, view: Callable[[Connection], object], questions: Sequence[Question]) -> Figure:
    sent: list[str] = []

    def note(*told: Any) -> None:
        sent.append(told[2])

    def ask() -> None:
        with reading(desk.engine) as session:
            view(session)

    event.listen(desk.engine, "before_cursor_execute", note)
    ask()
    statements = len([one for one in sent if one.lstrip().upper().startswith(("SELECT", "WITH"))])
    event.remove(desk.engine, "before_cursor_execute", note)
    return Figure(name, timed(ask), timed(bare(desk.engine, questions)), statements)


def figures(desk: Desk) -> list[Figure]:
    low, high = (">=", "<") if is_sqlite(desk.engine) else ("~>=~", "~<~")
    name, initials = (f"{column} {low} ? AND {column} {high} ?" for column in ("applicant_name", "applicant_initials"))
    counts: Question = (COUNTS, (DAY, DAY, DAY, DAY, BUREAU))
    late: Question = (LATE, (BUREAU, DAY))
    clock, boss = desk.calendar, desk.supervisor

    def page(session: Connection) -> None:
        filters = Filters(tab="section")
        worklist.page_counts(session, clock, boss, filters, TODAY)
        worklist.worklist(session, clock, boss, filters, TODAY)

    def board(session: Connection) -> None:
        _, also = overdue.cause_counts(session, clock, BUREAU, TODAY)
        cause = overdue.Cause(clock, BUREAU, "statutory", TODAY, also)
        overdue.groups_of(session, cause, "item")
        overdue.cases_of(session, cause, by="item")

    def search(words: str) -> Callable[[Connection], object]:
        return lambda session: finding.find(session, clock, boss, desk.area, words, TODAY)

    return [
        figure(desk, "work list, whole section", page, [counts, late]),
        figure(
            desk,
            "overdue board, 超法定 by item",
            board,
            [counts, (LAPSED, (BUREAU, DAY)), (GROUPS, (BUREAU, DAY)), late],
        ),
        figure(desk, "search by initials zw", search("zw"), [found({name: PREFIX, initials: PREFIX}, "zw")]),
        figure(
            desk,
            "search by last four",
            search("0042"),
            [found({name: PREFIX, initials: PREFIX, "applicant_last4 = ?": ("",)}, "0042")],
        ),
    ]


def found(ways: Mapping[str, tuple[str, ...]], words: str) -> Question:
    """The newest cases that one of these conditions finds; each says what follows the words in its values."""
    union = " UNION ".join(WAY % condition for condition in ways)
    return FOUND % union, tuple(v for ends in ways.values() for v in (BUREAU, *(words + end for end in ends)))


def signed_in(url: str) -> Client:
    """A browserless client of a supervisor at this database."""
    engine = create_engine_for(url)
    try:
        with writing(engine) as session:
            given = {"bureau": BUREAU, "number": "bench", "name": "主管", "roles": ("supervisor",), "now": NOW}
            add_staff(session, **given, password=PASSWORD, must_change=False)
    except BadInput:
        pass  # measured before
    engine.dispose()
    app = create_app(Settings(url, new_master(), secure_cookies=False), clock=lambda: NOW)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login", data={"number": "bench", "password": PASSWORD})
    return client


PAGES = (
    *("/?tab=section", "/?tab=section&lamp=normal", "/overdue?cause=statutory", "/overdue?cause=promised&by=person"),
    *("/overdue?cause=statutory&view=days", "/search?q=zw", "/board", "/foresight"),
)


def pages(many: str, few: str) -> list[dict[str, Any]]:
    """The server time of each page with many closed cases and with few, in turn."""
    clients = {"many": signed_in(many), "few": signed_in(few)}
    told = []
    for path in PAGES:
        took: dict[str, float] = {}
        for name, client in clients.items():
            status = client.get(path).status_code
            assert status == 200, (path, status)
            took[name] = timed(lambda client=client, path=path: client.get(path))  # type: ignore[misc]
        growth = round(took["many"] / took["few"], 2)
        told.append({"page": path, "many_ms": took["many"], "few_ms": took["few"], "growth": growth})
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--few")
    asked = parser.parse_args()
    engine = create_engine_for(asked.url)
    for one in figures(desk_of(engine)):
        print(json.dumps(one.told, ensure_ascii=False), flush=True)
    engine.dispose()
    for told in pages(asked.url, asked.few) if asked.few else ():
        print(json.dumps(told, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
