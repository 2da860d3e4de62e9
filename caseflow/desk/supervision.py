"""督办: a supervisor orders an answer about a case, the handler gives it, the supervisor accepts it or asks again.

No state of a case changes here; every word is one of the order's thread and one event of the case's history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from caseflow.desk.deadlines import move_deadline, open_deadline, stop_deadlines
from caseflow.desk.effects import able_person
from caseflow.desk.handling import check_version
from caseflow.desk.messages import Note, answerable, holders, tell
from caseflow.desk.orders import ISSUED, REPLY, Order, change_order, close_order, name_of, running_order, say
from caseflow.desk.recording import Happened, record
from caseflow.errors import BadInput, CaseChanged, Fault, NotFound, Refusal, Refused
from caseflow.house import Actor, House, beijing_day, system
from caseflow.rules.clock import Limit, due
from caseflow.rules.entries import text_fault
from caseflow.rules.flow import HANDLING_ROLES
from caseflow.rules.policy import holds
from caseflow.rules.supervision import CAUSES, GRAVEST, LEVELS, days_over
from caseflow.store.calendars import calendar_for
from caseflow.store.duty import answers_for
from caseflow.store.facts import CaseState, load_case
from caseflow.store.models import DeadlineRow, StaffRow
from caseflow.store.office_models import OrderRow, OrderWordRow

LONGEST: Final = 500
FARTHEST: Final = timedelta(days=366)
"""An answer may promise an end at most so far ahead."""

_ANSWER_LABELS: Final = {"cause": "原因", "measures": "措施"}


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order that was issued: its id, to whom, by when it is to be answered, and the case's new version."""

    id: int
    to_id: int
    answer_by: date
    version: int


@dataclass(frozen=True, slots=True)
class _Desk:
    """One verb at work: the case as it stands, locked, with who acts and when."""

    session: Connection
    house: House
    actor: Actor
    case: CaseState
    now: datetime

    @property
    def today(self) -> date:
        return beijing_day(self.now)

    def answer_limit(self, level: int) -> Limit:
        """The bureau's time for the answer to an order of this level, in working days."""
        return Limit(self.house.catalogue.bureau(self.case.record.bureau).answer_days[level - 1])

    def open_reply(self, level: int) -> date:
        """Start the time for an answer today and give its last day."""
        record, calendar = self.case.record, calendar_for(self.session, self.house, self.case.record.bureau)
        limit = self.answer_limit(level)
        return open_deadline(self.session, calendar, record.bureau, record.id, REPLY, self.today, limit)

    def late(self, cause: str) -> int | None:
        """Working days by which the case is late for this cause; None where the cause does not hold."""
        calendar = calendar_for(self.session, self.house, self.case.record.bureau)
        return days_over(calendar, self.case.clocks, self.case.state, self.case.facts, cause)

    def happened(self, action: str, detail: Mapping[str, Any]) -> int:
        """Write the event and give the case's new version."""
        one = Happened(self.actor, action, detail)
        return record(self.session, self.house, self.case.record, [one], {}, self.now)

    def tell(self, order_id: int, word: int, kind: str, text: str, *people: int) -> None:
        """Tell people of the word that was just said."""
        told = Note(
            self.case.record.bureau,
            self.case.record.id,
            kind,
            f"{self.case.record.item_name}：{text}",
            f"order:{order_id}:{word}",
        )
        tell(self.session, [(told, people)], self.now)


def issue_order(  # noqa: PLR0913, PLR0917 - an order has its case, level, cause, words, addressee and time
    session: Connection,
    house: House,
    actor: Actor,
    case_id: int,
    version: int | None,
    level: int,
    cause: str,
    words: str,
    to_id: int | None,
    now: datetime,
) -> Ordered:
    """Order the handler of a case to answer; `to_id` names somebody only where nobody holds the case.

    Raises Refused (another order runs, the cause does not hold, nobody to answer, oneself), CaseChanged where the list
    showed another version, BadInput, NotFound, OutsideCalendar.
    """
    _supervises(actor)
    _check_order(level, cause, words)
    desk = _Desk(session, house, actor, load_case(session, house, actor, case_id, beijing_day(now), lock=True), now)
    _check_free(desk)
    if version is not None:
        check_version(session, desk.case, version)
    late = desk.late(cause)
    if late is None:
        raise Refused([Refusal("cause", f"本件现在没有“{CAUSES[cause]}”的情况，不需要督办")])
    receiver, name = _addressee(desk, to_id)
    if receiver == actor.id:
        raise Refused([Refusal("own_case", "不能督办自己经办的办件")])
    return _issue(desk, level, cause, late, receiver, name, words.strip(), None)


