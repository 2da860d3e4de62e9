"""The rows of a supervision order and its thread, and what becomes of it while its case goes on.

An order follows its case: whoever takes the case over owes the answer, because only they can say when it will be done.
It ends with its case, unless it was about something that outlives completion and was issued afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from caseflow.desk.deadlines import stop_deadlines
from caseflow.desk.effects import Work
from caseflow.desk.messages import Note, tell
from caseflow.house import Actor, beijing_day
from caseflow.rules.supervision import LEVELS
from caseflow.store.facts import CaseState
from caseflow.store.models import StaffRow
from caseflow.store.office_models import OrderRow, OrderWordRow

ISSUED: Final = "order_issue"
"""The event that tells that a case was ever ordered."""

REPLY: Final = "order_reply"
"""The kind of deadline within which an order is answered."""


@dataclass(frozen=True, slots=True)
class Order:
    """A running order as steps look at it."""

    id: int
    bureau: str
    case_id: int
    level: int
    cause: str
    days_over: int
    to_id: int
    issued_by: int | None
    issued_on: date
    answer_by: date
    answered_on: date | None

    @property
    def level_name(self) -> str:
        """提醒, 黄牌 or 红牌."""
        return LEVELS[self.level]


_COLUMNS = [getattr(OrderRow, name) for name in Order.__slots__]


def running_order(session: Connection, bureau: str, case_id: int) -> Order | None:
    """The order of a case that runs; at most one does."""
    query = select(*_COLUMNS).where(
        OrderRow.bureau == bureau, OrderRow.case_id == case_id, OrderRow.closed_on.is_(None)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else Order(*row)


def change_order(session: Connection, order: Order, **columns: Any) -> None:
    """Write the changed columns of a running order."""
    mine = update(OrderRow).where(
        OrderRow.bureau == order.bureau, OrderRow.id == order.id, OrderRow.closed_on.is_(None)
    )
    session.execute(mine.values(**columns))


def say(
    session: Connection,
    bureau: str,
    order_id: int,
    kind: str,
    actor: Actor,
    detail: Mapping[str, Any],
    now: datetime,
) -> int:
    """Write one word of the thread and give its id."""
    row = {
        "bureau": bureau,
        "order_id": order_id,
        "kind": kind,
        "at": now,
        "staff_id": actor.id or None,
        "staff_name": actor.name,
        "detail": dict(detail),
    }
    return int(session.execute(insert(OrderWordRow).values(row).returning(OrderWordRow.id)).scalar_one())


def name_of(session: Connection, staff_id: int) -> str:
    """The name of a member of staff."""
    return str(session.execute(select(StaffRow.name).where(StaffRow.id == staff_id)).scalar_one())


def order_along(work: Work) -> None:
    """Let the running order of a case go with a step of it: over to a new handler, or to its end with the case."""
    if ISSUED not in work.case.past.taken:
        return
    if work.step.source.open and not work.step.target.open:
        ended = end_with_case(work.session, work.case, work.actor, work.step.target.label, work.now)
        work.told |= {"order": ended} if ended else {}
        return
    handler: int | None = work.changes.get("handler_id")
    if handler is None:
        return
    told = follow(work.session, work.case, work.actor, handler, work.now)
    work.told |= {"order": told} if told else {}


def follow(session: Connection, case: CaseState, actor: Actor, handler: int, now: datetime) -> str:
    """Hand an order that waits for its answer to whoever has the case now; what the history says of it, or nothing."""
    record = case.record
    order = running_order(session, record.bureau, record.id) if ISSUED in case.past.taken else None
    if order is None or handler == order.to_id or order.answered_on is not None:
        return ""
    name = actor.name if handler == actor.id else name_of(session, handler)
    change_order(session, order, to_id=handler)
    word = say(session, order.bureau, order.id, "transfer", actor, {"to": name}, now)
    if handler != actor.id:
        last = order.answer_by.isoformat()
        text = f"{record.item_name}：督办（{order.level_name}）随办件转来，请于 {last} 前反馈"
        note = Note(order.bureau, order.case_id, "order_transfer", text, f"order:{order.id}:{word}")
        tell(session, [(note, (handler,))], now)
    return f"督办（{order.level_name}）转由{name}反馈"


def end_with_case(session: Connection, case: CaseState, actor: Actor, end: str, now: datetime) -> str:
    """The running order of a case that has come to its end ends too; what the history says of it, or nothing."""
    if ISSUED not in case.past.taken:
        return ""
    order = running_order(session, case.record.bureau, case.record.id)
    if order is None:
        return ""
    text = f"办件{end}，督办自动终止"
    close_order(session, order, "ended", now)
    say(session, order.bureau, order.id, "end", actor, {"text": text}, now)
    return f"督办（{order.level_name}）自动终止"


def close_order(session: Connection, order: Order, outcome: str, now: datetime) -> None:
    """End a running order; nobody owes an answer to it any more."""
    today = beijing_day(now)
    change_order(session, order, closed_on=today, outcome=outcome)
    stop_deadlines(session, order.bureau, order.case_id, today, REPLY)
