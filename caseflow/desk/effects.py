"""What a step changes beside the state: the clocks, the materials checked, the statement, who holds the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from caseflow.desk.deadlines import open_deadline, stop_deadlines
from caseflow.errors import BadInput, Fault, Refusal, Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.checklist import Line, LineState
from caseflow.rules.clock import Limit, Pause, Unit
from caseflow.rules.entries import parse_statement
from caseflow.rules.flow import Effect, Facts, State, Step
from caseflow.store.calendars import calendar_for
from caseflow.store.duty import absence_columns, away_on, away_words, handles
from caseflow.store.facts import CaseState, start_of
from caseflow.store.models import MaterialRow, PauseRow, StaffRoleRow, StaffRow, StatementRow
from caseflow.store.office_models import AbsenceRow
from caseflow.workflows.guards import separate_duties
from caseflow.workflows.sideroads import EXCLUDED, INCLUDED


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
    extra: dict[str, Any] = field(default_factory=dict)
    more_papers: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The Beijing day of the step."""
        return beijing_day(self.now)

    @property
    def calendar(self) -> WorkingCalendar:
        """The working calendar of the case's bureau."""
        return calendar_for(self.session, self.house, self.case.record.bureau)

    @property
    def key(self) -> tuple[str, int]:
        """The bureau and id of the case."""
        return self.case.record.bureau, self.case.record.id


def nothing(_work: Work) -> None:
    """No effect."""


def _start(work: Work) -> None:
    work.changes["accepted_on"] = _acceptance_day(work)
    work.told["accepted_on"] = work.changes["accepted_on"].isoformat()
    _take_commitment(work)


def _take_commitment(work: Work) -> None:
    """A line met by a signed promise opens its own deadline, in calendar months from the day it is signed."""
    promise = work.case.item.commitment
    if promise is None or not any(_is_promise(line) for line in work.case.checklist.lines):
        return
    limit = Limit(promise.months, Unit.MONTH)
    last = open_deadline(work.session, work.calendar, *work.key, "commitment", work.today, limit)
    work.told["commitment_due"] = work.extra["commitment_due"] = last.isoformat()
    work.more_papers.append("commitment")


def _is_promise(line: Line) -> bool:
    chosen = [option for option in line.options if option.key == line.receipt.option]
    return line.state is LineState.MET and any(option.commitment for option in chosen)


def _acceptance_day(work: Work) -> date:
    """The day of acceptance; the day the last line came in after a supplement; the receipt where the notice lapsed.

    逾期不告知的，自收到申请材料之日起即为受理 (行政许可法第三十二条第四项).
    """
    case = work.case
    immediate = start_of(case)
    if immediate is not None:
        return immediate
    notice_from = case.record.notice_from
    if case.facts.lapsed("notice"):
        return notice_from
    if case.record.supplemented_on is None:
        return work.today
    days = [case.received_days.get(line.material.key) for line in case.checklist.lines]
    return max([notice_from, *(day for day in days if day is not None)])


def _restart_notice(work: Work) -> None:
    handed_in = [key for key, day in work.case.received_days.items() if day == work.today]
    if not handed_in:
        raise Refused([Refusal("nothing_received", "还没有勾选今天收到的补正材料")])
    work.changes["supplemented_on"] = work.today
    work.told["materials"] = [work.case.item.material(key).name for key in handed_in]


def _stop_notice(work: Work) -> None:
    checklist = work.case.checklist
    work.told["lines"] = list(checklist.notice_lines())
    work.told["keys"] = [line.material.key for line in checklist.unmet]
    work.told["answers"] = dict(work.case.record.answers)


