"""推进: every step of a case after registration. Load the facts, let the flow decide, write once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from caseflow.desk.deadlines import STATE_KINDS, derive, open_deadline, state_deadline, stop_deadlines
from caseflow.desk.intake import write_materials
from caseflow.desk.issuing import acceptance_fields, issue, notice_fields
from caseflow.errors import BadInput, CaseChanged, Fault, NotFound, Refusal, Refused
from caseflow.house import BEIJING, Actor, House, beijing_day
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.checklist import Mark, Receipt, check_answers, check_materials, check_receipts
from caseflow.rules.clock import Limit, Pause, due
from caseflow.rules.entries import parse_statement, text_fault
from caseflow.rules.flow import Effect, Facts, State, Step
from caseflow.rules.item import CaseType
from caseflow.store.facts import CaseState, load_case, start_of
from caseflow.store.journal import Entry, append
from caseflow.store.models import (
    AccessRow,
    CaseRow,
    EventRow,
    MaterialRow,
    PauseRow,
    PersonRow,
    StaffRoleRow,
    StaffRow,
    StatementRow,
)
from caseflow.workflows.guards import separate_duties

BEFORE_ACCEPTANCE = ("received", "supplementing")
DATED = (Effect.START, Effect.PAUSE, Effect.RESUME)


@dataclass(frozen=True, slots=True)
class Advanced:
    """A step that was written: the new version and state, and the paper it issued."""

    version: int
    state: str
    paper_id: int | None


@dataclass(slots=True)
class Work:
    """One step on its way into the database: what the case row changes to, and what the history will say."""

    session: Connection
    house: House
    actor: Actor
    case: CaseState
    step: Step
    details: Mapping[str, str]
    now: datetime
    changes: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    paper_fields: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The Beijing day of the step."""
        return beijing_day(self.now)

    @property
    def calendar(self) -> WorkingCalendar:
        """The working calendar of the case's bureau."""
        return self.house.catalogue.calendar_of(self.case.record.bureau)

    @property
    def key(self) -> tuple[str, int]:
        """The bureau and id of the case."""
        return self.case.record.bureau, self.case.record.id


def advance(  # noqa: PLR0913 - one step has its case, its action, its entries and its time
    session: Connection,
    house: House,
    actor: Actor,
    case_id: int,
    version: int,
    action: str,
    details: Mapping[str, str],
    now: datetime,
    receipts: Mapping[str, Receipt] | None = None,
    answers: Mapping[str, str] | None = None,
) -> Advanced:
    """Take one step: nothing is written unless all of it is allowed.

    Raises Refused with every reason, CaseChanged where the form is stale, NotFound for another bureau's case, BadInput
    where an entry cannot be kept, OutsideCalendar where a date cannot be counted.
    """
    case = load_case(session, house, actor, case_id, beijing_day(now), lock=True)
    if case.record.version != version:
        raise CaseChanged(_changed_sentence(session, case))
    _check_details(details)
    if receipts is not None or answers is not None:
        case = _take_materials(session, actor, case, receipts or {}, answers or {}, now)
    step = _decide(case, action, details)
    work = Work(session, house, actor, case, step, details, now)
    _EFFECTS[step.action.effect](work)
    _EXTRAS.get(action, _nothing)(work)
    _move(work)
    return _write(work)


def _check_details(details: Mapping[str, str]) -> None:
    faults = [text_fault(key, value, 5000, lines=True) for key, value in details.items()]
    if any(faults):
        raise BadInput([fault for fault in faults if fault is not None])


def _decide(case: CaseState, action: str, details: Mapping[str, str]) -> Step:
    decided = case.flow.decide(case.state.key, action, replace(case.facts, details=details))
    if not isinstance(decided, Step):
        raise Refused(decided)
    return decided


def _changed_sentence(session: Connection, case: CaseState) -> str:
    query = (
        select(EventRow.at, EventRow.actor_name)
        .where(EventRow.bureau == case.record.bureau, EventRow.case_id == case.record.id)
        .order_by(EventRow.seq.desc())
        .limit(1)
    )
    last = session.execute(query).one()
    return f"本件 {last.at.astimezone(BEIJING):%H:%M} 已由{last.actor_name}推进到{case.state.label}，请刷新后再办"


