"""Working days: layers of entries (national, region, bureau) frozen into one table. A value, never a service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate

from holidays.countries.china import China

from caseflow.errors import OutsideCalendar

FIRST_YEAR = 2007
"""The first year whose national notice is known day by day."""

LAST_YEAR = 2035
"""The last year of the tables; a question beyond it is refused, never guessed."""

ESTIMATE_REACH = 3
"""An estimated day makes the days up to this many calendar days before and after it uncertain."""

_SATURDAY = 5
_DECEMBER = 12

_SUBSTITUTE = re.compile(r"由 (\d{4}-\d{2}-\d{2}) 调休")

# Two years in which part of the days came by a notice of their own: (year, month) → that notice.
_OTHER_NOTICES = {
    (2015, 9): "国务院2015年9月纪念日调休放假的通知",
    (2019, 5): "国务院办公厅2019年劳动节假期安排的通知",
}


class DayKind(StrEnum):
    """What a day is to the calendar; `counted` and `makeup` are working days."""

    COUNTED = "counted"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


@dataclass(frozen=True, slots=True)
class DayEntry:
    """One day a layer speaks about: off or worked, why, by which notice, and whether it is only an estimate."""

    day: date
    off: bool
    name: str
    source: str
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Season:
    """Reception hours from a day of the year on (`starts` = MM-DD): when a window is open, not what a limit counts."""

    name: str
    starts: str
    open: tuple[tuple[str, str], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Layer:
    """The entries of one authority. `published_through`: the last year covered by notices; national layers only."""

    key: str
    name: str
    entries: tuple[DayEntry, ...]
    published_through: int | None = None
    seasons: tuple[Season, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """One day as the calendar sees it, with the name and the source that made it so."""

    date: date
    kind: DayKind
    name: str
    source: str
    estimated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class WorkingCalendar:
    """A frozen table of working days in Beijing dates; `revision` names the entries it was built from."""

    key: str
    revision: str
    published_through: int
    first: date
    last: date
    _base: int = field(repr=False)
    _before: list[int] = field(repr=False)
    _working: list[date] = field(repr=False)
    _uncertain: list[int] = field(repr=False)
    _entries: dict[date, DayEntry] = field(repr=False)

    @classmethod
    def build(
        cls,
        key: str,
        layers: Sequence[Layer],
        *,
        first_year: int = FIRST_YEAR,
        last_year: int = LAST_YEAR,
        revision: str,
    ) -> WorkingCalendar:
        """Freeze layers, later over earlier, into whole years; without a national layer every date is provisional."""
        entries = {entry.day: entry for layer in layers for entry in layer.entries}
        published = max((layer.published_through or 0 for layer in layers), default=0) or first_year - 1
        first, last = date(first_year, 1, 1), date(last_year, 12, 31)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        works = [_is_worked(day, entries.get(day)) for day in days]
        doubtful = _near_estimates(entries.values(), published)
        return cls(
            key=key,
            revision=revision,
            published_through=published,
            first=first,
            last=last,
            _base=first.toordinal(),
            _before=list(accumulate(works)),
            _working=[day for day, worked in zip(days, works, strict=True) if worked],
            _uncertain=list(accumulate(day.year > published or day in doubtful for day in days)),
            _entries=entries,
        )

    def _at(self, day: date) -> int:
        index = day.toordinal() - self._base
        if 0 <= index < len(self._before):
            return index
        raise _outside(self, day.isoformat())

    def is_working(self, day: date) -> bool:
        """Whether limits count this day; raises OutsideCalendar beyond the table."""
        self._at(day)
        return _is_worked(day, self._entries.get(day))

    def add(self, day: date, n: int) -> date:
        """The n-th working day after `day` (民法典 201: day 0 is not counted); `day` itself for n = 0."""
        index = day.toordinal() - self._base
        if n <= 0 or not 0 <= index < len(self._before):
            return self._add_slowly(day, n)
        try:
            return self._working[self._before[index] + n - 1]
        except IndexError:
            raise _outside(self, f"{day.isoformat()}之后第{n}个工作日") from None

    def _add_slowly(self, day: date, n: int) -> date:
        self._at(day)
        if n < 0:
            raise ValueError(n)
        return day

    def count(self, a: date, b: date) -> int:
        """Working days in (a, b]; 0 where b is not after a; raises OutsideCalendar beyond the table."""
        before = self._before
        i, j = a.toordinal() - self._base, b.toordinal() - self._base
        if i < 0 or j < 0 or i >= len(before) or j >= len(before):
            raise _outside(self, f"{a.isoformat()}至{b.isoformat()}")
        return before[j] - before[i] if j > i else 0

    def next_working(self, day: date) -> date:
        """That day, or the first working day after it (民法典 203)."""
        return day if self.is_working(day) else self.add(day, 1)

    def day(self, day: date) -> Day:
        """The day with its kind, name and source; raises OutsideCalendar beyond the table."""
        self._at(day)
        entry = self._entries.get(day)
        if entry is not None:
            kind = DayKind.HOLIDAY if entry.off else DayKind.MAKEUP
            return Day(day, kind, entry.name, entry.source, entry.estimated)
        if day.weekday() >= _SATURDAY:
            return Day(day, DayKind.WEEKEND, "周六" if day.weekday() == _SATURDAY else "周日", "")
        return Day(day, DayKind.COUNTED, "", "")

    def provisional(self, start: date, due: date) -> bool:
        """Whether (start, due] holds a day after the last published year, or one within 3 days of an estimated day.

        What the package guesses for unpublished years is covered by the first half and casts no shadow backwards.
        """
        return due > start and self._uncertain[self._at(due)] > self._uncertain[self._at(start)]


def _outside(calendar: WorkingCalendar, what: str) -> OutsideCalendar:
    span = f"{calendar.first.year}年至{calendar.last.year}年"
    return OutsideCalendar(f"{what}超出工作日历的范围（{span}），无法计算")


def _is_worked(day: date, entry: DayEntry | None) -> bool:
    return day.weekday() < _SATURDAY if entry is None else not entry.off


def _near_estimates(entries: Iterable[DayEntry], published: int) -> set[date]:
    reach = [timedelta(days=n) for n in range(-ESTIMATE_REACH, ESTIMATE_REACH + 1)]
    estimated = (entry.day for entry in entries if entry.estimated and entry.day.year <= published)
    return {day + step for day in estimated for step in reach}


def national_layer(first: int = FIRST_YEAR, last: int = LAST_YEAR) -> Layer:
    """The State Council's days off and make-up days; years without a notice hold the package's guesses, estimated."""
    # One year more: the make-up day for a New Year's holiday may lie in the December before it.
    known = China(years=range(first, last + 2), language="zh_CN")  # type: ignore[no-untyped-call]  # no types there
    published = max(known.special_public_holidays)
    pairs = _substitutes(known)
    off = (_off_entry(day, name, published) for day, name in known.items())
    makeup = (_makeup_entry(day, pairs.get(day, day)) for day in known.weekend_workdays)
    entries = (entry for group in (off, makeup) for entry in group if first <= entry.day.year <= last)
    return Layer("cn", "国家", tuple(sorted(entries, key=lambda entry: entry.day)), published)


def _substitutes(known: China) -> dict[date, date]:
    """Make-up day → the weekday it gives free."""
    found = ((_SUBSTITUTE.search(name), day) for day, name in known.items())
    return {date.fromisoformat(match[1]): day for match, day in found if match}


def _off_entry(day: date, name: str, published: int) -> DayEntry:
    if day.year > published:
        guessed = f"{day.year}年放假通知尚未公布，按法定节日推算"
        return DayEntry(day, off=True, name=name, source=guessed, estimated=True)
    if match := _SUBSTITUTE.search(name):
        made_up = date.fromisoformat(match[1])
        return DayEntry(day, off=True, name=f"调休放假（{_spoken(made_up)}上班）", source=_notice(day))
    return DayEntry(day, off=True, name=name.replace("; ", "、"), source=_notice(day, name))


def _makeup_entry(day: date, freed: date) -> DayEntry:
    name = "调休上班" if freed == day else f"调休上班（{_spoken(freed)}放假）"
    return DayEntry(day, off=False, name=name, source=_notice(freed))


def _spoken(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _notice(day: date, name: str = "") -> str:
    """The notice behind a day off. Days off at the end of December belong to the next year's notice."""
    if "延长" in name:
        return f"国务院办公厅关于延长{day.year}年春节假期的通知"
    year = day.year + (day.month == _DECEMBER)
    return _OTHER_NOTICES.get((day.year, day.month), f"国务院办公厅关于{year}年部分节假日安排的通知")
