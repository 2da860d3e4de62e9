"""我的待办: what stands before a person, counted by lamp, one line per case, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    literal,
    select,
    true,
    tuple_,
)

from caseflow.house import Actor
from caseflow.identity import IdKind, mask_name
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Reading
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, PauseRow, PersonRow, StaffRow
from caseflow.views import lamps
from caseflow.workflows import FLOWS

AnySelect = Select[*tuple[Any, ...]]

PAGE = 50
TABS = {"mine": "本人", "section": "本科室", "unclaimed": "待领取", "paused": "停表"}
LAMPS = {"over": "超期", "today": "今日到期", "soon": "临期", "paused": "停表", "normal": "正常", "waiting": "未受理"}
STATES = {key: state for flow in FLOWS.values() for key, state in flow.states.items()}
_SEES_ALL = frozenset({"supervisor", "auditor"})
_WAITING_KINDS = ("notice", "supplement", "suspension")
_WAITING_FOR = {"received": "应在此日前受理或一次性告知", "supplementing": "补正期限", "suspended": "特别程序预计结束"}


@dataclass(frozen=True, slots=True)
class NavCounts:
    """The open cases behind each entry of the directory; `over` counts the whole bureau."""

    mine: int
    section: int
    unclaimed: int
    paused: int
    supplementing: int
    over: int


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases of a tab: each empty filter lets everything through; `lamp` is a key of LAMPS."""

    tab: str = "mine"
    item: str = ""
    state: str = ""
    channel: str = ""
    lamp: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended in the default order: 超法定, 超承诺, the rest; then by due date; then by id."""

    rank: int
    due: date
    id: int


@dataclass(frozen=True, slots=True)
class LampCounts:
    """How many cases of a tab show which lamp; `soon_ids` are those that only a reading could tell."""

    over: int
    today: int
    soon: int
    paused: int
    normal: int
    waiting: int
    soon_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One case as lists show it. `reading` is None where no lamp shines, and `waiting` is said instead.

    `due` is the promised date, else the statutory one, else the day of what `due_words` names.
    """

    id: int
    version: int
    number: str
    applicant: str
    last4: str
    item_key: str
    item_name: str
    state: str
    state_label: str
    received_on: date
    accepted_on: date | None
    handler_id: int | None
    handler: str
    due: date | None
    due_words: str
    reading: Reading | None
    waiting: str
    marks: tuple[str, ...]
    place: Place

    @property
    def handler_key(self) -> str:
        """The group of this case where cases are grouped by person; "0" where nobody holds it."""
        return str(self.handler_id or 0)


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of one page, and where the next begins (None at the end)."""

    lines: tuple[Line, ...]
    after: Place | None


def handled_states(roles: frozenset[str]) -> tuple[str, ...]:
    """The states whose cases these roles handle."""
    return tuple(key for key, state in STATES.items() if state.roles & roles)


def scope_of(actor: Actor, tab: str) -> ColumnElement[bool]:
    """The open cases of a tab: only the person's bureau, and only states that their roles handle or watch."""
    here = and_(CaseRow.bureau == actor.bureau, CaseRow.is_open == 1)
    section = and_(here, _section(actor))
    scopes = {
        "mine": and_(here, CaseRow.handler_id == actor.id),
        "section": section,
        "unclaimed": and_(section, CaseRow.handler_id.is_(None)),
        "paused": and_(section, CaseRow.state == "suspended"),
    }
    return scopes[tab]


