"""The clock of a case as shapes and words: pure values, places in thousandths of the bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from caseflow.errors import OutsideCalendar
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Reading, StripDay, strip, union

WIDTH = 1000
LONGEST_STRIP = 400
"""Calendar days shown day by day; a case open for longer shows the first of them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the bar: `kind` is used, paused, late or late-statutory."""

    kind: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A day marked on the bar: `kind` is promised, statutory or today."""

    kind: str
    x: int
    day: date


@dataclass(frozen=True, slots=True)
class ClockBar:
    """The bar from the day of acceptance to the last day that matters."""

    start: date
    end: date
    pieces: tuple[Piece, ...]
    ticks: tuple[Tick, ...]


def clock_bar(clocks: Clocks, reading: Reading, stop: date) -> ClockBar | None:
    """The bar on the day `stop` (today, or the day the case ended); None before acceptance or where no day passes."""
    start = clocks.start
    if start is None:
        return None
    end = max(day for day in (start, stop, reading.promised_due, reading.statutory_due) if day is not None)
    if end == start:
        return None
    span = (end - start).days

    def place(day: date) -> int:
        return max(0, min(span, (day - start).days)) * WIDTH // span

    ticks = (("promised", reading.promised_due), ("statutory", reading.statutory_due), ("today", stop))
    return ClockBar(
        start,
        end,
        tuple(Piece(kind, place(a), place(b) - place(a)) for kind, a, b in _stretches(clocks, reading, start, stop)),
        tuple(Tick(kind, place(day), day) for kind, day in ticks if day is not None),
    )


def _stretches(clocks: Clocks, reading: Reading, start: date, stop: date) -> Iterable[tuple[str, date, date]]:
    """What has passed, cut where the clock stopped and where a limit was passed; later stretches lie over earlier."""
    yield "used", start, stop
    for kind, due in (("late", reading.promised_due), ("late-statutory", reading.statutory_due)):
        if due is not None and due < stop:
            yield kind, due, stop
    for begin, end in union(clocks.pauses, start):
        if begin < stop:
            yield "paused", begin, min(end or stop, stop)


def clock_strip(calendar: WorkingCalendar, clocks: Clocks, until: date) -> tuple[StripDay, ...]:
    """Every day from the start through `until`, at most LONGEST_STRIP of them; nothing beyond the calendar's table."""
    if clocks.start is None or until <= clocks.start:
        return ()
    last = min(until, calendar.last)
    if (last - clocks.start).days > LONGEST_STRIP:
        last = date.fromordinal(clocks.start.toordinal() + LONGEST_STRIP)
    return strip(calendar, clocks.start, last, clocks.pauses)


def used_sentence(calendar: WorkingCalendar, clocks: Clocks, reading: Reading, stop: date, *, open_: bool) -> str:
    """Working days used and how they came about: 已用 22 个工作日 ＝ 经过 27 − 停表 5."""
    if clocks.start is None:
        return ""
    try:
        passed = calendar.count(clocks.start, stop) if stop > clocks.start else 0
    except OutsideCalendar:
        return ""
    paused = passed - reading.used
    how = f" ＝ 经过 {passed} − 停表 {paused}" if paused else ""
    sentence = f"{'已用' if open_ else '用时'} {reading.used} 个工作日{how}"
    if not open_:
        return sentence
    return sentence + _left("承诺", reading.promised_left) + _left("法定", reading.statutory_left)


def _left(name: str, days: int | None) -> str:
    if days is None:
        return ""
    return f"；{name}剩 {days} 个" if days >= 0 else f"；{name}已超 {-days} 个"
