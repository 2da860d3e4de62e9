"""A slow second opinion on due dates: day by day, from the text of the rules, sharing no code with the first.

Its days are typed in from the notices (national 2024 to 2026, Xinjiang 2025) and, where there is no notice, from the
statutory festivals with their weekends made good (national 2027) and the shipped estimates (Xinjiang 2024, 2026).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

ONE = timedelta(days=1)
LAST_PUBLISHED = 2026

NATIONAL_OFF = """
2024-01-01
2024-02-10..2024-02-17
2024-04-04..2024-04-06
2024-05-01..2024-05-05
2024-06-10
2024-09-15..2024-09-17
2024-10-01..2024-10-07
2025-01-01
2025-01-28..2025-02-04
2025-04-04..2025-04-06
2025-05-01..2025-05-05
2025-05-31..2025-06-02
2025-10-01..2025-10-08
2026-01-01..2026-01-03
2026-02-15..2026-02-23
2026-04-04..2026-04-06
2026-05-01..2026-05-05
2026-06-19..2026-06-21
2026-09-25..2026-09-27
2026-10-01..2026-10-07
2027-01-01
2027-02-05..2027-02-10
2027-04-05
2027-05-01..2027-05-04
2027-06-09
2027-09-15
2027-10-01..2027-10-05
"""

NATIONAL_WORKED = """
2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12
2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11
2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10
"""

XINJIANG_OFF = """
2024-04-10
2024-06-17..2024-06-19
2025-03-29..2025-03-31
2025-06-06..2025-06-10
2026-03-20
2026-05-27..2026-05-29
"""

XINJIANG_ESTIMATED = """
2024-04-10
2024-06-17..2024-06-19
2026-03-20
2026-05-27..2026-05-29
"""


def _days(text: str) -> set[date]:
    found: set[date] = set()
    for word in text.split():
        first, _, last = word.partition("..")
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last or first):
            found.add(day)
            day += ONE
    return found


OFF = {"cn": _days(NATIONAL_OFF), "xj": _days(NATIONAL_OFF) | _days(XINJIANG_OFF)}
WORKED = {"cn": _days(NATIONAL_WORKED), "xj": _days(NATIONAL_WORKED) - _days(XINJIANG_OFF)}
ESTIMATED = {"cn": set(), "xj": _days(XINJIANG_ESTIMATED)}


@cache
def works(calendar: str, day: date) -> bool:
    """Whether the limits count this day."""
    if day in WORKED[calendar]:
        return True
    return day.weekday() < 5 and day not in OFF[calendar]


@cache
def uncertain(calendar: str, day: date) -> bool:
    """Whether this day may still change."""
    return day.year > LAST_PUBLISHED or any(abs(day - guess).days <= 3 for guess in ESTIMATED[calendar])


class Vector:
    """One batch line with its dates read."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.calendar: str = line["calendar"]
        self.start = date.fromisoformat(line["from"])
        self.n: int = line["days"]
        self.unit: str = line.get("unit", "working_day")
        self.extend: int = line.get("extend", 0)
        self.pauses = [(date.fromisoformat(a), b and date.fromisoformat(b)) for a, b in line.get("pauses", [])]
        self.today = date.fromisoformat(line["today"]) if line.get("today") else None

    def is_paused(self, day: date) -> bool:
        """A pause takes out the days after its first up to and including its last."""
        return any(begin < day and (end is None or day <= end) for begin, end in self.pauses)

    def counts(self, day: date) -> bool:
        """A working day outside the pauses."""
        return works(self.calendar, day) and not self.is_paused(day)

    def stops_for_good(self, day: date) -> bool:
        """Whether no day after this one can ever count, because an open pause covers them all."""
        return any(end is None and begin <= day for begin, end in self.pauses)

    def counted(self, after: date, through: date) -> int:
        """Days that count in (after, through], one by one."""
        total = 0
        day = after
        while day < through:
            day += ONE
            total += self.counts(day)
        return total