def _take_materials(
    session: Connection,
    actor: Actor,
    case: CaseState,
    receipts: Mapping[str, Receipt],
    answers: Mapping[str, str],
    now: datetime,
) -> CaseState:
    """Write the marks and answers of this sitting and give the case as it stands with them."""
    _decide(case, "receive_material", {})
    merged = {**case.record.answers, **answers}
    faults = [*check_answers(case.item, merged), *check_receipts(case.item, receipts)]
    faults += [f for r in receipts.values() if (f := text_fault("不符之处", r.fault, 500, lines=True)) is not None]
    if faults:
        raise BadInput(faults)
    before = {key: (receipt, case.received_days[key]) for key, receipt in case.receipts.items()}
    today = beijing_day(now)
    write_materials(session, actor, case.record.id, case.item, before, receipts, today)
    now_held = {**case.receipts, **receipts}
    days = dict(case.received_days) | {key: _day_of(key, receipt, before, today) for key, receipt in receipts.items()}
    checklist = check_materials(case.item, merged, now_held)
    return replace(
        case,
        record=replace(case.record, answers=merged),
        receipts=now_held,
        received_days=days,
        checklist=checklist,
        facts=replace(case.facts, checklist=checklist),
    )


def _day_of(
    key: str, receipt: Receipt, before: Mapping[str, tuple[Receipt, date | None]], today: date
) -> date | None:
    if receipt.mark not in (Mark.RECEIVED, Mark.FAULTY):
        return None
    held = before.get(key)
    return (held[1] if held is not None and held[0].mark is receipt.mark else None) or today


# --- effects on the clocks -------------------------------------------------------------------------------------------


def _nothing(_work: Work) -> None:
    """No effect."""


def _start(work: Work) -> None:
    work.changes["accepted_on"] = _acceptance_day(work)
    work.told["accepted_on"] = work.changes["accepted_on"].isoformat()


def _acceptance_day(work: Work) -> date:
    """The day of acceptance; the day the last line came in after a supplement; the receipt where the notice lapsed."""
    case = work.case
    immediate = start_of(case)
    if immediate is not None:
        return immediate
    notice_from = case.record.notice_from
    if _notice_lapsed(work):
        return notice_from
    if case.record.supplemented_on is None:
        return work.today
    days = [case.received_days.get(line.material.key) for line in case.checklist.lines]
    return max([notice_from, *(day for day in days if day is not None)])


def _notice_lapsed(work: Work) -> bool:
    """逾期不告知的，自收到申请材料之日起即为受理 (行政许可法第三十二条第四项)."""
    last = due(work.calendar, work.case.record.notice_from, Limit(work.case.item.limits.notice)).on
    return last is not None and last < work.today


def _restart_notice(work: Work) -> None:
    handed_in = [key for key, day in work.case.received_days.items() if day == work.today]
    if not handed_in:
        raise Refused([Refusal("nothing_received", "还没有勾选今天收到的补正材料")])
    work.changes["supplemented_on"] = work.today
    work.told["materials"] = [work.case.item.material(key).name for key in handed_in]


def _stop_notice(work: Work) -> None:
    work.told["lines"] = list(work.case.checklist.notice_lines())


def _pause(work: Work) -> None:
    bureau, case_id = work.key
    row = {
        "bureau": bureau,
        "case_id": case_id,
        "kind": work.details["kind"],
        "basis": work.details["basis"],
        "reason": work.details["reason"],
        "expected_days": int(work.details["days"]),
        "from_on": work.today,
    }
    work.session.execute(insert(PauseRow).values(row))
    work.changes["return_to"] = work.step.source.key
    open_deadline(work.session, work.calendar, bureau, case_id, "suspension", work.today, Limit(int(work.details["days"])))
    work.case = replace(work.case, pauses=(*work.case.pauses, Pause(work.today, None)))


def _resume(work: Work) -> None:
    bureau, case_id = work.key
    running = [PauseRow.bureau == bureau, PauseRow.case_id == case_id, PauseRow.to_on.is_(None)]
    work.session.execute(update(PauseRow).where(*running).values(to_on=work.today))
    stop_deadlines(work.session, bureau, case_id, work.today, "suspension")
    work.changes["return_to"] = ""
    ended = tuple(Pause(pause.start, pause.end or work.today) for pause in work.case.pauses)
    work.case = replace(work.case, pauses=ended)


def _stop(work: Work) -> None:
    bureau, case_id = work.key
    running = [PauseRow.bureau == bureau, PauseRow.case_id == case_id, PauseRow.to_on.is_(None)]
    if work.step.source.key == "suspended":
        work.session.execute(update(PauseRow).where(*running).values(to_on=work.today))
    stop_deadlines(work.session, bureau, case_id, work.today)
    work.changes |= {"is_open": 0, "ended_on": work.today}


_EFFECTS: Mapping[Effect, Callable[[Work], None]] = {
    Effect.NONE: _nothing,
    Effect.START: _start,
    Effect.RESTART_NOTICE: _restart_notice,
    Effect.STOP_NOTICE: _stop_notice,
    Effect.PAUSE: _pause,
    Effect.RESUME: _resume,
    Effect.STOP: _stop,
}