def _supervises(actor: Actor) -> None:
    if not holds(actor.roles, "supervise"):
        raise Refused([Refusal("role", "督办须由主管办理")])


def _check_order(level: int, cause: str, words: str) -> None:
    faults = [] if level in LEVELS else [Fault("级别", "请选择督办级别")]
    faults += [] if cause in CAUSES else [Fault("原因", "没有这个督办原因，请重新选择")]
    faults += [one for one in (text_fault("要求", words, LONGEST, lines=True),) if one is not None]
    if faults:
        raise BadInput(faults)


def _check_free(desk: _Desk) -> None:
    """One order of a case runs at a time; the other supervisor is told whose it is."""
    if ISSUED not in desk.case.past.taken:
        return
    order = running_order(desk.session, desk.case.record.bureau, desk.case.record.id)
    if order is not None:
        waits = "已反馈，等待审核" if order.answered_on else f"{order.answer_by.isoformat()} 前反馈"
        to = name_of(desk.session, order.to_id)
        text = f"本件已在督办：{order.level_name}，{order.issued_on.isoformat()} 发给{to}（{waits}）"
        raise Refused([Refusal("running", text)])


def _addressee(desk: _Desk, to_id: int | None) -> tuple[int, str]:
    """Who has to answer: the handler; where nobody holds the case, the person named, who must be able to handle it."""
    handler = desk.case.record.handler_id
    if handler is None and to_id is None:
        raise Refused([Refusal("nobody", "本件无人经办，请先指派，或者写明督办哪一位")])
    if handler is None:
        state = desk.case.state
        if not state.roles:
            return _colleague(desk, to_id)
        person = able_person(desk.session, desk.case, state, str(to_id), desk.today)
        return int(person.id), str(person.name)
    active = select(StaffRow.id).where(StaffRow.id == handler, StaffRow.active == 1)
    if desk.session.execute(active).first() is None:
        text = f"经办人{desk.case.handler_name}的账号已停用，请先把办件指派给在岗人员"
        raise Refused([Refusal("inactive", text)])
    return handler, desk.case.handler_name


def _colleague(desk: _Desk, to_id: int | None) -> tuple[int, str]:
    """Somebody who handles cases, for a case that has ended."""
    if to_id not in holders(desk.session, desk.case.record.bureau, *sorted(HANDLING_ROLES)):
        raise Refused([Refusal("receiver", "被督办人不能办理本件，请另选")])
    return int(to_id or 0), name_of(desk.session, int(to_id or 0))


def _issue(
    desk: _Desk, level: int, cause: str, late: int, to_id: int, name: str, words: str, follows: int | None
) -> Ordered:
    record = desk.case.record
    answer_by = desk.open_reply(level)
    row = {
        "bureau": record.bureau,
        "case_id": record.id,
        "follows": follows,
        "level": level,
        "cause": cause,
        "days_over": late,
        "to_id": to_id,
        "issued_by": desk.actor.id or None,
        "issued_on": desk.today,
        "answer_by": answer_by,
    }
    order_id = int(desk.session.execute(insert(OrderRow).values(row).returning(OrderRow.id)).scalar_one())
    told = {"to": name, "answer_by": answer_by.isoformat(), **({"words": words} if words else {})}
    word = say(desk.session, record.bureau, order_id, "issue", desk.actor, told, desk.now)
    title = f"{LEVELS[level]}：{cause_text(cause, late)}"
    version = desk.happened("order_escalate" if follows else ISSUED, {"order": title, **told})
    raised = "升级" if follows else ""
    desk.tell(order_id, word, "order_issue", f"督办{raised}（{title}），请于 {answer_by.isoformat()} 前反馈", to_id)
    return Ordered(order_id, to_id, answer_by, version)


def cause_text(cause: str, late: int) -> str:
    """超承诺 5 个工作日."""
    return f"{CAUSES[cause]} {late} 个工作日" if late else CAUSES[cause]


# --- the thread ------------------------------------------------------------------------------------------------------


