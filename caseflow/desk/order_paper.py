"""督办单: the paper of an order. The first print takes its number; it is one form, filled in as the thread goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from caseflow.desk.issuing import issue
from caseflow.desk.orders import name_of
from caseflow.errors import NotAllowed, NotFound
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.policy import holds
from caseflow.rules.supervision import CAUSES, LEVELS
from caseflow.store.duty import answers_for
from caseflow.store.facts import load_case
from caseflow.store.models import EventRow, PaperRow
from caseflow.store.office_models import OrderRow, OrderWordRow
from caseflow.workflows import FLOWS

AnyRow = Row[*tuple[Any, ...]]

VERDICTS: Final = {"accept": "认可", "return": "退回重新反馈"}
_STATES: Final = {key: state.label for flow in FLOWS.values() for key, state in flow.states.items()}


def order_paper(session: Connection, house: House, actor: Actor, order_id: int, now: datetime) -> int:
    """The paper of an order with everything its thread says today; the id of its row, issued now if it never was.

    Only a supervisor and who has to answer may print it (NotAllowed); NotFound for another bureau's order.
    """
    query = select(*OrderRow.__table__.columns).where(OrderRow.bureau == actor.bureau, OrderRow.id == order_id)
    order = session.execute(query).one_or_none()
    if order is None:
        raise NotFound("没有这个督办")
    if not holds(actor.roles, "supervise") and not answers_for(session, actor.id, order.to_id, beijing_day(now)):
        raise NotAllowed("督办单由主管或者被督办人打印。")
    case = load_case(session, house, actor, order.case_id, beijing_day(now), lock=True)
    own = _own(session, order)
    known = _known(session, order)
    if known is None:
        return issue(session, house, actor, case, "order", own, now)
    # What was on the form stays; what was blank when it was printed is filled in.
    filled = {name: own[name] for name in ("rounds", "ending")}
    session.execute(update(PaperRow).where(PaperRow.id == known.id).values(fields={**known.fields, **filled}))
    return int(known.id)


def _known(session: Connection, order: AnyRow) -> AnyRow | None:
    """The standing paper of this order: a correction may have issued it again under another number."""
    query = select(PaperRow.id, PaperRow.fields).where(
        PaperRow.bureau == order.bureau,
        PaperRow.case_id == order.case_id,
        PaperRow.kind == "order",
        PaperRow.voided_at.is_(None),
    )
    rows = session.execute(query.order_by(PaperRow.id)).all()
    return next((row for row in rows if row.fields["order_ref"] == str(order.id)), None)


def _own(session: Connection, order: AnyRow) -> dict[str, Any]:
    query = select(*OrderWordRow.__table__.columns).where(
        OrderWordRow.bureau == order.bureau, OrderWordRow.order_id == order.id
    )
    words = session.execute(query.order_by(OrderWordRow.id)).all()
    first, name = words[0], name_of(session, order.to_id)
    return {
        "order_ref": str(order.id),
        "level": LEVELS[order.level],
        "cause": CAUSES[order.cause],
        "days_over": order.days_over,
        "to_name": name,
        "handler": name,
        "state": _state_then(session, order, first.at),
        "issued_on": order.issued_on.isoformat(),
        "issued_by": first.staff_name,
        "answer_by": order.answer_by.isoformat(),
        "words": first.detail.get("words", ""),
        "rounds": _rounds(words),
        "ending": _ending(words),
    }


def _state_then(session: Connection, order: AnyRow, at: datetime) -> str:
    """The state the case stood in when it was ordered."""
    query = select(EventRow.to_state).where(
        EventRow.bureau == order.bureau, EventRow.case_id == order.case_id, EventRow.at <= at
    )
    state = session.execute(query.order_by(EventRow.seq.desc()).limit(1)).scalar_one()
    return _STATES.get(state, state)


def _rounds(words: Sequence[AnyRow]) -> list[dict[str, str]]:
    """Each answer with what became of it."""
    rounds: list[dict[str, str]] = []
    for word in words:
        if word.kind == "answer":
            told = {key: str(word.detail.get(key, "")) for key in ("cause", "measures", "until")}
            blank = dict.fromkeys(("verdict", "words", "reviewed_by", "reviewed_on"), "")
            rounds.append(
                told | blank | {"answered_by": word.staff_name, "answered_on": beijing_day(word.at).isoformat()}
            )
        elif word.kind in VERDICTS:
            rounds[-1] |= {
                "verdict": VERDICTS[word.kind],
                "words": str(word.detail.get("words", "")),
                "reviewed_by": word.staff_name,
                "reviewed_on": beijing_day(word.at).isoformat(),
            }
    return rounds


def _ending(words: Sequence[AnyRow]) -> str:
    """How the order ended where nobody accepted an answer."""
    last = words[-1]
    if last.kind == "withdraw":
        return f"已撤销：{last.detail.get('reason', '')}"
    return str(last.detail.get("text", "")) if last.kind in ("escalate", "end") else ""