# --- what single actions do beside -----------------------------------------------------------------------------------


def _checked_materials(work: Work) -> None:
    bureau, case_id = work.key
    held = [MaterialRow.bureau == bureau, MaterialRow.case_id == case_id, MaterialRow.mark == "received"]
    work.session.execute(update(MaterialRow).where(*held).values(complete=1, genuine=1))


def _close_on_the_spot(work: Work) -> None:
    _start(work)
    _checked_materials(work)


def _statement(work: Work) -> None:
    if "statement" not in {need.key for need in work.step.action.needs}:
        return
    try:
        lines = parse_statement(work.details["statement"])
    except ValueError as error:
        raise BadInput([Fault("待遇支付明细", str(error))]) from error
    bureau, case_id = work.key
    work.session.execute(delete(StatementRow).where(StatementRow.bureau == bureau, StatementRow.case_id == case_id))
    rows = [
        {"bureau": bureau, "case_id": case_id, "place": n, "label": label, "amount_fen": int(amount * 100)}
        for n, (label, amount) in enumerate(lines, 1)
    ]
    work.session.execute(insert(StatementRow), rows)
    total = sum(amount for _, amount in lines)
    work.changes["amount_fen"] = int(total * 100)
    work.told["total"] = str(total)


def _claim(work: Work) -> None:
    work.changes["handler_id"] = work.actor.id


def _release(work: Work) -> None:
    work.changes["handler_id"] = None


def _assign(work: Work) -> None:
    work.changes["handler_id"] = _receiver(work, work.step.target)


def _hand_over(work: Work) -> None:
    if work.details.get("receiver", "").strip():
        work.changes["handler_id"] = _receiver(work, work.step.target)


def _receiver(work: Work, state: State) -> int:
    """The person a case is given to: active, of this bureau, with a role for the state and no other duty on the case."""
    text = work.details["receiver"].strip()
    query = (
        select(StaffRow.id, StaffRow.name)
        .join(StaffRoleRow, StaffRoleRow.staff_id == StaffRow.id)
        .where(StaffRow.bureau == work.case.record.bureau, StaffRow.active == 1, StaffRoleRow.role.in_(sorted(state.roles)))
    )
    found = {str(row.id): row for row in work.session.execute(query)}
    if text not in found:
        raise Refused([Refusal("receiver", f"接收人不能办理“{state.label}”环节，请另选")])
    person = found[text]
    if state.duty:
        barred = separate_duties(state, Facts(person.id, state.roles, work.today, acts=work.case.facts.acts, duties=work.case.facts.duties))
        if barred is not None:
            raise Refused([Refusal("receiver", f"{person.name}已办理过本件的其他环节，不能接收", barred.basis)])
    work.told["receiver"] = person.name
    return int(person.id)


_EXTRAS: Mapping[str, Callable[[Work], None]] = {
    "accept": _checked_materials,
    "close_on_the_spot": _close_on_the_spot,
    "approve": _statement,
    "claim": _claim,
    "release": _release,
    "assign": _assign,
    "hand_over": _hand_over,
}


# --- writing ---------------------------------------------------------------------------------------------------------


def _move(work: Work) -> None:
    """The new state with its handler, deadlines and, where a fact behind them changed, both due dates."""
    step = work.step
    if step.target.key != step.source.key:
        work.changes |= {"state": step.target.key, "state_since": work.today}
        work.changes.setdefault("handler_id", _next_handler(work))
        if step.target.decision or step.target.key == "approved":
            work.changes.setdefault("decided_on", work.case.record.decided_on or work.today)
        _turn_deadlines(work)
    elif work.case.record.handler_id is None and step.action.key not in ("release", "assign"):
        work.changes.setdefault("handler_id", work.actor.id)
    if work.case.record.answers:
        work.changes["answers"] = dict(work.case.record.answers)
    _derive_dates(work)


def _derive_dates(work: Work) -> None:
    spot = work.step.action.key == "close_on_the_spot"
    open_immediate = work.case.item.case_type is CaseType.IMMEDIATE and work.step.target.open
    if not (work.step.action.effect in DATED or spot or open_immediate):
        return
    record = replace(work.case.record, **{k: v for k, v in work.changes.items() if k in ("accepted_on", "supplemented_on", "state")})
    dates = derive(work.calendar, replace(work.case, record=record).clocks, work.today)
    before = (work.case.record.promised_due, work.case.record.statutory_due)
    if before != (dates.promised_due, dates.statutory_due):
        work.told["due"] = {
            "before": [day.isoformat() if day else None for day in before],
            "after": [day.isoformat() if day else None for day in (dates.promised_due, dates.statutory_due)],
        }
    work.changes |= dates.columns(work.calendar)


