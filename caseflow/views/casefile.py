"""One case as a page needs it: values only, in ten statements or fewer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from caseflow.errors import NotFound
from caseflow.house import Actor, House, beijing_day
from caseflow.identity import ID_KIND_NAMES, IdKind, mask_number, mask_phone
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Reading, StripDay, over, read
from caseflow.rules.flow import Choice, Clock
from caseflow.rules.item import FieldKind, Item, applies
from caseflow.rules.stages import Move, Stage, stages
from caseflow.store import facts
from caseflow.store.calendars import calendar_for
from caseflow.store.facts import DEADLINE_NAMES, CaseRecord, CaseState
from caseflow.store.models import DeadlineRow, EventRow, PaperRow, PersonRow, StatementRow
from caseflow.views.clockbar import ClockBar, clock_bar, clock_strip, used_sentence
from caseflow.views.orders import OrderLine, running_line
from caseflow.views.stages import Piece, pieces
from caseflow.views.timeline import Event, StepMark, step_bar, timeline
from caseflow.views.timeline import Row as TimelineRow

PART_NAMES = {"applicant": "申请人", "agent": "代办人", "concerned": "相关人员"}

DETAIL_NAMES = {
    "reason": "理由",
    "late_reason": "原因",
    "changes": "更正",
    "receiver": "接收人",
    "stand_in_for": "代岗，原经办人",
    "received_on": "收件日期",
    "accepted_on": "受理日期",
    "materials": "收到",
    "lines": "告知",
    "total": "合计（元）",
    "due": "到期日",
    "dates": "到期日",
    "papers": "重新出具",
    "text": "说明",
    "days": "日历变化",
    "source": "依据",
    "entered_by": "录入人",
    "commitment_due": "承诺补齐到期",
    "deferred": "容缺材料",
    "carried_from": "转自办件",
    "order": "督办",
    "to": "发给",
    "answer_by": "反馈期限",
    "words": "说明",
    "cause": "原因",
    "measures": "措施",
    "until": "承诺办结",
}
"""What a recorded step tells beside the entries of its action, by the key the desk records it under."""

EVENT_NAMES = {
    "register": "收件登记",
    "lapse": "逾期",
    "tick": "到期提醒",
    "calendar": "工作日历调整",
    "attach": "上传附件",
    "detach": "移除附件",
    "rate": "申请人评价",
    "hold": "禁止销毁",
    "release_hold": "解除禁止销毁",
    "order_issue": "督办",
    "order_escalate": "督办升级",
    "order_answer": "督办反馈",
    "order_accept": "督办反馈认可",
    "order_return": "督办反馈退回",
    "order_withdraw": "撤销督办",
}
"""Recorded steps that are no action of a flow."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the case; numbers are masked, the full one is a recorded look."""

    id: int
    part: str
    name: str
    id_kind: str
    masked: str
    phone: str
    relation: str
    authorisation: str


@dataclass(frozen=True, slots=True)
class OtherDeadline:
    """A deadline beside the two limits, with its days left when it is running (working days, negative: late)."""

    name: str
    started_on: date
    due_on: date
    provisional: bool
    running: bool
    left: int


