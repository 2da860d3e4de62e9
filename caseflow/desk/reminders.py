"""Reminders of what falls due, written by the sweep: to who answers for a case, and to the applicant by short message.

Each sweep says of a deadline or limit only what is true on its day, so after days off the latest word is said once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, or_, select

from caseflow.desk.messages import Note, answerable, tell, told_before
from caseflow.desk.outbox import Letter, enqueue
from caseflow.house import House, beijing_day
from caseflow.rules.calendar import WorkingCalendar
from caseflow.store.calendars import calendar_for
from caseflow.store.models import CaseRow, DeadlineRow
from caseflow.store.office_models import OrderRow
from caseflow.store.side_models import MessageRow, OutboxRow

COMMITMENT_DAYS: Final = 10
"""Calendar days before the end of a commitment on which the applicant is reminded."""

SUPPLEMENT_DAYS: Final = 3
"""Working days before the end of a supplement deadline on which the applicant is reminded."""

_HORIZON: Final = timedelta(days=45)
"""No reminder looks further ahead: ten working days fit into it in every year."""

_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class Duty:
    """A kind of deadline in the words of a message, and how many working days before its end staff are reminded."""

    name: str
    soon: int


DUTIES: Final[Mapping[str, Duty]] = {
    "notice": Duty("一次性告知期限", 1),
    "supplement": Duty("申请人补正期限", 3),
    "stage": Duty("本环节期限", 1),
    "suspension": Duty("停表预计期限", 1),
    "deferral": Duty("容缺材料补齐期限", 3),
    "commitment": Duty("承诺材料补齐期限", 10),
    "serve": Duty("送达期限", 2),
    "repay": Duty("退汇后重新拨付期限", 1),
    "order_reply": Duty("督办反馈期限", 1),
    "call_back": Duty("差评回访期限", 1),
    "rectify": Duty("差评整改期限", 3),
}


class Over(StrEnum):
    """How a case stands to its limits, the worst that holds."""

    STATUTORY = "over_statutory"
    PROMISED = "over_promised"
    TODAY = "limit_today"
    SOON = "limit_soon"


@dataclass(frozen=True, slots=True)
class Reach:
    """What this installation can reach outside: a short-message gateway, and a mailbox per bureau."""

    sms: bool = False
    mailboxes: Mapping[str, str] = field(default_factory=dict)


NOWHERE: Final = Reach()


@dataclass(frozen=True, slots=True)
class Reminded:
    """What one sweep of a bureau wrote: messages to staff, and messages to be sent outside."""

    messages: int
    letters: int


def remind(session: Connection, house: House, bureau: str, now: datetime, reach: Reach) -> Reminded:
    """Write what is to be said today about the bureau's cases and was not said before."""
    today = beijing_day(now)
    calendar = calendar_for(session, house, bureau)
    running = _running(session, bureau, today)
    limits = _limits(session, bureau, calendar.add(today, 1))
    told = [*_deadline_notes(bureau, calendar, running, today), *_limit_notes(bureau, limits, today)]
    known = told_before(session, MessageRow, bureau, [note.once for note, _ in told])
    people = answerable(session, bureau)
    fresh = [(note, people.of(handler)) for note, handler in told if note.once not in known]
    letters = [
        *(_applicant_letters(house, bureau, calendar, running, today) if reach.sms else ()),
        *(_summary(house, bureau, limits, running, today, reach) if calendar.is_working(today) else ()),
    ]
    queued = told_before(session, OutboxRow, bureau, [letter.once for letter in letters])
    sent = sum(enqueue(session, house, letter, now) for letter in letters if letter.once not in queued)
    return Reminded(tell(session, fresh, now), sent)


def tell_lapse(
    session: Connection, people: Sequence[int], row: Any, deadline_id: int, text: str, now: datetime, kind: str
) -> int:
    """Tell these staff that a deadline lapsed, in the transaction that records the lapse. `row` is the case."""
    note = Note(row.bureau, row.id, f"{kind}_lapsed", f"{row.item_name}：{text}", f"deadline:{deadline_id}:lapsed")
    return tell(session, [(note, people)], now)


def _running(session: Connection, bureau: str, today: date) -> Sequence[Any]:
    """The deadlines that end today or soon, with what a message needs of their case."""
    query = (
        select(
            DeadlineRow.id,
            DeadlineRow.case_id,
            DeadlineRow.kind,
            DeadlineRow.due_on,
            CaseRow.item_name,
            _who_owes().label("handler_id"),
            CaseRow.query_code,
            CaseRow.applicant_phone,
        )
        .join(CaseRow, CaseRow.id == DeadlineRow.case_id)
        .where(DeadlineRow.bureau == bureau, DeadlineRow.due_on.between(today, today + _HORIZON))
        .where(DeadlineRow.stopped_on.is_(None), DeadlineRow.lapsed_on.is_(None))
        .order_by(DeadlineRow.due_on, DeadlineRow.id)
    )
    return session.execute(query).all()


def _who_owes() -> ColumnElement[int | None]:
    """Who holds the case; for the answer to an order, to whom it was addressed."""
    addressee = (
        select(OrderRow.to_id)
        .where(OrderRow.bureau == CaseRow.bureau, OrderRow.case_id == CaseRow.id, OrderRow.closed_on.is_(None))
        .scalar_subquery()
    )
    return case((DeadlineRow.kind == "order_reply", addressee), else_=CaseRow.handler_id)