def answer_order(
    session: Connection,
    house: House,
    actor: Actor,
    order_id: int,
    cause: str,
    measures: str,
    until: date | None,
    now: datetime,
) -> int:
    """Answer an order: why, what is done about it, and by which day; the case's new version.

    Raises Refused where it is somebody else's or was answered, BadInput, NotFound, CaseChanged where it has ended.
    """
    desk, order = _open_order(session, house, actor, order_id, now)
    if not answers_for(session, actor.id, order.to_id, desk.today):
        raise Refused([Refusal("others_order", f"本督办应由{name_of(session, order.to_id)}反馈")])
    if order.answered_on is not None:
        raise Refused([Refusal("answered", "已经反馈，请等待主管审核")])
    _check_answer({"cause": cause, "measures": measures}, until, desk.today)
    change_order(session, order, answered_on=desk.today)
    stop_deadlines(session, order.bureau, order.case_id, desk.today, REPLY)
    told = {"cause": cause.strip(), "measures": measures.strip(), "until": until.isoformat() if until else ""}
    word = say(session, order.bureau, order.id, "answer", actor, told, now)
    people = answerable(session, order.bureau).of(order.issued_by)
    desk.tell(order.id, word, "order_answer", f"{actor.name}已反馈督办（{order.level_name}），请审核", *people)
    return desk.happened("order_answer", told)


def _check_answer(texts: Mapping[str, str], until: date | None, today: date) -> None:
    faults: list[Fault] = []
    for key, label in _ANSWER_LABELS.items():
        faults += [] if texts[key].strip() else [Fault(label, f"请填写{label}")]
        faults += [one for one in (text_fault(label, texts[key], LONGEST, lines=True),) if one is not None]
    if until is None or not today <= until <= today + FARTHEST:
        faults.append(Fault("办结日期", "请写明何时办结：今天起一年以内的日期"))
    if faults:
        raise BadInput(faults)


def accept_order(
    session: Connection, house: House, actor: Actor, order_id: int, seen: int, words: str, now: datetime
) -> int:
    """Accept the answer: the order is done. `seen` is the last word the form showed; raises as `return_order`."""
    desk, order = _answered(session, house, actor, order_id, seen, now)
    _check_words("审核意见", words, required=False)
    close_order(session, order, "accepted", now)
    return _decided(desk, order, "accept", {"words": words.strip()} if words.strip() else {}, "督办反馈已认可")


def return_order(
    session: Connection, house: House, actor: Actor, order_id: int, seen: int, words: str, now: datetime
) -> int:
    """Return the answer with words: another one is due within the time of the order's level, from whoever has the case.

    Raises Refused where nothing was answered or the answer is one's own, CaseChanged where the thread went on.
    """
    desk, order = _answered(session, house, actor, order_id, seen, now)
    _check_words("退回理由", words, required=True)
    to_id = desk.case.record.handler_id or order.to_id
    answer_by = desk.open_reply(order.level)
    change_order(session, order, answered_on=None, answer_by=answer_by, to_id=to_id)
    told = {"words": words.strip(), "to": name_of(session, to_id), "answer_by": answer_by.isoformat()}
    text = f"督办反馈被退回，请于 {answer_by.isoformat()} 前重新反馈"
    return _decided(desk, order, "return", told, text, to_id)


def withdraw_order(
    session: Connection, house: House, actor: Actor, order_id: int, seen: int, reason: str, now: datetime
) -> int:
    """Take an order back, answered or not, with the reason; raises Refused for an order to oneself, CaseChanged."""
    desk, order = _reviewed(session, house, actor, order_id, seen, now)
    _check_words("撤销理由", reason, required=True)
    close_order(session, order, "withdrawn", now)
    return _decided(desk, order, "withdraw", {"reason": reason.strip()}, f"督办（{order.level_name}）已撤销")


def _decided(desk: _Desk, order: Order, kind: str, told: Mapping[str, str], text: str, to_id: int = 0) -> int:
    word = say(desk.session, order.bureau, order.id, kind, desk.actor, told, desk.now)
    desk.tell(order.id, word, f"order_{kind}", text, to_id or order.to_id)
    return desk.happened(f"order_{kind}", told)


def _check_words(label: str, words: str, *, required: bool) -> None:
    fault = Fault(label, f"请填写{label}") if required and not words.strip() else None
    fault = fault or text_fault(label, words, LONGEST, lines=True)
    if fault is not None:
        raise BadInput([fault])