def _next_handler(work: Work) -> int | None:
    """Who holds the case now: nobody at its end; who handled this state before; the actor; else 待领取."""
    target, acts = work.step.target, work.case.facts.acts
    if not target.open:
        return work.case.record.handler_id
    if target.key == "suspended":
        return work.actor.id
    earlier = acts.get("accept" if target.key == "approved" else target.duty, frozenset())
    if len(earlier) == 1:
        return next(iter(earlier))
    if target.roles & work.actor.roles:
        facts = replace(work.case.facts, acts=_acts_with(work))
        if not target.duty or separate_duties(target, facts) is None:
            return work.actor.id
    return None


def _acts_with(work: Work) -> dict[str, frozenset[int]]:
    acts = dict(work.case.facts.acts)
    if work.step.action.decides:
        duty = work.step.source.duty
        acts[duty] = acts.get(duty, frozenset()) | {work.actor.id}
    return acts


def _turn_deadlines(work: Work) -> None:
    if work.step.action.effect is Effect.STOP:
        return
    bureau, case_id = work.key
    stop_deadlines(work.session, bureau, case_id, work.today, *STATE_KINDS)
    begins = state_deadline(work.case.item, work.step.target.key, work.step.target.clock)
    if begins is not None:
        kind, limit = begins
        last = open_deadline(work.session, work.calendar, bureau, case_id, kind, work.today, limit)
        work.paper_fields["reply_by"] = last.isoformat()


def _write(work: Work) -> Advanced:
    record, step = work.case.record, work.step
    entries = _entries(work)
    head = append(work.session, work.house.keys, record.chain, entries)
    version = record.version + len(entries)
    changed = update(CaseRow).where(
        CaseRow.bureau == record.bureau, CaseRow.id == record.id, CaseRow.version == record.version
    )
    result = work.session.execute(changed.values(**work.changes, version=version, chain=head))
    if result.rowcount != 1:
        message = "本件刚刚已由他人推进，请刷新后再办"
        raise CaseChanged(message)
    return Advanced(version, step.target.key, _paper(work))


def _entries(work: Work) -> list[Entry]:
    """The history of this step; 当场办结 records acceptance and completion each."""
    step = work.step
    said = {need.key: work.details[need.key].strip() for need in step.action.needs if work.details.get(need.key, "").strip()}
    told = said | work.told
    if step.action.key != "close_on_the_spot":
        duty = step.source.duty if step.action.decides else ""
        return [_entry(work, 1, step.action.key, step.source.key, step.target.key, duty, told)]
    return [
        _entry(work, 1, "accept", step.source.key, "accepted", "accept", work.told),
        _entry(work, 2, step.action.key, "accepted", step.target.key, "", said),
    ]


def _entry(  # noqa: PLR0913 - one row of the history
    work: Work, ahead: int, action: str, before: str, after: str, duty: str, detail: Mapping[str, Any]
) -> Entry:
    return Entry(
        bureau=work.case.record.bureau,
        case_id=work.case.record.id,
        seq=work.case.record.version + ahead,
        at=work.now,
        on_day=work.today,
        actor_id=work.actor.id,
        actor_name=work.actor.name,
        action=action,
        from_state=before,
        to_state=after,
        duty=duty,
        detail=detail,
    )


def _paper(work: Work) -> int | None:
    kind = work.step.action.paper
    if not kind:
        return None
    names = {name for name in work.changes if name in type(work.case.record).__slots__}
    record = replace(work.case.record, **{name: work.changes[name] for name in names})
    case = replace(work.case, record=record)
    if kind == "notice":
        own = notice_fields(case, work.paper_fields["reply_by"])
    else:
        own = acceptance_fields(case, work.details.get("result", "") if work.step.action.key == "close_on_the_spot" else "")
    return issue(work.session, work.house, work.actor, case, kind, own, work.now)


def reveal(session: Connection, house: House, actor: Actor, person_id: int, reason: str, now: datetime) -> str:
    """The full number of one person, for a stated reason; the look is recorded. NotFound for another bureau's."""
    fault = Fault("查看原因", "请写明查看原因") if not reason.strip() else text_fault("查看原因", reason)
    if fault is not None:
        raise BadInput([fault])
    query = select(PersonRow.case_id, PersonRow.id_sealed).where(PersonRow.id == person_id, PersonRow.bureau == actor.bureau)
    row = session.execute(query).one_or_none()
    if row is None:
        message = "没有这个人员"
        raise NotFound(message)
    look = {
        "bureau": actor.bureau,
        "case_id": row.case_id,
        "person_id": person_id,
        "staff_id": actor.id,
        "at": now,
        "reason": reason.strip(),
    }
    session.execute(insert(AccessRow).values(look))
    return house.keys.open(row.id_sealed)
