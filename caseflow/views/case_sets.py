"""The sets of `rules.case_sets` as SQL conditions, and the filters beside them: one meaning for figure, list, export.

A test holds each condition against the pure predicate of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, extract, func, not_, or_, select, union_all

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.case_sets import SETS, Base, Span, parts_of
from caseflow.rules.clock import Unit
from caseflow.rules.rating import BAD_GRADES
from caseflow.store.models import CaseRow, EventRow, StaffRow
from caseflow.store.office_models import OrderRow
from caseflow.store.side_models import RatingRow
from caseflow.views import lamps
from caseflow.views.lines import STATES, UNCLAIMED
from caseflow.views.worklist import lamp_conditions

BLANK: Final = "-"
"""The window or section whose name was never entered."""

MISTAKEN: Final = "录入错误"
DECISIONS: Final = tuple(sorted(key for key, state in STATES.items() if state.decision))
_BEIJING_HOURS: Final = 8
_WEEK_HOURS: Final = 7 * 24
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Filters beside a set and a period; each empty one lets everything through.

    `at` is a weekday and hour of receipt ("1.09": Monday, from 9 o'clock, Beijing); `passed` a state the case left.
    """

    item: str = ""
    section: str = ""
    window: str = ""
    person: str = ""
    state: str = ""
    lamp: str = ""
    at: str = ""
    passed: str = ""


def _has(model: type[EventRow | OrderRow | RatingRow], *more: Condition) -> Condition:
    """The case has such a row; asked of the case also where the statement itself reads the same table."""
    return exists().where(model.bureau == CaseRow.bureau, model.case_id == CaseRow.id, *more).correlate(CaseRow)


def happened(*actions: str) -> Condition:
    """One of these actions is in the history of the case."""
    return _has(EventRow, EventRow.action.in_(actions))


def base_condition(base: Base, span: Span, bureau: str) -> Condition:
    """The cases of a base in one bureau."""
    found: dict[Base, Callable[[], Condition]] = {
        "received": lambda: CaseRow.received_on.between(span.first, span.last),
        "ended": lambda: CaseRow.ended_on.between(span.first, span.last),
        "open": lambda: _open(span, bureau),
        "ordered": lambda: _under_orders(span, bureau),
    }
    return and_(CaseRow.bureau == bureau, found[base](), not_mistaken())


def not_mistaken() -> Condition:
    """The case was not withdrawn because it had been entered by mistake."""
    mistaken = _has(EventRow, EventRow.action == "withdraw", EventRow.detail["kind"].as_string() == MISTAKEN)
    return or_(CaseRow.state != "withdrawn", not_(mistaken))


def _open(span: Span, bureau: str) -> Condition:
    if span.now:
        return CaseRow.is_open == 1
    # Two ranges of two indexes instead of one OR: open now, and ended since. What ended long before is not looked at.
    here = select(CaseRow.id).where(CaseRow.bureau == bureau)
    found = union_all(here.where(CaseRow.is_open == 1), here.where(CaseRow.ended_on > span.day))
    return and_(CaseRow.received_on <= span.day, CaseRow.id.in_(found.subquery().select()))


def _under_orders(span: Span, bureau: str) -> Condition:
    ordered = select(OrderRow.case_id).where(
        OrderRow.bureau == bureau,
        OrderRow.issued_on.between(span.first, span.last),
        OrderRow.outcome != "withdrawn",
    )
    return CaseRow.id.in_(ordered)


def _order(span: Span, *more: Condition) -> Condition:
    """The case has an order of the period whose answer is here or overdue, and `more` holds of it."""
    still_owed = or_(OrderRow.closed_on.is_(None), OrderRow.closed_on > OrderRow.answer_by)
    return _has(
        OrderRow,
        OrderRow.issued_on.between(span.first, span.last),
        OrderRow.outcome != "withdrawn",
        or_(OrderRow.answered_on.is_not(None), and_(OrderRow.answer_by < span.day, still_owed)),
        *more,
    )


def _graded(*more: Condition) -> Condition:
    return _has(RatingRow, *more)


_closed = CaseRow.state.in_(DECISIONS)
_due = func.coalesce(CaseRow.promised_due, CaseRow.statutory_due)
_limited = or_(CaseRow.promised_n.is_not(None), CaseRow.statutory_n.is_not(None))
_statutory = CaseRow.statutory_n.is_not(None)
_lengthy = func.coalesce(CaseRow.promised_n, CaseRow.statutory_n) > 0
_DAYS: Final = Unit.WORKING_DAY.value
_comparable = and_(CaseRow.promised_unit == _DAYS, CaseRow.statutory_unit == _DAYS)
_bad = RatingRow.grade.in_(sorted(BAD_GRADES))


def _never_late(due: ColumnElement[date]) -> Condition:
    return or_(due.is_(None), due >= CaseRow.ended_on)


def _always(_span: Span) -> Condition:
    return CaseRow.id.is_not(None)


def _plain(condition: Condition) -> Callable[[Span], Condition]:
    return lambda _span: condition


