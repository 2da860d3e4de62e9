"""好差评: the applicant's grade after an end, and the call-back and rectification a bad one opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from caseflow.desk.deadlines import open_deadline
from caseflow.desk.recording import Happened, record
from caseflow.errors import BadInput, Fault, Refusal, Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.clock import Limit
from caseflow.rules.entries import text_fault
from caseflow.rules.rating import BAD_GRADES, GRADES, RATED_ENDS
from caseflow.store.calendars import calendar_for
from caseflow.store.facts import CaseState, load_case
from caseflow.store.side_models import RatingRow

LONGEST_WORDS: Final = 500
APPLICANT: Final = "申请人"


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating that was written: the version of the case after it; the days a bad one must be followed up by."""

    version: int
    call_back_due: date | None
    rectify_due: date | None


def rate(session: Connection, house: House, bureau: str, case_id: int, grade: int, words: str, now: datetime) -> Rated:
    """Write the applicant's grade, 5 (非常满意) to 1 (非常不满意), once per case.

    Grades 2 and 1 open call_back and rectify, of the bureau's working days. Raises BadInput, Refused, NotFound,
    OutsideCalendar.
    """
    today = beijing_day(now)
    nobody = Actor(0, "", APPLICANT, bureau, frozenset())
    case = load_case(session, house, nobody, case_id, today, lock=True)
    _check_entries(grade, words)
    _check_ratable(session, case)
    row = {"bureau": bureau, "case_id": case_id, "grade": grade, "words": _plain(words), "rated_at": now}
    session.execute(insert(RatingRow).values(row))
    due = _follow_up(session, house, case, today) if grade in BAD_GRADES else (None, None)
    told = {"grade": grade, "text": GRADES[grade]}
    version = record(session, house, case.record, [Happened(nobody, "rate", told)], {}, now)
    return Rated(version, *due)


def _check_entries(grade: int, words: str) -> None:
    faults = [] if grade in GRADES else [Fault("评价", "请在五档中选一档")]
    fault = text_fault("意见", _plain(words), LONGEST_WORDS, lines=True)
    faults += [fault] if fault else []
    if faults:
        raise BadInput(faults)


def _plain(words: str) -> str:
    return words.replace("\r\n", "\n").strip()


def _check_ratable(session: Connection, case: CaseState) -> None:
    record = case.record
    if record.state not in RATED_ENDS:
        raise Refused([Refusal("not_ended", "办结后才能评价")])
    query = select(RatingRow.id).where(RatingRow.bureau == record.bureau, RatingRow.case_id == record.id)
    if session.execute(query).first() is not None:
        raise Refused([Refusal("rated", "本件已经评价过，每件只能评价一次")])


def _follow_up(session: Connection, house: House, case: CaseState, today: date) -> tuple[date, date]:
    record = case.record
    calendar = calendar_for(session, house, record.bureau)
    days = house.catalogue.bureau(record.bureau).follow_up
    called, right = (
        open_deadline(session, calendar, record.bureau, record.id, kind, today, Limit(days[kind]))
        for kind in ("call_back", "rectify")
    )
    return called, right
