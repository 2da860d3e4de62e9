"""Dates as notices write them: found in regular text, grouped into lists and ranges, settled into days. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

WEEKDAYS: Final = "一二三四五六日"
_WEEK_ONE: Final = re.compile(r"(?:星期|礼拜|周)?([一二三四五六日天])(?![月年十初一国])")
WEEKS: Final = re.compile(
    r"(?:星期|礼拜|周)[一二三四五六日天](?:(?:[、,至到~\-和及]|(?=星期|礼拜|周))(?:星期|礼拜|周)?[一二三四五六日天](?![月年十初一国]))*"
)
_DAY_END: Final = (
    r"(?:[日号]|(?=(?:[、和及]\d{1,2})+[日号])|(?=(?:至|到|[-~]+)(?:\d{1,2}月)?\d{1,2}(?:[日号]|[、和及]))"
    r"|(?=\((?:星期|礼拜|周)[一二三四五六日天]))"
)
DATE: Final = (
    r"(?:(?<!\d)(?P<year>\d{4})年(?:度)?|(?P<rel>次年|翌年|明年|来年|去年|上年|今年|当年)(?:的)?)?"
    rf"(?:(?<!\d)(?P<month>\d{{1,2}})月(?:份)?)?(?<![\d.:])(?P<day>\d{{1,2}}){_DAY_END}"
)
ISO: Final = r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)日?"
RANGE: Final = r"起?(?:至|到|[-~]+)(?!今)"
_MOST_MONTH: Final = 12
_YEAR_SHIFT: Final = {"次年": 1, "翌年": 1, "明年": 1, "来年": 1, "去年": -1, "上年": -1, "今年": 0, "当年": 0}
_DECEMBER: Final = 12
_HALF_YEAR: Final = 183
_LONGEST: Final = 20
_PAIR: Final = 2


class Unsettled(ValueError):
    """A date or a range that names no days, or not surely which."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """One date as written: what it states of year, month and day, the weekdays stated beside it, its gloss."""

    day: int
    month: int | None = None
    year: int | None = None
    shift: str = ""
    weekdays: tuple[int, ...] = ()
    span: bool = False
    gloss: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One date, or a range of two."""

    first: Stamp
    last: Stamp | None = None


@dataclass(slots=True)
class Anchor:
    """What later dates of a passage lean on: the year asked for, the month last named, days settled before.

    `new_year`: the passage is about 元旦, so that December without a year is that of the year before. `within`: the
    days off told so far; `glosses`: what is written beside dates, with the days they fell on.
    """

    year: int
    month: int | None = None
    last: date | None = None
    pinned: bool = False
    new_year: bool = False
    within: frozenset[date] = field(default_factory=frozenset)
    glosses: list[tuple[str, date]] = field(default_factory=list)


def read_weekdays(text: str) -> tuple[tuple[int, ...], bool]:
    """The weekdays a gloss states (0 = Monday), and whether as a range; none where it states none."""
    match = WEEKS.search(text)
    if match is None:
        return (), False
    days = tuple(WEEKDAYS.index(one.replace("天", "日")) for one in _WEEK_ONE.findall(match[0]))
    return days, bool(re.search(r"[至到~\-]", match[0]))


def settle(stretches: Sequence[Stretch], anchor: Anchor) -> tuple[date, ...]:
    """The days of a list of dates and ranges, the anchor moved along; Unsettled where they are not sure."""
    days: list[date] = []
    ends: list[tuple[Stamp, date]] = []
    for stretch in stretches:
        found = _range(stretch, anchor) if stretch.last is not None else (_single(stretch.first, anchor),)
        ends += [(stretch.first, found[0])] + ([(stretch.last, found[-1])] if stretch.last is not None else [])
        if days and found[0] <= days[-1]:
            raise Unsettled(f"“{stretch.first.text}”写在 {days[-1].isoformat()} 之后，却早于它")
        days += found
        anchor.last, anchor.month = found[-1], found[-1].month
        anchor.pinned = anchor.pinned or any(stamp.year is not None for stamp, _ in ends)
    _check_weekdays(ends)
    anchor.glosses += [(stamp.gloss, day) for stamp, day in ends if stamp.gloss]
    return tuple(dict.fromkeys(days))


def _single(stamp: Stamp, anchor: Anchor) -> date:
    month = stamp.month or _month_before(stamp, anchor)
    return _day(_year(stamp, month, anchor), month, stamp.day, stamp.text)


def _month_before(stamp: Stamp, anchor: Anchor) -> int:
    """The month of a day written alone: that of the passage's holiday where only one fits, else the one last named."""
    fitting = {day.month for day in anchor.within if day.day == stamp.day}
    if len(fitting) == 1:
        return fitting.pop()
    if anchor.month is None:
        raise Unsettled(f"“{stamp.text}”没有写月份")
    return anchor.month


def _year(stamp: Stamp, month: int, anchor: Anchor) -> int:
    if stamp.year is not None:
        if abs(stamp.year - anchor.year) > 1:
            raise Unsettled(f"“{stamp.text}”的年份与 {anchor.year} 年不符")
        return stamp.year
    if stamp.shift:
        return anchor.year + _YEAR_SHIFT[stamp.shift]
    if anchor.pinned and anchor.last is not None:
        return _nearest(anchor.last, month, stamp)
    return anchor.year - (anchor.new_year and month == _DECEMBER)


