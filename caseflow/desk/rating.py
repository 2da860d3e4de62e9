"""好差评: the applicant's grade after an end, and the call-back and rectification a bad one opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from caseflow.desk.deadlines import open_deadline, stop_deadlines
from caseflow.desk.handling import check_version
from caseflow.errors import BadInput, Fault, Refusal, Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.clock import Limit
from caseflow.rules.entries import text_fault
from caseflow.rules.rating import BAD_GRADES, GRADES, RATED_ENDS
from caseflow.store.calendars import calendar_for
from caseflow.store.facts import CaseState, load_case
from caseflow.store.journal import Entry, append
from caseflow.store.models import CaseRow
from caseflow.store.side_models import RatingRow

CALL_BACK_DAYS: Final = 1
RECTIFY_DAYS: Final = 15
"""Working days after a bad grade for calling back, and for putting right what it complains of."""

LONGEST_WORDS: Final = 500
LONGEST_TEXT: Final = 500
APPLICANT: Final = "申请人"
_FOLLOWERS: Final = frozenset({"clerk", "supervisor"})
_LABELS: Final = {"call_back": "差评回访", "rectify": "差评整改"}


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating that was written: the version of the case after it; the days a bad one must be followed up by."""

    version: int
    call_back_due: date | None
    rectify_due: date | None


def rate(session: Connection, house: House, bureau: str, case_id: int, grade: int, words: str, now: datetime) -> Rated:
    """Write the applicant's grade, 5 (非常满意) to 1 (非常不满意), once per case.

    Grades 2 and 1 open call_back (1 working day) and rectify (15). Raises BadInput, Refused, NotFound,
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
    version = _write(session, house, None, case, "rate", {"grade": grade, "text": GRADES[grade]}, now)
    return Rated(version, *due)


def call_back(
    session: Connection, house: House, actor: Actor, case_id: int, version: int, text: str, now: datetime
) -> int:
    """Record what the call-back to a bad grade brought, and give the new version; its deadline stops.

    Raises BadInput, Refused where the role may not or nothing is due, CaseChanged, NotFound.
    """
    return _answer(session, house, actor, case_id, version, ("call_back", text), now)


def rectify(
    session: Connection, house: House, actor: Actor, case_id: int, version: int, text: str, now: datetime
) -> int:
    """Record what was put right after a bad grade, and give the new version; its deadline stops.

    Not before the call-back. Raises as `call_back`.
    """
    return _answer(session, house, actor, case_id, version, ("rectify", text), now)


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
    called = open_deadline(session, calendar, record.bureau, record.id, "call_back", today, Limit(CALL_BACK_DAYS))
    right = open_deadline(session, calendar, record.bureau, record.id, "rectify", today, Limit(RECTIFY_DAYS))
    return called, right


def _answer(
    session: Connection,
    house: House,
    actor: Actor,
    case_id: int,
    version: int,
    done: tuple[str, str],
    now: datetime,
) -> int:
    kind, text = done
    today = beijing_day(now)
    case = load_case(session, house, actor, case_id, today, lock=True)
    check_version(session, case, version)
    _check_answer(case, actor, kind)
    fault = text_fault(_LABELS[kind], text, LONGEST_TEXT, lines=True)
    if not text.strip():
        fault = Fault(_LABELS[kind], "请写明经过和结果")
    if fault is not None:
        raise BadInput([fault])
    stop_deadlines(session, case.record.bureau, case.record.id, today, kind)
    return _write(session, house, actor, case, kind, {"text": text.strip()}, now)


def _check_answer(case: CaseState, actor: Actor, kind: str) -> None:
    refusals = []
    if not actor.roles & _FOLLOWERS:
        refusals.append(Refusal("role", f"{_LABELS[kind]}须由窗口人员、主管办理"))
    if kind not in case.facts.running:
        refusals.append(Refusal("not_due", f"本件没有待办的{_LABELS[kind]}"))
    elif kind == "rectify" and "call_back" in case.facts.running:
        refusals.append(Refusal("call_back_first", "请先回访申请人，再登记整改"))
    if refusals:
        raise Refused(refusals)


def _write(
    session: Connection,
    house: House,
    actor: Actor | None,
    case: CaseState,
    action: str,
    told: dict[str, Any],
    now: datetime,
) -> int:
    record = case.record
    entry = Entry(
        bureau=record.bureau,
        case_id=record.id,
        seq=record.version + 1,
        at=now,
        on_day=beijing_day(now),
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else APPLICANT,
        action=action,
        from_state=record.state,
        to_state=record.state,
        detail=told,
    )
    head = append(session, house.keys, record.chain, [entry])
    changed = update(CaseRow).where(CaseRow.bureau == record.bureau, CaseRow.id == record.id)
    session.execute(changed.values(version=record.version + 1, chain=head))
    return record.version + 1
