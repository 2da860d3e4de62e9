"""Fills an empty database with many cases at once, for measuring lists: rows written in bulk, not through the desk.

`python -m benchmarks.fill --cases 1000000 --open 100000 --url sqlite:////tmp/big.db`. The rows have the shapes, spread
and sizes of real ones; the chain values are placeholders, so `verify` would find fault with every case.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from caseflow.catalogue import load_catalogue
from caseflow.desk.definitions import sync
from caseflow.house import BEIJING, House, new_master
from caseflow.identity import case_number, initials
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Limit, Unit, read
from caseflow.rules.item import Item
from caseflow.store.db import create_engine_for, is_sqlite, upgrade, writing
from caseflow.store.models import (
    CaseRow,
    DeadlineRow,
    EditionRow,
    EventRow,
    MaterialRow,
    PauseRow,
    PersonRow,
    StaffRoleRow,
    StaffRow,
)

BUREAU = "shawan"
TODAY = date(2026, 11, 24)
BATCH = 5000
CHAIN = "0" * 64
ROADS = {
    "immediate": ("received", "accepted", "closed"),
    "standard": ("received", "accepted", "reviewing", "approved", "closed"),
    "payment": ("received", "accepted", "reviewing", "checking", "approved", "paying", "closed"),
    "designation": ("received", "accepted", "assessing", "publicising", "negotiating", "signing", "closed"),
}
STEPS = {
    "accepted": "accept",
    "reviewing": "hand_over",
    "assessing": "hand_over",
    "checking": "approve",
    "publicising": "assess",
    "negotiating": "publicise",
    "signing": "negotiate",
    "approved": "check",
    "paying": "settle_statement",
    "closed": "close",
}
ROLE_OF = {"received": "clerk", "accepted": "clerk", "approved": "clerk", "checking": "checker", "paying": "cashier"}
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗阿买古热"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英提尔江别克"


@dataclass(frozen=True, slots=True)
class Made:
    """One case with its rows, by table."""

    case: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class Maker:
    """Makes cases one after the other; the same seed makes the same cases."""

    random: Random
    items: Sequence[Item]
    editions: dict[str, int]
    staff: dict[str, list[int]]
    calendar: WorkingCalendar
    area: str
    department: str
    years: int

    def make(self, number: int, *, is_open: bool) -> Made:
        item = self.items[number % len(self.items)]
        road = ROADS[item.flow]
        reached = self.random.randrange(0, len(road) - 1) if is_open else len(road) - 1
        back = self.random.randrange(0, 45) if is_open else self.random.randrange(30, self.years * 365)
        received = self.calendar.add(TODAY - timedelta(days=back + 3), 0)
        days = [received]
        for _ in road[1 : reached + 1]:
            days.append(min(TODAY, self.calendar.add(days[-1], self.random.choice((0, 0, 1, 1, 2, 3)))))
        return self._rows(number, item, road[: reached + 1], days, is_open=is_open)

    def _rows(self, number: int, item: Item, states: Sequence[str], days: Sequence[date], *, is_open: bool) -> Made:
        case = self._case(number, item, states, days, is_open=is_open)
        key = {"bureau": BUREAU, "case_id": number}
        events = [self._event(key, seq, states, days) for seq in range(1, len(states) + 1)]
        person = {**key, "part": "applicant", "place": 0, "name": case["applicant_name"]}
        person |= {"initials": case["applicant_initials"], "id_kind": "resident_id", "id_sealed": b"\0" * 46}
        person |= {"id_index": case["applicant_index"], "id_last4": case["applicant_last4"]}
        lines = [self._material(key, line.key, days[0]) for line in item.materials[:2]]
        rows = {"event": events, "person": [person], "case_material": lines, "pause": [], "deadline": []}
        if is_open and states[-1] == "received":
            rows["deadline"].append(self._deadline(key, "notice", days[0]))
        if case["state"] == "suspended":
            rows["pause"].append(self._pause(key, days[-1]))
        return Made(case, rows)

    def _case(
        self, number: int, item: Item, states: Sequence[str], days: Sequence[date], *, is_open: bool
    ) -> dict[str, Any]:
        state = states[-1]
        accepted = days[1] if len(days) > 1 else None
        promised, statutory = item.limits.promised, item.limits.statutory
        reading = read(self.calendar, Clocks(accepted, promised, statutory), TODAY)
        paused = is_open and state in {"reviewing", "checking"} and self.random.random() < 0.05
        name = self.random.choice(SURNAMES) + "".join(self.random.choices(GIVEN, k=self.random.choice((1, 2, 2, 4))))
        handler = self.random.choice(self.staff[ROLE_OF.get(state, "reviewer")])
        return {
            "id": number,
            "bureau": BUREAU,
            "number": case_number(self.area, self.department, days[0], 1, number % 1_000_000),
            "query_code": f"Q{number:09d}",
            "request_key": f"fill-{number}",
            "version": len(states),
            "chain": CHAIN,
            "edition_id": self.editions[item.key],
            "item_key": item.key,
            "item_name": item.name,
            "flow": item.flow,
            "state": "suspended" if paused else state,
            "is_open": int(is_open),
            "return_to": state if paused else "",
            "channel": self.random.choice(("window", "window", "window", "online", "mail")),
            "window": f"A区{number % 9 + 1}号",
            "handler_id": None if is_open and self.random.random() < 0.1 else handler,
            "state_since": days[-1],
            "received_at": datetime.combine(days[0], datetime.min.time(), BEIJING) + timedelta(hours=10),
            "received_on": days[0],
            "accepted_on": accepted,
            "decided_on": None if is_open else days[-1],
            "ended_on": None if is_open else days[-1],
            "promised_n": promised.n if promised else None,
            "promised_unit": promised.unit.value if promised else None,
            "statutory_n": statutory.n if statutory else None,
            "statutory_unit": statutory.unit.value if statutory else None,
            "promised_due": reading.promised_due if not paused else None,
            "statutory_due": reading.statutory_due if not paused else None,
            "provisional": 0,
            "calendar_revision": self.calendar.revision,
            "answers": {},
            "fields": {"hospital": "石河子市人民医院", "admitted": days[0].isoformat()},
            "applicant_name": name,
            "applicant_initials": initials(name),
            "applicant_last4": f"{self.random.randrange(10_000):04d}",
            "applicant_index": f"{self.random.getrandbits(256):064x}",
            "applicant_phone": f"139{self.random.randrange(10**8):08d}",
        }

    def _event(self, key: dict[str, Any], seq: int, states: Sequence[str], days: Sequence[date]) -> dict[str, Any]:
        state, before = states[seq - 1], states[seq - 2] if seq > 1 else ""
        actor = self.random.choice(self.staff[ROLE_OF.get(before or state, "reviewer")])
        at = datetime.combine(days[seq - 1], datetime.min.time(), UTC) + timedelta(hours=3, minutes=seq)
        return {
            **key,
            "seq": seq,
            "at": at,
            "on_day": days[seq - 1],
            "actor_id": actor,
            "actor_name": "经办人",
            "action": STEPS.get(state, "register"),
            "duty": "accept" if state == "accepted" else "",
            "from_state": before,
            "to_state": state,
            "detail": {"opinion": "材料齐全，符合办理条件，同意。"},
            "chain": CHAIN,
        }

    def _material(self, key: dict[str, Any], material: str, day: date) -> dict[str, Any]:
        row = {**key, "material": material, "mark": "received", "option": "", "originals": 1, "copies": 0, "fault": ""}
        return {**row, "received_on": day, "marked_by": self.staff["clerk"][0]}

    def _deadline(self, key: dict[str, Any], kind: str, day: date) -> dict[str, Any]:
        limit = {"limit_n": 5, "limit_unit": Unit.WORKING_DAY.value, "provisional": 0}
        return {**key, "kind": kind, "started_on": day, "due_on": self.calendar.add(day, Limit(5).n), **limit}

    def _pause(self, key: dict[str, Any], day: date) -> dict[str, Any]:
        told = {"kind": "鉴定", "basis": "行政许可法第四十五条", "reason": "需专家鉴定", "expected_days": 10}
        return {**key, **told, "excluded": 1, "from_on": day, "to_on": None}


TABLES: dict[str, Table] = {
    row.__table__.name: row.__table__  # type: ignore[misc]
    for row in (CaseRow, PersonRow, EventRow, MaterialRow, PauseRow, DeadlineRow)
}


def write(session: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """The rows into the table: on PostgreSQL by COPY, which takes a tenth of the time."""
    if not rows:
        return
    if is_sqlite(session):
        session.execute(insert(table), rows)
        return
    names = list(rows[0])
    driver = session.connection.driver_connection
    assert driver is not None
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({', '.join(map(quoted, names))}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([plain(row[name]) for name in names])


def quoted(name: str) -> str:
    return f'"{name}"'


def plain(value: Any) -> Any:
    """A value as the column keeps it: JSON as text, instants in UTC without zone."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def people(session: Connection) -> dict[str, list[int]]:
    """Forty of the staff; what they are called and may do is all that lists ask."""
    staff: dict[str, list[int]] = {}
    for n in range(40):
        role = ("clerk", "clerk", "reviewer", "checker", "cashier", "supervisor")[n % 6]
        row = {"bureau": BUREAU, "number": f"f{n:03d}", "name": f"经办{n:02d}", "password_hash": "x", "active": 1}
        row |= {"must_change": 0, "created_at": datetime.now(UTC), "section": f"{n % 4 + 1}科"}
        new = session.execute(insert(StaffRow).values(row).returning(StaffRow.id)).scalar_one()
        session.execute(insert(StaffRoleRow).values(staff_id=new, role=role))
        staff.setdefault(role, []).append(new)
    return staff


