"""What stands around every page: the bar at the top, the directory at the left, and the words templates share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask, g, request

from caseflow.errors import OutsideCalendar
from caseflow.house import BEIJING, Actor
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.flow import ROLES
from caseflow.rules.words import CHANNELS, limit_text
from caseflow.store.db import reading
from caseflow.views.calendar_page import working_calendar
from caseflow.views.lines import STATES
from caseflow.views.messages import unread_count
from caseflow.views.worklist import NavCounts, nav_counts
from web.clock import now, today
from web.gate import db_engine, house, may
from web.help_texts import help_of

WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Today:
    """The day in the top bar: whether the clocks count it, and why not."""

    date: date
    time: str
    weekday: str
    working: bool
    name: str


def install(app: Flask) -> None:
    """Give templates the frame's values and filters."""
    app.context_processor(_frame)
    app.jinja_env.filters.update(
        md=month_day, ymd=year_month_day, hm=clock_time, moment=full_moment, short_number=short_number, limit=limit_text
    )
    app.jinja_env.globals.update(CHANNELS=CHANNELS, ROLES=ROLES, STATES=STATES)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def month_day(day: date | None) -> str:
    """05-09; nothing for no date."""
    return f"{day:%m-%d}" if day else ""


def year_month_day(day: date | None) -> str:
    """2026-05-09; nothing for no date."""
    return day.isoformat() if day else ""


def clock_time(moment: datetime | None) -> str:
    """09:41 in Beijing time."""
    return f"{moment.astimezone(BEIJING):%H:%M}" if moment else ""


def full_moment(moment: datetime | None) -> str:
    """2026-05-09 09:41 in Beijing time."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}" if moment else ""


def short_number(number: str) -> str:
    """A 24-digit case number as lists show it and the search takes it: 261124-1003, the day, source and serial."""
    if len(number) != 24:  # noqa: PLR2004 - the length of a case number
        return number
    return f"{number[11:17]}-{number[17]}{int(number[18:]):03d}"


def _frame() -> dict[str, Any]:
    actor: Actor | None = g.get("actor")
    if actor is None:
        return {"actor": None, "may": may}
    return {
        "actor": actor,
        "may": may,
        "bureau": house().catalogue.bureau(actor.bureau),
        "bar": _bar(),
        "nav": _nav,
        "unread": _unread,
        "sees_cases": may("see_cases"),
        "endpoint": request.endpoint or "",
        "keys_on": g.keys_on,
        "idle_minutes": house().sign_in.idle_minutes,
        "help": help_of(request.endpoint or ""),
    }


def bureau_calendar(session: Any) -> WorkingCalendar:
    """The calendar of the actor's bureau for showing pages, asked for once in a request."""
    if "calendar" not in g:
        g.calendar = working_calendar(session, house(), g.actor.bureau)
    found: WorkingCalendar = g.calendar
    return found


def _bar() -> Today:
    day = today()
    if "calendar" not in g:
        with reading(db_engine()) as connection:
            bureau_calendar(connection)
    calendar: WorkingCalendar = g.calendar
    weekday = f"周{WEEKDAYS[day.weekday()]}"
    try:
        return Today(day, clock_time(now()), weekday, calendar.is_working(day), calendar.day(day).name)
    except OutsideCalendar:
        return Today(day, clock_time(now()), weekday, working=False, name="超出工作日历")


def _unread() -> int:
    """The actor's unread messages, counted once per page; with the directory's counts where those are shown."""
    if may("see_cases"):
        return _nav().unread
    if "unread" not in g:
        with reading(db_engine()) as connection:
            g.unread = unread_count(connection, g.actor)
    count: int = g.unread
    return count


def _nav() -> NavCounts:
    """The live counts of the directory, read once per page."""
    if "nav_counts" not in g:
        with reading(db_engine()) as connection:
            g.nav_counts = nav_counts(connection, g.actor, today())
    counts: NavCounts = g.nav_counts
    return counts