def _nearest(last: date, month: int, stamp: Stamp) -> int:
    """The year that brings the date closest to one whose year was written."""
    return min(
        (last.year - 1, last.year, last.year + 1),
        key=lambda year: abs((_day(year, month, min(stamp.day, 28), stamp.text) - last).days),
    )


def _range(stretch: Stretch, anchor: Anchor) -> tuple[date, ...]:
    first, last = stretch.first, stretch.last
    if last is None:
        return (_single(first, anchor),)
    month = first.month or _month_before(first, anchor)
    until = last.month or month
    start, end = _ends(stretch, month, until, anchor)
    text = f"{first.text}至{last.text}"
    if end < start:
        raise Unsettled(f"“{text}”止日早于起日")
    if (end - start).days >= _LONGEST:
        raise Unsettled(f"“{text}”长达 {(end - start).days + 1} 天")
    return tuple(start + timedelta(days=n) for n in range((end - start).days + 1))


def _ends(stretch: Stretch, month: int, until: int, anchor: Anchor) -> tuple[date, date]:
    first, last = stretch.first, stretch.last or stretch.first
    if until >= month and not last.shift:
        start = _day(_year(first, month, anchor), month, first.day, first.text)
        year = last.year if last.year is not None else start.year
        if first.year is None and last.year is not None:
            start = _day(last.year, month, first.day, first.text)
        return start, _day(year, until, last.day, last.text)
    return _across(stretch, month, until, anchor)


def _across(stretch: Stretch, month: int, until: int, anchor: Anchor) -> tuple[date, date]:
    """A range over New Year; where no year is written, the one that the passage or the weekdays settle."""
    first, last = stretch.first, stretch.last or stretch.first
    if month != _DECEMBER or until != 1:
        raise Unsettled(f"“{first.text}至{last.text}”止日早于起日")
    if first.year is not None or last.year is not None:
        year = last.year if last.year is not None else (first.year or 0) + 1
        before = first.year if first.year is not None else year - 1
        if year != before + 1 or abs(year - anchor.year) > 1:
            raise Unsettled(f"“{first.text}至{last.text}”的年份不对")
        return _day(before, month, first.day, first.text), _day(year, until, last.day, last.text)
    if anchor.new_year and not last.shift:
        years = [anchor.year]
    else:
        years = [year for year in (anchor.year, anchor.year + 1) if _agrees(stretch, month, until, year)]
        if anchor.new_year and anchor.year in years and not (first.weekdays or last.weekdays):
            years = [anchor.year]
    if len(years) != 1:
        raise Unsettled(f"“{first.text}至{last.text}”跨年，不能确定是哪一年")
    return _day(years[0] - 1, month, first.day, first.text), _day(years[0], until, last.day, last.text)


def _agrees(stretch: Stretch, month: int, until: int, year: int) -> bool:
    last = stretch.last or stretch.first
    pairs = (
        (stretch.first, _day(year - 1, month, stretch.first.day, "")),
        (last, _day(year, until, last.day, "")),
    )
    return all(not stamp.weekdays or day.weekday() in stamp.weekdays for stamp, day in pairs)


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unsettled(f"“{text}”没有这一天（{year}年{month}月{day}日）") from error


def _check_weekdays(ends: Sequence[tuple[Stamp, date]]) -> None:
    """Every weekday stated, held against the calendar: one a date, a list for the dates before it, or from–to."""
    for n, (stamp, day) in enumerate(ends):
        if not stamp.weekdays:
            continue
        count = len(stamp.weekdays)
        held = [one for _, one in ends[max(0, n - count + 1) : n + 1]] if count > 1 else [day]
        if stamp.span and count == _PAIR:
            begun = day - timedelta(days=(stamp.weekdays[1] - stamp.weekdays[0]) % 7)
            held = [begun, day] if any(one == begun for _, one in ends) else held
        if count != len(held) or any(one.weekday() != told for one, told in zip(held, stamp.weekdays, strict=True)):
            told = "、".join("周" + WEEKDAYS[one] for one in stamp.weekdays)
            is_really = "、".join("周" + WEEKDAYS[one.weekday()] for one in held)
            raise Unsettled(f"“{stamp.text}”写的是{told}，{held[-1].isoformat()}按日历是{is_really}")


def runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Days in order, as first and last of each unbroken run."""
    start = before = None
    for day in sorted(set(days)):
        if before is not None and (day - before).days == 1:
            before = day
            continue
        if start is not None and before is not None:
            yield start, before
        start = before = day
    if start is not None and before is not None:
        yield start, before


def stamp_of(found: Mapping[str, str | None], text: str, gloss: str) -> Stamp:
    """A Stamp from the named parts of DATE or ISO and the gloss beside it; Unsettled for a month there is not."""
    weekdays, span = read_weekdays(gloss)
    year, month = found.get("year") or found.get("y"), found.get("month") or found.get("m")
    day = found.get("day") or found.get("d") or "0"
    if month is not None and not 1 <= int(month) <= _MOST_MONTH:
        raise Unsettled(f"“{text}”没有这个月份")
    return Stamp(
        int(day),
        int(month) if month is not None else None,
        int(year) if year is not None else None,
        found.get("rel") or "",
        weekdays,
        span,
        gloss,
        text,
    )