def _due_in_working_days(vector: Vector) -> date | None:
    day, used = vector.start, 0
    while used < vector.n + vector.extend:
        if vector.stops_for_good(day):
            return None
        day += ONE
        used += vector.counts(day)
    return day


def _corresponding(vector: Vector) -> date:
    if vector.unit == "month":
        year, month = vector.start.year, vector.start.month
        for _ in range(vector.n):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        for number in (vector.start.day, 30, 29, 28):
            try:
                return date(year, month, number)
            except ValueError:
                continue
    days = vector.n if vector.unit == "calendar_day" else vector.n // 24
    return vector.start + timedelta(days=days)


def _forward(vector: Vector, day: date) -> date:
    while not works(vector.calendar, day):
        day += ONE
    for _ in range(vector.extend):
        day += ONE
        while not works(vector.calendar, day):
            day += ONE
    return day


def _due_in_calendar_units(vector: Vector) -> date | None:
    """Stretch the limit by each stopped calendar day, as long as the stop began before the day it is due."""
    nominal = _corresponding(vector)
    due = _forward(vector, nominal)
    day = vector.start
    while day < due:
        day += ONE
        if vector.is_paused(day):
            if vector.stops_for_good(day - ONE):
                return None
            nominal += ONE
            # The rest of a stop already begun belongs to it, even where rolling forward had hidden it.
            while vector.is_paused(day + ONE):
                if vector.stops_for_good(day):
                    return None
                day += ONE
                nominal += ONE
            due = _forward(vector, nominal)
    return due


def due(vector: Vector) -> date | None:
    """The due date, or None where an open pause keeps the limit from being reached."""
    if vector.unit == "working_day":
        return _due_in_working_days(vector)
    return _due_in_calendar_units(vector)


def _stopped_on(vector: Vector) -> date:
    """The day after which everything is stopped: walk back from the open pause through the pauses it joins."""
    day = min(begin for begin, end in vector.pauses if end is None)
    while day > vector.start and vector.is_paused(day):
        day -= ONE
    return max(day, vector.start)


def _without_the_open_stop(vector: Vector) -> Vector:
    stopped = _stopped_on(vector)
    calm = object.__new__(Vector)
    calm.__dict__.update(vector.__dict__)
    calm.pauses = [(begin, end) for begin, end in vector.pauses if end is not None and end <= stopped]
    return calm


def days_left(vector: Vector, today: date) -> int:
    """Working days still to come, negative when late; a stopped clock keeps what it had."""
    if vector.unit == "working_day":
        return vector.n + vector.extend - vector.counted(vector.start, today)
    on = due(vector)
    if on is None:
        calm = _without_the_open_stop(vector)
        reached = due(calm)
        assert reached is not None
        return calm.counted(max(vector.start, min(today, _stopped_on(vector))), reached)
    if today <= on:
        return vector.counted(max(vector.start, today), on)
    return -vector.counted(on, today)


def lamp(vector: Vector, on: date | None, today: date) -> str:
    """Late, due today, stopped, near the end, or none of these."""
    if on is not None and on < today:
        return "over_promised"
    if on == today:
        return "today"
    if any(end is None and begin <= today for begin, end in vector.pauses):
        return "paused"
    used, left = vector.counted(vector.start, today), days_left(vector, today)
    if (used + left <= 5 and left <= 1) or used * 10 >= 8 * (used + left):
        return "soon"
    return "normal"


def answer(line: dict[str, Any]) -> dict[str, Any]:
    """What the batch must answer to this line."""
    vector = Vector(line)
    on = due(vector)
    day, provisional = vector.start, False
    while on is not None and day < on:
        day += ONE
        provisional = provisional or uncertain(vector.calendar, day)
    today = vector.today
    return {
        "due": on.isoformat() if on else None,
        "provisional": provisional,
        "days_counted": vector.counted(vector.start, on or _stopped_on(vector)),
        "days_left": None if today is None else days_left(vector, today),
        "lamp": None if today is None else lamp(vector, on, today),
    }
