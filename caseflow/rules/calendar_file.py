"""A calendar file (TOML) → one Layer: every fault at once, unknown keys are faults. Text in, value out."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import pairwise

from caseflow.errors import InvalidDefinition
from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR, DayEntry, Layer, Season
from caseflow.rules.toml_reader import TableReader, parse_toml, shown

_LONGEST_STRETCH = 31
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")


def read_layer(text: str, place: str) -> Layer:
    """The layer a calendar file describes; InvalidDefinition with every fault, each naming `place`."""
    top, faults = parse_toml(text, place)
    key, name = top.key("key"), top.text("name", required=True)
    entries = [entry for table in top.tables("days") for entry in _days(table)]
    seasons = [_season(table) for table in top.tables("seasons")]
    top.done()
    _refuse_doubles(top, entries)
    if faults:
        raise InvalidDefinition(faults)
    return Layer(key, name, tuple(sorted(entries, key=lambda entry: entry.day)), seasons=tuple(seasons))


def _days(table: TableReader) -> list[DayEntry]:
    first, last = table.day("from", FIRST_YEAR, LAST_YEAR), table.day("to", FIRST_YEAR, LAST_YEAR)
    off = table.flag("off", required=True)
    name, source = table.text("name", required=True), table.text("source", required=True)
    estimated = table.flag("estimated")
    table.done()
    if first is None or last is None:
        return []
    if not 0 <= (last - first).days < _LONGEST_STRETCH:
        table.fault("to", f"应不早于 from，且一段最多{_LONGEST_STRETCH}天：{first} 至 {last}")
        return []
    stretch = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [DayEntry(day, off, name, source, estimated) for day in stretch]


def _refuse_doubles(top: TableReader, entries: list[DayEntry]) -> None:
    seen: set[date] = set()
    for entry in entries:
        if entry.day in seen:
            top.fault("days", f"{entry.day} 写了两次")
        seen.add(entry.day)


def _season(table: TableReader) -> Season:
    name, starts, source = (table.text(key, required=True) for key in ("name", "from", "source"))
    if starts and not _is_month_day(starts):
        table.fault("from", f"应为月-日（如 05-01），写的是 {shown(starts)}")
    hours = _hours(table)
    table.done()
    return Season(name, starts, hours, source)


def _hours(table: TableReader) -> tuple[tuple[str, str], ...]:
    """Opening stretches as HH:MM pairs, one after the other."""
    spans = table.list_of_any("open", "时段列表")
    flat = [moment for span in spans if isinstance(span, list) for moment in span]
    right = all(isinstance(moment, str) and _CLOCK.fullmatch(moment) for moment in flat)
    paired = all(isinstance(span, list) and len(span) == 2 for span in spans)  # noqa: PLR2004 - opens, closes
    if not (spans and right and paired and all(a < b for a, b in pairwise(flat))):
        table.fault("open", '应为先后相接的时段（如 [["10:00", "14:00"], ["16:00", "20:00"]]）')
        return ()
    return tuple((span[0], span[1]) for span in spans)


def _is_month_day(text: str) -> bool:
    try:
        datetime.strptime(f"2001-{text}", "%Y-%m-%d")  # noqa: DTZ007 - a day of any common year, not an instant
    except ValueError:
        return False
    return _MONTH_DAY.fullmatch(text) is not None