def _section(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.roles & _SEES_ALL else CaseRow.state.in_(handled_states(actor.roles))


def nav_counts(session: Connection, actor: Actor, today: date) -> NavCounts:
    """The counts of the directory and of the tabs, in one statement."""
    section = _section(actor)
    wanted = (
        CaseRow.handler_id == actor.id,
        section,
        and_(section, CaseRow.handler_id.is_(None)),
        and_(section, CaseRow.state == "suspended"),
        and_(section, CaseRow.state == "supplementing"),
        lamps.over(today),
    )
    return NavCounts(*count_each(session, wanted, and_(CaseRow.bureau == actor.bureau, CaseRow.is_open == 1)))


def count_each(
    session: Connection, wanted: Sequence[ColumnElement[bool]], scope: ColumnElement[bool]
) -> tuple[int, ...]:
    """How many cases of the scope fulfil each condition, in one statement."""
    return tuple(session.execute(select(*(func.count(case((one, 1))) for one in wanted)).where(scope)).one())


def lamp_counts(
    session: Connection, calendar: WorkingCalendar, actor: Actor, filters: Filters, today: date
) -> LampCounts:
    """The cases of a tab by lamp, with every filter but the lamp's."""
    scope = and_(scope_of(actor, filters.tab), *_narrowed(filters))
    wanted = (*lamp_conditions(calendar, today).values(), lamps.odd(today))
    over, due_today, soon, paused, normal, waiting, odd = count_each(session, wanted, scope)
    ids = lamps.soon_by_reading(session, calendar, scope, today) if odd else ()
    return LampCounts(over, due_today, soon + len(ids), paused, normal - len(ids), waiting, ids)


def lamp_conditions(calendar: WorkingCalendar, today: date, also: Sequence[int] = ()) -> dict[str, ColumnElement[bool]]:
    """The condition behind each key of LAMPS, in its order."""
    return {
        "over": lamps.over(today),
        "today": lamps.due_today(today),
        "soon": lamps.soon(calendar, today, also),
        "paused": lamps.paused(today),
        "normal": lamps.normal(calendar, today, also),
        "waiting": lamps.waiting(),
    }


def _narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    chosen = (
        (CaseRow.item_key, filters.item),
        (CaseRow.state, filters.state),
        (CaseRow.channel, filters.channel),
    )
    return [column == value for column, value in chosen if value]


def worklist(
    session: Connection,
    calendar: WorkingCalendar,
    actor: Actor,
    filters: Filters,
    today: date,
    *,
    after: Place | None = None,
    soon_ids: Sequence[int] = (),
    limit: int = PAGE,
) -> Page:
    """One page of a tab in the default order; `soon_ids` come from `lamp_counts`."""
    scope = and_(scope_of(actor, filters.tab), *_narrowed(filters))
    if filters.lamp:
        scope = and_(scope, lamp_conditions(calendar, today, soon_ids)[filters.lamp])
    return page_of(session, calendar, scope, today, after=after, limit=limit)


def page_of(
    session: Connection,
    calendar: WorkingCalendar,
    scope: ColumnElement[bool],
    today: date,
    *,
    after: Place | None = None,
    limit: int = PAGE,
) -> Page:
    """The next `limit` lines of a scope after a place, in the default order."""
    rank, due = _rank(today), _falls_due()
    query = line_query(today).where(scope).order_by(rank, due, CaseRow.id).limit(limit + 1)
    if after is not None:
        here = tuple_(literal(after.rank), literal(after.due, Date), literal(after.id))
        query = query.where(tuple_(rank, due, CaseRow.id) > here)
    lines = lines_of(session, calendar, query, today)
    return Page(lines[:limit], lines[limit - 1].place if len(lines) > limit else None)


def _rank(today: date) -> ColumnElement[int]:
    return case((lamps.over_statutory(today), 0), (lamps.over_promised(today), 1), else_=2)


def _of_case(model: type[EventRow | PersonRow | DeadlineRow | PauseRow]) -> ColumnElement[bool]:
    return and_(model.bureau == CaseRow.bureau, model.case_id == CaseRow.id)


def _waiting_due() -> ScalarSelect[date]:
    """The last day of what a case waits for beside its limits: notice, supplement or the end of a pause."""
    running = and_(_of_case(DeadlineRow), DeadlineRow.kind.in_(_WAITING_KINDS), DeadlineRow.stopped_on.is_(None))
    return select(func.min(DeadlineRow.due_on)).where(running).scalar_subquery()


def _falls_due() -> ColumnElement[date]:
    return func.coalesce(CaseRow.promised_due, CaseRow.statutory_due, _waiting_due(), literal(lamps.FAR, Date))


def line_query(today: date) -> AnySelect:
    """Everything a line shows, for cases still to be chosen and ordered."""
    returned = select(func.count()).where(_of_case(EventRow), EventRow.action == "send_back").scalar_subquery()
    stops = select(func.count()).where(_of_case(PauseRow)).scalar_subquery()
    agent = select(func.count()).where(_of_case(PersonRow), PersonRow.part == "agent").scalar_subquery()
    kind = (
        select(func.min(PersonRow.id_kind)).where(_of_case(PersonRow), PersonRow.part == "applicant").scalar_subquery()
    )
    return select(
        *lamps.CLOCK_COLUMNS,
        CaseRow.version,
        CaseRow.number,
        CaseRow.item_key,
        CaseRow.item_name,
        CaseRow.is_open,
        CaseRow.channel,
        CaseRow.received_on,
        CaseRow.supplemented_on,
        CaseRow.handler_id,
        CaseRow.applicant_name,
        CaseRow.applicant_last4,
        StaffRow.name.label("handler"),
        returned.label("returned"),
        agent.label("agent"),
        stops.label("stops"),
        kind.label("id_kind"),
        _waiting_due().label("waiting_due"),
        _rank(today).label("rank"),
        _falls_due().label("falls_due"),
    ).outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id)


