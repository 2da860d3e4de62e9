"""A small office for tests: staff of every role in one bureau, and short words for what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from caseflow.desk.definitions import sync
from caseflow.desk.handling import Advanced, advance
from caseflow.desk.intake import Application, CaseRef, register
from caseflow.desk.people import Party
from caseflow.house import BEIJING, Actor, House
from caseflow.identity import IdKind
from caseflow.rules.checklist import LineState, Mark, Receipt, check_materials
from caseflow.rules.item import FieldKind, Item, applies
from caseflow.store.db import reading, writing
from caseflow.store.facts import CaseState, load_case
from caseflow.store.models import EventRow, StaffRoleRow, StaffRow
from caseflow.store.seal import new_master

MORNING = datetime(2026, 3, 2, 10, 30, tzinfo=BEIJING)
PERSON = Party("张霈", IdKind.RESIDENT_ID, "11010519491231002X", "13912345678")
ORGANISATION = Party("沙湾市新华商贸有限公司", IdKind.CREDIT_CODE, "91110000600037341L", "0993-6012345")
STAFF = ("clerk", "reviewer", "checker", "approver", "cashier", "supervisor")
ALONE = ("auditor", "administrator", "security", "audit")
ROLES = (*STAFF, *ALONE)
VALUES = {
    FieldKind.TEXT: "石河子市人民医院",
    FieldKind.LONG_TEXT: "说明",
    FieldKind.DATE: "2026-02-10",
    FieldKind.MONTH: "2026-02",
    FieldKind.MONEY: "1234.56",
    FieldKind.NUMBER: "3",
    FieldKind.PHONE: "13912345678",
    FieldKind.ACCOUNT: "6222021234567890123",
}


def first_answers(item: Item) -> dict[str, str]:
    """The first option of every question that arises."""
    answers: dict[str, str] = {}
    for question in item.situations:
        if applies(question.when, answers):
            answers[question.key] = question.options[0].key
    return answers


def full_receipts(item: Item, answers: Mapping[str, str]) -> dict[str, Receipt]:
    """Every line that must be there, received."""
    lines = check_materials(item, answers, {}).lines
    return {
        line.material.key: Receipt(Mark.RECEIVED, line.options[0].key, 1, 0)
        for line in lines
        if line.state is LineState.MISSING
    }


def field_values(item: Item, answers: Mapping[str, str]) -> dict[str, str]:
    """A fitting value for every field that applies."""
    return {
        one.key: one.options[0] if one.kind is FieldKind.CHOICE else VALUES[one.kind]
        for one in item.fields
        if applies(one.when, answers) is not False
    }


@dataclass
class Office:
    """Staff of one bureau at work; `now` is the office's clock and moves only by `sleep`."""

    engine: Engine
    house: House
    bureau: str
    staff: dict[str, Actor]
    now: datetime = MORNING
    keys: count[int] = field(default_factory=count)

    def item(self, key: str) -> Item:
        return self.house.catalogue.item(self.bureau, key)

    def application(self, item_key: str, **changes: object) -> Application:
        """A complete application; name what should be different."""
        item = self.item(item_key)
        answers = changes.pop("answers", None) or first_answers(item)
        assert isinstance(answers, dict)
        values: dict[str, object] = {
            "item_key": item_key,
            "applicant": PERSON,
            "request_key": f"form-{next(self.keys)}",
            "answers": answers,
            "fields": field_values(item, answers),
            "receipts": full_receipts(item, answers),
        }
        return Application(**{**values, **changes})  # type: ignore[arg-type]

    def register(self, item_key: str, by: str = "clerk", **changes: object) -> CaseRef:
        with writing(self.engine) as session:
            return register(session, self.house, self.staff[by], self.application(item_key, **changes), self.now)

    def act(self, ref: CaseRef, by: str, action: str, **details: str) -> Advanced:
        """One step on the case as it stands."""
        return self.act_on(ref, by, action, details)

    def act_on(
        self,
        ref: CaseRef,
        by: str,
        action: str,
        details: Mapping[str, str],
        *,
        receipts: Mapping[str, Receipt] | None = None,
        answers: Mapping[str, str] | None = None,
        version: int | None = None,
    ) -> Advanced:
        actor = self.staff[by]
        at = self.case(ref).record.version if version is None else version
        with writing(self.engine) as session:
            return advance(session, self.house, actor, ref.id, at, action, details, self.now, receipts, answers)

    def case(self, ref: CaseRef, by: str = "clerk") -> CaseState:
        with reading(self.engine) as session:
            return load_case(session, self.house, self.staff[by], ref.id, self.now.date())

    def history(self, ref: CaseRef) -> list[str]:
        with reading(self.engine) as session:
            query = select(EventRow.action).where(EventRow.case_id == ref.id).order_by(EventRow.seq)
            return list(session.execute(query).scalars())

    def sleep(self, days: int) -> None:
        self.now += timedelta(days=days)


def _hire(session: Connection, bureau: str, number: str, name: str, roles: tuple[str, ...]) -> int:
    """An account that cannot sign in: hashing a password for every test would be most of its time."""
    row = {"bureau": bureau, "number": number, "name": name, "password_hash": "-", "active": 1, "must_change": 0}
    staff_id = session.execute(insert(StaffRow).values(created_at=MORNING, **row).returning(StaffRow.id)).scalar_one()
    session.execute(insert(StaffRoleRow), [{"staff_id": staff_id, "role": role} for role in roles])
    return int(staff_id)


def open_office(
    engine: Engine,
    bureau: str = "shawan",
    extra: Mapping[str, tuple[str, ...]] | None = None,
    items: Path | None = None,
) -> Office:
    """An office with one person per role, and those named in `extra` with the roles given."""
    house = House.open(new_master(), items)
    people = {role: (role,) for role in ROLES} | dict(extra or {})
    staff = {}
    with writing(engine) as session:
        sync(session, house.catalogue, MORNING)
        for n, (name, roles) in enumerate(people.items(), 1):
            number = f"{bureau[:4]}{n:03d}"
            staff_id = _hire(session, bureau, number, name, roles)
            staff[name] = Actor(staff_id, number, name, bureau, frozenset(roles), "A区3号")
    return Office(engine, house, bureau, staff)


def hire_elsewhere(office: Office) -> int:
    """The id of somebody of another bureau, "smg-1"."""
    row = {
        "bureau": "shuimogou",
        "number": "smg-1",
        "name": "周晓燕",
        "password_hash": "-",
        "active": 1,
        "must_change": 0,
    }
    with writing(office.engine) as session:
        made = session.execute(insert(StaffRow).values(created_at=office.now, **row).returning(StaffRow.id))
        return int(made.scalar_one())
