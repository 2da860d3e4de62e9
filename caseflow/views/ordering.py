"""The orders a list can stand in, each cut into pages by the place where the page before ended (keyset).

The default order is put together from segments, each a range of an index of the open cases, so that a page costs the
same however many cases are open. Only the few cases without any limit are ordered by what else they wait for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from itertools import groupby
from operator import add
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)

from caseflow.store.models import CaseRow, DeadlineRow
from caseflow.views import lamps

DEFAULT: Final = "due"
SORTS: Final = {
    DEFAULT: "超法定、超承诺、到期日",
    "day": "到期日",
    "received": "收件日",
    "applicant": "申请人",
    "item": "事项",
    "state": "环节",
    "handler": "经办人",
}
"""What a list can be ordered by; every order but the default can also be turned round."""

# Wrapped, so that neither database walks an index that holds the closed cases too.
received: Final = func.coalesce(CaseRow.received_on, literal(lamps.FAR, Date))
"""The day of receipt as lists of open cases filter and order by it."""

_VALUES: Final[dict[str, ColumnElement[Any]]] = {
    "day": lamps.nearest,
    "received": received,
    "applicant": func.coalesce(CaseRow.applicant_initials, ""),
    "item": CaseRow.item_key.expression,
    "state": CaseRow.state.expression,
    "handler": func.coalesce(CaseRow.handler_id, 0),
}
LATE: Final = ("over_statutory", "over_promised")
DUE: Final = ("promised", "statutory")
WAITING: Final = ("notice", "supplement", "suspension", "unlimited")
SEGMENTS: Final = (*LATE, *DUE, *WAITING)
OF_LAMP: Final = {
    "over": LATE,
    "today": DUE,
    "soon": DUE,
    "normal": DUE,
    "paused": (*DUE, *WAITING),
    "waiting": WAITING,
}
"""The segments that can hold cases of a lamp: the others are not looked at."""

_WAITS_IN = {"notice": "received", "supplement": "supplementing", "suspension": "suspended"}
"""What a case without a limit waits for in which state: the kind of deadline that says until when."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a list: a key of SORTS, and whether it is turned round."""

    sort: str = DEFAULT
    down: bool = False

    @property
    def turned(self) -> Order:
        """The same order from its other end."""
        return Order(self.sort, not self.down)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands in an order: its rank there, what it is ordered by, and its id."""

    rank: int
    value: date | str | int
    id: int


@dataclass(frozen=True, slots=True)
class _Segment:
    """Cases that stand together in an order, what they are ordered by, and the deadline that says it."""

    rank: int
    value: ColumnElement[Any]
    condition: ColumnElement[bool] = field(default_factory=true)
    kind: str = ""


def chosen(
    scope: ColumnElement[bool],
    today: date,
    order: Order,
    limit: int,
    *,
    after: Place | None = None,
    within: tuple[str, ...] = SEGMENTS,
) -> Subquery:
    """The next cases of a scope after a place: their id, rank and place, at most `limit`, in no promised order.

    `within` names the only segments of the default order that can hold cases of the scope.
    """
    segments = [one for one in _segments(order, today, within) if after is None or _reached(one, after, order)]
    parts: list[CTE] = []
    for _, ranked in groupby(sorted(segments, key=_rank, reverse=order.down), key=_rank):
        wanted = and_(scope, _room(parts, limit))
        parts += [_part(one, wanted, order, limit, after).cte() for one in ranked]
    if len(parts) <= 1:
        return select(parts[0] if parts else _none().cte()).subquery()
    together = union_all(*(select(part) for part in parts)).subquery()
    return select(together).order_by(*in_order(together, order)).limit(limit).subquery()


def _rank(segment: _Segment) -> int:
    return segment.rank


def _room(before: Sequence[CTE], limit: int) -> ColumnElement[bool]:
    """Whether the ranks before leave room; where they fill the page, the later ones are not looked at."""
    if not before:
        return true()
    counts = (select(func.count()).select_from(part).scalar_subquery() for part in before)
    return literal(limit) > reduce(add, counts)


def in_order(found: Subquery, order: Order) -> list[ColumnElement[Any]]:
    """The clauses that put what `chosen` found in order."""
    columns = (found.c.rank, found.c.place, found.c.id)
    return [column.desc() if order.down else column.asc() for column in columns]


def waiting_due() -> ScalarSelect[date]:
    """The last day of what a case waits for beside its limits: notice, supplement or the end of a pause."""
    running = _runs(DeadlineRow.kind.in_(_WAITS_IN))
    return select(func.min(DeadlineRow.due_on)).where(running).correlate(CaseRow).scalar_subquery()


def _runs(kind: ColumnElement[bool]) -> ColumnElement[bool]:
    """A deadline of the case of this kind runs."""
    same = and_(DeadlineRow.bureau == CaseRow.bureau, DeadlineRow.case_id == CaseRow.id)
    return and_(same, kind, DeadlineRow.stopped_on.is_(None))


def _segments(order: Order, today: date, within: tuple[str, ...]) -> list[_Segment]:
    if order.sort != DEFAULT:
        return [_Segment(0, _VALUES[order.sort])]
    promised, statutory = CaseRow.promised_due, CaseRow.statutory_due
    in_law = or_(statutory.is_(None), statutory >= today)
    nothing = and_(promised.is_(None), statutory.is_(None))
    known = {
        "over_statutory": _Segment(0, statutory.expression, statutory < today),
        "over_promised": _Segment(1, promised.expression, and_(promised < today, in_law)),
        "promised": _Segment(2, promised.expression, and_(promised >= today, in_law)),
        "statutory": _Segment(2, statutory.expression, and_(promised.is_(None), statutory >= today)),
        "unlimited": _Segment(2, literal(lamps.FAR, Date), and_(nothing, not_(_waits()))),
    }
    # As one expression it offers no index to begin at, and SQLite begins at the deadlines, which stand in order.
    unlimited = func.coalesce(promised, statutory).is_(None)
    for kind, state in _WAITS_IN.items():
        known[kind] = _Segment(2, DeadlineRow.due_on.expression, and_(unlimited, CaseRow.state == state), kind)
    return [known[key] for key in within]


def _waits() -> ColumnElement[bool]:
    """Whether what the case's state waits for runs."""
    kind = case(*((CaseRow.state == state, kind) for kind, state in _WAITS_IN.items()), else_="")
    return exists().where(_runs(DeadlineRow.kind == kind)).correlate(CaseRow)