@dataclass(frozen=True, slots=True)
class PaperLink:
    """An issued paper of the case."""

    id: int
    kind: str
    number: str
    issued_at: datetime
    printed: int
    voided: bool


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything the case page shows beside the case itself; dates are Beijing days, amounts in CNY."""

    case: CaseState
    choices: tuple[Choice, ...]
    clocks: Clocks
    reading: Reading
    bar: ClockBar | None
    strip: tuple[StripDay, ...]
    used: str
    people: tuple[Person, ...]
    answers: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    statement: tuple[tuple[str, Decimal], ...]
    deadlines: tuple[OtherDeadline, ...]
    steps: tuple[StepMark, ...]
    timeline: tuple[TimelineRow, ...]
    papers: tuple[PaperLink, ...]
    stays: tuple[Piece, ...]
    order: OrderLine | None

    @property
    def applicant(self) -> Person:
        """The applicant; every case has one."""
        return self.people[0]

    @property
    def total(self) -> Decimal:
        """The sum of the payment statement."""
        return sum((amount for _, amount in self.statement), Decimal(0))


def load_case(session: Connection, house: House, actor: Actor, number: str, today: date) -> CaseFile:
    """The case of the actor's bureau with this number; NotFound for none and for another bureau's alike."""
    case = facts.load_case_by_number(session, house, actor, number, today)
    record = case.record
    calendar = calendar_for(session, house, record.bureau)
    clocks = case.clocks
    stop = min(today, record.ended_on or today)
    reading = _reading(calendar, case, stop)
    events = _events(session, record)
    until = max(day for day in (stop, reading.promised_due, reading.statutory_due) if day is not None)
    return CaseFile(
        case=case,
        choices=case.flow.open_actions(case.state.key, case.facts),
        clocks=clocks,
        reading=reading,
        bar=clock_bar(clocks, reading, stop),
        strip=clock_strip(calendar, clocks, until),
        used=used_sentence(calendar, clocks, reading, stop, open_=case.state.open),
        people=_people(session, house, record),
        answers=_answers(case.item, record.answers),
        fields=_fields(case.item, record.fields, record.answers),
        statement=_statement(session, record),
        deadlines=_deadlines(session, calendar, record, today),
        steps=step_bar(case.flow, case.state, record.return_to, frozenset(event.to_state for event in events)),
        timeline=timeline(events, case.flow, DETAIL_NAMES, EVENT_NAMES),
        papers=_papers(session, record),
        stays=pieces(_stays(calendar, case, events, stop)),
        order=_order(session, calendar, case, today),
    )


def _reading(calendar: WorkingCalendar, case: CaseState, stop: date) -> Reading:
    clock = case.state.clock
    return read(calendar, case.clocks, stop, paused=clock is Clock.PAUSED, supplementing=clock is Clock.SUPPLEMENT)


def _of(session: Connection, table: Any, record: CaseRecord, order: Any) -> list[Row[Any]]:
    """The rows of one table that belong to the case, in order."""
    query = select(*table.__table__.c).where(table.bureau == record.bureau, table.case_id == record.id)
    return list(session.execute(query.order_by(order)).all())


def _events(session: Connection, record: CaseRecord) -> list[Event]:
    return [
        Event(row.seq, row.at, row.actor_name, row.action, row.from_state, row.to_state, row.detail)
        for row in _of(session, EventRow, record, EventRow.seq)
    ]


def _stays(calendar: WorkingCalendar, case: CaseState, events: list[Event], stop: date) -> tuple[Stage, ...]:
    """The stays of the case in its states; the first begins on the day of receipt."""
    moved = [event for event in events if event.seq == 1 or event.from_state != event.to_state]
    moves = [Move(beijing_day(event.at), event.to_state, None, event.actor_name) for event in moved]
    moves[0] = replace(moves[0], day=case.record.received_on)
    return stages(
        calendar,
        moves,
        case.clocks.start,
        stop,
        case.pauses,
        holder=(case.record.handler_id, case.handler_name),
        limits=case.item.limits.stages,
        ended=not case.state.open,
    )


def _order(session: Connection, calendar: WorkingCalendar, case: CaseState, today: date) -> OrderLine | None:
    """The running order, looked for only where the case was ever ordered."""
    if "order_issue" not in case.past.taken:
        return None
    return running_line(session, calendar, case.record.bureau, case.record.id, today)


def _people(session: Connection, house: House, record: CaseRecord) -> tuple[Person, ...]:
    parts = list(PART_NAMES)
    rows = sorted(_of(session, PersonRow, record, PersonRow.place), key=lambda row: parts.index(row.part))
    return tuple(
        Person(
            id=row.id,
            part=PART_NAMES[row.part],
            name=row.name,
            id_kind=ID_KIND_NAMES[IdKind(row.id_kind)],
            masked=mask_number(house.keys.open(row.id_sealed)) if row.id_sealed else "",
            phone=mask_phone(row.phone) if row.phone else "",
            relation=row.relation,
            authorisation=row.authorisation,
        )
        for row in rows
    )


def _answers(item: Item, answers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    told = []
    for situation in item.situations:
        if situation.key in answers:
            texts = {option.key: option.text for option in situation.options}
            told.append((situation.question, texts.get(answers[situation.key], answers[situation.key])))
    return tuple(told)


def _fields(item: Item, values: Mapping[str, Any], answers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (field.label, _field_text(field.kind, values.get(field.key)))
        for field in item.fields
        if values.get(field.key) or applies(field.when, answers) is not False
    )


def _field_text(kind: FieldKind, value: Any) -> str:
    """An account number is stored sealed, beside its masked form."""
    if isinstance(value, Mapping):
        return str(value.get("shown", ""))
    text = "" if value is None else str(value)
    masks = {FieldKind.ACCOUNT: mask_number, FieldKind.PHONE: mask_phone}
    return masks[kind](text) if text and kind in masks else text


def _statement(session: Connection, record: CaseRecord) -> tuple[tuple[str, Decimal], ...]:
    if record.amount_fen is None:
        return ()
    rows = _of(session, StatementRow, record, StatementRow.place)
    return tuple((row.label, Decimal(row.amount_fen) / 100) for row in rows)


def _deadlines(
    session: Connection, calendar: WorkingCalendar, record: CaseRecord, today: date
) -> tuple[OtherDeadline, ...]:
    return tuple(
        OtherDeadline(
            name=DEADLINE_NAMES[row.kind],
            started_on=row.started_on,
            due_on=row.due_on,
            provisional=bool(row.provisional),
            running=row.stopped_on is None,
            left=calendar.count(today, row.due_on) if row.due_on >= today else -over(calendar, row.due_on, today),
        )
        for row in _of(session, DeadlineRow, record, DeadlineRow.id)
    )


def _papers(session: Connection, record: CaseRecord) -> tuple[PaperLink, ...]:
    rows = _of(session, PaperRow, record, PaperRow.id)
    return tuple(
        PaperLink(row.id, row.kind, row.number, row.issued_at, row.printed, row.voided_at is not None) for row in rows
    )


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper as it was issued."""

    kind: str
    fields: Mapping[str, Any]
    printed: int
    voided: bool


def load_paper(session: Connection, actor: Actor, paper_id: int) -> StoredPaper:
    """A paper of the actor's bureau; NotFound for none and for another bureau's alike."""
    query = select(PaperRow.kind, PaperRow.fields, PaperRow.printed, PaperRow.voided_at)
    row = session.execute(query.where(PaperRow.id == paper_id, PaperRow.bureau == actor.bureau)).one_or_none()
    if row is None:
        raise NotFound("没有这份文书")
    return StoredPaper(row.kind, row.fields, row.printed, row.voided_at is not None)
