"""tick: what the passing of days does by itself. Run twice it adds nothing; after days off it catches up.

One sweeper at a time: on PostgreSQL an advisory lock, held by a transaction of its own and so gone with its process; on
SQLite the write lock. Neither is what makes it right: a lapse is marked by compare-and-set in the transaction that
records it, and a reminder carries its occasion under a unique key, so that two sweeps at once add nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, Engine, func, select, update

from caseflow.desk.deadlines import derive, stop_deadlines
from caseflow.desk.drafts import sweep_drafts
from caseflow.desk.messages import answerable
from caseflow.desk.once import sweep_request_keys
from caseflow.desk.orders import REPLY, end_with_case, running_order
from caseflow.desk.recording import Happened, record
from caseflow.desk.rederiving import rederive
from caseflow.desk.reminders import NOWHERE, Reach, remind, tell_lapse
from caseflow.desk.signing_in import sweep_tallies
from caseflow.desk.supervision import escalate, redated
from caseflow.errors import CaseflowError, Unavailable
from caseflow.house import House, beijing_day, system
from caseflow.store.calendars import calendar_for
from caseflow.store.db import is_sqlite, reading, writing
from caseflow.store.facts import CaseState, load_case
from caseflow.store.models import DeadlineRow

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
    "order_reply": "督办逾期未反馈",
}
_ENDED = {"terminated": "逾期未补正，已按事项规定终止"}
_SWEEPER: Final = 0x63617365666C6F77
"""The advisory lock of the sweep on PostgreSQL: "caseflow" as a number."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep recorded: lapsed deadlines by kind, cases accepted because the notice lapsed, reminders.

    `failed` are the deadlines (row ids) that could not be looked at; `elsewhere`: another process was sweeping, and
    this one did nothing; `redated` are the cases whose dates a changed calendar moved.
    """

    lapsed: dict[str, int]
    accepted: int
    messages: int = 0
    letters: int = 0
    failed: tuple[int, ...] = ()
    elsewhere: bool = False
    redated: int = 0

    @property
    def total(self) -> int:
        """How many cases got a new event."""
        return sum(self.lapsed.values())


def sweep(engine: Engine, house: House, now: datetime, reach: Reach = NOWHERE) -> Swept:
    """Record every deadline that lapsed before today, one short transaction per case, then write the reminders."""
    with _sole_sweeper(engine) as alone:
        if not alone:
            return Swept({}, 0, elsewhere=True)
        # First the dates: a day declared off may keep a deadline from lapsing.
        redated = rederive(engine, house, now).changed
        with writing(engine) as session:
            sweep_drafts(session, now)
            sweep_request_keys(session, now)
            sweep_tallies(session, now)
        return replace(_sweep(engine, house, now, reach), redated=redated)


def _sweep(engine: Engine, house: House, now: datetime, reach: Reach) -> Swept:
    tally = _Tally()
    for bureau in house.catalogue.bureaus:
        for deadline_id, case_id, kind in _fallen(engine, bureau, beijing_day(now)):
            try:
                with writing(engine) as session:
                    tally.add(kind, *_lapse(session, house, bureau, case_id, deadline_id, kind, now))
            except Unavailable:
                raise
            except CaseflowError:
                # One case that cannot be read must not hide the deadlines of all others; it is reported.
                tally.failed.append(deadline_id)
        with writing(engine) as session:
            reminded = remind(session, house, bureau, now, reach)
        tally.messages += reminded.messages
        tally.letters += reminded.letters
    return tally.swept()


@dataclass(slots=True)
class _Tally:
    """What a sweep has done so far."""

    lapsed: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    messages: int = 0
    letters: int = 0
    failed: list[int] = field(default_factory=list)

    def add(self, kind: str, outcome: str | None, messages: int) -> None:
        """Count one deadline that was looked at."""
        self.lapsed[kind] += outcome is not None
        self.accepted += outcome == "accepted"
        self.messages += messages

    def swept(self) -> Swept:
        """The sum."""
        lapsed = {kind: n for kind, n in self.lapsed.items() if n}
        return Swept(lapsed, self.accepted, self.messages, self.letters, tuple(self.failed))


@contextmanager
def _sole_sweeper(engine: Engine) -> Iterator[bool]:
    """Whether this process may sweep now; the right ends with the context, or with the process."""
    if is_sqlite(engine):
        yield True
        return
    with reading(engine) as session:
        yield bool(session.execute(select(func.pg_try_advisory_xact_lock(_SWEEPER))).scalar_one())


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
) -> tuple[str | None, int]:
    """Mark one deadline lapsed if nobody did meanwhile: what came of it (None: nothing yet), and reminders written."""
    case = load_case(session, house, system(bureau), case_id, beijing_day(now), lock=True)
    if kind == REPLY and redated(session, house, case, now):
        return None, 0
    still = update(DeadlineRow).where(
        DeadlineRow.id == deadline_id,
        DeadlineRow.due_on < beijing_day(now),
        DeadlineRow.lapsed_on.is_(None),
        DeadlineRow.stopped_on.is_(None),
    )
    if session.execute(still.values(lapsed_on=beijing_day(now))).rowcount != 1:
        return None, 0
    if kind == REPLY and escalate(session, house, case, now):
        return "escalated", 0
    outcome = _outcome(case, kind)
    _record(session, house, case, kind, outcome, now)
    text = _ENDED.get(outcome, _TEXT[kind])
    order = running_order(session, bureau, case_id) if kind == REPLY else None
    owes = order.to_id if order is not None else case.record.handler_id
    people = answerable(session, bureau).of(owes)
    return outcome, tell_lapse(session, people, case.record, deadline_id, text, now, kind)


def _outcome(case: CaseState, kind: str) -> str:
    """What a lapse does: accept or end the case where its item says so, else it is only flagged."""
    limits, state = case.item.limits, case.record.state
    if kind == "notice" and limits.on_notice_lapse == "accept" and state == "received":
        return "accepted"
    if kind == "supplement" and limits.on_supplement_lapse == "terminate" and state == "supplementing":
        return "terminated"
    return "flagged"


def _record(session: Connection, house: House, case: CaseState, kind: str, outcome: str, now: datetime) -> None:
    nobody = system(case.record.bureau)
    changes = _CHANGES[outcome](session, house, case, beijing_day(now))
    told = {"kind": kind, "text": _TEXT[kind]}
    if outcome == "terminated":
        ended = end_with_case(session, case, nobody, case.flow.states["terminated"].label, now)
        told |= {"order": ended} if ended else {}
    happened = Happened(
        nobody,
        "terminate" if outcome == "terminated" else "lapse",
        told,
        to_state=str(changes.get("state", case.record.state)),
    )
    record(session, house, case.record, [happened], changes, now)


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
    calendar = calendar_for(session, house, record.bureau)
    dated = replace(case, record=replace(record, accepted_on=record.notice_from))
    stop_deadlines(session, record.bureau, record.id, today, "notice")
    dates = derive(calendar, dated.clocks, today)
    return {"state": "accepted", "state_since": today, "accepted_on": record.notice_from, **dates.columns(calendar)}


_CHANGES = {"flagged": _flagged, "accepted": _accepted, "terminated": _terminated}
