"""tick: what the passing of days does by itself. Run twice it adds nothing; after days off it catches up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, Engine, select, update

from caseflow.desk.deadlines import derive, stop_deadlines
from caseflow.house import Actor, House, beijing_day
from caseflow.store.db import reading, writing
from caseflow.store.facts import CaseState, load_case
from caseflow.store.journal import Entry, append
from caseflow.store.models import CaseRow, DeadlineRow

SYSTEM = "系统"
_TEXT = {
    "notice": "逾期未告知，视为受理",
    "supplement": "逾期未补正",
    "stage": "环节超时",
    "suspension": "停表到期",
    "deferral": "容缺材料逾期未补",
    "commitment": "承诺材料逾期未补",
    "repay": "退汇后逾期未重新拨付",
    "serve": "逾期未送达",
    "call_back": "差评逾期未回访",
    "rectify": "差评逾期未整改",
}


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep recorded: lapsed deadlines by kind, and cases accepted because the notice lapsed."""

    lapsed: dict[str, int]
    accepted: int

    @property
    def total(self) -> int:
        """How many cases got a new event."""
        return sum(self.lapsed.values())


def sweep(engine: Engine, house: House, now: datetime) -> Swept:
    """Record every deadline that lapsed before today, one short transaction per case; safe to run by two at once."""
    today = beijing_day(now)
    lapsed: dict[str, int] = {}
    accepted = 0
    for bureau in house.catalogue.bureaus:
        for deadline_id, case_id, kind in _fallen(engine, bureau, today):
            with writing(engine) as session:
                outcome = _lapse(session, house, bureau, case_id, deadline_id, kind, now)
            lapsed[kind] = lapsed.get(kind, 0) + (outcome is not None)
            accepted += outcome == "accepted"
    return Swept({kind: n for kind, n in lapsed.items() if n}, accepted)


def _fallen(engine: Engine, bureau: str, today: date) -> list[tuple[int, int, str]]:
    query = (
        select(DeadlineRow.id, DeadlineRow.case_id, DeadlineRow.kind)
        .where(DeadlineRow.bureau == bureau, DeadlineRow.due_on < today)
        .where(DeadlineRow.stopped_on.is_(None), DeadlineRow.lapsed_on.is_(None))
        .order_by(DeadlineRow.due_on, DeadlineRow.id)
    )
    with reading(engine) as session:
        return [(row.id, row.case_id, row.kind) for row in session.execute(query)]


def _lapse(
    session: Connection, house: House, bureau: str, case_id: int, deadline_id: int, kind: str, now: datetime
) -> str | None:
    """Mark one deadline lapsed if nobody did meanwhile: what came of it, or None where there was nothing to do."""
    nobody = Actor(0, "", SYSTEM, bureau, frozenset())
    case = load_case(session, house, nobody, case_id, beijing_day(now), lock=True)
    still = update(DeadlineRow).where(
        DeadlineRow.id == deadline_id, DeadlineRow.lapsed_on.is_(None), DeadlineRow.stopped_on.is_(None)
    )
    if session.execute(still.values(lapsed_on=beijing_day(now))).rowcount != 1:
        return None
    outcome = _outcome(case, kind)
    _record(session, house, case, kind, outcome, now)
    return outcome


def _outcome(case: CaseState, kind: str) -> str:
    """What a lapse does: accept or end the case where its item says so, else it is only flagged."""
    limits, state = case.item.limits, case.record.state
    if kind == "notice" and limits.on_notice_lapse == "accept" and state == "received":
        return "accepted"
    if kind == "supplement" and limits.on_supplement_lapse == "terminate" and state == "supplementing":
        return "terminated"
    return "flagged"


def _record(session: Connection, house: House, case: CaseState, kind: str, outcome: str, now: datetime) -> None:
    record, today = case.record, beijing_day(now)
    changes = _CHANGES[outcome](session, house, case, today)
    entry = Entry(
        bureau=record.bureau,
        case_id=record.id,
        seq=record.version + 1,
        at=now,
        on_day=today,
        actor_id=None,
        actor_name=SYSTEM,
        action="terminate" if outcome == "terminated" else "lapse",
        from_state=record.state,
        to_state=str(changes.get("state", record.state)),
        detail={"kind": kind, "text": _TEXT.get(kind, "到期")},
    )
    head = append(session, house.keys, record.chain, [entry])
    changed = update(CaseRow).where(CaseRow.bureau == record.bureau, CaseRow.id == record.id)
    session.execute(changed.values(**changes, version=record.version + 1, chain=head))


def _flagged(_session: Connection, _house: House, _case: CaseState, _today: date) -> dict[str, object]:
    """A flag changes nothing: the case stays on its list."""
    return {}


def _terminated(session: Connection, _house: House, case: CaseState, today: date) -> dict[str, object]:
    """逾期未补正 ends the case."""
    stop_deadlines(session, case.record.bureau, case.record.id, today)
    return {"state": "terminated", "state_since": today, "is_open": 0, "ended_on": today}


def _accepted(session: Connection, house: House, case: CaseState, today: date) -> dict[str, object]:
    """视为受理 from the day of receipt (行政许可法第三十二条第四项)."""
    record = case.record
    calendar = house.catalogue.calendar_of(record.bureau)
    dated = replace(case, record=replace(record, accepted_on=record.notice_from))
    stop_deadlines(session, record.bureau, record.id, today, "notice")
    dates = derive(calendar, dated.clocks, today)
    return {"state": "accepted", "state_since": today, "accepted_on": record.notice_from, **dates.columns(calendar)}


_CHANGES = {"flagged": _flagged, "accepted": _accepted, "terminated": _terminated}