_WITHIN: Final[Mapping[str, Callable[[Span], Condition]]] = {
    "received": _always,
    "accepted": _plain(CaseRow.accepted_on.is_not(None)),
    "supplemented": _plain(happened("supplement_notice")),
    "declined": _plain(CaseRow.state == "declined"),
    "online": _plain(CaseRow.channel == "online"),
    "deferred": _plain(and_(CaseRow.accepted_on.is_not(None), happened("accept_deferred"))),
    "ended": _always,
    "closed": _plain(_closed),
    "closed_limited": _plain(and_(_closed, _limited)),
    "on_time": _plain(and_(_closed, _limited, _never_late(_due))),
    "closed_late": _plain(and_(_closed, _limited, _due < CaseRow.ended_on)),
    "closed_statutory": _plain(and_(_closed, _statutory)),
    "closed_late_statutory": _plain(and_(_closed, _statutory, CaseRow.statutory_due < CaseRow.ended_on)),
    "closed_promised": _plain(and_(_closed, _lengthy)),
    "early": _plain(and_(_closed, _lengthy, CaseRow.ended_on < _due)),
    "same_day": _plain(and_(_closed, CaseRow.ended_on == CaseRow.received_on)),
    "comparable": _plain(and_(_closed, _comparable)),
    "first_pass": _plain(and_(_closed, not_(happened("supplement_notice", "send_back")))),
    "sent_back": _plain(and_(_closed, happened("send_back"))),
    "extended": _plain(and_(_closed, CaseRow.extend > 0)),
    "paused": _plain(and_(_closed, happened("suspend"))),
    "rated": _plain(_graded()),
    "satisfied": _plain(_graded(not_(_bad))),
    "bad": _plain(_graded(_bad)),
    "rectified": _plain(and_(_graded(_bad), happened("rectify"))),
    "open": _always,
    "open_limited": _plain(_limited),
    "open_late": lambda span: and_(_limited, _due < span.day),
    "open_statutory": _plain(_statutory),
    "open_late_statutory": lambda span: and_(_statutory, CaseRow.statutory_due < span.day),
    "ordered": _order,
    "answered": lambda span: and_(
        _order(span),
        not_(_order(span, or_(OrderRow.answered_on.is_(None), OrderRow.answered_on > OrderRow.answer_by))),
    ),
}


def within(key: str, span: Span) -> Condition:
    """What a simple set asks beside its base."""
    return _WITHIN[key](span)


def in_set(key: str, span: Span, bureau: str) -> Condition:
    """The cases of a set, simple or joined, in one bureau."""
    return or_(*(and_(base_condition(SETS[part].base, span, bureau), within(part, span)) for part in parts_of(key)))


@dataclass(frozen=True, slots=True)
class Scope:
    """The cases a figure, list or export looks at beside set and period; `soon_ids` as `scope_for` found them."""

    bureau: str
    calendar: WorkingCalendar
    today: date
    chosen: Chosen = Chosen()
    soon_ids: tuple[int, ...] = ()

    @property
    def condition(self) -> Condition:
        """The cases of the bureau that every filter lets through."""
        chosen = self.chosen
        plain = (
            (CaseRow.item_key, chosen.item or None),
            (CaseRow.window, _named(chosen.window)),
            (CaseRow.state, chosen.state or None),
        )
        found = [CaseRow.bureau == self.bureau, *(column == value for column, value in plain if value is not None)]
        more = (
            (chosen.section, lambda value: in_section(self.bureau, value)),
            (chosen.person, held_by),
            (chosen.passed, left_state),
            (chosen.at, received_at),
            (chosen.lamp, self._shining),
        )
        return and_(*found, *(made(value) for value, made in more if value))

    def _shining(self, lamp: str) -> Condition:
        return and_(CaseRow.is_open == 1, lamp_conditions(self.calendar, self.today, self.soon_ids)[lamp])


def scope_for(
    session: Connection,
    calendar: WorkingCalendar,
    bureau: str,
    today: date,
    chosen: Chosen,
    *,
    lamps_shown: bool = False,
) -> Scope:
    """The scope of these filters; the open cases whose 临期 only a reading tells are looked for where lamps matter."""
    if not (chosen.lamp or lamps_shown):
        return Scope(bureau, calendar, today, chosen)
    here = and_(CaseRow.bureau == bureau, CaseRow.is_open == 1)
    return Scope(bureau, calendar, today, chosen, lamps.soon_by_reading(session, calendar, here, today))


def _named(name: str) -> str | None:
    """A name as it is stored; None asks for any."""
    return "" if name == BLANK else name or None


def held_by(person: str) -> Condition:
    """The cases of a person (staff id), or of nobody."""
    return CaseRow.handler_id.is_(None) if person == UNCLAIMED else CaseRow.handler_id == int(person)


def in_section(bureau: str, section: str) -> Condition:
    """The cases whose handler belongs to a section."""
    if section == UNCLAIMED:
        return CaseRow.handler_id.is_(None)
    members = select(StaffRow.id).where(StaffRow.bureau == bureau, StaffRow.section == _named(section))
    return CaseRow.handler_id.in_(members)


def left_state(state: str) -> Condition:
    """The case was in a state and has left it."""
    return _has(EventRow, EventRow.from_state == state, EventRow.to_state != state)


week_hour_utc: Final = extract("dow", CaseRow.received_at) * 24 + extract("hour", CaseRow.received_at)
"""The hour of the week in UTC, from Sunday midnight: Beijing is whole hours away from it."""


def beijing_slot(utc: int) -> tuple[int, int]:
    """(weekday 1 Monday … 7 Sunday, hour) in Beijing of an hour of the UTC week."""
    here = (utc + _BEIJING_HOURS) % _WEEK_HOURS
    return here // 24 or 7, here % 24


def received_at(slot: str) -> Condition:
    """The cases received in an hour of the week, "1.09" for Monday from 9 o'clock."""
    weekday, _, hour = slot.partition(".")
    utc = (int(weekday) % 7 * 24 + int(hour) - _BEIJING_HOURS) % _WEEK_HOURS
    return week_hour_utc == utc


def counted(condition: Condition) -> ColumnElement[int]:
    """How many cases fulfil a condition."""
    return func.count(case((condition, 1)))