def _reached(segment: _Segment, after: Place, order: Order) -> bool:
    """Whether cases of a segment can still come after a place."""
    return segment.rank <= after.rank if order.down else segment.rank >= after.rank


def _part(
    segment: _Segment, scope: ColumnElement[bool], order: Order, limit: int, after: Place | None
) -> Select[*tuple[Any, ...]]:
    value = segment.value.label("place")
    query = select(CaseRow.id.label("id"), literal(segment.rank).label("rank"), value).where(scope, segment.condition)
    if segment.kind:
        query = query.join(DeadlineRow, _runs(DeadlineRow.kind == segment.kind))
    if after is not None and after.rank == segment.rank:
        query = query.where(_beyond(segment.value, after, order))
    # The bare id would invite PostgreSQL to walk the primary key, closed cases and all.
    last = func.abs(CaseRow.id)
    here = (value.desc(), last.desc()) if order.down else (value.asc(), last.asc())
    return query.order_by(*here).limit(limit)


def _beyond(value: ColumnElement[Any], after: Place, order: Order) -> ColumnElement[bool]:
    # The bound on the value alone is what an index can begin at.
    if order.down:
        return and_(value <= after.value, or_(value < after.value, CaseRow.id < after.id))
    return and_(value >= after.value, or_(value > after.value, CaseRow.id > after.id))


def _none() -> Select[*tuple[Any, ...]]:
    return select(CaseRow.id.label("id"), literal(0).label("rank"), CaseRow.id.label("place")).where(false())
