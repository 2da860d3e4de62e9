"""The figures of a bureau and a period, counted in SQL: as many statements whatever the number of cases.

Each base is one scan of its index (received_on, ended_on, the open cases); working days are counted here, from rows
grouped by their dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, select

from caseflow.rules.case_sets import SETS, Base, Span
from caseflow.rules.clock import Pause, used
from caseflow.rules.metrics import Spread, Tally, spread
from caseflow.store.models import CaseRow, EventRow, PauseRow, StaffRow
from caseflow.store.office_models import SectionRow, WindowRow
from caseflow.views import case_sets as sets
from caseflow.views.case_sets import BLANK, Scope, base_condition, counted, in_set, within
from caseflow.views.lines import STATES, UNCLAIMED
from caseflow.views.worklist import LAMPS, lamp_conditions

_LIFE: Final = (
    "received",
    "supplementing",
    "accepted",
    "reviewing",
    "checking",
    "approving",
    "assessing",
    "publicising",
    "negotiating",
    "signing",
    "suspended",
    "approved",
    "paying",
)
"""The open states in the order of a case's life."""

GROUPS: Final = {"item": "按事项", "section": "按科室", "window": "按窗口", "person": "按经办人"}
ALL: Final = ""
"""The only group where nothing is grouped."""

AnySelect = Select[*tuple[Any, ...]]


def group_key(by: str) -> ColumnElement[str]:
    """The column cases are grouped by; "" groups nothing."""
    keys: dict[str, Any] = {
        "": literal(ALL),
        "item": CaseRow.item_key,
        "window": CaseRow.window,
        "person": CaseRow.handler_id,
        "section": select(StaffRow.section).where(StaffRow.id == CaseRow.handler_id).scalar_subquery(),
    }
    found: ColumnElement[str] = keys[by]
    return found


def group_text(value: object, by: str) -> str:
    """A group's key as addresses carry it: nobody's cases are "0", what has no name is "-"."""
    if not by:
        return ALL
    return UNCLAIMED if value is None else str(value) or BLANK


def tallies(
    session: Connection, scope: Scope, span: Span, *, by: str = "", only: Collection[str] = SETS, days: bool = True
) -> dict[str, Tally]:
    """Every set counted, by group: one statement for each base that is asked for, and two for the days used."""
    wanted = [key for key in SETS if key in only]
    found: dict[str, Tally] = {}
    for base in dict.fromkeys(SETS[key].base for key in wanted):
        keys = [key for key in wanted if SETS[key].base == base]
        for group, tally in _counts(session, scope, span, base, keys, by):
            found[group] = found.get(group, Tally()) + tally
    if days:
        for group, tally in _days(session, scope, span, by).items():
            found[group] = found.get(group, Tally()) + tally
    return found


def tally(session: Connection, scope: Scope, span: Span, only: Collection[str] = SETS, *, days: bool = True) -> Tally:
    """Every set counted over the whole scope."""
    return tallies(session, scope, span, only=only, days=days).get(ALL, Tally())


def _counts(
    session: Connection, scope: Scope, span: Span, base: Base, keys: Sequence[str], by: str
) -> Iterator[tuple[str, Tally]]:
    key = group_key(by).label("key")
    columns = [counted(within(one, span)).label(one) for one in keys]
    sums = _limits_summed(span) if base == "ended" and "comparable" in keys else []
    query = select(key, *columns, *sums).where(scope.condition, base_condition(base, span, scope.bureau))
    for row in session.execute(_grouped(query, key, by)):
        counts = dict(zip(keys, row[1:], strict=False))
        yield group_text(row.key, by), Tally(counts, {one.name: int(getattr(row, one.name) or 0) for one in sums})


def _grouped(query: AnySelect, key: ColumnElement[str], by: str) -> AnySelect:
    """Grouped where there is something to group by: a constant names no group in PostgreSQL."""
    return query.group_by(key) if by else query


