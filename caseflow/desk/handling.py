"""推进: every step of a case after registration. Load the facts, let the flow decide, write once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from caseflow.desk.deadlines import STATE_KINDS, derive, open_deadline, state_deadline, stop_deadlines
from caseflow.desk.effects import EFFECTS, EXTRAS, Work, nothing
from caseflow.desk.intake import kept_day, write_materials
from caseflow.desk.orders import order_along
from caseflow.desk.paper_fields import issue_papers
from caseflow.desk.recording import Happened, record
from caseflow.desk.sideroads import SIDE_EXTRAS, deferral_within_promise
from caseflow.errors import BadInput, CaseChanged, Fault, NotFound, Refusal, Refused
from caseflow.house import BEIJING, Actor, House, beijing_day
from caseflow.rules.checklist import Mark, Receipt, check_answers, check_materials, check_receipts
from caseflow.rules.clock import Pause
from caseflow.rules.entries import text_fault
from caseflow.rules.flow import Effect, Step
from caseflow.rules.item import CaseType
from caseflow.store.facts import CaseState, load_case
from caseflow.store.models import DeadlineRow, EventRow, PersonRow
from caseflow.store.side_models import AccessRow
from caseflow.workflows.guards import separate_duties

BEFORE_ACCEPTANCE = ("received", "supplementing")
CORRECTIONS = ("correct", "correct_late")
"""Actions with a writer of their own: caseflow.desk.correcting."""
DATED = (Effect.START, Effect.PAUSE, Effect.RESUME, Effect.EXTEND)


@dataclass(frozen=True, slots=True)
class Advanced:
    """A step that was written: the new version and state, and the papers it issued, the first of them by itself."""

    version: int
    state: str
    paper_id: int | None
    paper_ids: tuple[int, ...] = ()


def advance(  # noqa: PLR0913, PLR0917 - one step has its case, its action, its entries and its time
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
    check_version(session, case, version)
    check_clock(case, beijing_day(now))
    check_details(details)
    if receipts is not None or answers is not None:
        marking = "receive_deferred" if action == "receive_deferred" else "receive_material"
        case = _take_materials(session, actor, case, marking, receipts or {}, answers or {}, now)
    step = decide(case, action, details)
    if action in CORRECTIONS:
        raise Refused([Refusal("no_change", "更正须写明改什么")])
    work = Work(session, house, actor, case, step, details, now)
    EFFECTS[step.action.effect](work)
    EXTRAS.get(action, nothing)(work)
    SIDE_EXTRAS.get(action, nothing)(work)
    _move(work)
    deferral_within_promise(work, work.changes.get("promised_due"))
    order_along(work)
    return _write(work)


def check_version(session: Connection, case: CaseState, version: int) -> None:
    """CaseChanged, with who moved the case and when, where the form was opened on another version."""
    if case.record.version != version:
        raise CaseChanged(_changed_sentence(session, case))


def check_clock(case: CaseState, today: date) -> None:
    """Refused where the machine's day lies before the day the case stands at: its clock was set back."""
    latest = max(case.record.received_on, case.record.state_since)
    if today < latest:
        told = f"服务器日期 {today.isoformat()} 早于本件上一步的日期 {latest.isoformat()}"
        raise Refused([Refusal("clock", f"{told}，请通知系统管理员核对服务器时间")])


def check_details(details: Mapping[str, str]) -> None:
    """BadInput where an entry holds what cannot be kept."""
    faults = [text_fault(key, value, 5000, lines=True) for key, value in details.items()]
    if any(faults):
        raise BadInput([fault for fault in faults if fault is not None])


def decide(case: CaseState, action: str, details: Mapping[str, str]) -> Step:
    """The step as the flow decides it; Refused with every reason."""
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
    marking: str,
    receipts: Mapping[str, Receipt],
    answers: Mapping[str, str],
    now: datetime,
) -> CaseState:
    """Write the marks and answers of this sitting and give the case as it stands with them."""
    decide(case, marking, {})
    merged = {**case.record.answers, **answers}
    faults = _not_deferred(case, marking, receipts, answers)
    faults += [*check_answers(case.item, merged), *check_receipts(case.item, receipts)]
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


def _not_deferred(
    case: CaseState, marking: str, receipts: Mapping[str, Receipt], answers: Mapping[str, str]
) -> list[Fault]:
    """After acceptance only deferred lines come in, and nothing else about the application changes."""
    if marking != "receive_deferred":
        return []
    later = {line.material.key for line in case.checklist.deferred}
    wrong = [Fault(key[:40], "不是容缺待补的材料") for key, receipt in receipts.items() if key not in later]
    wrong += [Fault(key[:40], "只能标为收到") for key, receipt in receipts.items() if receipt.mark is not Mark.RECEIVED]
    return wrong + ([Fault("情形", "受理后不能改情形")] if answers else [])


