"""超期督办: the cases of a bureau by cause, counted and grouped, with the working days by which they are late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, and_, exists, func, literal, null, or_, select, true

from caseflow.rules import supervision
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Pause
from caseflow.rules.stages import Stage
from caseflow.rules.supervision import KINDS, late_by
from caseflow.store.models import CaseRow, DeadlineRow, PauseRow, StaffRoleRow, StaffRow
from caseflow.store.office_models import OrderRow
from caseflow.views import lamps
from caseflow.views.lines import UNCLAIMED, Line
from caseflow.views.ordering import DUE, SEGMENTS, Place
from caseflow.views.stages import stages_of
from caseflow.views.worklist import Page, count_each, page_of

CAUSES = {**supervision.CAUSES, "unanswered": "督办未反馈"}
AFTERWARDS = {cause: KINDS[cause] for cause in supervision.AFTERWARDS}
"""Causes that outlive completion, with the kinds of deadline that run for them."""

LINES = (
    ("statutory", "promised", "stage", "today", "soon", "paused", "pause_over"),
    ("supplement", "notice", "promises", "bad_rating", "unclaimed", "unanswered"),
)
"""The tabs of the board, in two lines: what is about the limits, and what waits for somebody."""

GROUPS = {"item": "按事项", "person": "按经办人", "section": "按科室", "none": "不分组"}
EVERYTHING = "all"
"""The one group of cases that are not grouped."""

_SECTION = "="
"""Before the name of a section, so that no section is taken for UNCLAIMED."""

Stop = tuple[date, tuple[Pause, ...]]
"""A case whose clock stopped while it was late: since when it is late, and its pauses."""

_IN_STATE = {"supplement": "supplementing", "notice": "received", "pause_over": "suspended"}
_LAPSED = ("stage", *_IN_STATE)
"""Causes of open cases that a late deadline tells; all but the first only in the state it belongs to."""

_SEGMENTS = {"statutory": ("over_statutory",), "promised": ("over_promised",), "today": DUE, "soon": DUE}
"""The only parts of the default order that can hold cases of a cause."""


@dataclass(frozen=True, slots=True)
class Group:
    """One item, person or section among the cases of a cause: how many, working days late in sum and at the longest."""

    key: str
    name: str
    count: int
    days: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a case can be given to."""

    id: int
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause on a day: what the board shows; `also` are the 临期 that only a reading tells."""

    calendar: WorkingCalendar
    bureau: str
    key: str
    today: date
    also: tuple[int, ...] = ()

    @property
    def scope(self) -> ColumnElement[bool]:
        """The cases of the cause."""
        if self.key in AFTERWARDS:
            return and_(CaseRow.bureau == self.bureau, _runs(AFTERWARDS[self.key]))
        if self.key == "unanswered":
            return and_(CaseRow.bureau == self.bureau, _unanswered(self.today))
        if self.key in _LAPSED:
            return and_(_open(self.bureau), _lapsed(self.key, self.today))
        return and_(_open(self.bureau), _of_row(self.calendar, self.today, self.also)[self.key])

    @property
    def since(self) -> ColumnElement[Any]:
        """The last day a case of the cause was in time; null where the cause is about nothing late."""
        if self.key in ("statutory", "promised"):
            return (CaseRow.statutory_due if self.key == "statutory" else CaseRow.promised_due).expression
        if self.key in KINDS:
            late = (*_running(KINDS[self.key]), DeadlineRow.due_on < self.today)
            return select(func.min(DeadlineRow.due_on)).where(*late).correlate(CaseRow).scalar_subquery()
        if self.key == "unanswered":
            running = (OrderRow.bureau == CaseRow.bureau, OrderRow.case_id == CaseRow.id, OrderRow.closed_on.is_(None))
            return select(func.min(OrderRow.answer_by)).where(*running).correlate(CaseRow).scalar_subquery()
        return null()


def cause_counts(
    session: Connection, calendar: WorkingCalendar, bureau: str, today: date
) -> tuple[dict[str, int], tuple[int, ...]]:
    """How many cases each cause has, and the ids of the 临期 that only a reading tells."""
    of_row = _of_row(calendar, today)
    *counted, odd = count_each(session, (*of_row.values(), lamps.odd(today)), _open(bureau))
    also = lamps.soon_by_reading(session, calendar, _open(bureau), today) if odd else ()
    counts = dict(zip(of_row, counted, strict=True)) | _lapsed_counts(session, bureau, today)
    counts["soon"] += len(also)
    return counts | _afterwards(session, bureau, today), also


def _lapsed_counts(session: Connection, bureau: str, today: date) -> dict[str, int]:
    """The open cases of each cause that a late deadline tells: counted from what is late, which is few."""
    query = (
        select(DeadlineRow.kind, CaseRow.state, func.count())
        .join(CaseRow, and_(CaseRow.bureau == DeadlineRow.bureau, CaseRow.id == DeadlineRow.case_id))
        .where(DeadlineRow.bureau == bureau, DeadlineRow.stopped_on.is_(None), DeadlineRow.due_on < today)
        .where(DeadlineRow.kind.in_([kind for cause in _LAPSED for kind in KINDS[cause]]), CaseRow.is_open == 1)
        .group_by(DeadlineRow.kind, CaseRow.state)
    )
    found = [(kind, state, count) for kind, state, count in session.execute(query)]
    return {
        cause: sum(n for kind, state, n in found if kind in KINDS[cause] and _IN_STATE.get(cause, state) == state)
        for cause in _LAPSED
    }


def _afterwards(session: Connection, bureau: str, today: date) -> dict[str, int]:
    """How many cases, open or closed, each cause has that outlives completion: counted from what runs, which is few."""
    running = and_(DeadlineRow.bureau == bureau, DeadlineRow.stopped_on.is_(None))
    counts = {}
    for cause, kinds in AFTERWARDS.items():
        query = select(func.count(DeadlineRow.case_id.distinct())).where(running, DeadlineRow.kind.in_(kinds))
        counts[cause] = session.execute(query).scalar_one()
    unanswered = select(func.count()).where(OrderRow.bureau == bureau, *_owed(today))
    counts["unanswered"] = session.execute(unanswered).scalar_one()
    return counts


def groups_of(session: Connection, cause: Cause, by: str) -> tuple[Group, ...]:
    """The groups of a cause, the largest first: three statements, counted by the day since when a case is late."""
    tally: dict[str, Counter[date | None]] = {}
    samples: dict[str, int] = {}
    for key, since, count, sample in session.execute(_counted(cause, by)):
        group = _key(by, key)
        tally.setdefault(group, Counter())[since] += count
        samples[group] = sample
    names, stopped = _names(session, by, samples), _stopped(session, cause, by)
    groups = (_group(cause, key, names[key], days, stopped.get(key, [])) for key, days in tally.items())
    return tuple(sorted(groups, key=lambda group: (-group.count, group.name)))


def _counted(cause: Cause, by: str) -> Any:
    """By group and day: how many, and one of their ids; from the index of the open cases alone where it tells all."""
    rows = select(_column(by).label("key"), cause.since.label("since"), CaseRow.id).select_from(CaseRow)
    found = _with_sections(rows, by).where(cause.scope).subquery()
    return select(found.c.key, found.c.since, func.count(), func.max(found.c.id)).group_by(found.c.key, found.c.since)


def _column(by: str) -> ColumnElement[Any]:
    columns: dict[str, ColumnElement[Any]] = {
        "item": CaseRow.item_key.expression,
        "person": CaseRow.handler_id.expression,
        "section": StaffRow.section.expression,
    }
    return columns.get(by, literal(EVERYTHING))


def _with_sections(query: Any, by: str) -> Any:
    return query.outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id) if by == "section" else query


def _names(session: Connection, by: str, samples: Mapping[str, int]) -> dict[str, str]:
    """What each group is called, read off one of its cases."""
    if by == "none":
        return dict.fromkeys(samples, "全部")
    query = select(CaseRow.id, CaseRow.item_name, StaffRow.name, StaffRow.section)
    query = query.outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id).where(CaseRow.id.in_(samples.values()))
    found = {row.id: row for row in session.execute(query)}
    told = {key: found[sample] for key, sample in samples.items()}
    if by == "item":
        return {key: row.item_name for key, row in told.items()}
    names = {key: row.name if by == "person" else row.section or "未分科室" for key, row in told.items()}
    return names | dict.fromkeys({UNCLAIMED} & samples.keys(), "待领取")


def _key(by: str, key: Any) -> str:
    if by == "section":
        return UNCLAIMED if key is None else f"{_SECTION}{key}"
    return str(key or UNCLAIMED)


def _stopped(session: Connection, cause: Cause, by: str) -> dict[str, list[Stop]]:
    """The late cases whose clock stopped after they were late, by group: their days late do not grow meanwhile."""
    if cause.key not in ("statutory", "promised"):
        return {}
    rows = select(CaseRow.id, _column(by), cause.since, PauseRow.from_on, PauseRow.to_on).select_from(CaseRow)
    query = (
        _with_sections(rows, by)
        .join(PauseRow, and_(PauseRow.bureau == CaseRow.bureau, PauseRow.case_id == CaseRow.id))
        .where(cause.scope, PauseRow.excluded == 1, or_(PauseRow.to_on.is_(None), PauseRow.to_on > cause.since))
    )
    pauses: dict[tuple[int, str, date], tuple[Pause, ...]] = {}
    for case_id, group, since, start, end in session.execute(query):
        case = (case_id, _key(by, group), since)
        pauses[case] = (*pauses.get(case, ()), Pause(start, end))
    found: dict[str, list[Stop]] = {}
    for (_, key_of_group, since), stops in pauses.items():
        found.setdefault(key_of_group, []).append((since, stops))
    return found


def _group(cause: Cause, key: str, name: str, days: Mapping[date | None, int], stopped: Sequence[Stop]) -> Group:
    """A group with its days: those of a case in a pause are counted without it."""
    late = {since: late_by(cause.calendar, since, cause.today) for since in days if since is not None}
    rest = Counter(days)
    total = longest = 0
    for since, pauses in stopped:
        rest[since] -= 1
        own = late_by(cause.calendar, since, cause.today, pauses)
        total, longest = total + own, max(longest, own)
    for since, days_late in late.items():
        if rest[since] > 0:
            total, longest = total + days_late * rest[since], max(longest, days_late)
    return Group(key, name, sum(days.values()), total, longest)


def cases_of(
    session: Connection, cause: Cause, *, by: str = "item", group: str = "", after: Place | None = None
) -> Page:
    """One page of a cause, of one group where `group` names it, in the default order."""
    scope = and_(cause.scope, _in_group(by, group)) if group else cause.scope
    within = _SEGMENTS.get(cause.key, SEGMENTS)
    return page_of(session, cause.calendar, scope, cause.today, after=after, within=within)


def worst_stages(session: Connection, cause: Cause, *, by: str = "item", group: str = "") -> list[tuple[Stage, ...]]:
    """The stages of the cases of a cause, at most stages.WORST of them, those late for longest first."""
    scope = and_(cause.scope, _in_group(by, group)) if group else cause.scope
    first = func.coalesce(cause.since, lamps.nearest, literal(lamps.FAR, Date))
    return list(stages_of(session, cause.calendar, cause.bureau, scope, cause.today, [first]).values())


def sections_of(session: Connection, bureau: str) -> dict[int, str]:
    """The group of each member of staff where cases are grouped by section."""
    query = select(StaffRow.id, StaffRow.section).where(StaffRow.bureau == bureau)
    return {staff_id: f"{_SECTION}{section}" for staff_id, section in session.execute(query)}


def group_of(line: Line, by: str, sections: Mapping[int, str]) -> str:
    """The key of the group a line stands in."""
    if by == "section":
        return UNCLAIMED if line.handler_id is None else sections.get(line.handler_id, _SECTION)
    return {"item": line.item_key, "person": line.handler_key}.get(by, EVERYTHING)


def colleagues(session: Connection, bureau: str, roles: Sequence[str]) -> tuple[Colleague, ...]:
    """The active staff of a bureau who hold one of the roles, by number."""
    holds = exists().where(StaffRoleRow.staff_id == StaffRow.id, StaffRoleRow.role.in_(roles))
    query = select(StaffRow.id, StaffRow.number, StaffRow.name).where(
        StaffRow.bureau == bureau, StaffRow.active == 1, holds
    )
    return tuple(Colleague(*row) for row in session.execute(query.order_by(StaffRow.number)))


def _open(bureau: str) -> ColumnElement[bool]:
    return and_(CaseRow.bureau == bureau, CaseRow.is_open == 1)


def _of_row(calendar: WorkingCalendar, today: date, also: Sequence[int] = ()) -> dict[str, ColumnElement[bool]]:
    """The causes that the row of a case tells."""
    return {
        "statutory": lamps.over_statutory(today),
        "promised": lamps.over_promised(today),
        "today": lamps.due_today(today),
        "soon": lamps.soon(calendar, today, also),
        "paused": CaseRow.state == "suspended",
        "unclaimed": CaseRow.handler_id.is_(None),
    }


def _lapsed(cause: str, today: date) -> ColumnElement[bool]:
    late = _runs(KINDS[cause], before=today)
    return and_(CaseRow.state == _IN_STATE[cause], late) if cause in _IN_STATE else late


def _runs(kinds: Sequence[str], before: date = lamps.FAR) -> ColumnElement[bool]:
    """A deadline of these kinds runs, and was due before that day."""
    return exists().where(*_running(kinds), DeadlineRow.due_on < before).correlate(CaseRow)


def _running(kinds: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        DeadlineRow.bureau == CaseRow.bureau,
        DeadlineRow.case_id == CaseRow.id,
        DeadlineRow.kind.in_(kinds),
        DeadlineRow.stopped_on.is_(None),
    )


def _unanswered(today: date) -> ColumnElement[bool]:
    here = (OrderRow.bureau == CaseRow.bureau, OrderRow.case_id == CaseRow.id)
    return exists().where(*here, *_owed(today)).correlate(CaseRow)


def _owed(today: date) -> tuple[ColumnElement[bool], ...]:
    """An order without its answer: past its last day, or raised because the one before it was not answered."""
    late = or_(OrderRow.answer_by < today, OrderRow.follows.is_not(None))
    return OrderRow.closed_on.is_(None), OrderRow.answered_on.is_(None), late


def _in_group(by: str, group: str) -> ColumnElement[bool]:
    if by == "none":
        return true()
    if by == "item":
        return CaseRow.item_key == group
    if group == UNCLAIMED:
        return CaseRow.handler_id.is_(None)
    if by == "person":
        return CaseRow.handler_id == int(group)
    section = group.removeprefix(_SECTION)
    return CaseRow.handler_id.in_(select(StaffRow.id).where(StaffRow.section == section))