def _limits_summed(span: Span) -> list[Any]:
    """Σpromised and Σstatutory over the closed cases whose limits may be compared."""
    chosen = within("comparable", span)
    return [
        func.sum(CaseRow.promised_n).filter(chosen).label("promised"),
        func.sum(CaseRow.statutory_n).filter(chosen).label("statutory"),
    ]


def _days(session: Connection, scope: Scope, span: Span, by: str) -> dict[str, Tally]:
    """Working days used, pauses out, and from receipt to the end: from cases grouped by their three dates."""
    key = group_key(by).label("key")
    closed = and_(scope.condition, in_set("closed", span, scope.bureau))
    dates = (CaseRow.received_on, CaseRow.accepted_on, CaseRow.ended_on)
    query = select(key, *dates, func.count().label("often")).where(closed).group_by(*dates, *([key] if by else []))
    count = scope.calendar.count
    net, gross = Counter[str](), Counter[str]()
    for row in session.execute(query):
        group = group_text(row.key, by)
        net[group] += row.often * count(row.accepted_on, row.ended_on) if row.accepted_on else 0
        gross[group] += row.often * count(row.received_on, row.ended_on)
    for group, taken_out in _paused_days(session, scope, span, by):
        net[group] -= taken_out
    return {group: Tally(sums={"used": net[group], "gross": gross[group]}) for group in gross}


def _paused_days(session: Connection, scope: Scope, span: Span, by: str) -> Iterator[tuple[str, int]]:
    """The working days that pauses took out of the closed cases, each case with its pauses together."""
    key = group_key(by).label("key")
    query = (
        select(key, CaseRow.id, CaseRow.accepted_on, CaseRow.ended_on, PauseRow.from_on, PauseRow.to_on)
        .join(PauseRow, and_(PauseRow.bureau == CaseRow.bureau, PauseRow.case_id == CaseRow.id))
        .where(
            scope.condition,
            in_set("closed", span, scope.bureau),
            PauseRow.excluded == 1,
            CaseRow.accepted_on.is_not(None),
        )
    )
    cases: dict[tuple[str, date, date, int], list[Pause]] = {}
    for row in session.execute(query):
        case = (group_text(row.key, by), row.accepted_on, row.ended_on, row.id)
        cases.setdefault(case, []).append(Pause(row.from_on, row.to_on))
    for (group, accepted, ended, _), pauses in cases.items():
        calendar = scope.calendar
        yield group, calendar.count(accepted, ended) - used(calendar, accepted, ended, pauses)


def per_day(session: Connection, scope: Scope, span: Span, keys: Sequence[str], base: Base) -> dict[date, list[int]]:
    """How many cases of each set fall on each day of the period, by the day of receipt or of the end."""
    day = CaseRow.received_on if base == "received" else CaseRow.ended_on
    query = select(day, *(counted(within(key, span)) for key in keys))
    query = query.where(scope.condition, base_condition(base, span, scope.bureau)).group_by(day)
    return {row[0]: list(row[1:]) for row in session.execute(query) if row[0]}


def by_lamp(session: Connection, scope: Scope, by: str = "") -> dict[str, dict[str, int]]:
    """The cases open now by group and lamp, in one statement."""
    key = group_key(by).label("key")
    conditions = lamp_conditions(scope.calendar, scope.today, scope.soon_ids)
    span = Span(scope.today, scope.today, scope.today)
    query = select(key, *(counted(one) for one in conditions.values()))
    query = query.where(scope.condition, base_condition("open", span, scope.bureau))
    rows = session.execute(_grouped(query, key, by))
    return {group_text(row[0], by): dict(zip(LAMPS, row[1:], strict=True)) for row in rows}


@dataclass(frozen=True, slots=True)
class StageLength:
    """How long closed cases stayed in one state: cases, stays, and the spread of working days per stay."""

    state: str
    label: str
    cases: int
    stays: Spread


