"""督办 as pages show them: the lists of orders, one's own, and the thread of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from caseflow.errors import NotFound
from caseflow.house import Actor
from caseflow.identity import IdKind, mask_name
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.policy import holds
from caseflow.rules.supervision import CAUSES, LEVELS, late_by
from caseflow.store.duty import answers_for, stood_for
from caseflow.store.models import CaseRow, PersonRow, StaffRow
from caseflow.store.office_models import OrderRow, OrderWordRow
from caseflow.views.lines import STATES

PAGE: Final = 50
TABS: Final = {"owed": "待反馈", "answered": "待审核", "ended": "已结束"}
OUTCOMES: Final = {"accepted": "已认可", "withdrawn": "已撤销", "escalated": "已升级", "ended": "随件终止"}
WORDS: Final = {
    "issue": "发出督办",
    "answer": "反馈",
    "return": "退回重新反馈",
    "accept": "认可反馈",
    "withdraw": "撤销督办",
    "escalate": "升级",
    "transfer": "转由他人反馈",
    "end": "自动终止",
}
DETAILS: Final = {
    "to": "发给",
    "answer_by": "反馈期限",
    "words": "意见",
    "cause": "原因",
    "measures": "措施",
    "until": "承诺办结",
    "reason": "理由",
    "text": "说明",
}

AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order in a list; `waits` are its words, `late` working days by which its answer is late."""

    id: int
    level: int
    level_name: str
    cause: str
    days_over: int
    number: str
    applicant: str
    item_name: str
    state: str
    to_id: int
    to_name: str
    issued_by: str
    issued_on: date
    answer_by: date
    answered_on: date | None
    closed_on: date | None
    outcome: str
    waits: str
    late: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a thread with what it says, each text under its label."""

    id: int
    kind: str
    label: str
    at: datetime
    who: str
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """An order with its words, the newest last, and the orders before and after it about the same case.

    `answers` and `decides` say what the reader may do now.
    """

    order: OrderLine
    words: tuple[Word, ...]
    before: OrderLine | None
    after: OrderLine | None
    answers: bool
    decides: bool

    @property
    def seen(self) -> int:
        """The newest word shown."""
        return self.words[-1].id


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of orders, newest first; `older` is where the next page begins, None on the last."""

    lines: tuple[OrderLine, ...]
    counts: Mapping[str, int]
    older: int | None


def own_only(actor: Actor) -> bool:
    """Whether this person sees nobody's orders but their own."""
    return not holds(actor.roles, "oversee")


def orders_page(
    session: Connection,
    calendar: WorkingCalendar,
    actor: Actor,
    tab: str,
    today: date,
    *,
    mine: bool = False,
    before: int | None = None,
) -> OrderPage:
    """One page of a tab with every tab counted: the bureau's orders, or those the reader has to answer."""
    scope = _scope(actor, today, mine=mine)
    counts = _counts(session, scope)
    query = _query().where(scope, _in_tab(tab)).order_by(*_in_order(tab)).limit(PAGE + 1)
    if before is not None:
        query = query.where(_beyond(tab, before))
    lines = tuple(_line(row, calendar, today) for row in session.execute(query))
    return OrderPage(lines[:PAGE], counts, lines[PAGE - 1].id if len(lines) > PAGE else None)


def _in_order(tab: str) -> tuple[ColumnElement[Any], ...]:
    """What waits for an answer by its last day, the most overdue first; the rest the newest first."""
    return (OrderRow.answer_by.asc(), OrderRow.id.asc()) if tab == "owed" else (OrderRow.id.desc(),)


def _beyond(tab: str, before: int) -> ColumnElement[bool]:
    if tab != "owed":
        return OrderRow.id < before
    last = aliased(OrderRow)
    day = select(last.answer_by).where(last.id == before).scalar_subquery()
    return or_(OrderRow.answer_by > day, and_(OrderRow.answer_by == day, OrderRow.id > before))


def owed_by(actor_id: int, today: date) -> tuple[ColumnElement[bool], ...]:
    """The running orders this person has to answer, also for those for whom they stand in."""
    theirs = or_(OrderRow.to_id == actor_id, OrderRow.to_id.in_(stood_for(actor_id, today)))
    return theirs, OrderRow.closed_on.is_(None), OrderRow.answered_on.is_(None)


def owed_query(actor: Actor, today: date) -> Select[int]:
    """How many orders wait for this person's answer."""
    return select(func.count()).select_from(OrderRow).where(OrderRow.bureau == actor.bureau, *owed_by(actor.id, today))


