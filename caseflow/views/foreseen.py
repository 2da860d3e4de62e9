"""What a pause or an extension would do to the due dates, told before it is confirmed. Nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from caseflow.house import House
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Pause, read
from caseflow.store.calendars import calendar_for
from caseflow.store.facts import CaseState

FORESEEN = ("suspend", "ask_extension", "grant_extension")
"""The actions whose effect on the dates is shown first."""


def foresee(session: Connection, house: House, case: CaseState, action: str, days: int, today: date) -> str:
    """Both due dates before and after the step; `days` are the working days entered. Raises OutsideCalendar."""
    calendar = calendar_for(session, house, case.record.bureau)
    before, after = case.clocks, _after(calendar, case, action, days, today)
    now, then = read(calendar, before, today), read(calendar, after, today)
    parts = [
        f"{word}到期 {_day(old)} → {_day(new)}"
        for word, old, new in (
            ("承诺", now.promised_due, then.promised_due),
            ("法定", now.statutory_due, then.statutory_due),
        )
        if old or new
    ]
    return f"{_when(action, days)}：{'；'.join(parts)}{'（暂定）' if then.provisional else ''}"


def _after(calendar: WorkingCalendar, case: CaseState, action: str, days: int, today: date) -> Clocks:
    clocks = case.clocks
    if action == "suspend":
        return replace(clocks, pauses=(*clocks.pauses, Pause(today, calendar.add(today, days))))
    granted = case.past.extension.days if action == "grant_extension" and case.past.extension else days
    return replace(clocks, extend=clocks.extend + granted)


def _when(action: str, days: int) -> str:
    return f"停表 {days} 个工作日后恢复，且不计入时限" if action == "suspend" else "同意延期后"


def _day(day: date | None) -> str:
    return day.isoformat() if day else "停表中"