def _limits(session: Connection, bureau: str, until: date) -> Sequence[Any]:
    """The open cases with a limit that ends on or before a day."""
    query = (
        select(CaseRow.id, CaseRow.item_name, CaseRow.handler_id, CaseRow.promised_due, CaseRow.statutory_due)
        .where(CaseRow.bureau == bureau, CaseRow.is_open == 1)
        .where(or_(CaseRow.promised_due <= until, CaseRow.statutory_due <= until))
        .order_by(CaseRow.id)
    )
    return session.execute(query).all()


def _deadline_notes(
    bureau: str, calendar: WorkingCalendar, running: Sequence[Any], today: date
) -> Iterator[tuple[Note, int | None]]:
    for row in running:
        duty = DUTIES[row.kind]
        left = calendar.count(today, row.due_on)
        if row.due_on > today and left > duty.soon:
            continue
        phase = "today" if row.due_on == today else "soon"
        text = f"{row.item_name}：{duty.name}{_when(row.due_on, today, left)}"
        once = f"deadline:{row.id}:{phase}:{row.due_on.isoformat()}"
        yield Note(bureau, row.case_id, f"{row.kind}_{phase}", text, once), row.handler_id


def _when(due_on: date, today: date, left: int) -> str:
    if due_on == today:
        return f"今日（{due_on.isoformat()}）到期"
    if left <= 1:
        return f"将于 {due_on.isoformat()} 到期（下一工作日）" if left else f"将于 {due_on.isoformat()} 到期"
    return f"将于 {due_on.isoformat()} 到期（剩 {left} 个工作日）"


def _limit_notes(bureau: str, limits: Sequence[Any], today: date) -> Iterator[tuple[Note, int | None]]:
    for row in limits:
        over, due_on = _over(row.promised_due, row.statutory_due, today)
        text = f"{row.item_name}：{_OVER_TEXTS[over].format(due=due_on.isoformat())}"
        once = f"limit:{row.id}:{over}:{due_on.isoformat()}"
        yield Note(bureau, row.id, over.value, text, once), row.handler_id


_OVER_TEXTS: Final = {
    Over.STATUTORY: "已超过法定办理时限（{due} 到期），请尽快办结并向申请人说明原因",
    Over.PROMISED: "已超过承诺办理时限（{due} 到期），请尽快办结并向申请人说明原因",
    Over.TODAY: "办理时限今日（{due}）到期",
    Over.SOON: "办理时限将于 {due} 到期（下一工作日）",
}


def _over(promised: date | None, statutory: date | None, today: date) -> tuple[Over, date]:
    """The worst that holds of a case with a limit up to the next working day, and the day it is counted from."""
    if statutory is not None and statutory < today:
        return Over.STATUTORY, statutory
    if promised is not None and promised < today:
        return Over.PROMISED, promised
    due_on = min(day for day in (promised, statutory) if day is not None)
    return Over.TODAY if due_on == today else Over.SOON, due_on


def _applicant_letters(
    house: House, bureau: str, calendar: WorkingCalendar, running: Sequence[Any], today: date
) -> Iterator[Letter]:
    name = house.catalogue.bureau(bureau).name
    near: Mapping[str, Callable[[date], bool]] = {
        "supplement": lambda due_on: calendar.count(today, due_on) <= SUPPLEMENT_DAYS,
        "commitment": lambda due_on: (due_on - today).days <= COMMITMENT_DAYS,
    }
    for row in running:
        number = mobile(row.applicant_phone)
        if not number or row.kind not in near or not near[row.kind](row.due_on):
            continue
        fields = {
            "bureau": name,
            "item": row.item_name,
            "due": row.due_on.isoformat(),
            "query_code": row.query_code,
        }
        once = f"applicant:{row.id}:{row.due_on.isoformat()}"
        yield Letter(bureau, row.case_id, "sms", number, f"{row.kind}_due", fields, once)


def mobile(phone: str) -> str:
    """The number a short message can reach, in digits; "" for a fixed line or none."""
    digits = re.sub(r"[\s\-]", "", phone)
    digits = digits.removeprefix("+86")
    return digits if _MOBILE.fullmatch(digits) else ""


def _summary(
    house: House, bureau: str, limits: Sequence[Any], running: Sequence[Any], today: date, reach: Reach
) -> Iterator[Letter]:
    """Counts to the office's mailbox, on days on which there is something to say."""
    found = Counter(_over(row.promised_due, row.statutory_due, today)[0] for row in limits)
    del found[Over.SOON]
    deadlines = sum(row.due_on == today for row in running)
    if bureau not in reach.mailboxes or not (found or deadlines):
        return
    fields = {
        "bureau": house.catalogue.bureau(bureau).name,
        "day": today.isoformat(),
        "over_statutory": found[Over.STATUTORY],
        "over_promised": found[Over.PROMISED],
        "today": found[Over.TODAY],
        "deadlines": deadlines,
    }
    once = f"summary:{today.isoformat()}"
    yield Letter(bureau, None, "email", reach.mailboxes[bureau], "day_summary", fields, once)
