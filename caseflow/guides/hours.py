"""Opening hours in words → weekdays, times and seasons. Times HH:MM in Beijing time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from caseflow.guides.numerals import NUMERALS, read_number
from caseflow.rules.item import Reception

_DAYS: Final = "一二三四五六日"
_DAY: Final = r"(?:周|星期|礼拜)(?P<{0}>[一二三四五六日天1-7])"
_DAY_RANGE: Final = re.compile(
    _DAY.format("first") + r"\s*(?:至|到|-|—|–|~|～)\s*(?:周|星期|礼拜)?(?P<last>[一二三四五六日天1-7])(?![0-9:：点])"
)
_ONE_DAY: Final = re.compile(_DAY.format("day"))
_MORE_DAYS: Final = re.compile(r"[、,，]\s*(?P<day>[一二三四五六日])(?=[、,，\s至到上下0-9(（]|$)")
_WORKDAYS: Final = re.compile(
    r"(?<!个)(?:法定|每个?)?工作日|(?:双休|周末|节假日|公休日)[^，。；,;]{0,12}(?:除外|外|不|休)"
)
_SEASON: Final = re.compile(r"(?P<summer>夏季|夏令|夏时制|夏天)|(?P<winter>冬季|冬令|冬时制|冬天)")
_CLOCK: Final = (
    r"(?P<{0}h>[0-9]{{1,2}}|[NUM]{{1,3}})(?:\s*[:：.]\s*(?P<{0}m>[0-9]{{2}})(?:\s*[:：]\s*[0-9]{{2}})?"
    r"|\s*[点时](?:(?P<{0}m2>[0-9]{{1,2}}|[NUM]{{1,3}})分?|(?P<{0}half>半))?(?:整)?)"
).replace("NUM", NUMERALS)
_HALF: Final = r"(?P<{0}part>上午|下午|中午|晚上|早上|早|晚|AM|PM|am|pm)?\s*[:：]?\s*"
_TIMES: Final = re.compile(
    _HALF.format("o")
    + _CLOCK.format("o")
    + r"\s*(?:至|到|-{1,2}|—{1,2}|–|~|～|－)\s*"
    + _HALF.format("c")
    + _CLOCK.format("c")
)
_NOON: Final = 12


def read_reception(text: str) -> tuple[Reception, ...]:
    """The hours a text gives, one per span and season; nothing where days or times are not plain."""
    plain = unicodedata.normalize("NFKC", text)
    workdays = bool(_WORKDAYS.search(plain))
    season, days = "all", tuple[int, ...]()
    found: list[Reception] = []
    end = 0
    for times in _TIMES.finditer(plain):
        between = plain[end : times.start()]
        season = _season(between) or season
        named = _weekdays(between)
        days = named or days or (tuple(range(5)) if workdays else ())
        span = _span(times)
        if span is None or not days:
            return ()
        found.append(Reception(days, *span, season))
        end = times.end()
    return tuple(dict.fromkeys(found))


def _season(text: str) -> str:
    last = ""
    for found in _SEASON.finditer(text):
        last = "summer" if found["summer"] else "winter"
    return last


def _weekdays(text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for found in _DAY_RANGE.finditer(text):
        first, last = _index(found["first"]), _index(found["last"])
        days.update(range(first, last + 1))
    rest = _DAY_RANGE.sub("", text)
    rest = re.sub(r"(?:周|星期)[六日天末][^，。；,;]{0,10}(?:休|除外)", "", rest)
    ones = list(_single_days(rest))
    days.update(ones)
    if not days and _WORKDAYS.search(text):
        days.update(range(5))
    return tuple(sorted(days))


def _single_days(text: str) -> Iterator[int]:
    for found in _ONE_DAY.finditer(text):
        yield _index(found["day"])
        place = found.end()
        while more := _MORE_DAYS.match(text, place):
            yield _index(more["day"])
            place = more.end()


def _index(day: str) -> int:
    if day.isdecimal():
        return int(day) - 1
    return _DAYS.index("日" if day == "天" else day)


def _span(found: re.Match[str]) -> tuple[str, str] | None:
    opens = _minutes(found, "o", found["opart"] or "")
    closes = _minutes(found, "c", found["cpart"] or found["opart"] or "")
    if opens is None or closes is None:
        return None
    if closes <= opens and closes < _NOON * 60 and not found["cpart"]:
        closes += _NOON * 60
    return (_shown(opens), _shown(closes)) if opens < closes <= 24 * 60 else None


def _minutes(found: re.Match[str], side: str, part: str) -> int | None:
    hour = read_number(found[f"{side}h"])
    minute = 30 if found[f"{side}half"] else read_number(found[f"{side}m"] or found[f"{side}m2"] or "0")
    if hour is None or minute is None or hour > 24 or minute > 59:  # noqa: PLR2004 - a small count the line itself names
        return None
    if part in {"下午", "晚上", "晚", "PM", "pm"} and hour < _NOON:
        hour += _NOON
    return hour * 60 + minute


def _shown(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
