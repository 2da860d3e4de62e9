"""A bureau with something of everything that figures count, and its rows read into plain facts, case by case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from caseflow.catalogue import load_catalogue
from caseflow.desk.intake import CaseRef
from caseflow.desk.rating import rate
from caseflow.rules.case_sets import CaseFacts, OrderFacts
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.clock import Limit, Pause, Unit, used
from caseflow.store.db import reading, writing
from caseflow.store.models import CaseRow, EventRow, PauseRow
from caseflow.store.office_models import OrderRow
from caseflow.store.side_models import RatingRow
from caseflow.workflows import FLOWS
from tests.support.office import Office, full_receipts
from tests.support.roads import ACCEPT, APPROVE, CHECK, CLOSE, DECLINE, HAND_OVER, PAY, REFUSE, SETTLE, SMALL, WITHDRAW

TRANSFER, NEWBORN, INPATIENT = "transfer-continuation", "newborn-enrolment", "inpatient-reimbursement"
SPOT = (
    "clerk",
    "close_on_the_spot",
    {"complete": "on", "genuine": "on", "lawful": "on", "conditions": "on", "result": "已登记"},
)
MISTAKE = ("clerk", "withdraw", {"kind": "录入错误", "reason": "选错事项"})
STOP = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "reason": "笔迹鉴定"}
LATE = {"late_reason": "系统故障"}
Step = tuple[str, str, Mapping[str, str]]


def walk(office: Office, ref: CaseRef, *steps: Step) -> CaseRef:
    for by, action, details in steps:
        office.act(ref, by, action, **details)
    return ref


def busy(office: Office) -> Office:
    """Two months of work from 2 March 2026: early, late, refused, mistaken, paused, rated, ordered, still open."""
    late = (CLOSE[0], CLOSE[1], {**CLOSE[2], **LATE})
    walk(office, office.register(NEWBORN), SPOT)
    walk(office, office.register(NEWBORN), DECLINE)
    walk(office, office.register(NEWBORN), MISTAKE)
    walk(office, office.register(NEWBORN), WITHDRAW)
    spoiled = _short(office)
    early = walk(office, office.register(TRANSFER, channel="online"), ACCEPT, HAND_OVER)
    slow = walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER)
    stopped = walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER)
    office.register(INPATIENT)
    office.act(spoiled, "clerk", "supplement_notice")
    office.sleep(3)
    walk(office, early, APPROVE, CLOSE)
    walk(office, stopped, ("reviewer", "suspend", STOP))
    refused = walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER)
    walk(office, refused, ("reviewer", "send_back", {"reason": "材料不清"}), HAND_OVER, ("reviewer", "refuse", REFUSE))
    office.sleep(7)
    walk(office, stopped, ("reviewer", "resume", {"reason": "鉴定完成"}), APPROVE, CLOSE)
    paid = walk(office, office.register(INPATIENT), ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK)
    walk(office, office.register(TRANSFER), ACCEPT)
    office.sleep(26)
    walk(office, paid, SETTLE, (PAY[0], PAY[1], {**PAY[2], **LATE}))
    walk(office, slow, APPROVE, late)
    for ref, grade in ((early, 5), (slow, 1), (refused, 2), (paid, 3)):
        with writing(office.engine) as session:
            rate(session, office.house, office.bureau, ref.id, grade, "", office.now)
    walk(office, slow, ("supervisor", "call_back", {"text": "已电话说明"}), ("supervisor", "rectify", {"text": "已改"}))
    walk(office, office.register(TRANSFER), ACCEPT)
    _order(office, slow, 20, answered=-2)
    _order(office, paid, 20, answered=1)
    _order(office, stopped, 20, answered=None)
    _order(office, refused, 20, answered=-1, outcome="withdrawn")
    office.sleep(19)
    walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER)
    walk(office, office.register(NEWBORN), SPOT)
    return office


def _short(office: Office) -> CaseRef:
    """A case in which one line is missing."""
    item = office.item(TRANSFER)
    receipts = dict.fromkeys(full_receipts(item, {}), Receipt(Mark.MISSING))
    return office.register(TRANSFER, receipts=receipts)


def _order(office: Office, ref: CaseRef, ago: int, answered: int | None, outcome: str = "ended") -> None:
    """An order so many days ago, answered this many days after its last day (negative: before)."""
    issued = office.now.date() - timedelta(days=ago)
    due = issued + timedelta(days=5)
    row: dict[str, Any] = {
        "bureau": office.bureau,
        "case_id": ref.id,
        "level": 1,
        "cause": "promised",
        "days_over": 1,
        "to_id": office.staff["reviewer"].id,
        "issued_on": issued,
        "answer_by": due,
        "answered_on": None if answered is None else due + timedelta(days=answered),
        "closed_on": due + timedelta(days=9),
        "outcome": outcome,
    }
    with writing(office.engine) as session:
        session.execute(insert(OrderRow).values(row))


def facts_of(engine: Engine, bureau: str) -> list[CaseFacts]:
    """Every case of a bureau as plain facts, read without any of the conditions under test."""
    with reading(engine) as session:
        cases = session.execute(select(CaseRow.__table__).where(CaseRow.bureau == bureau)).all()
        told = _by_case(session.execute(select(EventRow.case_id, EventRow.action, EventRow.detail)).all())
        pauses = _by_case(session.execute(select(PauseRow.case_id, PauseRow.from_on, PauseRow.to_on)).all())
        grades = dict(session.execute(select(RatingRow.case_id, RatingRow.grade)).all())  # type: ignore[arg-type]
        orders = _by_case(session.execute(select(OrderRow.case_id, OrderRow.__table__)).all())
    return [_facts(row, told[row.id], pauses[row.id], grades.get(row.id), orders[row.id]) for row in cases]


def _by_case(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _facts(row: Any, told: list[Any], pauses: list[Any], grade: int | None, orders: list[Any]) -> CaseFacts:
    actions = {one.action for one in told}
    withdrawn = [one.detail.get("kind") for one in told if one.action == "withdraw"]
    calendar = load_catalogue().calendar_of(row.bureau)
    ended: date | None = row.ended_on
    stops = [Pause(one.from_on, one.to_on) for one in pauses]
    return CaseFacts(
        received_on=row.received_on,
        state=row.state,
        channel=row.channel,
        decision=FLOWS[row.flow].states[row.state].decision,
        accepted_on=row.accepted_on,
        ended_on=ended,
        promised=Limit(row.promised_n, Unit(row.promised_unit)) if row.promised_unit else None,
        statutory=Limit(row.statutory_n, Unit(row.statutory_unit)) if row.statutory_unit else None,
        promised_due=row.promised_due,
        statutory_due=row.statutory_due,
        extend=row.extend,
        noticed="supplement_notice" in actions,
        sent_back="send_back" in actions,
        deferred="accept_deferred" in actions,
        paused="suspend" in actions,
        mistaken=withdrawn == ["录入错误"],
        rectified="rectify" in actions,
        grade=grade,
        orders=tuple(_order_facts(one) for one in orders),
        used=used(calendar, row.accepted_on, ended, stops) if ended and row.accepted_on else 0,
        gross=calendar.count(row.received_on, ended) if ended else 0,
    )


def _order_facts(row: Any) -> OrderFacts:
    return OrderFacts(row.issued_on, row.answer_by, row.answered_on, row.closed_on, row.outcome == "withdrawn")