def lines_of(session: Connection, calendar: WorkingCalendar, query: AnySelect, today: date) -> tuple[Line, ...]:
    """The lines of a query made by `line_query`, with their lamps."""
    rows = session.execute(query).all()
    pauses = lamps.pauses_of(session, rows)
    readings = {row.id: lamps.reading_of(calendar, row, pauses, today) for row in rows if row.is_open}
    return tuple(_line(row, readings.get(row.id), today) for row in rows)


def _line(row: lamps.AnyRow, reading: Reading | None, today: date) -> Line:
    organisation = row.id_kind == IdKind.CREDIT_CODE
    shining = reading is not None and reading.lamp is not None
    limit = row.promised_due or row.statutory_due
    return Line(
        id=row.id,
        version=row.version,
        number=row.number,
        applicant=mask_name(row.applicant_name, organisation=organisation),
        last4=row.applicant_last4,
        item_key=row.item_key,
        item_name=row.item_name,
        state=row.state,
        state_label=STATES[row.state].label,
        received_on=row.received_on,
        accepted_on=row.accepted_on,
        handler_id=row.handler_id,
        handler=row.handler or "",
        due=(limit or row.waiting_due) if row.is_open else None,
        due_words="" if limit or not row.is_open else _WAITING_FOR.get(row.state, ""),
        reading=reading if shining else None,
        waiting="" if shining else _waiting_text(row, today),
        marks=_marks(row, today),
        place=Place(row.rank, row.falls_due, row.id),
    )


def _waiting_text(row: lamps.AnyRow, today: date) -> str:
    if not row.is_open:
        return str(STATES[row.state].label)
    late = row.waiting_due is not None and row.waiting_due < today
    return "逾期未告知" if late else "待受理"


def _marks(row: lamps.AnyRow, today: date) -> tuple[str, ...]:
    late = row.is_open and row.waiting_due is not None and row.waiting_due < today
    words = {"supplementing": "补正逾期", "suspended": "停表到期"}
    found = (
        (words.get(row.state, "") if late else "", True),
        ("代办", row.agent),
        (f"退回{row.returned}次", row.returned),
        (f"停表{row.stops}次", row.stops > 1),
        ("补正过", row.supplemented_on is not None),
        ("网上" if row.channel == "online" else "邮寄", row.channel in {"online", "mail"}),
        (f"延期{row.extend}日", row.extend),
    )
    return tuple(text for text, holds in found if text and holds)
