"""Limits, pauses and extensions → due dates, days left, lamp. Dates in Beijing time; every n shown is working days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from enum import StrEnum

from caseflow.errors import BadInput, Fault, OutsideCalendar
from caseflow.rules.calendar import DayKind, WorkingCalendar


class Unit(StrEnum):
    """The units met in published guides: 工作日, 自然日, 月, 小时."""

    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time, n ≥ 0 units."""

    n: int
    unit: Unit = Unit.WORKING_DAY

    def __post_init__(self) -> None:
        if self.n < 0:
            raise BadInput([Fault("时限", f"不能为负数：{self.n}")])


@dataclass(frozen=True, slots=True)
class Pause:
    """A stopped clock: takes out the days after `start` up to and including `end`; open while `end` is None."""

    start: date
    end: date | None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise BadInput([Fault("停表", f"结束日期{self.end}早于开始日期{self.start}")])


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a limit, never overdue itself; None while an open pause keeps it from being reached."""

    on: date | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Clocks:
    """The facts of one case from which everything is derived; `extend` is in working days and adds to both limits."""

    start: date | None
    promised: Limit | None
    statutory: Limit | None
    pauses: tuple[Pause, ...] = ()
    extend: int = 0


class Lamp(StrEnum):
    """How urgent an open case is."""

    OVER_STATUTORY = "over_statutory"
    OVER_PROMISED = "over_promised"
    TODAY = "today"
    SOON = "soon"
    NORMAL = "normal"
    PAUSED = "paused"
    SUPPLEMENTING = "supplementing"


@dataclass(frozen=True, slots=True)
class SoonRule:
    """When 临期 begins: `left` working days of a limit of at most `short`, or `percent` of the limit used."""

    left: int = 1
    short: int = 5
    percent: int = 80

    def holds(self, used_days: int, left_days: int) -> bool:
        """Whether a limit with this many working days used and left is near its end."""
        total = used_days + left_days
        return (total <= self.short and left_days <= self.left) or used_days * 100 >= self.percent * total


DEFAULT_SOON = SoonRule()


@dataclass(frozen=True, slots=True)
class Reading:
    """Both limits on one day: dates, working days used and left (negative: late), the lamp and its words."""

    promised_due: date | None
    statutory_due: date | None
    provisional: bool
    used: int
    promised_left: int | None
    statutory_left: int | None
    lamp: Lamp | None
    text: str


class StripKind(StrEnum):
    """Why a day of the strip counts or not; `counted` and `makeup` count."""

    COUNTED = "counted"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class StripDay:
    """One day after the start: its kind, the holiday or notice behind it, and the working days counted so far."""

    date: date
    kind: StripKind
    name: str
    source: str
    count: int


Spans = list[tuple[date, date | None]]
"""Disjoint stretches (after, through] in order; only the last may be open."""


def union(pauses: Iterable[Pause], start: date) -> Spans:
    """What the pauses take out after `start`, whatever their order and overlaps."""
    merged: Spans = []
    for pause in sorted(pauses, key=lambda pause: pause.start):
        begin, end = max(pause.start, start), pause.end
        if end is not None and end <= begin:
            continue
        if merged and merged[-1][1] is None:
            break
        if merged and begin <= (merged[-1][1] or begin):
            merged[-1] = (merged[-1][0], _later_end(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _later_end(a: date | None, b: date | None) -> date | None:
    return None if a is None or b is None else max(a, b)


def due(calendar: WorkingCalendar, start: date, limit: Limit, pauses: Sequence[Pause] = (), extend: int = 0) -> Due:
    """The first day on which the limit is used up (民法典 201–203; 行政许可法 42, 45); raises OutsideCalendar.

    Working days: counted outside the pauses, `extend` added to the limit. Calendar days and months: the
    corresponding day plus the calendar days of the pauses, forward to a working day, then `extend` working days.
    Hours: only dates are kept, so n hours are n // 24 calendar days (the strict reading: never later than allowed).
    A pause that begins on or after the due day does not move it.
    """
    if not pauses and limit.unit is Unit.WORKING_DAY:
        on = calendar.add(start, limit.n + extend)
        return Due(on, calendar.provisional(start, on))
    reached = _reach(calendar, start, limit, union(pauses, start), extend)
    return Due(reached, reached is not None and calendar.provisional(start, reached))


def _reach(calendar: WorkingCalendar, start: date, limit: Limit, spans: Spans, extend: int) -> date | None:
    if limit.unit is Unit.WORKING_DAY:
        return _reach_working(calendar, start, limit.n + extend, spans)
    return _reach_calendar(calendar, start, limit, spans, extend)


def _reach_working(calendar: WorkingCalendar, start: date, need: int, spans: Spans) -> date | None:
    cursor = start
    for begin, end in spans:
        available = calendar.count(cursor, begin)
        if available >= need:
            break
        if end is None:
            return None
        need -= available
        cursor = end
    return calendar.add(cursor, need)


def _reach_calendar(calendar: WorkingCalendar, start: date, limit: Limit, spans: Spans, extend: int) -> date | None:
    nominal = _nominal(start, limit)
    reached = calendar.add(calendar.next_working(nominal), extend)
    for begin, end in spans:
        if begin >= reached:
            break
        if end is None:
            return None
        nominal = _later(nominal, (end - begin).days)
        reached = calendar.add(calendar.next_working(nominal), extend)
    return reached


def _nominal(start: date, limit: Limit) -> date:
    """The n-th day or the corresponding day of the month, before pauses and roll-forward (民法典 202)."""
    if limit.unit is Unit.MONTH:
        return months_after(start, limit.n)
    return _later(start, limit.n if limit.unit is Unit.CALENDAR_DAY else limit.n // 24)


def _later(day: date, n: int) -> date:
    try:
        return day + timedelta(days=n)
    except OverflowError:
        raise OutsideCalendar(f"{day.isoformat()}之后{n}日超出可计算的范围") from None


def months_after(day: date, n: int) -> date:
    """The corresponding day n months later, or the month's last day where there is none (民法典 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    if year > MAXYEAR:
        raise OutsideCalendar(f"{day.isoformat()}之后{n}个月超出可计算的范围")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def used(calendar: WorkingCalendar, start: date, today: date, pauses: Sequence[Pause] = ()) -> int:
    """Working days in (start, today] outside the pauses; 0 before the start."""
    return _counted(calendar, start, today, union(pauses, start))


