"""An office with one of everything that is sealed or keyed, and what of it opens with which key."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from caseflow.desk.attachments import attach
from caseflow.desk.attempts import count_attempt
from caseflow.desk.drafts import save_draft
from caseflow.desk.intake import CaseRef
from caseflow.desk.outbox import Letter, enqueue
from caseflow.desk.people import Party
from caseflow.errors import Unavailable
from caseflow.house import House
from caseflow.identity import IdKind
from caseflow.store.base import Base
from caseflow.store.db import writing
from caseflow.store.models import CaseRow
from caseflow.store.seal import Keys
from caseflow.store.side_models import BrokenWordRow
from caseflow.store.sign_in_models import SecondFactorRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, HAND_OVER
from tests.support.scans import PDF

INPATIENT, TRANSFER = "inpatient-reimbursement", "transfer-continuation"
AGENT = Party("李芳", IdKind.RESIDENT_ID, "110101199003078478", "13800001111", "配偶", "代办")
CHILD = Party("张小宝", IdKind.NONE, "", "")


def open_sealed_office(engine: Engine, root: Path, master: str | None = None) -> tuple[Office, CaseRef]:
    """Cases with applicant, agent, persons concerned, account and attachment; a draft, a letter, a broken word."""
    office = open_office(engine)
    if master is not None:
        office = with_keys(office, Keys.from_text(master))
    ref = office.register(INPATIENT, agent=AGENT)
    office.register(TRANSFER, concerned=(CHILD,))
    with writing(engine) as session:
        _seal_more(session, office, ref, root)
    for by, action, details in (ACCEPT, HAND_OVER):
        office.act(ref, by, action, **details)
    return office, ref


def _seal_more(session: Connection, office: Office, ref: CaseRef, root: Path) -> None:
    clerk = office.staff["clerk"]
    save_draft(session, office.house, clerk, "register:new", {"id": "11010519491231002X"}, office.now)
    letter = Letter("shawan", ref.id, "sms", "13912345678", "day_summary", _SUMMARY, "once")
    enqueue(session, office.house, letter, office.now)
    count_attempt(session, office.house, "10.0.0.1", "CODE", office.now)
    index = session.execute(select(CaseRow.applicant_index).where(CaseRow.id == ref.id)).scalar_one()
    word = {"bureau": "shawan", "case_id": ref.id, "id_index": index, "kind": "commitment", "note": "未补交"}
    session.execute(insert(BrokenWordRow).values(noted_on=office.now.date(), noted_by=clerk.id, **word))
    version = session.execute(select(CaseRow.version).where(CaseRow.id == ref.id)).scalar_one()
    secret = {"staff_id": clerk.id, "sealed": office.house.keys.seal("JBSWY3DPEHPK3PXP"), "made_at": office.now}
    session.execute(insert(SecondFactorRow).values(secret))
    line = office.item(INPATIENT).materials[0].key
    attach(session, office.house, root, clerk, ref.id, version, (line, "扫描.pdf", PDF), office.now)


_SUMMARY = {"day": "2026-03-02", "bureau": "沙湾市医疗保障局"} | {
    "over_statutory": 0,
    "over_promised": 0,
    "today": 0,
    "deadlines": 1,
}


def with_keys(office: Office, keys: Keys) -> Office:
    """The same office after it was given other keys."""
    return replace(office, house=House(office.house.catalogue, keys))


def opening(session: Connection, keys: Keys) -> dict[str, str]:
    """Every value of every table that opens with these keys, by where it lies."""
    found = {}
    for place, content in _sealed_looking(session):
        try:
            found[place] = keys.open(content)
        except Unavailable:
            continue
    return found


def texts(session: Connection) -> set[str]:
    """Every text of every table."""
    return {value for _, value in _values(session) if isinstance(value, str)}


def _sealed_looking(session: Connection) -> Iterator[tuple[str, bytes]]:
    for place, value in _values(session):
        if isinstance(value, bytes):
            yield place, value
        elif isinstance(value, str) and len(value) > 30:
            try:
                yield place, base64.b64decode(value, validate=True)
            except ValueError:
                continue


def _values(session: Connection) -> Iterator[tuple[str, Any]]:
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(*table.columns)).all():
            key = tuple(row._mapping[column] for column in table.primary_key.columns)
            for column in table.columns:
                yield from _leaves(f"{table.name}.{column.name}{key}", row._mapping[column])


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{place}.{key}", inner)
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _leaves(f"{place}.{n}", inner)
    else:
        yield place, value