def stage_lengths(session: Connection, scope: Scope, span: Span) -> tuple[StageLength, ...]:
    """The stays of the period's closed cases by state, in the order of a case's life; two statements."""
    lengths: dict[str, Counter[int]] = {}
    for row in session.execute(_stays(scope, span)):
        days = scope.calendar.count(row.entered, row.left)
        lengths.setdefault(row.state, Counter())[days] += row.often
    cases = dict(_passed(session, scope, span))
    found = ((STATES[key], spread(lengths[key])) for key in _LIFE if key in lengths)
    return tuple(StageLength(state.key, state.label, cases.get(state.key, 0), stays) for state, stays in found if stays)


def _moves(scope: Scope, span: Span) -> AnySelect:
    """Every change of state of the period's closed cases, with the day of the change before it, else of receipt."""
    before = func.lag(EventRow.on_day).over(partition_by=EventRow.case_id, order_by=EventRow.seq)
    closed = select(CaseRow.id).where(scope.condition, in_set("closed", span, scope.bureau))
    return (
        select(
            EventRow.case_id,
            EventRow.from_state.label("state"),
            func.coalesce(before, CaseRow.received_on).label("entered"),
            EventRow.on_day.label("left"),
        )
        .join(CaseRow, CaseRow.id == EventRow.case_id)
        .where(
            # From the cases to their events, never through all events of the bureau.
            EventRow.bureau == scope.bureau,
            EventRow.case_id.in_(closed),
            EventRow.from_state != "",
            EventRow.from_state != EventRow.to_state,
        )
    )


def _stays(scope: Scope, span: Span) -> AnySelect:
    moves = _moves(scope, span).subquery()
    dates = (moves.c.state, moves.c.entered, moves.c.left)
    return select(*dates, func.count().label("often")).group_by(*dates)


def _passed(session: Connection, scope: Scope, span: Span) -> Iterable[tuple[str, int]]:
    moves = _moves(scope, span).subquery()
    query = select(moves.c.state, func.count(moves.c.case_id.distinct())).group_by(moves.c.state)
    return ((row[0], row[1]) for row in session.execute(query))


def by_slot(session: Connection, scope: Scope, span: Span) -> dict[tuple[int, int], int]:
    """The period's receipts by (weekday 1 Monday … 7 Sunday, hour) in Beijing time."""
    utc = sets.week_hour_utc.label("utc")
    query = (
        select(utc, func.count()).where(scope.condition, base_condition("received", span, scope.bureau)).group_by(utc)
    )
    return {sets.beijing_slot(int(row[0])): row[1] for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class Choices:
    """What figures can be narrowed to or grouped by: key → name, in the order of lists."""

    item: Mapping[str, str]
    section: Mapping[str, str]
    window: Mapping[str, str]
    person: Mapping[str, str]

    def name(self, by: str, key: str) -> str:
        """A group's name; its key where nobody knows it any more."""
        names: Mapping[str, str] = getattr(self, by)
        return {UNCLAIMED: "未领取", BLANK: "未登记"}.get(key) or names.get(key, key)


def choices(session: Connection, bureau: str, items: Mapping[str, str], windows: Iterable[str]) -> Choices:
    """The items and windows that are defined, with the bureau's staff, sections and windows; three statements."""
    staff = select(StaffRow.id, StaffRow.name, StaffRow.number, StaffRow.section)
    people = session.execute(staff.where(StaffRow.bureau == bureau).order_by(StaffRow.number)).all()
    sections = session.execute(select(SectionRow.name).where(SectionRow.bureau == bureau)).scalars()
    counters = session.execute(select(WindowRow.name).where(WindowRow.bureau == bureau)).scalars()
    named_sections = {*sections, *(row.section for row in people)} - {""}
    return Choices(
        item=dict(items),
        section={name: name for name in sorted(named_sections)},
        window={name: name for name in sorted({*counters, *windows} - {""})},
        person={str(row.id): f"{row.name} {row.number}" for row in people},
    )