def _counted(calendar: WorkingCalendar, after: date, through: date, spans: Spans) -> int:
    total = calendar.count(after, through)
    for begin, end in spans:
        stop = through if end is None or end > through else end
        total -= calendar.count(max(begin, after), stop) if stop > begin else 0
    return total


def left(
    calendar: WorkingCalendar, start: date, limit: Limit, pauses: Sequence[Pause], extend: int, today: date
) -> int:
    """Working days still to be counted after `today`, negative once late; a stopped clock keeps its number."""
    spans = union(pauses, start)
    if limit.unit is Unit.WORKING_DAY:
        return limit.n + extend - _counted(calendar, start, today, spans)
    reached = _reach(calendar, start, limit, spans, extend)
    if reached is None:
        # Stopped: what was left on the day the clock stopped, as if the open pause had not begun.
        today, spans = min(today, spans[-1][0]), spans[:-1]
        reached = _reach(calendar, start, limit, spans, extend) or today
    if today > reached:
        return -_counted(calendar, reached, today, spans)
    return _counted(calendar, max(today, start), reached, spans)


def over(calendar: WorkingCalendar, due_on: date, today: date, pauses: Sequence[Pause] = ()) -> int:
    """Working days late as shown, at least 1: due on Friday, on Saturday it is 1. Only for due_on < today."""
    return max(1, used(calendar, due_on, today, pauses))


@dataclass(frozen=True, slots=True)
class _One:
    """One limit on one day."""

    due: Due
    left: int

    def late(self, today: date) -> bool:
        return self.due.on is not None and self.due.on < today