def _pause(work: Work) -> None:
    bureau, case_id = work.key
    row = {
        "bureau": bureau,
        "case_id": case_id,
        "kind": work.details["kind"],
        "basis": work.details["basis"],
        "reason": work.details["reason"],
        "expected_days": int(work.details["days"]),
        "excluded": int(work.details.get("excluded", "").strip() != INCLUDED),
        "from_on": work.today,
    }
    work.session.execute(insert(PauseRow).values(row))
    work.told["excluded"] = EXCLUDED if row["excluded"] else INCLUDED
    work.changes["return_to"] = work.step.source.key
    open_deadline(
        work.session, work.calendar, bureau, case_id, "suspension", work.today, Limit(int(work.details["days"]))
    )
    if row["excluded"]:
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
    kept = ("commitment",) if work.step.target.decision else ()
    stop_deadlines(work.session, bureau, case_id, work.today, but=kept)
    work.changes |= {"is_open": 0, "ended_on": work.today}
    serve = work.case.item.limits.serve
    if serve is not None and work.step.target.key in ("closed", "refused", "declined"):
        open_deadline(work.session, work.calendar, bureau, case_id, "serve", work.today, Limit(serve))


def _extend(work: Work) -> None:
    """同意延期: both limits move by the days that were asked for (行政许可法第四十二条)."""
    extension = work.case.past.extension
    if extension is None:
        raise Refused([Refusal("not_asked", "没有等待决定的延期申请")])
    work.changes["extend"] = work.case.record.extend + extension.days
    work.told |= {"days": extension.days, "reason": extension.reason}


EFFECTS: Mapping[Effect, Callable[[Work], None]] = {
    Effect.NONE: nothing,
    Effect.START: _start,
    Effect.RESTART_NOTICE: _restart_notice,
    Effect.STOP_NOTICE: _stop_notice,
    Effect.PAUSE: _pause,
    Effect.RESUME: _resume,
    Effect.EXTEND: _extend,
    Effect.STOP: _stop,
}


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
    """The person the step gives the case to."""
    person = able_person(work.session, work.case, state, work.details["receiver"].strip(), work.today)
    work.told["receiver"] = person.name
    return int(person.id)


def able_person(session: Connection, case: CaseState, state: State, text: str, today: date) -> Row[*tuple[Any, ...]]:
    """The person with this staff id: active, of this bureau, with a role for the state, and no other duty here.

    Raises Refused where there is none.
    """
    item = handles(StaffRow.id, case.record.item_key)
    query = (
        select(StaffRow.id, StaffRow.name, item.label("handles"), *absence_columns())
        .join(StaffRoleRow, StaffRoleRow.staff_id == StaffRow.id)
        .outerjoin(AbsenceRow, and_(AbsenceRow.staff_id == StaffRow.id, away_on(today)))
        .where(StaffRow.bureau == case.record.bureau, StaffRow.active == 1, StaffRoleRow.role.in_(sorted(state.roles)))
    )
    found = {str(row.id): row for row in session.execute(query)}
    if text not in found:
        raise Refused([Refusal("receiver", f"接收人不能办理“{state.label}”环节，请另选")])
    person = found[text]
    _on_duty(case, person)
    if state.duty:
        barred = separate_duties(
            state, Facts(person.id, state.roles, today, acts=case.facts.acts, duties=case.facts.duties)
        )
        if barred is not None:
            raise Refused([Refusal("receiver", f"{person.name}已办理过本件的其他环节，不能接收", barred.basis)])
    return person


def _on_duty(case: CaseState, person: Row[*tuple[Any, ...]]) -> None:
    """Refused where this person does not handle the item, or is away today: then it names who stands in."""
    refusals = []
    if not person.handles:
        refusals.append(Refusal("receiver", f"{person.name}不经办“{case.record.item_name}”，请另选"))
    if person.from_on is not None:
        words = away_words(person.from_on, person.to_on, person.stand_in or "")
        refusals.append(Refusal("receiver", f"{person.name} {words}"))
    if refusals:
        raise Refused(refusals)


EXTRAS: Mapping[str, Callable[[Work], None]] = {
    "accept": _checked_materials,
    "close_on_the_spot": _close_on_the_spot,
    "approve": _statement,
    "claim": _claim,
    "release": _release,
    "assign": _assign,
    "hand_over": _hand_over,
}
