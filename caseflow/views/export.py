"""The cases of a set, page by page as lists show them, and as rows of a table to be taken away.

What leaves the house is what a list shows: names masked, the last four of a number, never more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Date, func, literal, select, tuple_

from caseflow.house import BEIJING
from caseflow.rules.case_sets import SETS, Span, parts_of
from caseflow.rules.clock import Pause, over, used
from caseflow.rules.words import CHANNELS
from caseflow.store.models import CaseRow, StaffRow
from caseflow.views import lamps
from caseflow.views.case_sets import Scope, in_set
from caseflow.views.lines import STATES, Line, line_query, lines_of

PAGE: Final = 50
BATCH: Final = 500
Value = str | int | float | date | None
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the day its list is ordered by, and the case."""

    day: date
    id: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a set, how many cases it has in all, and where the next page begins."""

    total: int
    lines: tuple[Line, ...]
    after: Mark | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One case with what a table may show of it beside its line."""

    line: Line
    row: lamps.AnyRow
    pauses: tuple[Pause, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its head, what its cells hold, its width in characters, and how it is filled."""

    name: str
    kind: Literal["text", "day", "number"]
    width: int
    value: Callable[[Entry], Value]


def size_of(session: Connection, scope: Scope, key: str, span: Span) -> int:
    """How many cases a set has within the scope."""
    return session.execute(select(func.count(CaseRow.id)).where(_listed(scope, key, span))).scalar_one()


def listed(session: Connection, scope: Scope, key: str, span: Span, after: Mark | None = None) -> Listed:
    """One page of a set, the newest first."""
    lines = _lines(session, scope, key, span, after, PAGE + 1)
    more = len(lines) > PAGE
    return Listed(size_of(session, scope, key, span), lines[:PAGE], _mark(lines[PAGE - 1]) if more else None)


def rows_of(
    session: Connection, scope: Scope, key: str, span: Span, columns: Sequence[str]
) -> Iterator[tuple[Value, ...]]:
    """Every case of a set as a row of these columns, read in batches, the newest first."""
    chosen = [COLUMNS[column] for column in columns]
    after: Mark | None = None
    while lines := _lines(session, scope, key, span, after, BATCH):
        for entry in _entries(session, scope, lines):
            yield tuple(column.value(entry) for column in chosen)
        after = _mark(lines[-1])


def _listed(scope: Scope, key: str, span: Span) -> Condition:
    return scope.condition & in_set(key, span, scope.bureau)


def _day(key: str) -> ColumnElement[date]:
    """The day a set is ordered by, which is the one its index has: of the end for ended cases, else of receipt."""
    ended = all(SETS[part].base == "ended" for part in parts_of(key))
    column: ColumnElement[Any] = (CaseRow.ended_on if ended else CaseRow.received_on).expression
    return column


def _lines(session: Connection, scope: Scope, key: str, span: Span, after: Mark | None, limit: int) -> tuple[Line, ...]:
    day = _day(key)
    found = select(CaseRow.id, literal(0).label("rank"), day.label("place")).where(_listed(scope, key, span))
    if after is not None:
        found = found.where(tuple_(day, CaseRow.id) < tuple_(literal(after.day, Date), literal(after.id)))
    page = found.order_by(day.desc(), CaseRow.id.desc()).limit(limit).subquery()
    query = line_query(page).order_by(day.desc(), CaseRow.id.desc())
    return lines_of(session, scope.calendar, query, scope.today)


def _mark(line: Line) -> Mark:
    """Where a list ordered by its day stands after this line."""
    if not isinstance(line.place.value, date):
        raise TypeError(line.place)
    return Mark(line.place.value, line.id)


def _entries(session: Connection, scope: Scope, lines: Sequence[Line]) -> Iterator[Entry]:
    query = (
        select(
            CaseRow.id,
            CaseRow.channel,
            CaseRow.window,
            CaseRow.received_at,
            CaseRow.accepted_on,
            CaseRow.decided_on,
            CaseRow.ended_on,
            CaseRow.promised_due,
            CaseRow.statutory_due,
            CaseRow.amount_fen,
            CaseRow.extend,
            StaffRow.section,
        )
        .outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id)
        .where(CaseRow.bureau == scope.bureau, CaseRow.id.in_([line.id for line in lines]))
    )
    rows = {row.id: row for row in session.execute(query)}
    pauses = lamps.pauses_of(session, list(rows.values()))
    return (Entry(line, rows[line.id], pauses.get(line.id, ()), scope) for line in lines if line.id in rows)


def _days_used(entry: Entry) -> int | None:
    """Working days from acceptance to the end, or to today, outside the pauses."""
    row = entry.row
    if row.accepted_on is None:
        return None
    return used(entry.scope.calendar, row.accepted_on, row.ended_on or entry.scope.today, entry.pauses)


def _verdict(entry: Entry) -> str:
    """The lamp of an open case; of a decided one whether it kept its limit."""
    line, row = entry.line, entry.row
    if line.reading is not None:
        return line.reading.text
    due = row.promised_due or row.statutory_due
    if row.ended_on is None or not STATES[line.state].decision or due is None:
        return line.waiting
    if due >= row.ended_on:
        return "按时办结"
    return f"超期办结 {over(entry.scope.calendar, due, row.ended_on, entry.pauses)} 日"


def _yuan(entry: Entry) -> float | None:
    return None if entry.row.amount_fen is None else entry.row.amount_fen / 100


COLUMNS: Final[Mapping[str, Column]] = {
    "number": Column("办件编号", "text", 27, lambda e: e.line.number),
    "item": Column("事项", "text", 40, lambda e: e.line.item_name),
    "applicant": Column("申请人", "text", 20, lambda e: e.line.applicant),
    "last4": Column("证件号后四位", "text", 13, lambda e: e.line.last4),
    "channel": Column("渠道", "text", 8, lambda e: CHANNELS.get(e.row.channel, e.row.channel)),
    "window": Column("窗口", "text", 14, lambda e: e.row.window),
    "received": Column("收件日期", "day", 12, lambda e: e.line.received_on),
    "time": Column("收件时间", "text", 10, lambda e: f"{e.row.received_at.astimezone(BEIJING):%H:%M}"),
    "accepted": Column("受理日期", "day", 12, lambda e: e.row.accepted_on),
    "ended": Column("办结日期", "day", 12, lambda e: e.row.ended_on),
    "promised": Column("承诺到期", "day", 12, lambda e: e.row.promised_due),
    "statutory": Column("法定到期", "day", 12, lambda e: e.row.statutory_due),
    "state": Column("环节", "text", 12, lambda e: e.line.state_label),
    "verdict": Column("时限", "text", 18, _verdict),
    "used": Column("用时（工作日）", "number", 14, _days_used),
    "extend": Column("延期（工作日）", "number", 14, lambda e: e.row.extend or None),
    "handler": Column("经办人", "text", 16, lambda e: e.line.handler),
    "section": Column("科室", "text", 16, lambda e: e.row.section or ""),
    "amount": Column("金额（元）", "number", 14, _yuan),
    "marks": Column("标记", "text", 24, lambda e: "、".join(e.line.marks)),
}
"""What a table of cases may hold, in its order."""

USUAL: Final = tuple(key for key in COLUMNS if key not in {"time", "extend", "section", "amount", "marks"})
"""The columns where none are chosen."""
