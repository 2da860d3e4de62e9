"""A case's rows → the values that decisions need. Read by the desk before it writes, and by the case page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Row, exists, literal, null, select, type_coerce, union_all

from caseflow.errors import NotFound
from caseflow.house import Actor, House
from caseflow.rules.checklist import Checklist, Mark, Receipt, check_materials
from caseflow.rules.clock import Clocks, Limit, Pause, Unit
from caseflow.rules.flow import Facts, Flow, State
from caseflow.rules.item import CaseType, Item, applies
from caseflow.rules.past import Past, Told, read_past
from caseflow.store.duty import away_on, handles
from caseflow.store.editions import item_of
from caseflow.store.models import CaseRow, DeadlineRow, EditionRow, EventRow, MaterialRow, PauseRow, StaffRow
from caseflow.store.office_models import AbsenceRow
from caseflow.store.side_models import BrokenWordRow, PaymentRow
from caseflow.workflows import FLOWS

DEADLINE_NAMES = {
    "notice": "受理或一次性告知",
    "supplement": "申请人补正",
    "stage": "本环节",
    "suspension": "特别程序",
    "deferral": "容缺材料补齐",
    "commitment": "承诺材料补齐",
    "serve": "送达",
    "repay": "重新拨付",
    "order_reply": "督办反馈",
    "call_back": "差评回访",
    "rectify": "差评整改",
}


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """The columns of a case that steps look at."""

    id: int
    bureau: str
    number: str
    query_code: str
    version: int
    chain: str
    edition_id: int
    item_key: str
    item_name: str
    flow: str
    state: str
    is_open: int
    return_to: str
    channel: str
    window: str
    handler_id: int | None
    state_since: date
    received_at: datetime
    received_on: date
    supplemented_on: date | None
    accepted_on: date | None
    decided_on: date | None
    ended_on: date | None
    served_on: date | None
    extend: int
    promised_n: int | None
    promised_unit: str | None
    statutory_n: int | None
    statutory_unit: str | None
    promised_due: date | None
    statutory_due: date | None
    provisional: int
    answers: Mapping[str, str]
    fields: Mapping[str, object]
    amount_fen: int | None
    note: str
    applicant_name: str
    applicant_last4: str
    applicant_index: str

    @property
    def notice_from(self) -> date:
        """The day from which the notice clock runs: receipt, or the last supplement."""
        return self.supplemented_on or self.received_on

    @property
    def promised(self) -> Limit | None:
        """The promised limit as it stood at registration."""
        return _limit(self.promised_n, self.promised_unit)

    @property
    def statutory(self) -> Limit | None:
        """The statutory limit as it stood at registration."""
        return _limit(self.statutory_n, self.statutory_unit)


_PAUSE = "pause"
COLUMNS = [getattr(CaseRow, name) for name in CaseRecord.__slots__]


def _limit(n: int | None, unit: str | None) -> Limit | None:
    return None if n is None or unit is None else Limit(n, Unit(unit))


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case as it stands for one person on one day."""

    record: CaseRecord
    flow: Flow
    state: State
    item: Item
    receipts: Mapping[str, Receipt]
    received_days: Mapping[str, date | None]
    checklist: Checklist
    pauses: tuple[Pause, ...]
    past: Past
    handler_name: str
    facts: Facts

    @property
    def clocks(self) -> Clocks:
        """The facts both limits are derived from; the clock has not started before acceptance."""
        record = self.record
        return Clocks(start_of(self), record.promised, record.statutory, self.pauses, record.extend)


def start_of(case: CaseState) -> date | None:
    """The day the limits run from: acceptance; for a complete 即办件 not yet accepted, the day the material came in."""
    if case.record.accepted_on is not None:
        return case.record.accepted_on
    immediate = case.item.case_type is CaseType.IMMEDIATE
    if immediate and case.record.state == "received" and case.checklist.complete:
        return max([case.record.notice_from, *(day for day in case.received_days.values() if day is not None)])
    return None


def load_case(
    session: Connection, house: House, actor: Actor, case_id: int, today: date, *, lock: bool = False
) -> CaseState:
    """The case with everything its decisions need; NotFound where it does not exist or belongs to another bureau."""
    return _load(session, house, actor, CaseRow.id == case_id, today, lock=lock)


def load_case_by_number(session: Connection, house: House, actor: Actor, number: str, today: date) -> CaseState:
    """The same, by its 24-digit number."""
    return _load(session, house, actor, CaseRow.number == number, today, lock=False)


def _load(
    session: Connection, house: House, actor: Actor, which: ColumnElement[bool], today: date, *, lock: bool
) -> CaseState:
    row = _row(session, actor, which, today, lock=lock)
    *columns, definition, handler_name, handles_item, stands_in = row
    record = CaseRecord(*columns)
    item = item_of(definition)
    receipts, days = _receipts(session, record)
    flow = FLOWS[record.flow]
    checklist = check_materials(item, record.answers, receipts)
    bureau = house.catalogue.bureau(record.bureau)
    past = read_past(_events(session, record))
    paid, returned = _payments(session, record)
    running, pauses = _running(session, record)
    facts = Facts(
        actor=actor.id,
        roles=actor.roles,
        today=today,
        handler=record.handler_id,
        handler_name=handler_name or "",
        acts=past.acts,
        duties=bureau.duties,
        checklist=checklist,
        promised_due=record.promised_due,
        statutory_due=record.statutory_due,
        return_to=record.return_to,
        amount=None if record.amount_fen is None else Decimal(record.amount_fen) / 100,
        threshold=bureau.threshold,
        # Nobody acts on a consent of their own: it must have been another's decision.
        consents=frozenset(name for name, by in past.consents.items() if by != actor.id),
        overlooked=_overlooked(past, checklist, days),
        extension=past.extension,
        running=running,
        broken=_broken(session, record, item),
        paid=paid,
        returned=returned,
        stand_in_for=frozenset({record.handler_id} if stands_in and record.handler_id is not None else ()),
        handles=bool(handles_item),
    )
    state = flow.states[record.state]
    return CaseState(record, flow, state, item, receipts, days, checklist, pauses, past, handler_name or "", facts)