def maker_for(session: Connection, years: int) -> Maker:
    """A maker over the bureau's items, with staff and editions written."""
    house = House(load_catalogue(), House.open(new_master()).keys)
    sync(session, house.catalogue, datetime.now(UTC))
    query = select(EditionRow.item_key, EditionRow.id).where(EditionRow.bureau == BUREAU, EditionRow.current == 1)
    editions = {row.item_key: row.id for row in session.execute(query)}
    bureau = house.catalogue.bureau(BUREAU)
    items = house.catalogue.items_of(BUREAU)
    calendar = house.catalogue.calendar_of(BUREAU)
    return Maker(Random(7), items, editions, people(session), calendar, bureau.area, bureau.department, years)


def batches(maker: Maker, cases: int, still_open: int) -> Iterator[list[Made]]:
    """All cases in batches; the open ones are spread evenly among the others' row ids."""
    every = max(1, cases // still_open) if still_open else cases + 1
    for start in range(1, cases + 1, BATCH):
        numbers = range(start, min(start + BATCH, cases + 1))
        yield [maker.make(n, is_open=n % every == 0) for n in numbers]


def fill(url: str, cases: int, still_open: int, years: int) -> float:
    """Migrate and fill; the seconds it took."""
    engine = create_engine_for(url)
    upgrade(engine)
    began = time.perf_counter()
    with writing(engine) as session:
        maker = maker_for(session, years)
    for batch in batches(maker, cases, still_open):
        with writing(engine) as session:
            write(session, TABLES["cases"], [made.case for made in batch])
            for name in batch[0].rows:
                write(session, TABLES[name], [row for made in batch for row in made.rows[name]])
    with writing(engine) as session:
        if not is_sqlite(engine):
            session.execute(text("SELECT setval(pg_get_serial_sequence('cases', 'id'), (SELECT max(id) FROM cases))"))
        session.execute(text("ANALYZE"))
    engine.dispose()
    return time.perf_counter() - began


def main() -> None:
    """Fill the database named on the command line and say in JSON how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--open", type=int, default=1_000)
    parser.add_argument("--years", type=int, default=5, help="over how many years the closed cases are spread")
    asked = parser.parse_args()
    seconds = fill(asked.url, asked.cases, asked.open, asked.years)
    print(json.dumps({"cases": asked.cases, "open": asked.open, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
