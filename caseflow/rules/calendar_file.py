"""A calendar file (TOML) → one Layer: every fault at once, unknown keys are faults. Text in, value out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from caseflow.errors import Fault, InvalidDefinition
from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR, DayEntry, Layer, Season

_LONGEST_STRETCH = 31
_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")


class _Table:
    """One table of the file; faults of all tables end in one list."""

    def __init__(self, values: Mapping[str, Any], place: str, faults: list[Fault]) -> None:
        self.values = values
        self.place = place
        self.faults = faults
        self.asked: set[str] = set()

    def fault(self, text: str) -> None:
        self.faults.append(Fault(self.place, text))

    def take(self, key: str, kind: type, words: str, default: Any = None) -> Any:
        """The value under a key if it is of exactly this kind (a TOML time is no date, true is no number)."""
        self.asked.add(key)
        value = self.values.get(key, default)
        if value is None:
            self.fault(f"缺少 {key}")
        elif type(value) is not kind:
            self.fault(f"{key} 应为{words}，写的是 {_shown(value)}")
            return None
        return value

    def text(self, key: str) -> str:
        value = self.take(key, str, "文字")
        if isinstance(value, str) and (not value.strip() or not value.isprintable()):
            self.fault(f"{key} 不能为空，也不能含控制字符")
        return value or ""

    def day(self, key: str) -> date | None:
        value: date | None = self.take(key, date, "日期（如 2025-06-06，不加引号）")
        if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.fault(f"{key} 应在{FIRST_YEAR}年至{LAST_YEAR}年之间，写的是 {value}")
            return None
        return value

    def tables(self, key: str, label: str) -> list[_Table]:
        values = self.take(key, list, "表的列表", default=[]) or []
        inner = [_Table(value, f"{self.place} 第{n}个{label}", self.faults) for n, value in enumerate(values, 1)]
        for table in inner:
            if not isinstance(table.values, dict):
                table.fault(f"应为表，写的是 {_shown(table.values)}")
        return [table for table in inner if isinstance(table.values, dict)]

    def done(self) -> None:
        for key in sorted(set(self.values) - self.asked):
            self.fault(f"不认识的项 {_shown(key)}")


def read_layer(text: str, place: str) -> Layer:
    """The layer a calendar file describes; InvalidDefinition with every fault, each naming `place`."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib's own error, and numbers too long for Python
        raise InvalidDefinition([Fault(place, f"不是有效的 TOML：{error}")]) from error
    faults: list[Fault] = []
    top = _Table(values, place, faults)
    key, name = top.text("key"), top.text("name")
    if key and not _KEY.fullmatch(key):
        top.fault(f"key 只能用小写字母、数字和连字符，写的是 {_shown(key)}")
    entries = [entry for table in top.tables("days", "days") for entry in _days(table)]
    seasons = [_season(table) for table in top.tables("seasons", "seasons")]
    top.done()
    _refuse_doubles(top, entries)
    if faults:
        raise InvalidDefinition(faults)
    return Layer(key, name, tuple(sorted(entries, key=lambda entry: entry.day)), seasons=tuple(seasons))


def _days(table: _Table) -> list[DayEntry]:
    first, last = table.day("from"), table.day("to")
    off = table.take("off", bool, " true 或 false")
    name, source = table.text("name"), table.text("source")
    estimated = table.take("estimated", bool, " true 或 false", default=False)
    table.done()
    if first is None or last is None:
        return []
    if not 0 <= (last - first).days < _LONGEST_STRETCH:
        table.fault(f"to 应不早于 from，且一段最多{_LONGEST_STRETCH}天：{first} 至 {last}")
        return []
    stretch = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [DayEntry(day, bool(off), name, source, bool(estimated)) for day in stretch]


def _refuse_doubles(top: _Table, entries: list[DayEntry]) -> None:
    seen: set[date] = set()
    for entry in entries:
        if entry.day in seen:
            top.fault(f"{entry.day} 写了两次")
        seen.add(entry.day)


def _season(table: _Table) -> Season:
    name, starts, source = table.text("name"), table.text("from"), table.text("source")
    if starts and not _is_month_day(starts):
        table.fault(f"from 应为月-日（如 05-01），写的是 {_shown(starts)}")
    hours = _hours(table)
    table.done()
    return Season(name, starts, hours, source)


def _hours(table: _Table) -> tuple[tuple[str, str], ...]:
    """Opening stretches as HH:MM pairs, one after the other."""
    spans = table.take("open", list, "时段列表") or []
    flat = [moment for span in spans if isinstance(span, list) for moment in span]
    right = all(isinstance(moment, str) and _CLOCK.fullmatch(moment) for moment in flat)
    paired = all(isinstance(span, list) and len(span) == 2 for span in spans)  # noqa: PLR2004 - opens, closes
    if not (spans and right and paired and all(a < b for a, b in pairwise(flat))):
        table.fault(f'open 应为先后相接的时段（如 [["10:00", "14:00"], ["16:00", "20:00"]]），写的是 {_shown(spans)}')
        return ()
    return tuple((span[0], span[1]) for span in spans)


def _is_month_day(text: str) -> bool:
    try:
        datetime.strptime(f"2001-{text}", "%Y-%m-%d")  # noqa: DTZ007 - a day of any common year, not an instant
    except ValueError:
        return False
    return _MONTH_DAY.fullmatch(text) is not None


def _shown(value: object) -> str:
    return repr(value)[:60]