def _open_order(session: Connection, house: House, actor: Actor, order_id: int, now: datetime) -> tuple[_Desk, Order]:
    """A running order of the actor's bureau with its case, locked. NotFound for none, CaseChanged where it ended."""
    query = select(OrderRow.case_id).where(OrderRow.bureau == actor.bureau, OrderRow.id == order_id)
    case_id = session.execute(query).scalar_one_or_none()
    if case_id is None:
        raise NotFound("没有这个督办")
    case = load_case(session, house, actor, case_id, beijing_day(now), lock=True)
    order = running_order(session, actor.bureau, case_id)
    if order is None or order.id != order_id:
        raise CaseChanged("本督办已经结束或者升级，请刷新后再看")
    return _Desk(session, house, actor, case, now), order


def _reviewed(
    session: Connection, house: House, actor: Actor, order_id: int, seen: int, now: datetime
) -> tuple[_Desk, Order]:
    """An order a supervisor decides about: none that is theirs to answer, and as the form showed it."""
    _supervises(actor)
    desk, order = _open_order(session, house, actor, order_id, now)
    if answers_for(session, actor.id, order.to_id, desk.today):
        raise Refused([Refusal("own_order", "发给自己的督办须由其他主管审核或者撤销")])
    thread = [OrderWordRow.bureau == order.bureau, OrderWordRow.order_id == order.id]
    if session.execute(select(func.max(OrderWordRow.id)).where(*thread)).scalar_one() != seen:
        raise CaseChanged("本督办刚刚有新的进展，请看过后再办")
    return desk, order


def _answered(
    session: Connection, house: House, actor: Actor, order_id: int, seen: int, now: datetime
) -> tuple[_Desk, Order]:
    desk, order = _reviewed(session, house, actor, order_id, seen, now)
    if order.answered_on is None:
        raise Refused([Refusal("unanswered", "还没有反馈，不能审核")])
    answers = [OrderWordRow.bureau == order.bureau, OrderWordRow.order_id == order.id, OrderWordRow.kind == "answer"]
    last = select(OrderWordRow.staff_id).where(*answers).order_by(OrderWordRow.id.desc()).limit(1)
    if session.execute(last).scalar_one() == actor.id:
        raise Refused([Refusal("own_answer", "自己代为反馈的督办须由其他主管审核")])
    return desk, order


# --- escalation ------------------------------------------------------------------------------------------------------


def escalate(session: Connection, house: House, case: CaseState, now: datetime) -> bool:
    """Raise an order that was not answered in time by one level; False at the gravest, or where the addressee has left.

    The new order is dated today and has the whole time of its level, so that days off never cost two levels at once.
    """
    desk = _Desk(session, house, system(case.record.bureau), case, now)
    order = running_order(session, case.record.bureau, case.record.id)
    if order is None or order.level == GRAVEST or not _is_active(session, order.to_id):
        return False
    late = desk.late(order.cause)
    close_order(session, order, "escalated", now)
    level = order.level + 1
    told = {"text": f"{order.answer_by.isoformat()} 前未反馈，升级为{LEVELS[level]}"}
    word = say(session, order.bureau, order.id, "escalate", desk.actor, told, now)
    # Where the cause holds no more, because a limit moved, the answer is owed all the same.
    days = order.days_over if late is None else late
    name = name_of(session, order.to_id)
    _issue(desk, level, order.cause, days, order.to_id, name, "", order.id)
    text = f"督办逾期未反馈，已升级为{LEVELS[level]}（{name}）"
    desk.tell(order.id, word, "order_escalate", text, *holders(session, order.bureau, "supervisor"))
    return True


def _is_active(session: Connection, staff_id: int) -> bool:
    return bool(session.execute(select(StaffRow.active).where(StaffRow.id == staff_id)).scalar_one())


def redated(session: Connection, house: House, case: CaseState, now: datetime) -> bool:
    """Whether the time for an answer ends later by the calendar as it stands now, also on a case that has ended.

    The calendar's own run moves the deadlines of open cases only; an order may be about an ended one.
    """
    record, today = case.record, beijing_day(now)
    running = [DeadlineRow.bureau == record.bureau, DeadlineRow.case_id == record.id, DeadlineRow.kind == REPLY]
    query = select(DeadlineRow.started_on, DeadlineRow.limit_n).where(*running, DeadlineRow.stopped_on.is_(None))
    row = session.execute(query).one_or_none()
    order = running_order(session, record.bureau, record.id)
    if row is None or order is None:
        return False
    calendar, limit = calendar_for(session, house, record.bureau), Limit(row.limit_n)
    last = due(calendar, row.started_on, limit).on
    if last is None or last < today:
        return False
    move_deadline(session, calendar, record.bureau, record.id, REPLY, row.started_on, limit)
    change_order(session, order, answer_by=last)
    return True
