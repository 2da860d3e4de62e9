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
    """Mark one deadline lapsed if nobody did meanwhile: "lapsed", "accepted", or None where there was nothing to do."""
    nobody = Actor(0, "", SYSTEM, bureau, frozenset())
    case = load_case(session, house, nobody, case_id, beijing_day(now), lock=True)
    still = update(DeadlineRow).where(
        DeadlineRow.id == deadline_id, DeadlineRow.lapsed_on.is_(None), DeadlineRow.stopped_on.is_(None)
    )
    if session.execute(still.values(lapsed_on=beijing_day(now))).rowcount != 1:
        return None
    accepts = kind == "notice" and case.item.limits.on_notice_lapse == "accept" and case.record.state == "received"
    _record(session, house, case, kind, now, accepts=accepts)
    return "accepted" if accepts else "lapsed"


def _record(session: Connection, house: House, case: CaseState, kind: str, now: datetime, *, accepts: bool) -> None:
    record, today = case.record, beijing_day(now)
    to_state = "accepted" if accepts else record.state
    entry = Entry(
        bureau=record.bureau,
        case_id=record.id,
        seq=record.version + 1,
        at=now,
        on_day=today,
        actor_id=None,
        actor_name=SYSTEM,
        action="lapse",
        from_state=record.state,
        to_state=to_state,
        detail={"kind": kind, "text": _TEXT.get(kind, "到期")},
    )
    head = append(session, house.keys, record.chain, [entry])
    changes = _accepted(session, house, case, today) if accepts else {}
    changed = update(CaseRow).where(CaseRow.bureau == record.bureau, CaseRow.id == record.id)
    session.execute(changed.values(**changes, version=record.version + 1, chain=head))


def _accepted(session: Connection, house: House, case: CaseState, today: date) -> dict[str, object]:
    """视为受理 from the day of receipt (行政许可法第三十二条第四项), where the item says so."""
    record = case.record
    calendar = house.catalogue.calendar_of(record.bureau)
    dated = replace(case, record=replace(record, accepted_on=record.notice_from))
    stop_deadlines(session, record.bureau, record.id, today, "notice")
    dates = derive(calendar, dated.clocks, today)
    return {"state": "accepted", "state_since": today, "accepted_on": record.notice_from, **dates.columns(calendar)}
