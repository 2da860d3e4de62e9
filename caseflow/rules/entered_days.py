"""Days entered after release: what one notice says about one layer, checked, and laid over that layer. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from caseflow.errors import BadInput, Fault
from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR, DayEntry, Layer
from caseflow.rules.entries import parse_day, text_fault

NATIONAL = "cn"
MOST_DAYS = 366
LONGEST_NAME = 60
LONGEST_SOURCE = 200
_LONGEST_STRETCH = 31
_SHOWN = 40
_WORDS = {"放假": True, "上班": False}
_LINE = re.compile(r"([0-9-]{8,10})(?:\s*[至~]\s*([0-9-]{8,10}))?\s+(放假|上班)\s+(\S.*)")


@dataclass(frozen=True, slots=True)
class Amendment:
    """Days of one layer; `publishes` is the year the notice announces in full, 0 where it only changes single days."""

    layer: str
    days: tuple[DayEntry, ...]
    publishes: int = 0


def overlay(layer: Layer, days: Iterable[DayEntry], published: Collection[int]) -> Layer:
    """The layer with these days over its own, and without what it only guessed for the years now published."""
    kept = {entry.day: entry for entry in layer.entries if not (entry.estimated and entry.day.year in published)}
    kept |= {entry.day: entry for entry in days}
    through = layer.published_through
    while through is not None and through + 1 in published:
        through += 1
    return replace(layer, entries=tuple(sorted(kept.values(), key=lambda entry: entry.day)), published_through=through)


def amendment_faults(amendment: Amendment, known: Collection[str], published_through: int) -> tuple[Fault, ...]:
    """Everything that keeps an amendment from being entered; nothing where all is well."""
    return tuple(
        fault
        for group in (
            _layer_faults(amendment, known),
            _day_faults(amendment),
            _year_faults(amendment, published_through),
        )
        for fault in group
    )


def _layer_faults(amendment: Amendment, known: Collection[str]) -> Iterator[Fault]:
    if amendment.layer not in known:
        yield Fault("layer", f"没有日历层“{amendment.layer[:_SHOWN]}”，可用的有 {'、'.join(known)}")


def _day_faults(amendment: Amendment) -> Iterator[Fault]:
    if not amendment.days:
        yield Fault("days", "没有要录入的日子")
    if len(amendment.days) > MOST_DAYS:
        yield Fault("days", f"一次最多录入 {MOST_DAYS} 天，现有 {len(amendment.days)} 天")
        return
    seen: set[date] = set()
    for entry in amendment.days:
        if entry.day in seen:
            yield Fault("days", f"{entry.day.isoformat()} 写了两次")
        seen.add(entry.day)
        yield from _entry_faults(entry)
    yield from _source_faults({entry.source for entry in amendment.days})


def _entry_faults(entry: DayEntry) -> Iterator[Fault]:
    day = entry.day.isoformat()
    if not FIRST_YEAR <= entry.day.year <= LAST_YEAR:
        yield Fault("days", f"{day} 超出工作日历的范围（{FIRST_YEAR}年至{LAST_YEAR}年）")
    if entry.estimated:
        yield Fault("days", f"{day} 只是推定；录入的日子须有通知")
    if not entry.name.strip():
        yield Fault("days", f"{day} 没有写名称")
    fault = text_fault("days", entry.name, LONGEST_NAME)
    if fault is not None:
        yield Fault("days", f"{day} 的名称{fault.text}")


def _source_faults(sources: Iterable[str]) -> Iterator[Fault]:
    for source in sources:
        if not source.strip():
            yield Fault("source", "请写明依据（通知名称或文号）")
        fault = text_fault("source", source, LONGEST_SOURCE)
        if fault is not None:
            yield fault


def _year_faults(amendment: Amendment, published_through: int) -> Iterator[Fault]:
    year = amendment.publishes
    if not year:
        return
    if not FIRST_YEAR <= year <= LAST_YEAR:
        yield Fault("publishes", f"公布的年份应在{FIRST_YEAR}年至{LAST_YEAR}年之间")
    elif amendment.layer == NATIONAL and year > published_through + 1:
        yield Fault("publishes", f"{published_through + 1}年的放假安排还没有录入，不能先公布{year}年")
    elif all(entry.day.year != year for entry in amendment.days):
        yield Fault("publishes", f"录入的日子里没有{year}年的，不能公布{year}年")


def read_lines(text: str, source: str) -> tuple[DayEntry, ...]:
    """The days of a form, a stretch a line: `2027-02-05至2027-02-11 放假 春节`; BadInput with every wrong line."""
    faults: list[Fault] = []
    found = [entry for n, line in _numbered(text) for entry in _stretch(n, line, source, faults)]
    if faults:
        raise BadInput(faults)
    return tuple(found)


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    return ((n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip())


def _stretch(n: int, line: str, source: str, faults: list[Fault]) -> Sequence[DayEntry]:
    match = _LINE.fullmatch(line)
    if match is None:
        faults.append(Fault("days", f"第 {n} 行应写成“2027-01-01 放假 元旦”，写的是“{line[:_SHOWN]}”"))
        return ()
    first = _day(n, match[1], faults)
    last = _day(n, match[2], faults) if match[2] else first
    if first is None or last is None:
        return ()
    if not 0 <= (last - first).days < _LONGEST_STRETCH:
        faults.append(Fault("days", f"第 {n} 行的起止日期不对：一段最多 {_LONGEST_STRETCH} 天，止不早于起"))
        return ()
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return [DayEntry(day, _WORDS[match[3]], match[4].strip(), source.strip()) for day in days]


def _day(n: int, text: str, faults: list[Fault]) -> date | None:
    try:
        return parse_day(text, "日期")
    except ValueError as error:
        faults.append(Fault("days", f"第 {n} 行的{error}"))
        return None