def load_thread(session: Connection, calendar: WorkingCalendar, actor: Actor, order_id: int, today: date) -> Thread:
    """An order of the reader's bureau with its thread; NotFound for none and for another bureau's alike."""
    here = or_(
        OrderRow.id == order_id,
        OrderRow.follows == order_id,
        OrderRow.id == select(OrderRow.follows).where(OrderRow.id == order_id).scalar_subquery(),
    )
    rows = session.execute(_query().where(OrderRow.bureau == actor.bureau, here)).all()
    lines = {row.id: _line(row, calendar, today) for row in rows}
    if order_id not in lines:
        raise NotFound("没有这个督办")
    order = lines[order_id]
    follows = {row.id: row.follows for row in rows}
    running, mine = order.closed_on is None, answers_for(session, actor.id, order.to_id, today)
    return Thread(
        order=order,
        words=_words(session, actor.bureau, order_id),
        before=lines.get(follows[order_id] or 0),
        after=next((lines[one] for one, earlier in follows.items() if earlier == order_id), None),
        answers=running and order.answered_on is None and mine,
        decides=running and "supervisor" in actor.roles and order.to_id != actor.id,
    )


def running_line(
    session: Connection, calendar: WorkingCalendar, bureau: str, case_id: int, today: date
) -> OrderLine | None:
    """The running order of a case."""
    query = _query().where(OrderRow.bureau == bureau, OrderRow.case_id == case_id, OrderRow.closed_on.is_(None))
    row = session.execute(query).one_or_none()
    return None if row is None else _line(row, calendar, today)


def _scope(actor: Actor, today: date, *, mine: bool) -> ColumnElement[bool]:
    here = OrderRow.bureau == actor.bureau
    if not (mine or own_only(actor)):
        return here
    return and_(here, owed_by(actor.id, today)[0])


def _in_tab(tab: str) -> ColumnElement[bool]:
    running = OrderRow.closed_on.is_(None)
    return {
        "owed": and_(running, OrderRow.answered_on.is_(None)),
        "answered": and_(running, OrderRow.answered_on.is_not(None)),
        "ended": OrderRow.closed_on.is_not(None),
    }[tab]


def _counts(session: Connection, scope: ColumnElement[bool]) -> dict[str, int]:
    query = select(*(func.count().filter(_in_tab(tab)) for tab in TABS)).select_from(OrderRow).where(scope)
    return dict(zip(TABS, session.execute(query).one(), strict=True))


def _query() -> Select[*tuple[Any, ...]]:
    to, by = aliased(StaffRow), aliased(StaffRow)
    columns = (
        *OrderRow.__table__.columns,
        *(CaseRow.number, CaseRow.applicant_name, CaseRow.item_name, CaseRow.state),
        *(to.name.label("to_name"), by.name.label("by_name"), PersonRow.id_kind),
    )
    applicant = and_(
        PersonRow.bureau == OrderRow.bureau, PersonRow.case_id == OrderRow.case_id, PersonRow.part == "applicant"
    )
    return (
        select(*columns)
        .select_from(OrderRow)
        .join(CaseRow, and_(CaseRow.bureau == OrderRow.bureau, CaseRow.id == OrderRow.case_id))
        .join(PersonRow, applicant)
        .join(to, to.id == OrderRow.to_id)
        .outerjoin(by, by.id == OrderRow.issued_by)
    )


def _line(row: AnyRow, calendar: WorkingCalendar, today: date) -> OrderLine:
    waiting = row.closed_on is None and row.answered_on is None
    late = late_by(calendar, row.answer_by, today) if waiting else 0
    return OrderLine(
        id=row.id,
        level=row.level,
        level_name=LEVELS[row.level],
        cause=CAUSES[row.cause],
        days_over=row.days_over,
        number=row.number,
        applicant=mask_name(row.applicant_name, organisation=row.id_kind == IdKind.CREDIT_CODE),
        item_name=row.item_name,
        state=STATES[row.state].label,
        to_id=row.to_id,
        to_name=row.to_name,
        issued_by=row.by_name or "系统",
        issued_on=row.issued_on,
        answer_by=row.answer_by,
        answered_on=row.answered_on,
        closed_on=row.closed_on,
        outcome=OUTCOMES.get(row.outcome, ""),
        waits=_waits(row, late, calendar, today),
        late=late,
    )


def _waits(row: AnyRow, late: int, calendar: WorkingCalendar, today: date) -> str:
    if row.closed_on is not None:
        return OUTCOMES[row.outcome]
    if row.answered_on is not None:
        return "待审核"
    if late:
        return f"逾期 {late} 日"
    return "今日到期" if row.answer_by == today else f"剩 {calendar.count(today, row.answer_by)} 日"


def _label(kind: str, key: str) -> str:
    return {("issue", "words"): "要求", ("return", "words"): "理由"}.get((kind, key), DETAILS[key])


def _words(session: Connection, bureau: str, order_id: int) -> tuple[Word, ...]:
    query = select(*OrderWordRow.__table__.columns).where(
        OrderWordRow.bureau == bureau, OrderWordRow.order_id == order_id
    )
    rows: Sequence[AnyRow] = session.execute(query.order_by(OrderWordRow.id)).all()
    return tuple(
        Word(
            row.id,
            row.kind,
            WORDS[row.kind],
            row.at,
            row.staff_name,
            tuple((_label(row.kind, key), str(text)) for key, text in row.detail.items() if key in DETAILS and text),
        )
        for row in rows
    )
