"""工作日历: days entered after release. What they would move is shown first; then they are entered and move it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, insert, update

from caseflow.desk.rederiving import Change, changes_under, rederive
from caseflow.errors import BadInput, CaseChanged, Refusal, Refused, Unavailable
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.calendar import Day, WorkingCalendar
from caseflow.rules.entered_days import NATIONAL, Amendment, amendment_faults
from caseflow.rules.policy import holds
from caseflow.store.calendars import (
    Standing,
    calendar_for,
    calendar_with,
    days_revision,
    forget,
    standing_days,
)
from caseflow.store.counters import next_serial
from caseflow.store.db import reading, writing
from caseflow.store.side_models import CalendarDayRow

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class DayChange:
    """One day as the layer's calendar has it now, and as it would be."""

    before: Day
    after: Day


@dataclass(frozen=True, slots=True)
class Preview:
    """What an amendment would do; `shown` is handed back with the confirmation, to say that this is what was seen."""

    shown: str
    days: tuple[DayChange, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """Days newly written, cases whose dates changed; `complete` unless the rest is left to the next tick."""

    days: int
    cases: int
    complete: bool = True


def preview_days(engine: Engine, house: House, actor: Actor, amendment: Amendment, now: datetime) -> Preview:
    """影响 n 件: 旧 → 新, bureau by bureau, and nothing written. Raises BadInput with every fault, Refused."""
    with reading(engine) as session:
        _check(session, house, actor, amendment)
        shown = _shown(session, amendment)
        years = {entry.day.year for entry in amendment.days} | ({amendment.publishes} - {0})
        after = calendar_with(session, house, amendment.layer, amendment)
        days = tuple(_day_changes(calendar_for(session, house, amendment.layer), after, years))
    changes: list[Change] = []
    for bureau in house.catalogue.bureaus_on(amendment.layer):
        with reading(engine) as session:
            calendar = calendar_with(session, house, bureau, amendment)
            changes += changes_under(session, bureau, calendar, beijing_day(now))
    return Preview(shown, days, tuple(changes))


def _day_changes(before: WorkingCalendar, after: WorkingCalendar, years: set[int]) -> Iterator[DayChange]:
    for year in sorted(years):
        day = date(year, 1, 1)
        while day.year == year:
            if before.day(day) != after.day(day):
                yield DayChange(before.day(day), after.day(day))
            day += timedelta(days=1)


def enter_days(
    session: Connection, house: House, actor: Actor, amendment: Amendment, now: datetime, shown: str | None = None
) -> int:
    """Write the days that are new, retiring those they replace, and give their number; 0 where all stand already.

    `shown` is the preview's: CaseChanged where another amendment came between, or this one is not what was shown.
    Raises BadInput with every fault, Refused for any role but the administrator's. The cases are left to `rederive`.
    """
    # Amendments wait for each other here, so that the numbers of the days grow in the order of their commits.
    next_serial(session, "", "calendar", "")
    forget(session)
    _check(session, house, actor, amendment)
    if shown is not None and shown != _shown(session, amendment):
        raise CaseChanged("在您核对之后，工作日历又有变化，请重新核对后再确认")
    fresh = _fresh(standing_days(session), amendment)
    if not fresh:
        return 0
    days = [row["day"] for row in fresh]
    replaced = update(CalendarDayRow).where(CalendarDayRow.layer == amendment.layer, CalendarDayRow.day.in_(days))
    session.execute(replaced.where(CalendarDayRow.retired_at.is_(None)).values(retired_at=now))
    told = {"layer": amendment.layer, "entered_by": f"{actor.name} {actor.number}".strip(), "entered_at": now}
    session.execute(insert(CalendarDayRow), [row | told for row in fresh])
    forget(session)
    return len(fresh)


def enter(
    engine: Engine, house: House, actor: Actor, amendment: Amendment, now: datetime, shown: str | None = None
) -> Entered:
    """Enter the days, then move the open cases' dates, each bureau in transactions of its own."""
    with writing(engine) as session:
        days = enter_days(session, house, actor, amendment, now, shown)
    try:
        return Entered(days, rederive(engine, house, now).changed)
    except Unavailable:
        # The days stand; what is left is found by the next tick.
        return Entered(days, 0, complete=False)


def _check(session: Connection, house: House, actor: Actor, amendment: Amendment) -> None:
    if not holds(actor.roles, "keep_calendar"):
        raise Refused([Refusal("role", "工作日历须由系统管理员录入")])
    published = calendar_for(session, house, NATIONAL).published_through
    faults = amendment_faults(amendment, house.catalogue.calendars, published)
    if faults:
        raise BadInput(faults)
    if amendment.layer in house.catalogue.bureaus and amendment.layer != actor.bureau:
        raise Refused([Refusal("others_layer", "其他经办机构自己的日历，由该机构的系统管理员录入")])


def _fresh(standing: tuple[Standing, ...], amendment: Amendment) -> list[dict[str, object]]:
    held = {day.day: day for day in standing if day.layer == amendment.layer}
    rows = []
    for entry in sorted(amendment.days, key=lambda entry: entry.day):
        before = held.get(entry.day)
        row = {
            "day": entry.day,
            "off": int(entry.off),
            "name": entry.name.strip(),
            "source": entry.source.strip(),
            # A year once published stays so, whichever of its days is amended.
            "publishes": amendment.publishes or (before.publishes if before else 0),
        }
        if before is None or any(getattr(before, name) != value for name, value in row.items()):
            rows.append(row)
    return rows


def _shown(session: Connection, amendment: Amendment) -> str:
    """What ties a confirmation to its preview: the days as they stood, and the amendment word for word."""
    told = f"{days_revision(session)}\n{amendment!r}"
    return hashlib.sha256(told.encode()).hexdigest()
