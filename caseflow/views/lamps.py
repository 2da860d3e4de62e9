"""The lamps in SQL: the same verdicts as `rules.clock.read`, taken from the stored due dates so that lists can filter.

For a limit of working days the days left follow from the due date alone, so 临期 is a comparison of dates. Limits in
other units are few; `soon_by_reading` reads their cases one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, literal, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import DEFAULT_SOON, Clocks, Lamp, Limit, Pause, Reading, Unit, read
from caseflow.store.models import CaseRow, PauseRow

AnyRow = Row[*tuple[Any, ...]]

FAR = date(9999, 12, 31)
LONGEST_TOTAL = 100
"""Limits of more working days than this are read one by one."""

_SUSPENDED = "suspended"

CLOCK_COLUMNS = (
    CaseRow.id,
    CaseRow.state,
    CaseRow.accepted_on,
    CaseRow.promised_n,
    CaseRow.promised_unit,
    CaseRow.promised_due,
    CaseRow.statutory_n,
    CaseRow.statutory_unit,
    CaseRow.statutory_due,
    CaseRow.extend,
)
"""What a reading needs of a case row; the pauses come from `pauses_of`."""

nearest = func.coalesce(CaseRow.promised_due, CaseRow.statutory_due, literal(FAR))
"""The date a case is due by: the promise, or the statutory limit where nothing was promised."""

total = func.coalesce(CaseRow.promised_n, CaseRow.statutory_n) + CaseRow.extend
one_unit = func.coalesce(CaseRow.statutory_unit, CaseRow.promised_unit) == func.coalesce(
    CaseRow.promised_unit, CaseRow.statutory_unit
)
plain = and_(
    func.coalesce(CaseRow.promised_unit, CaseRow.statutory_unit) == Unit.WORKING_DAY.value,
    one_unit,
    total <= LONGEST_TOTAL,
)


def over_statutory(today: date) -> ColumnElement[bool]:
    """超法定."""
    return _before(CaseRow.statutory_due, today)


def over_promised(today: date) -> ColumnElement[bool]:
    """超承诺, and not worse."""
    return and_(not_(over_statutory(today)), _before(CaseRow.promised_due, today))


def over(today: date) -> ColumnElement[bool]:
    """超期 of either kind."""
    return or_(over_statutory(today), _before(CaseRow.promised_due, today))


def _before(due: InstrumentedAttribute[date | None], today: date) -> ColumnElement[bool]:
    """True or false, never null; and a range of an index where it stands alone."""
    return and_(due.is_not(None), due < today)


def due_today(today: date) -> ColumnElement[bool]:
    """今日到期."""
    return and_(not_(over(today)), nearest == today)


def paused(today: date) -> ColumnElement[bool]:
    """停表, and neither late nor due today: what was late keeps its lamp."""
    return and_(not_(over(today)), nearest != today, CaseRow.state == _SUSPENDED)


def waiting() -> ColumnElement[bool]:
    """Before acceptance: no limit runs yet."""
    return and_(nearest == FAR, CaseRow.state != _SUSPENDED)


def running(today: date) -> ColumnElement[bool]:
    """A limit runs and is neither reached nor stopped: 临期 or 正常."""
    return and_(nearest > today, nearest < FAR, CaseRow.state != _SUSPENDED)


def odd(today: date) -> ColumnElement[bool]:
    """A running case whose 临期 the due date alone does not tell."""
    return and_(running(today), not_(plain))


def soon(calendar: WorkingCalendar, today: date, also: Sequence[int] = ()) -> ColumnElement[bool]:
    """临期 by `DEFAULT_SOON`; `also` are the ids that `soon_by_reading` found."""
    near = and_(plain, total >= _shortest_soon(calendar, today))
    return and_(running(today), or_(near, CaseRow.id.in_(also)) if also else near)


def _shortest_soon(calendar: WorkingCalendar, today: date) -> ColumnElement[int]:
    """The shortest limit, in working days, that is 临期 on a due date; a CASE ends at the first day that fits."""
    rule, unused = DEFAULT_SOON, 100 - DEFAULT_SOON.percent
    lengths = range(1, LONGEST_TOTAL * unused // 100 + 1)
    steps = [(nearest <= calendar.add(today, left), -(-left * 100 // unused)) for left in lengths]
    by_share = case(*steps, else_=LONGEST_TOTAL + 1)
    return case((and_(total <= rule.short, nearest <= calendar.add(today, rule.left)), 0), else_=by_share)


def normal(calendar: WorkingCalendar, today: date, also: Sequence[int] = ()) -> ColumnElement[bool]:
    """正常."""
    return and_(running(today), not_(soon(calendar, today, also)))


def soon_by_reading(
    session: Connection, calendar: WorkingCalendar, scope: ColumnElement[bool], today: date
) -> tuple[int, ...]:
    """The ids of a scope's odd cases that are 临期."""
    rows = session.execute(select(*CLOCK_COLUMNS).where(scope, odd(today))).all()
    pauses = pauses_of(session, rows)
    return tuple(row.id for row in rows if reading_of(calendar, row, pauses, today).lamp is Lamp.SOON)


def pauses_of(session: Connection, rows: Sequence[AnyRow]) -> Mapping[int, tuple[Pause, ...]]:
    """The pauses of the cases among `rows`, by case."""
    ids = [row.id for row in rows if row.accepted_on is not None]
    found: dict[int, tuple[Pause, ...]] = {}
    if not ids:
        return found
    query = select(PauseRow.case_id, PauseRow.from_on, PauseRow.to_on)
    query = query.where(PauseRow.case_id.in_(ids), PauseRow.excluded == 1)
    for case_id, start, end in session.execute(query):
        found[case_id] = (*found.get(case_id, ()), Pause(start, end))
    return found


def reading_of(calendar: WorkingCalendar, row: AnyRow, pauses: Mapping[int, tuple[Pause, ...]], today: date) -> Reading:
    """Both limits of an open case on a day, from its row and its pauses."""
    # A complete 即办件 is due the day its material came in, also before it is accepted: its limit is of 0 days.
    start = row.accepted_on or (row.promised_due if row.promised_n == 0 else None)
    clocks = Clocks(
        start,
        _limit(row.promised_n, row.promised_unit),
        _limit(row.statutory_n, row.statutory_unit),
        pauses.get(row.id, ()),
        row.extend,
    )
    return read(calendar, clocks, today, paused=row.state == _SUSPENDED, supplementing=row.state == "supplementing")


def _limit(n: int | None, unit: str | None) -> Limit | None:
    return None if n is None or unit is None else Limit(n, Unit(unit))
