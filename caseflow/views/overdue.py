"""超期督办: the open cases of a bureau by cause, counted, grouped by item or person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from caseflow.rules.calendar import WorkingCalendar
from caseflow.store.models import CaseRow, DeadlineRow, StaffRoleRow, StaffRow
from caseflow.views import lamps
from caseflow.views.worklist import Page, Place, count_each, page_of

CAUSES = {
    "statutory": "超法定",
    "promised": "超承诺",
    "today": "今日到期",
    "soon": "临期",
    "stage": "环节超时",
    "supplement": "补正逾期",
    "notice": "逾期未告知",
    "paused": "停表",
    "pause_over": "停表到期",
    "promises": "容缺/承诺待补",
    "bad_rating": "差评待办",
}
AFTERWARDS = {"promises": ("deferral", "commitment"), "bad_rating": ("call_back", "rectify")}
"""Causes that outlive completion, with the kinds of deadline that run for them."""

GROUPS = {"item": "按事项", "person": "按经办人"}
UNCLAIMED = "0"
"""The group of the cases that nobody holds."""


@dataclass(frozen=True, slots=True)
class Group:
    """One item or person among the cases of a cause."""

    key: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a case can be given to."""

    id: int
    number: str
    name: str


def cause_counts(
    session: Connection, calendar: WorkingCalendar, bureau: str, today: date
) -> tuple[dict[str, int], tuple[int, ...]]:
    """How many open cases each cause has, and the ids of the 临期 that only a reading tells."""
    scope = _open(bureau)
    also = lamps.soon_by_reading(session, calendar, scope, today)
    causes = _conditions(calendar, today, also)
    counts = dict(zip(causes, count_each(session, tuple(causes.values()), scope), strict=True))
    return counts | _afterwards(session, bureau), also


def _afterwards(session: Connection, bureau: str) -> dict[str, int]:
    """How many cases, open or closed, each cause of AFTERWARDS has: counted from the few running deadlines."""
    running = and_(DeadlineRow.bureau == bureau, DeadlineRow.stopped_on.is_(None))
    counts = {}
    for cause, kinds in AFTERWARDS.items():
        query = select(func.count(DeadlineRow.case_id.distinct())).where(running, DeadlineRow.kind.in_(kinds))
        counts[cause] = session.execute(query).scalar_one()
    return counts


def _scope(calendar: WorkingCalendar, bureau: str, cause: str, today: date, also: Sequence[int]) -> ColumnElement[bool]:
    """The cases of a cause."""
    if cause in AFTERWARDS:
        return and_(CaseRow.bureau == bureau, _runs(AFTERWARDS[cause]))
    return and_(_open(bureau), _conditions(calendar, today, also)[cause])


def groups_of(
    session: Connection, calendar: WorkingCalendar, bureau: str, cause: str, by: str, today: date, also: Sequence[int]
) -> tuple[Group, ...]:
    """The groups of a cause, the largest first."""
    scope = _scope(calendar, bureau, cause, today, also)
    key, name = (
        (CaseRow.item_key, func.min(CaseRow.item_name))
        if by == "item"
        else (CaseRow.handler_id, func.min(StaffRow.name))
    )
    query = select(key, name, func.count()).select_from(CaseRow).where(scope).group_by(key)
    if by == "person":
        query = query.outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id)
    found = (Group(str(one or UNCLAIMED), text or "待领取", count) for one, text, count in session.execute(query))
    return tuple(sorted(found, key=lambda group: (-group.count, group.name)))


def cases_of(  # noqa: PLR0913 - a page is asked for by cause, group, day and place
    session: Connection,
    calendar: WorkingCalendar,
    bureau: str,
    cause: str,
    today: date,
    *,
    by: str = "item",
    group: str = "",
    after: Place | None = None,
    also: Sequence[int] = (),
) -> Page:
    """One page of a cause, of one group where `group` names it, in the default order."""
    scope = _scope(calendar, bureau, cause, today, also)
    if group:
        scope = and_(scope, _in_group(by, group))
    return page_of(session, calendar, scope, today, after=after)


def colleagues(session: Connection, bureau: str, roles: Sequence[str]) -> tuple[Colleague, ...]:
    """The active staff of a bureau who hold one of the roles, by number."""
    holds = exists().where(StaffRoleRow.staff_id == StaffRow.id, StaffRoleRow.role.in_(roles))
    query = select(StaffRow.id, StaffRow.number, StaffRow.name).where(
        StaffRow.bureau == bureau, StaffRow.active == 1, holds
    )
    return tuple(Colleague(*row) for row in session.execute(query.order_by(StaffRow.number)))


def _open(bureau: str) -> ColumnElement[bool]:
    return and_(CaseRow.bureau == bureau, CaseRow.is_open == 1)


def _conditions(calendar: WorkingCalendar, today: date, also: Sequence[int]) -> dict[str, ColumnElement[bool]]:
    return {
        "statutory": lamps.over_statutory(today),
        "promised": lamps.over_promised(today),
        "today": lamps.due_today(today),
        "soon": lamps.soon(calendar, today, also),
        "supplement": _lapsed("supplement", "supplementing", today),
        "stage": _runs(("stage",), before=today),
        "notice": _lapsed("notice", "received", today),
        "paused": CaseRow.state == "suspended",
        "pause_over": _lapsed("suspension", "suspended", today),
    }


def _lapsed(kind: str, state: str, today: date) -> ColumnElement[bool]:
    return and_(CaseRow.state == state, _runs((kind,), before=today))


def _runs(kinds: Sequence[str], before: date = lamps.FAR) -> ColumnElement[bool]:
    """A deadline of these kinds runs, and was due before that day."""
    return exists().where(
        DeadlineRow.bureau == CaseRow.bureau,
        DeadlineRow.case_id == CaseRow.id,
        DeadlineRow.kind.in_(kinds),
        DeadlineRow.stopped_on.is_(None),
        DeadlineRow.due_on < before,
    )


def _in_group(by: str, group: str) -> ColumnElement[bool]:
    if by == "item":
        return CaseRow.item_key == group
    return CaseRow.handler_id.is_(None) if group == UNCLAIMED else CaseRow.handler_id == int(group)
