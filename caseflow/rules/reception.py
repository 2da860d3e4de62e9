"""On which day something counts as received. Reception hours say when a window is open, not which days count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.item import Reception

LATE_ENTRY_DAYS = 3
"""补录: a paper received at most this many working days ago may still be entered, with a reason."""

_SURELY_LATE = 60
"""Days: no stretch of three working days is so long; asked first, so that a day before the calendar is refused too."""

_SUMMER = ((5, 1), (10, 1))
_SATURDAY = 5
_WORKDAYS = {0, 1, 2, 3, 4}


def season(day: date) -> str:
    """Return summer from 1 May, winter from 1 October (新疆作息时间)."""
    starts, ends = _SUMMER
    return "summer" if starts <= (day.month, day.day) < ends else "winter"


def closing(reception: Sequence[Reception], day: date) -> str | None:
    """The last closing time (HH:MM) on a day by the published hours; None where they name no hours for it."""
    here = [one.closes for one in reception if day.weekday() in one.weekdays and one.season in ("all", season(day))]
    return max(here, default=None)


def hours_of(calendar: WorkingCalendar, reception: Sequence[Reception], day: date) -> tuple[tuple[str, str], ...]:
    """The stretches (opens, closes) of a day, in order; none on a day off.

    A make-up Saturday or Sunday that the published hours do not name has the hours of Monday to Friday.
    """
    if not calendar.is_working(day):
        return ()
    here = [one for one in reception if one.season in ("all", season(day))]
    named = [one for one in here if day.weekday() in one.weekdays]
    if not named and day.weekday() >= _SATURDAY:
        named = [one for one in here if set(one.weekdays) >= _WORKDAYS]
    return tuple(sorted({(one.opens, one.closes) for one in named}))


def open_until(calendar: WorkingCalendar, reception: Sequence[Reception], local: datetime) -> str:
    """When the window that is open at this moment of Beijing time closes (HH:MM); "" where it is not open."""
    clock = f"{local:%H:%M}"
    stretches = hours_of(calendar, reception, local.date())
    return next((closes for opens, closes in stretches if opens <= clock < closes), "")


def next_opening(calendar: WorkingCalendar, reception: Sequence[Reception], local: datetime) -> tuple[date, str] | None:
    """The next day and time after this moment at which the window opens; None within the 60 days to come."""
    clock = f"{local:%H:%M}"
    for ahead in range(_SURELY_LATE + 1):
        day = local.date() + timedelta(days=ahead)
        if day > calendar.last:
            return None
        for opens, _ in hours_of(calendar, reception, day):
            if ahead or opens > clock:
                return day, opens
    return None


def arrival_day(calendar: WorkingCalendar, reception: Sequence[Reception], local: datetime) -> date:
    """The day on which what arrives by itself (online, post) is received.

    After closing or on a day off it is the next working day. `local` is Beijing time. A make-up Saturday is a working
    day and closes as the weekdays do.
    """
    day = local.date()
    if not calendar.is_working(day):
        return calendar.next_working(day)
    hours = [one.closes for one in reception if one.season in ("all", season(day))]
    last = closing(reception, day) or max(hours, default=None)
    if last is not None and f"{local:%H:%M}" >= last:
        return calendar.add(day, 1)
    return day


def late_entry_fault(calendar: WorkingCalendar, received_on: date, today: date, reason: str) -> str:
    """Why a receipt cannot be entered for this day, or nothing: at most 3 working days back, with a reason."""
    if received_on > today:
        return "收件日期不能晚于今天"
    if received_on == today:
        return ""
    if (today - received_on).days > _SURELY_LATE or calendar.count(received_on, today) > LATE_ENTRY_DAYS:
        return f"补录最多补前 {LATE_ENTRY_DAYS} 个工作日的收件"
    return "" if reason.strip() else "补录要写明原因"