def _row(session: Connection, actor: Actor, which: ColumnElement[bool], today: date, *, lock: bool) -> tuple[Any, ...]:
    query = (
        select(*COLUMNS, EditionRow.definition, StaffRow.name, handles(actor.id), _stands_in(actor.id, today))
        .join(EditionRow, EditionRow.id == CaseRow.edition_id)
        .outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id)
        .where(CaseRow.bureau == actor.bureau, which)
    )
    row = session.execute(query.with_for_update(of=CaseRow) if lock else query).one_or_none()
    if row is None:
        message = "没有这个办件"
        raise NotFound(message)
    return tuple(row)


def _stands_in(actor_id: int, today: date) -> ColumnElement[bool]:
    """Whether the actor stands in today for whoever holds the case."""
    return exists().where(AbsenceRow.staff_id == CaseRow.handler_id, AbsenceRow.stand_in_id == actor_id, away_on(today))


def _receipts(session: Connection, record: CaseRecord) -> tuple[dict[str, Receipt], dict[str, date | None]]:
    query = select(
        MaterialRow.material,
        MaterialRow.mark,
        MaterialRow.option,
        MaterialRow.originals,
        MaterialRow.copies,
        MaterialRow.fault,
        MaterialRow.received_on,
    ).where(MaterialRow.bureau == record.bureau, MaterialRow.case_id == record.id)
    rows = session.execute(query).all()
    receipts = {row.material: Receipt(Mark(row.mark), row.option, row.originals, row.copies, row.fault) for row in rows}
    return receipts, {row.material: row.received_on for row in rows}


def _events(session: Connection, record: CaseRecord) -> Iterator[Told]:
    query = select(
        EventRow.seq, EventRow.action, EventRow.duty, EventRow.actor_id, EventRow.on_day, EventRow.detail
    ).where(EventRow.bureau == record.bureau, EventRow.case_id == record.id)
    return (Told(*row) for row in session.execute(query.order_by(EventRow.seq)))


def _overlooked(past: Past, checklist: Checklist, days: Mapping[str, date | None]) -> tuple[str, ...]:
    """The unmet lines that the last notice could have named: asked for then, and no paper came in since."""
    if not past.notices:
        return ()
    last = past.notices[-1]
    return tuple(
        line.material.name
        for line in checklist.unmet
        if line.material.key not in last.named
        and applies(line.material.when, last.answers)
        and (days.get(line.material.key) or last.on_day) <= last.on_day
    )


def _running(session: Connection, record: CaseRecord) -> tuple[dict[str, date], tuple[Pause, ...]]:
    """The running deadlines by kind, and the pauses that stop the clocks, in order: one statement for both."""
    deadlines = select(
        DeadlineRow.kind.label("kind"), DeadlineRow.due_on.label("first"), type_coerce(null(), Date).label("last")
    ).where(DeadlineRow.bureau == record.bureau, DeadlineRow.case_id == record.id, DeadlineRow.stopped_on.is_(None))
    pauses = select(literal(_PAUSE), PauseRow.from_on, PauseRow.to_on).where(
        PauseRow.bureau == record.bureau, PauseRow.case_id == record.id, PauseRow.excluded == 1
    )
    rows: Sequence[Row[*tuple[Any, ...]]] = session.execute(union_all(deadlines, pauses)).all()
    stopped = [Pause(row.first, row.last) for row in rows if row.kind == _PAUSE]
    stopped.sort(key=lambda pause: (pause.start, pause.end or date.max))
    return {row.kind: row.first for row in rows if row.kind != _PAUSE}, tuple(stopped)


def _broken(session: Connection, record: CaseRecord, item: Item) -> str:
    """Why this applicant is granted no deferral; asked only where the item knows one."""
    if record.state != "received" or not any(line.deferrable for line in item.materials):
        return ""
    query = select(BrokenWordRow.noted_on, BrokenWordRow.note).where(
        BrokenWordRow.bureau == record.bureau,
        BrokenWordRow.id_index == record.applicant_index,
        BrokenWordRow.id_index != "",
        BrokenWordRow.cleared_on.is_(None),
    )
    row = session.execute(query.limit(1)).one_or_none()
    return "" if row is None else f"{row.noted_on.isoformat()} {row.note}"


def _payments(session: Connection, record: CaseRecord) -> tuple[bool, bool]:
    """Whether the case was paid, and whether the last payment came back."""
    if record.flow != "payment" or record.state != "closed":
        return False, False
    query = select(PaymentRow.returned_on).where(PaymentRow.bureau == record.bureau, PaymentRow.case_id == record.id)
    rows = session.execute(query.order_by(PaymentRow.place)).scalars().all()
    return bool(rows), bool(rows) and rows[-1] is not None
