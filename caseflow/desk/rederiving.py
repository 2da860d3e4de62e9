"""A changed calendar moves the dates of the open cases: what would move, and the writing of it, resumable anywhere.

A case row names the calendar its dates were derived by. Whatever is open and names another one is still to be done,
so a crash between two bureaus or two batches leaves nothing to repair: the next run goes on where the last one ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, select, update

from caseflow.desk.deadlines import DueDates, derive
from caseflow.desk.orders import REPLY, change_order, running_order
from caseflow.desk.recording import Happened, record
from caseflow.house import House, beijing_day, system
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Limit, Pause, Unit, due
from caseflow.store.calendars import Standing, calendar_for, newest_of, standing_days
from caseflow.store.db import reading, writing
from caseflow.store.facts import DEADLINE_NAMES
from caseflow.store.models import CaseRow, DeadlineRow, PauseRow

BATCH: Final = 200
"""Cases written in one transaction, so that nobody at a window waits long for it."""

PACKAGED: Final = "随程序更新的工作日历"
AGREED: Final = "deferral"
"""The one deadline that ends on a day agreed upon, whatever the calendar says."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One running deadline of a case, before and after; lapsed_on is what it becomes."""

    id: int
    kind: str
    before: date
    after: date
    was_provisional: bool
    provisional: bool
    lapsed_on: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a calendar changes about one open case."""

    bureau: str
    case_id: int
    number: str
    item_name: str
    before: DueDates
    after: DueDates
    deadlines: tuple[Moved, ...]

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """What moved, as (what, old, new) in words; a mark that falls away shows like a date that moves."""
        old, new = self.before, self.after
        pairs = [
            ("承诺到期", old.promised_due, new.promised_due, old.provisional, new.provisional),
            ("法定到期", old.statutory_due, new.statutory_due, old.provisional, new.provisional),
        ]
        pairs += [
            (f"{DEADLINE_NAMES[one.kind]}期限", one.before, one.after, one.was_provisional, one.provisional)
            for one in self.deadlines
        ]
        told = ((what, _told(a, marked=p), _told(b, marked=q)) for what, a, b, p, q in pairs)
        return tuple(line for line in told if line[1] != line[2])

    @property
    def earliest(self) -> date | None:
        """The earliest old or new date that moved."""
        return min(self._days, default=None)

    @property
    def latest(self) -> date | None:
        """The latest old or new date that moved."""
        return max(self._days, default=None)

    @property
    def _days(self) -> list[date]:
        limits = (
            self.before.promised_due,
            self.before.statutory_due,
            self.after.promised_due,
            self.after.statutory_due,
        )
        return [day for day in limits if day] + [day for one in self.deadlines for day in (one.before, one.after)]


def _told(day: date | None, *, marked: bool) -> str:
    if day is None:
        return "无"
    return f"{day.isoformat()}（暂定）" if marked else day.isoformat()


@dataclass(frozen=True, slots=True)
class Rederived:
    """What a run did: open cases looked at, and those of them whose dates or marks changed."""

    seen: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Open:
    """The facts of an open case that its dates hang on."""

    id: int
    bureau: str
    number: str
    item_name: str
    state: str
    version: int
    chain: str
    received_on: date
    accepted_on: date | None
    promised_n: int | None
    promised_unit: str | None
    statutory_n: int | None
    statutory_unit: str | None
    extend: int
    promised_due: date | None
    statutory_due: date | None
    provisional: int
    calendar_revision: str

    @property
    def dates(self) -> DueDates:
        return DueDates(self.promised_due, self.statutory_due, bool(self.provisional))

    def clocks(self, pauses: tuple[Pause, ...]) -> Clocks:
        promised = _limit(self.promised_n, self.promised_unit)
        statutory = _limit(self.statutory_n, self.statutory_unit)
        return Clocks(self.accepted_on, promised, statutory, pauses, self.extend)


def _limit(n: int | None, unit: str | None) -> Limit | None:
    return None if n is None or unit is None else Limit(n, Unit(unit))


def changes_under(session: Connection, bureau: str, calendar: WorkingCalendar, today: date) -> tuple[Change, ...]:
    """What this calendar would change about the open cases of one bureau; nothing is written."""
    which = [CaseRow.bureau == bureau, CaseRow.is_open == 1]
    changes = _changes(session, bureau, calendar, _open(session, which), which, today)
    return tuple(change for change in changes if change.lines)


def rederive(engine: Engine, house: House, now: datetime) -> Rederived:
    """Finish what is left of every bureau, in short transactions of one bureau each; run twice it adds nothing."""
    seen = changed = 0
    for bureau in house.catalogue.bureaus:
        while _is_behind(engine, house, bureau):
            with writing(engine) as session:
                batch = _rederive_batch(session, house, bureau, now)
            seen, changed = seen + batch.seen, changed + batch.changed
    return Rederived(seen, changed)


def _behind(bureau: str, calendar: WorkingCalendar) -> list[ColumnElement[bool]]:
    return [CaseRow.bureau == bureau, CaseRow.is_open == 1, CaseRow.calendar_revision != calendar.revision]


def _is_behind(engine: Engine, house: House, bureau: str) -> bool:
    with reading(engine) as session:
        behind = _behind(bureau, calendar_for(session, house, bureau))
        return session.execute(select(CaseRow.id).where(*behind).limit(1)).first() is not None


def _rederive_batch(session: Connection, house: House, bureau: str, now: datetime) -> Rederived:
    calendar, today = calendar_for(session, house, bureau), beijing_day(now)
    cases = _open(session, _behind(bureau, calendar), most=BATCH)
    if not cases:
        return Rederived(0, 0)
    which = [CaseRow.bureau == bureau, CaseRow.id.in_([case.id for case in cases])]
    changes = _changes(session, bureau, calendar, cases, which, today)
    moved = [(case, change) for case, change in zip(cases, changes, strict=True) if change.lines]
    layers = {layer.key for layer in house.catalogue.layers_of(bureau)}
    days = [day for day in standing_days(session) if day.layer in layers]
    for case, change in moved:
        _write(session, house, case, change, _cause(case, change, days), now)
    # Also those whose dates stay as they are: they have been looked at by this calendar.
    session.execute(update(CaseRow).where(*which).values(calendar_revision=calendar.revision))
    return Rederived(len(cases), len(moved))


def _open(session: Connection, which: Iterable[ColumnElement[bool]], most: int | None = None) -> list[_Open]:
    query = select(*(getattr(CaseRow, name) for name in _Open.__slots__)).where(*which).order_by(CaseRow.id)
    if most is not None:
        query = query.limit(most).with_for_update()
    return [_Open(*row) for row in session.execute(query)]


def _changes(
    session: Connection,
    bureau: str,
    calendar: WorkingCalendar,
    cases: Iterable[_Open],
    which: Iterable[ColumnElement[bool]],
    today: date,
) -> list[Change]:
    """One change per case, in order; those with nothing to tell among them."""
    conditions = list(which)
    pauses, running = _pauses(session, conditions), _running(session, conditions)
    changes = []
    for case in cases:
        stopped = pauses.get(case.id, ())
        after = case.dates if case.accepted_on is None else derive(calendar, case.clocks(stopped), today)
        deadlines = (_moved(calendar, row, stopped, today) for row in running.get(case.id, ()))
        moved = tuple(one for one in deadlines if one is not None)
        changes.append(Change(bureau, case.id, case.number, case.item_name, case.dates, after, moved))
    return changes


def _pauses(session: Connection, which: list[ColumnElement[bool]]) -> Mapping[int, tuple[Pause, ...]]:
    query = (
        select(PauseRow.case_id, PauseRow.from_on, PauseRow.to_on)
        .join(CaseRow, (CaseRow.bureau == PauseRow.bureau) & (CaseRow.id == PauseRow.case_id))
        .where(*which, PauseRow.excluded == 1)
        .order_by(PauseRow.from_on, PauseRow.id)
    )
    found: dict[int, tuple[Pause, ...]] = {}
    for row in session.execute(query):
        found[row.case_id] = (*found.get(row.case_id, ()), Pause(row.from_on, row.to_on))
    return found


def _running(session: Connection, which: list[ColumnElement[bool]]) -> Mapping[int, list[Any]]:
    query = (
        select(*DeadlineRow.__table__.columns)
        .join(CaseRow, (CaseRow.bureau == DeadlineRow.bureau) & (CaseRow.id == DeadlineRow.case_id))
        .where(*which, DeadlineRow.stopped_on.is_(None))
        .order_by(DeadlineRow.id)
    )
    found: dict[int, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(row.case_id, []).append(row)
    return found


def _moved(calendar: WorkingCalendar, row: Any, pauses: tuple[Pause, ...], today: date) -> Moved | None:
    """Where a running deadline falls now; None where it stays. One that lapsed and is due again may lapse again."""
    last, provisional = row.due_on, calendar.provisional(row.started_on, row.due_on)
    if row.kind != AGREED:
        # Only the limit of a stage runs over pauses of the case; the others begin and end beside them.
        falls = due(
            calendar, row.started_on, Limit(row.limit_n, Unit(row.limit_unit)), pauses if row.kind == "stage" else ()
        )
        last, provisional = falls.on or row.due_on, falls.provisional
    if (last, provisional) == (row.due_on, bool(row.provisional)):
        return None
    lapsed_on = None if last >= today else row.lapsed_on
    return Moved(row.id, row.kind, row.due_on, last, bool(row.provisional), provisional, lapsed_on)


def _cause(case: _Open, change: Change, days: Iterable[Standing]) -> dict[str, Any]:
    """Which days, by which notice, entered by whom: of those newer than the case's calendar, those that bear on it."""
    newer = [day for day in days if day.id > newest_of(case.calendar_revision)]
    latest = change.latest
    bearing = [day for day in newer if latest is not None and case.received_on < day.day <= latest]
    named = bearing or newer
    told = [f"{day.day.isoformat()} {'放假' if day.off else '上班'} {day.name}" for day in bearing]
    return {
        "source": "；".join(dict.fromkeys(day.source for day in named)) or PACKAGED,
        **({"days": told} if told else {}),
        **({"entered_by": "、".join(dict.fromkeys(day.entered_by for day in named))} if named else {}),
    }


