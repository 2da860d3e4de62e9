"""我的待办: what stands before a person, counted by lamp, one line per case, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, select, true, union_all

from caseflow.house import Actor
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.policy import holds
from caseflow.store.duty import offered
from caseflow.store.models import CaseRow
from caseflow.store.side_models import MessageRow
from caseflow.views import lamps
from caseflow.views.lines import STATES, UNCLAIMED, AnySelect, Line, line_query, lines_of
from caseflow.views.ordering import OF_LAMP, SEGMENTS, Order, Place, chosen, in_order, received
from caseflow.views.orders import owed_query

PAGE = 50
TABS = {"mine": "本人", "section": "本科室", "unclaimed": "待领取", "paused": "停表"}
LAMPS = {"over": "超期", "today": "今日到期", "soon": "临期", "paused": "停表", "normal": "正常", "waiting": "未受理"}
DEFAULT_ORDER = Order()


@dataclass(frozen=True, slots=True)
class NavCounts:
    """The open cases behind each entry of the directory, one's unread messages, and the orders one has to answer.

    `over` counts the whole bureau.
    """

    mine: int
    section: int
    unclaimed: int
    paused: int
    supplementing: int
    over: int
    unread: int
    orders: int


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases of a tab: each empty filter lets everything through; `lamp` is a key of LAMPS.

    `handler` is the id of a colleague or UNCLAIMED; `since` and `until` bound the day of receipt, both included.
    """

    tab: str = "mine"
    item: str = ""
    state: str = ""
    channel: str = ""
    lamp: str = ""
    handler: str = ""
    since: date | None = None
    until: date | None = None


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
class Page:
    """The lines of one page, and where the next begins (None at the end)."""

    lines: tuple[Line, ...]
    after: Place | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The case before or after another in a list, and where it stands there."""

    number: str
    place: Place


def handled_states(roles: frozenset[str]) -> tuple[str, ...]:
    """The states whose cases these roles handle."""
    return tuple(key for key, state in STATES.items() if state.roles & roles)


def scope_of(actor: Actor, tab: str, today: date) -> ColumnElement[bool]:
    """The open cases of a tab: only the person's bureau, and only states that their roles handle or watch."""
    return and_(CaseRow.bureau == actor.bureau, CaseRow.is_open == 1, _of_tab(actor, tab, today))


def _of_tab(actor: Actor, tab: str, today: date) -> ColumnElement[bool]:
    """What tells the cases of a tab from the other open ones of the bureau."""
    section = _section(actor)
    scopes = {
        "mine": CaseRow.handler_id == actor.id,
        "section": section,
        "unclaimed": and_(section, _waits(actor, today)),
        "paused": and_(section, CaseRow.state == "suspended"),
    }
    return scopes[tab]


def _section(actor: Actor) -> ColumnElement[bool]:
    return true() if holds(actor.roles, "oversee") else CaseRow.state.in_(handled_states(actor.roles))


def _waits(actor: Actor, today: date) -> ColumnElement[bool]:
    """Who watches sees every unclaimed case; the others those that are offered to them."""
    return CaseRow.handler_id.is_(None) if holds(actor.roles, "oversee") else offered(actor.id, today)


def nav_counts(session: Connection, actor: Actor, today: date) -> NavCounts:
    """The counts of the directory and of the tabs, and what is addressed to the actor, in one statement."""
    row = session.execute(_counting(actor, today, _nav_conditions(actor, today))).one()
    return NavCounts(*row)


def page_counts(
    session: Connection, calendar: WorkingCalendar, actor: Actor, filters: Filters, today: date
) -> tuple[LampCounts, NavCounts]:
    """The cases of a tab by lamp, with every filter but the lamp's, and the directory's counts, in one statement.

    A second one follows where a limit runs in other units than working days: those cases are read one by one.
    """
    within = and_(_of_tab(actor, filters.tab, today), *_narrowed(filters))
    by_lamp = [and_(within, one) for one in _told_apart(calendar, today)]
    of_nav = _nav_conditions(actor, today)
    row: list[int] = list(session.execute(_counting(actor, today, (*of_nav, *by_lamp))).one())
    over, due_today, soon, paused, running, waiting, odd = row[len(of_nav) : -2]
    scope = and_(scope_of(actor, filters.tab, today), within)
    ids = lamps.soon_by_reading(session, calendar, scope, today) if odd else ()
    soon += len(ids)
    counts = LampCounts(over, due_today, soon, paused, running - soon, waiting, ids)
    return counts, NavCounts(*(*row[: len(of_nav)], *row[-2:]))


def _nav_conditions(actor: Actor, today: date) -> tuple[ColumnElement[bool], ...]:
    section = _section(actor)
    return (
        CaseRow.handler_id == actor.id,
        section,
        and_(section, _waits(actor, today)),
        and_(section, CaseRow.state == "suspended"),
        and_(section, CaseRow.state == "supplementing"),
        lamps.over(today),
    )


