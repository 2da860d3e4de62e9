"""Everything that falls due beside the two limits, and the two limits re-derived from their facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, update

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Limit, Pause, Unit, due, read
from caseflow.rules.flow import Clock
from caseflow.rules.item import Item
from caseflow.store.models import DeadlineRow


@dataclass(frozen=True, slots=True)
class DueDates:
    """The derived columns of a case: the promised date (never after the statutory), the statutory, provisional."""

    promised_due: date | None
    statutory_due: date | None
    provisional: bool

    def columns(self, calendar: WorkingCalendar) -> dict[str, Any]:
        """As the case row keeps them, with the revision of the calendar they were derived by."""
        return {
            "promised_due": self.promised_due,
            "statutory_due": self.statutory_due,
            "provisional": int(self.provisional),
            "calendar_revision": calendar.revision,
        }


NO_DATES = DueDates(None, None, provisional=False)


def derive(calendar: WorkingCalendar, clocks: Clocks, today: date) -> DueDates:
    """Both due dates from the facts; none before the clock starts; raises OutsideCalendar."""
    if clocks.start is None:
        return NO_DATES
    reading = read(calendar, clocks, today)
    return DueDates(reading.promised_due, reading.statutory_due, reading.provisional)


def open_deadline(
    session: Connection,
    calendar: WorkingCalendar,
    bureau: str,
    case_id: int,
    kind: str,
    started_on: date,
    limit: Limit,
    pauses: Sequence[Pause] = (),
) -> date:
    """Start one deadline of a case and give its last day; raises OutsideCalendar."""
    falls = due(calendar, started_on, limit, pauses)
    if falls.on is None:
        message = "a deadline opens only while no pause is open"
        raise AssertionError(message)
    _insert(session, bureau, case_id, kind, started_on, limit, falls.on, falls.provisional)
    return falls.on


def open_deadline_on(
    session: Connection,
    calendar: WorkingCalendar,
    bureau: str,
    case_id: int,
    kind: str,
    started_on: date,
    last: date,
) -> None:
    """Start one deadline that ends on a day agreed upon."""
    limit = Limit((last - started_on).days, Unit.CALENDAR_DAY)
    _insert(session, bureau, case_id, kind, started_on, limit, last, calendar.provisional(started_on, last))


def _insert(
    session: Connection,
    bureau: str,
    case_id: int,
    kind: str,
    started_on: date,
    limit: Limit,
    last: date,
    provisional: bool,  # noqa: FBT001 - a column, handed on
) -> None:
    row = {
        "bureau": bureau,
        "case_id": case_id,
        "kind": kind,
        "started_on": started_on,
        "limit_n": limit.n,
        "limit_unit": limit.unit.value,
        "due_on": last,
        "provisional": int(provisional),
    }
    session.execute(insert(DeadlineRow).values(row))


def stop_deadlines(
    session: Connection, bureau: str, case_id: int, today: date, *kinds: str, but: tuple[str, ...] = ()
) -> None:
    """Stop the running deadlines of a case: those kinds, or all where none is named; never those in `but`."""
    running = [DeadlineRow.bureau == bureau, DeadlineRow.case_id == case_id, DeadlineRow.stopped_on.is_(None)]
    if but:
        running.append(DeadlineRow.kind.not_in(but))
    if kinds:
        running.append(DeadlineRow.kind.in_(kinds))
    session.execute(update(DeadlineRow).where(*running).values(stopped_on=today))


def state_deadline(item: Item, state: str, clock: Clock) -> tuple[str, Limit] | None:
    """The deadline that begins on entering a state: notice, supplement, or the limit of the stage."""
    if clock is Clock.NOTICE:
        return "notice", Limit(item.limits.notice)
    if clock is Clock.SUPPLEMENT:
        return "supplement", Limit(item.limits.supplement)
    if state == "assessing" and item.limits.assessment is not None:
        return "stage", item.limits.assessment
    if state in item.limits.stages:
        return "stage", Limit(item.limits.stages[state])
    return None


STATE_KINDS = ("notice", "supplement", "stage")
"""The deadlines that end when the case leaves the state they began in."""


def move_deadline(
    session: Connection, calendar: WorkingCalendar, bureau: str, case_id: int, kind: str, started_on: date, limit: Limit
) -> None:
    """Let a running deadline begin on another day, and fall due accordingly; raises OutsideCalendar."""
    falls = due(calendar, started_on, limit)
    running = update(DeadlineRow).where(
        DeadlineRow.bureau == bureau,
        DeadlineRow.case_id == case_id,
        DeadlineRow.kind == kind,
        DeadlineRow.stopped_on.is_(None),
    )
    session.execute(running.values(started_on=started_on, due_on=falls.on, provisional=int(falls.provisional)))
