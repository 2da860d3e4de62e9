"""What the public sees of a case: its state in plain words, its dates, what is missing; nothing personal."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from caseflow.house import House
from caseflow.identity import IdKind, mask_name, normalise
from caseflow.rules.rating import RATED_ENDS
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, PaperRow, PersonRow
from caseflow.store.side_models import RatingRow

STATE_WORDS: Final = {
    "received": "已收件",
    "supplementing": "待补正",
    "accepted": "已受理",
    "suspended": "审核中（特别程序，暂停计时）",
    "publicising": "公示中",
    "approved": "审核通过，办理中",
    "paying": "审核通过，待拨付",
    "closed": "已办结",
    "refused": "已办结（审核不通过）",
    "declined": "不予受理",
    "withdrawn": "已撤回",
    "terminated": "已终止",
}
IN_REVIEW: Final = "审核中"
"""Every other open state of every flow."""

STEPS: Final = ("收件", "受理", "审核", "办结")
LAST_FOUR: Final = 4
_CODE: Final = re.compile(r"[23456789A-HJ-NP-Z]{8}")
_PLACES: Final = {"received": 0, "supplementing": 0, "accepted": 1}
_RESULTS: Final = {
    "close": "result",
    "close_on_the_spot": "result",
    "pay": "result",
    "sign": "result",
    "refuse": "opinion",
    "decline": "reason",
}
"""The deciding steps, and the entry of each that tells the applicant what came of it."""

# Account, identity and telephone numbers that staff may have typed into a sentence; a date is none.
_NUMBERS: Final = re.compile(r"(?<![0-9])(?![0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9]))[0-9][0-9 \-]{6,}[0-9Xx]")
_HIDDEN: Final = "＊＊＊＊"


@dataclass(frozen=True, slots=True)
class Progress:
    """One case as its applicant sees it; days are Beijing days. `case_id` and `bureau` are for rating it, unseen."""

    case_id: int
    bureau: str
    bureau_name: str
    phone: str
    item: str
    applicant: str
    state: str
    step: int
    received_on: date
    accepted_on: date | None
    due_label: str
    due_on: date | None
    late: bool
    provisional: bool
    missing: tuple[str, ...]
    reply_by: date | None
    reply_late: bool
    ended_on: date | None
    result: str
    may_rate: bool
    grade: int | None


def read_code(text: str) -> str:
    """A query code as it is stored; "" where the text cannot be one."""
    plain = normalise(text[:64])
    return plain if _CODE.fullmatch(plain) else ""


def find_progress(session: Connection, house: House, code: str, last_four: str, today: date) -> Progress | None:
    """The case of this query code, if these are the last four of its applicant's or agent's number; else None.

    Compared in constant time, and an unknown code as long as a wrong number.
    """
    row = session.execute(select(*_COLUMNS).where(CaseRow.query_code == code)).one_or_none() if code else None
    given = normalise(last_four[:64])
    if not _is_one_of(_numbers(session, row), given) or row is None:
        return None
    return _progress(session, house, row, today)


_COLUMNS: Final[tuple[Any, ...]] = (
    CaseRow.id,
    CaseRow.bureau,
    CaseRow.item_name,
    CaseRow.applicant_name,
    CaseRow.state,
    CaseRow.received_on,
    CaseRow.accepted_on,
    CaseRow.promised_due,
    CaseRow.statutory_due,
    CaseRow.provisional,
    CaseRow.ended_on,
)


def _numbers(session: Connection, row: Row[Any] | None) -> Sequence[str]:
    """The last fours that open the case; the same query with the same number of rows to compare for none."""
    bureau, case_id = (row.bureau, row.id) if row is not None else ("", 0)
    query = select(PersonRow.id_last4).where(
        PersonRow.bureau == bureau, PersonRow.case_id == case_id, PersonRow.part.in_(("applicant", "agent"))
    )
    return session.execute(query).scalars().all() or ("",)


def _is_one_of(numbers: Sequence[str], given: str) -> bool:
    equal = [hmac.compare_digest(number.encode(), given.encode()) for number in numbers]
    return len(given) == LAST_FOUR and any(equal)


def _progress(session: Connection, house: House, row: Row[Any], today: date) -> Progress:
    bureau = house.catalogue.bureau(row.bureau)
    waits = row.state == "supplementing"
    reply_by = _reply_by(session, row) if waits else None
    label, due = _due(row)
    masked = _masked(session, row)
    grade = session.execute(
        select(RatingRow.grade).where(RatingRow.bureau == row.bureau, RatingRow.case_id == row.id)
    ).scalar_one_or_none()
    return Progress(
        case_id=row.id,
        bureau=row.bureau,
        bureau_name=bureau.name,
        phone=bureau.phone,
        item=row.item_name,
        applicant=masked,
        state=STATE_WORDS.get(row.state, IN_REVIEW),
        step=3 if row.ended_on else _PLACES.get(row.state, 2),
        received_on=row.received_on,
        accepted_on=row.accepted_on,
        due_label=label,
        due_on=due,
        late=due is not None and due < today and not row.ended_on,
        provisional=bool(row.provisional),
        missing=_missing(session, row, masked) if waits else (),
        reply_by=reply_by,
        reply_late=reply_by is not None and reply_by < today,
        ended_on=row.ended_on,
        result=_result(session, row, masked) if row.ended_on else "",
        may_rate=row.state in RATED_ENDS and grade is None,
        grade=grade,
    )


def _due(row: Row[Any]) -> tuple[str, date | None]:
    """The promised day of an open case, or the statutory one where nothing was promised."""
    if row.ended_on is not None or row.promised_due is not None:
        return "承诺办结", None if row.ended_on else row.promised_due
    return "法定办结", row.statutory_due


def _masked(session: Connection, row: Row[Any]) -> str:
    query = select(PersonRow.id_kind).where(
        PersonRow.bureau == row.bureau, PersonRow.case_id == row.id, PersonRow.part == "applicant"
    )
    kind = session.execute(query).scalar_one()
    return mask_name(row.applicant_name, organisation=kind == IdKind.CREDIT_CODE)


def _reply_by(session: Connection, row: Row[Any]) -> date | None:
    query = select(DeadlineRow.due_on).where(
        DeadlineRow.bureau == row.bureau,
        DeadlineRow.case_id == row.id,
        DeadlineRow.kind == "supplement",
        DeadlineRow.stopped_on.is_(None),
    )
    return session.execute(query).scalar_one_or_none()


def _missing(session: Connection, row: Row[Any], masked: str) -> tuple[str, ...]:
    """The lines of the last notice that stands, word for word but for names and numbers."""
    query = select(PaperRow.fields).where(
        PaperRow.bureau == row.bureau,
        PaperRow.case_id == row.id,
        PaperRow.kind == "notice",
        PaperRow.voided_at.is_(None),
    )
    fields = session.execute(query.order_by(PaperRow.id.desc()).limit(1)).scalar_one_or_none()
    return tuple(_public(str(line), row.applicant_name, masked) for line in (fields or {}).get("lines", ()))


def _result(session: Connection, row: Row[Any], masked: str) -> str:
    """What the last decisive step said, without names and numbers; "" for a withdrawal."""
    query = select(EventRow.action, EventRow.detail).where(
        EventRow.bureau == row.bureau, EventRow.case_id == row.id, EventRow.action.in_(list(_RESULTS))
    )
    last = session.execute(query.order_by(EventRow.seq.desc()).limit(1)).one_or_none()
    if last is None or row.state not in RATED_ENDS:
        return ""
    return _public(str(last.detail.get(_RESULTS[last.action], "")), row.applicant_name, masked)


def _public(text: str, name: str, masked: str) -> str:
    return _NUMBERS.sub(_HIDDEN, text.replace(name, masked))
