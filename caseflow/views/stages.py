"""Where the days went: the stages of cases as pages show them, and the sums over the worst cases of a board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.stages import Move, Share, Stage, by_holder, by_state, stages
from caseflow.store.editions import item_of
from caseflow.store.models import CaseRow, EditionRow, EventRow, StaffRow
from caseflow.views.clockbar import WIDTH
from caseflow.views.lamps import pauses_of
from caseflow.views.lines import STATES

WORST: Final = 500
"""Cases over which days are summed, those late for longest first: the statements stay four, whatever the size."""

NOBODY: Final = "待领取"

AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Piece:
    """One stage in the bar of a case: its words, its working days, its place in thousandths."""

    label: str
    days: int
    name: str
    limit: int | None
    over: int
    x: int
    width: int
    current: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """Where the days of several cases went; `labels` and `names` are the words for the keys of both tables."""

    cases: int
    days: int
    states: tuple[Share, ...]
    people: tuple[Share, ...]
    labels: Mapping[str, str]
    names: Mapping[str, str]


def stages_of(
    session: Connection,
    calendar: WorkingCalendar,
    bureau: str,
    which: ColumnElement[bool],
    today: date,
    order: Sequence[ColumnElement[Any]] = (),
    limit: int = WORST,
) -> dict[int, tuple[Stage, ...]]:
    """The stages of at most `limit` cases of a bureau by case, in the order given: four statements."""
    columns = (
        *(CaseRow.id, CaseRow.edition_id, CaseRow.is_open, CaseRow.received_on, CaseRow.accepted_on, CaseRow.ended_on),
        *(CaseRow.promised_n, CaseRow.promised_due, CaseRow.handler_id, StaffRow.name.label("handler")),
    )
    query = select(*columns).outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id)
    query = query.where(CaseRow.bureau == bureau, which).order_by(*order, CaseRow.id).limit(limit)
    rows = session.execute(query).all()
    if not rows:
        return {}
    moves = _moves(session, bureau, rows)
    pauses = pauses_of(session, rows)
    limits = _limits(session, rows)
    return {
        row.id: stages(
            calendar,
            moves[row.id],
            _start(row),
            today if row.is_open else row.ended_on,
            pauses.get(row.id, ()),
            holder=(row.handler_id, row.handler or NOBODY),
            limits=limits[row.edition_id],
            ended=not row.is_open,
        )
        for row in rows
    }


def stages_among(
    session: Connection, calendar: WorkingCalendar, bureau: str, case_ids: Sequence[int], today: date
) -> dict[int, tuple[Stage, ...]]:
    """The stages of these cases of a bureau, by case."""
    return stages_of(session, calendar, bureau, CaseRow.id.in_(case_ids), today)


def _start(row: AnyRow) -> date | None:
    """The day the limits run from; a complete 即办件 not yet accepted is due the day its material came in."""
    found: date | None = row.accepted_on or (row.promised_due if row.promised_n == 0 else None)
    return found


def _moves(session: Connection, bureau: str, rows: Sequence[AnyRow]) -> dict[int, list[Move]]:
    received = {row.id: row.received_on for row in rows}
    query = select(EventRow.case_id, EventRow.on_day, EventRow.to_state, EventRow.actor_id, EventRow.actor_name).where(
        EventRow.bureau == bureau,
        EventRow.case_id.in_(list(received)),
        or_(EventRow.seq == 1, EventRow.from_state != EventRow.to_state),
    )
    found: dict[int, list[Move]] = {case_id: [] for case_id in received}
    for row in session.execute(query.order_by(EventRow.case_id, EventRow.seq)):
        # The first stay begins on the day of receipt, also where the case was entered later.
        day = row.on_day if found[row.case_id] else received[row.case_id]
        found[row.case_id].append(Move(day, row.to_state, row.actor_id, row.actor_name))
    return found


def _limits(session: Connection, rows: Sequence[AnyRow]) -> dict[int, Mapping[str, int]]:
    """The published limits of the stages, by edition."""
    ids = sorted({row.edition_id for row in rows})
    query = select(EditionRow.id, EditionRow.definition).where(EditionRow.id.in_(ids))
    return {row.id: item_of(row.definition).limits.stages for row in session.execute(query)}


def summed(found: Iterable[Sequence[Stage]]) -> Sums:
    """The days of these cases by state and by person."""
    cases = list(found)
    stays = [one for case in cases for one in case]
    return Sums(
        cases=len(cases),
        days=sum(one.days for one in stays),
        states=by_state(stays),
        people=by_holder(stays),
        labels={one.state: STATES[one.state].label for one in stays},
        names={str(one.holder or 0): one.name or NOBODY for one in stays},
    )


def pieces(found: Sequence[Stage]) -> tuple[Piece, ...]:
    """The stages that used days, and the one the case stands in, as a bar of WIDTH from the start of the clock."""
    whole = sum(one.days for one in found)
    shown: list[Piece] = []
    passed = 0
    for one in found:
        if one.days or one.left is None:
            x = passed * WIDTH // whole if whole else 0
            end = (passed + one.days) * WIDTH // whole if whole else 0
            label = STATES[one.state].label
            name = one.name or NOBODY
            shown.append(Piece(label, one.days, name, one.limit, one.over, x, end - x, one.left is None))
        passed += one.days
    return tuple(shown)