def _told_apart(calendar: WorkingCalendar, today: date) -> tuple[ColumnElement[bool], ...]:
    """What is counted to know every lamp: 正常 is what runs and is not 临期."""
    return (
        lamps.over(today),
        lamps.due_today(today),
        lamps.soon(calendar, today),
        lamps.paused(today),
        lamps.running(today),
        lamps.waiting(),
        lamps.odd(today),
    )


def _counting(actor: Actor, today: date, wanted: Sequence[ColumnElement[bool]]) -> AnySelect:
    unread = select(func.count()).where(MessageRow.staff_id == actor.id, MessageRow.read_at.is_(None))
    counted = (func.count(case((one, 1))) for one in wanted)
    beside = (unread.scalar_subquery(), owed_query(actor, today).scalar_subquery())
    query = select(*counted, *beside).select_from(CaseRow)
    return query.where(CaseRow.bureau == actor.bureau, CaseRow.is_open == 1)


def count_each(
    session: Connection, wanted: Sequence[ColumnElement[bool]], scope: ColumnElement[bool]
) -> tuple[int, ...]:
    """How many cases of the scope fulfil each condition, in one statement."""
    return tuple(session.execute(select(*(func.count(case((one, 1))) for one in wanted)).where(scope)).one())


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
    chosen_ones = ((CaseRow.item_key, filters.item), (CaseRow.state, filters.state), (CaseRow.channel, filters.channel))
    found = [column == value for column, value in chosen_ones if value]
    if filters.handler:
        nobody = filters.handler == UNCLAIMED
        found.append(CaseRow.handler_id.is_(None) if nobody else CaseRow.handler_id == int(filters.handler))
    if filters.since:
        found.append(received >= filters.since)
    if filters.until:
        found.append(received <= filters.until)
    return found


def worklist(  # noqa: PLR0913 - a page is asked for by person, filters, order, day and place
    session: Connection,
    calendar: WorkingCalendar,
    actor: Actor,
    filters: Filters,
    today: date,
    *,
    order: Order = DEFAULT_ORDER,
    after: Place | None = None,
    soon_ids: Sequence[int] = (),
    limit: int = PAGE,
) -> Page:
    """One page of a tab; `soon_ids` come from `page_counts`."""
    scope = _scope(calendar, actor, filters, today, soon_ids)
    within = OF_LAMP.get(filters.lamp, SEGMENTS)
    return page_of(session, calendar, scope, today, order=order, after=after, within=within, limit=limit)


def _scope(
    calendar: WorkingCalendar, actor: Actor, filters: Filters, today: date, soon_ids: Sequence[int]
) -> ColumnElement[bool]:
    scope = and_(scope_of(actor, filters.tab, today), *_narrowed(filters))
    return and_(scope, lamp_conditions(calendar, today, soon_ids)[filters.lamp]) if filters.lamp else scope


def page_of(
    session: Connection,
    calendar: WorkingCalendar,
    scope: ColumnElement[bool],
    today: date,
    *,
    order: Order = DEFAULT_ORDER,
    after: Place | None = None,
    within: tuple[str, ...] = SEGMENTS,
    limit: int = PAGE,
) -> Page:
    """The next `limit` lines of a scope after a place; `within` names the only segments that can hold them."""
    found = chosen(scope, today, order, limit + 1, after=after, within=within)
    lines = lines_of(session, calendar, line_query(found).order_by(*in_order(found, order)), today)
    return Page(lines[:limit], lines[limit - 1].place if len(lines) > limit else None)


def neighbours(
    session: Connection,
    calendar: WorkingCalendar,
    actor: Actor,
    filters: Filters,
    today: date,
    order: Order,
    here: Place,
) -> tuple[Neighbour | None, Neighbour | None]:
    """The case before and the one after a place of a list, in one statement; None at either end.

    A list of 临期 or 正常 takes another, for limits in other units than working days.
    """
    odd = filters.lamp in ("soon", "normal")
    soon_ids = lamps.soon_by_reading(session, calendar, scope_of(actor, filters.tab, today), today) if odd else ()
    scope = and_(_scope(calendar, actor, filters, today, soon_ids), CaseRow.id != here.id)
    within = OF_LAMP.get(filters.lamp, SEGMENTS)
    sides = [chosen(scope, today, way, 1, after=here, within=within) for way in (order.turned, order)]
    parts = [
        select(literal(n).label("side"), CaseRow.number, one.c.rank, one.c.place, one.c.id)
        .select_from(one)
        .join(CaseRow, CaseRow.id == one.c.id)
        for n, one in enumerate(sides)
    ]
    found = {row.side: row for row in session.execute(union_all(*parts))}
    both = [
        Neighbour(row.number, Place(row.rank, row.place, row.id)) if (row := found.get(n)) else None for n in (0, 1)
    ]
    return both[0], both[1]