def _write(
    session: Connection, house: House, case: _Open, change: Change, cause: Mapping[str, Any], now: datetime
) -> None:
    moved = {what: f"{old} → {new}" for what, old, new in change.lines}
    happened = Happened(system(change.bureau), "calendar", {**cause, "dates": moved, **_due(change)})
    after = change.after
    dates = {
        "promised_due": after.promised_due,
        "statutory_due": after.statutory_due,
        "provisional": int(after.provisional),
    }
    record(session, house, case, [happened], dates, now)
    for one in change.deadlines:
        falls = {"due_on": one.after, "provisional": int(one.provisional), "lapsed_on": one.lapsed_on}
        deadline = update(DeadlineRow).where(DeadlineRow.bureau == change.bureau, DeadlineRow.id == one.id)
        session.execute(deadline.values(falls))
        if one.kind == REPLY:
            running = running_order(session, change.bureau, change.case_id)
            if running is not None:
                change_order(session, running, answer_by=one.after)


def _due(change: Change) -> dict[str, Any]:
    """Both limits in the form every step tells them in, where they moved."""
    before, after = ((one.promised_due, one.statutory_due) for one in (change.before, change.after))
    if before == after:
        return {}
    told = {"before": before, "after": after}
    return {"due": {when: [day.isoformat() if day else None for day in days] for when, days in told.items()}}