def read(
    calendar: WorkingCalendar,
    clocks: Clocks,
    today: date,
    *,
    paused: bool = False,
    supplementing: bool = False,
    soon: SoonRule = DEFAULT_SOON,
) -> Reading:
    """Both limits of an open case on `today`; in different units the promise ends with the earlier of the two dates."""
    statutory = _one(calendar, clocks, clocks.statutory, today)
    promised = _earlier(_one(calendar, clocks, clocks.promised, today), statutory if clocks.promised else None)
    days = used(calendar, clocks.start, today, clocks.pauses) if clocks.start else 0
    standing = any(pause.end is None and pause.start <= today for pause in clocks.pauses)
    stopped = paused or standing
    nearest = promised or statutory
    lamp = _lamp(promised, statutory, today, stopped=stopped) or (Lamp.SUPPLEMENTING if supplementing else None)
    if lamp is None and nearest is not None:
        lamp = Lamp.SOON if soon.holds(days, nearest.left) else Lamp.NORMAL
    shown = statutory if lamp is Lamp.OVER_STATUTORY else nearest
    return Reading(
        promised_due=promised.due.on if promised else None,
        statutory_due=statutory.due.on if statutory else None,
        provisional=any(one is not None and one.due.provisional for one in (promised, statutory)),
        used=days,
        promised_left=promised.left if promised else None,
        statutory_left=statutory.left if statutory else None,
        lamp=lamp,
        text=lamp_text(lamp, shown.left if shown else 0, _MARKS[standing] if stopped else "") if lamp else "",
    )


def _one(calendar: WorkingCalendar, clocks: Clocks, limit: Limit | None, today: date) -> _One | None:
    if limit is None or clocks.start is None:
        return None
    return _One(
        due(calendar, clocks.start, limit, clocks.pauses, clocks.extend),
        left(calendar, clocks.start, limit, clocks.pauses, clocks.extend, today),
    )


def _earlier(promised: _One | None, statutory: _One | None) -> _One | None:
    if promised is None or statutory is None or statutory.due.on is None:
        return promised
    return statutory if promised.due.on is None or statutory.due.on < promised.due.on else promised


def _lamp(promised: _One | None, statutory: _One | None, today: date, *, stopped: bool) -> Lamp | None:
    """What shines whatever the days left: late, due today, stopped."""
    if statutory is not None and statutory.late(today):
        return Lamp.OVER_STATUTORY
    if promised is not None and promised.late(today):
        return Lamp.OVER_PROMISED
    nearest = promised or statutory
    if nearest is not None and nearest.due.on == today:
        return Lamp.TODAY
    return Lamp.PAUSED if stopped else None


_WORDS = {
    Lamp.OVER_STATUTORY: "超法定 {late} 日",
    Lamp.OVER_PROMISED: "超承诺 {late} 日",
    Lamp.TODAY: "今日到期",
    Lamp.SOON: "临期 剩 {n} 日",
    Lamp.NORMAL: "剩 {n} 日",
    Lamp.SUPPLEMENTING: "待补正",
    Lamp.PAUSED: "停表（特别程序）",
}


_MARKS = {True: "停表", False: "特别程序"}
"""What stands beside a lamp during a special procedure: the clock stands, or goes on because the days are counted."""


def lamp_text(lamp: Lamp, n: int, mark: str = "") -> str:
    """The words of a lamp, the same everywhere; n is working days left, negative once late."""
    words = _WORDS[lamp].format(n=n, late=max(1, -n))
    return f"{words}（{mark}）" if mark and lamp is not Lamp.PAUSED else words


def strip(calendar: WorkingCalendar, start: date, until: date, pauses: Sequence[Pause] = ()) -> tuple[StripDay, ...]:
    """Every day in (start, until] with the reason why it counts or not; day 0 is the start and is not in it."""
    spans = union(pauses, start)
    days: list[StripDay] = []
    count = 0
    for offset in range(1, (until - start).days + 1):
        day = calendar.day(start + timedelta(days=offset))
        stopped = any(begin < day.date and (end is None or day.date <= end) for begin, end in spans)
        count += not stopped and day.kind in (DayKind.COUNTED, DayKind.MAKEUP)
        kind = StripKind.PAUSED if stopped else StripKind(day.kind.value)
        days.append(StripDay(day.date, kind, day.name, day.source, count))
    return tuple(days)
