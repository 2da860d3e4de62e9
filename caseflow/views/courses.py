"""The roads of cases as foresight learns from them: the latest closed ones of each item, and the open ones so far.

Bounded however many cases there are: at most LATEST closed ones of an item, at most MOST_OPEN open ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, select, union_all

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Lamp, Pause, used
from caseflow.rules.flow import Clock
from caseflow.rules.foresight import Course, Spell, Stay, folded, spell_of
from caseflow.rules.stages import Move, stages
from caseflow.store.models import CaseRow, EventRow, PauseRow
from caseflow.views import lamps
from caseflow.views.lines import STATES

LATEST: Final = 500
"""Closed cases of one item that are learnt from, the latest first."""

MOST_OPEN: Final = 1500
"""Open cases that are looked at, those due first; what is due later waits behind them anyway."""

MOST_PAUSED: Final = 300
"""Stopped cases beside them, whose due date is not fixed."""

RUNNING: Final = frozenset(key for key, state in STATES.items() if state.clock is Clock.RUNS)
PAUSED: Final = frozenset(key for key, state in STATES.items() if state.clock is Clock.PAUSED)
DECIDED: Final = tuple(key for key, state in STATES.items() if state.decision)

_RANKS: Final = {Lamp.OVER_STATUTORY: 0, Lamp.OVER_PROMISED: 1}

AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Standing:
    """An open case whose limit runs or is stopped: where it stands, and the working days left (negative: late).

    `rank` is 0 for 超法定, 1 for 超承诺 and 2 for the rest.
    """

    id: int
    item: str
    state: str
    spell: Spell
    left: int
    due: date | None
    paused: bool
    rank: int

    @property
    def late(self) -> bool:
        """Whether the promise has been missed already; what was late before its clock stopped is late still."""
        return self.left < 0 or self.rank < len(_RANKS)

    @property
    def order(self) -> tuple[int, date, int]:
        """The default order of the work list."""
        return self.rank, self.due or lamps.FAR, self.id


@dataclass(frozen=True, slots=True)
class History:
    """The latest closed cases by item; `cut` has the items with older ones, and the first day of which all are here."""

    courses: dict[str, list[Course]]
    cut: dict[str, date]


def closed_courses(session: Connection, calendar: WorkingCalendar, bureau: str, items: Sequence[str]) -> History:
    """The latest closed cases of each item, in three statements; an item without any is there with none."""
    courses: dict[str, list[Course]] = {item: [] for item in items}
    if not items:
        return History(courses, {})
    chosen = union_all(*(_latest(bureau, item) for item in items)).subquery()
    moves, pauses = _moves(session, chosen, bureau), _pauses(session, chosen, bureau)
    rows = session.execute(select(chosen)).all()
    for row in rows:
        if row.state in DECIDED and row.accepted_on is not None and row.id in moves:
            courses[row.item_key].append(_course(calendar, row, moves[row.id], pauses.get(row.id, ())))
    return History(courses, _cut(rows))


def _course(calendar: WorkingCalendar, row: lamps.AnyRow, moves: Sequence[Move], pauses: Sequence[Pause]) -> Course:
    stays = _stays(calendar, moves, row.accepted_on, row.ended_on, pauses, ended=True)
    due = row.promised_due or row.statutory_due
    limit = None if due is None else max(0, used(calendar, row.accepted_on, due, pauses) - row.extend)
    return Course(stays, row.ended_on, limit)


def _cut(rows: Sequence[lamps.AnyRow]) -> dict[str, date]:
    """For each item of which only the latest were read, the day after the earliest end among them."""
    ends: dict[str, list[date]] = {}
    for row in rows:
        ends.setdefault(row.item_key, []).append(row.ended_on)
    return {item: min(days) + timedelta(days=1) for item, days in ends.items() if len(days) == LATEST}


def open_standings(
    session: Connection, calendar: WorkingCalendar, bureau: str, today: date, *, late: bool
) -> tuple[Standing, ...]:
    """The accepted open cases with a limit to keep, those due first, in three statements; `late` ones where asked."""
    chosen = union_all(*_open_ones(bureau, date.min if late else today)).subquery()
    moves, pauses = _moves(session, chosen, bureau), _pauses(session, chosen, bureau)
    found = (
        _standing(calendar, row, moves.get(row.id, ()), pauses, today) for row in session.execute(select(chosen)).all()
    )
    return tuple(one for one in found if one is not None and (late or not one.late))


def _standing(
    calendar: WorkingCalendar,
    row: lamps.AnyRow,
    moves: Sequence[Move],
    pauses: Mapping[int, tuple[Pause, ...]],
    today: date,
) -> Standing | None:
    reading = lamps.reading_of(calendar, row, pauses, today)
    left = reading.statutory_left if reading.promised_left is None else reading.promised_left
    stays = _stays(calendar, moves, row.accepted_on, today, pauses.get(row.id, ()))
    spell = spell_of(stays)
    if spell is None or left is None:
        return None
    due = reading.promised_due or reading.statutory_due
    rank = len(_RANKS) if reading.lamp is None else _RANKS.get(reading.lamp, len(_RANKS))
    return Standing(row.id, row.item_key, stays[-1].state, spell, left, due, row.state in PAUSED, rank)


def _latest(bureau: str, item: str) -> AnySelect:
    here = and_(CaseRow.bureau == bureau, CaseRow.item_key == item, CaseRow.ended_on.is_not(None))
    columns = (
        CaseRow.id,
        CaseRow.item_key,
        CaseRow.state,
        CaseRow.accepted_on,
        CaseRow.ended_on,
        CaseRow.promised_due,
        CaseRow.statutory_due,
        CaseRow.extend,
    )
    return _first(select(*columns).where(here).order_by(CaseRow.ended_on.desc(), CaseRow.id.desc()), LATEST)


def _open_ones(bureau: str, since: date) -> tuple[AnySelect, ...]:
    """By promised date; by statutory date where nothing was promised; stopped, so that neither is fixed."""
    promised = _open(bureau, CaseRow.promised_due >= since).order_by(CaseRow.promised_due, CaseRow.id)
    nothing_promised = and_(CaseRow.promised_n.is_(None), CaseRow.statutory_due >= since)
    statutory = _open(bureau, nothing_promised).order_by(CaseRow.statutory_due, CaseRow.id)
    undated = and_(CaseRow.promised_due.is_(None), CaseRow.statutory_due.is_(None))
    stopped = _open(bureau, and_(CaseRow.state.in_(PAUSED), undated)).order_by(CaseRow.id)
    return _first(promised, MOST_OPEN), _first(statutory, MOST_OPEN), _first(stopped, MOST_PAUSED)


def _open(bureau: str, which: ColumnElement[bool]) -> AnySelect:
    here = and_(CaseRow.bureau == bureau, CaseRow.is_open == 1, CaseRow.accepted_on.is_not(None))
    return select(*lamps.CLOCK_COLUMNS, CaseRow.item_key).where(here, which)


def _first(query: AnySelect, most: int) -> AnySelect:
    """The first rows of a query, in a shape that can be put together with others."""
    return select(query.limit(most).subquery())


def _moves(session: Connection, chosen: Subquery, bureau: str) -> dict[int, list[Move]]:
    """The changes of state of the chosen cases, in order."""
    query = (
        select(EventRow.case_id, EventRow.seq, EventRow.on_day, EventRow.to_state, EventRow.actor_id)
        .join(chosen, chosen.c.id == EventRow.case_id)
        .where(EventRow.bureau == bureau, EventRow.from_state != EventRow.to_state)
    )
    rows: dict[int, list[tuple[int, date, str, int | None]]] = {}
    for case_id, seq, day, state, by in session.execute(query):
        rows.setdefault(case_id, []).append((seq, day, state, by))
    return {case_id: [Move(day, state, by) for _, day, state, by in sorted(found)] for case_id, found in rows.items()}


def _pauses(session: Connection, chosen: Subquery, bureau: str) -> Mapping[int, tuple[Pause, ...]]:
    """The pauses of the chosen cases that stop the clocks."""
    query = (
        select(PauseRow.case_id, PauseRow.from_on, PauseRow.to_on)
        .join(chosen, chosen.c.id == PauseRow.case_id)
        .where(PauseRow.bureau == bureau, PauseRow.excluded == 1)
    )
    found: dict[int, tuple[Pause, ...]] = {}
    for case_id, start, end in session.execute(query):
        found[case_id] = (*found.get(case_id, ()), Pause(start, end))
    return found


def _stays(
    calendar: WorkingCalendar,
    moves: Sequence[Move],
    start: date,
    stop: date,
    pauses: Sequence[Pause],
    *,
    ended: bool = False,
) -> tuple[Stay, ...]:
    return folded(stages(calendar, moves, start, stop, pauses, ended=ended), RUNNING, PAUSED)