def _day_of(key: str, receipt: Receipt, before: Mapping[str, tuple[Receipt, date | None]], today: date) -> date | None:
    if receipt.mark not in (Mark.RECEIVED, Mark.FAULTY):
        return None
    return kept_day(before.get(key), receipt) or today


def _move(work: Work) -> None:
    """The new state with its handler, deadlines and, where a fact behind them changed, both due dates."""
    step = work.step
    if step.target.key != step.source.key:
        work.changes |= {"state": step.target.key, "state_since": work.today}
        work.changes.setdefault("handler_id", _next_handler(work))
        if step.target.decision or step.target.key == "approved":
            work.changes.setdefault("decided_on", work.case.record.decided_on or work.today)
        _turn_deadlines(work)
    elif work.case.facts.holder is None and not step.action.anyone:
        work.changes.setdefault("handler_id", work.actor.id)
    if work.case.facts.stand_in_for and not step.action.anyone:
        work.told["stand_in_for"] = work.case.handler_name
    if work.case.record.answers:
        work.changes["answers"] = dict(work.case.record.answers)
    _derive_dates(work)


def _derive_dates(work: Work) -> None:
    spot = work.step.action.key == "close_on_the_spot"
    open_immediate = work.case.item.case_type is CaseType.IMMEDIATE and work.step.target.open
    if not (work.step.action.effect in DATED or spot or open_immediate):
        return
    record = replace(
        work.case.record,
        **{k: v for k, v in work.changes.items() if k in ("accepted_on", "supplemented_on", "state", "extend")},
    )
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
    stop_deadlines(work.session, *work.key, work.today, *STATE_KINDS)
    begins = state_deadline(work.case.item, work.step.target.key, work.step.target.clock)
    if begins is None:
        return
    kind, limit = begins
    start, pauses = _stage_start(work) if kind == "stage" else (work.today, ())
    last = open_deadline(work.session, work.calendar, *work.key, kind, start, limit, pauses)
    work.extra["reply_by"] = last.isoformat()


def _stage_start(work: Work) -> tuple[date, tuple[Pause, ...]]:
    """When the limit of a stage began: 评估 runs from acceptance, a resumed stage from where it first began."""
    record, pauses = work.case.record, work.case.pauses
    if work.step.target.key == "assessing" and record.accepted_on is not None:
        return record.accepted_on, pauses
    if work.step.action.effect is not Effect.RESUME:
        return work.today, ()
    query = select(DeadlineRow.started_on).where(
        DeadlineRow.bureau == record.bureau, DeadlineRow.case_id == record.id, DeadlineRow.kind == "stage"
    )
    began = work.session.execute(query.order_by(DeadlineRow.id.desc()).limit(1)).scalar_one_or_none()
    return began or work.today, pauses


def _write(work: Work) -> Advanced:
    version = record(work.session, work.house, work.case.record, _happened(work), work.changes, work.now)
    papers = issue_papers(work)
    return Advanced(version, work.step.target.key, papers[0] if papers else None, papers)


def _happened(work: Work) -> list[Happened]:
    """The history of this step; 当场办结 records acceptance and completion each."""
    step = work.step
    said = {
        need.key: work.details[need.key].strip() for need in step.action.needs if work.details.get(need.key, "").strip()
    }
    if step.action.key == "close_on_the_spot":
        accepted = Happened(work.actor, "accept", work.told, step.source.key, "accepted", "accept")
        return [accepted, Happened(work.actor, step.action.key, said, "accepted", step.target.key)]
    duty = step.source.duty if step.action.decides else ""
    return [Happened(work.actor, step.action.key, said | work.told, step.source.key, step.target.key, duty)]


def reveal(session: Connection, house: House, actor: Actor, person_id: int, reason: str, now: datetime) -> str:
    """The full number of one person, for a stated reason; the look is recorded. NotFound for another bureau's."""
    fault = Fault("查看原因", "请写明查看原因") if not reason.strip() else text_fault("查看原因", reason)
    if fault is not None:
        raise BadInput([fault])
    query = select(PersonRow.case_id, PersonRow.id_sealed).where(
        PersonRow.id == person_id, PersonRow.bureau == actor.bureau
    )
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
