"""The seven national holidays as the law counts them, to hold a notice against: which day, how many days. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR, national_layer

NATIONAL: Final = {
    "元旦": "元旦",
    "新年": "元旦",
    "春节": "春节",
    "清明": "清明节",
    "劳动节": "劳动节",
    "五一": "劳动节",
    "端午": "端午节",
    "中秋": "中秋节",
    "国庆": "国庆节",
    "十一": "国庆节",
}
"""What a notice calls a holiday → its name in the law."""

_SOLAR: Final = {"元旦": (1, 1), "劳动节": (5, 1), "国庆节": (10, 1)}
_REGIONAL: Final = (
    "肉孜节|开斋节|古尔邦节|宰牲节|圣纪节|尔德节|(?:壮族)?三月三|藏历(?:新年|年)|洛萨|雪顿节|萨噶达瓦|林卡节|火把节|"
    "彝族年|彝历(?:新年|年)|傣历新年|泼水节|那达慕|苗年|侗年|目瑙纵歌节|刀杆节|州庆|县庆|区庆|"
    "[一-龥]{2,10}?成立(?:\\d{1,3}周年)?(?:纪念日|庆祝日)|[一-龥]{2,16}?纪念日|国家宪法日"
)
_NAMES: Final = re.compile(
    rf"(?P<regional>{_REGIONAL})"
    rf"|(?<!藏历)(?<!彝历)(?<!傣历)(?P<national>{'|'.join(NATIONAL)})(?:国际)?(?:劳动节|节)?"
)
_HEADED: Final = re.compile(r"[一-龥]{2,8}(?:节|年)(?=[:(])")
_LUNAR: Final = re.compile(
    r"除夕|(?:闰)?(?:(?P<month>十[一二]|[正二三四五六七八九十冬腊])月|(?P<first>大年))?"
    r"(?P<day>初[一二三四五六七八九十]|[一二]?十[一二三四五六七八九]?|廿[一二三四五六七八九]|三十)(?![月天])"
)
_ORDINALS: Final = "一二三四五六七八九十"
_MONTHS: Final = ("正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
# Months in which the day of a national holiday settles all others.
_ANCHORS: Final = {"正": ("春节", 1), "大年": ("春节", 1), "五": ("端午节", 5), "八": ("中秋节", 15)}
_DECEMBER: Final = 12
_ISLAMIC: Final = {"肉孜节": (10, 1), "开斋节": (10, 1), "尔德节": (10, 1), "古尔邦节": (12, 10), "宰牲节": (12, 10)}
_ISLAMIC_EPOCH: Final = 227014
# 国务院令第270号 to 2007, 第513号 from 2008, 第795号 from 2025.
_DAYS: Final = (
    (2025, {"元旦": 1, "春节": 4, "清明节": 1, "劳动节": 2, "端午节": 1, "中秋节": 1, "国庆节": 3}),
    (2008, {"元旦": 1, "春节": 3, "清明节": 1, "劳动节": 1, "端午节": 1, "中秋节": 1, "国庆节": 3}),
    (0, {"元旦": 1, "春节": 3, "劳动节": 3, "国庆节": 3}),
)


def names_in(text: str, *, headed: bool) -> tuple[str, ...]:
    """The holidays a heading names, national ones by their name in the law; any other festival where it is `headed`."""
    found = [NATIONAL.get(match["national"] or "", match[0]) for match in _NAMES.finditer(text)]
    if not found and headed:
        found = [match[0] for match in _HEADED.finditer(text)]
    return tuple(dict.fromkeys(found))


def is_national(names: tuple[str, ...]) -> bool:
    """Whether all of these are national holidays, and there is one."""
    return bool(names) and set(names) <= set(NATIONAL.values())


def statutory_days(names: tuple[str, ...], year: int) -> int:
    """How many days the law gives for these holidays in a year."""
    table = next(days for since, days in _DAYS if year >= since)
    return sum(table.get(name, 0) for name in names)


def day_of(name: str, year: int) -> date | None:
    """The day of a national holiday; None for a lunar one in a year whose day is not known."""
    if name in _SOLAR:
        return date(year, *_SOLAR[name])
    return dict(_lunar_days(year)).get(name)


@lru_cache(maxsize=64)
def _lunar_days(year: int) -> tuple[tuple[str, date], ...]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return ()
    # One day may bear two names, 中秋节、国庆节; a substitute is marked （补假） and is not the day.
    told = [(name, entry.day) for entry in national_layer(year, year).entries for name in entry.name.split("、")]
    first: dict[str, date] = {}
    for name, day in told:
        if name in set(NATIONAL.values()) - set(_SOLAR):
            first.setdefault(name, day)
    return tuple(first.items())


@lru_cache(maxsize=64)
def _announced(year: int) -> tuple[frozenset[date], bool]:
    """The make-up days of a year's national notices, those an extension took back with them, and if published."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return frozenset(), False
    layer = national_layer(year, year)
    worked = {entry.day for entry in layer.entries if not entry.off or "延长" in entry.name}
    return frozenset(worked), year <= (layer.published_through or 0)


def may_be_worked(day: date) -> bool:
    """Whether the national notices make this a make-up day, as far as that year's are published."""
    worked, published = _announced(day.year)
    return day in worked or not published


def gloss_faults(gloss: str, day: date) -> Iterator[str]:
    """What a lunar gloss beside a date gets wrong, as far as it can be told from the day of 春节."""
    found = list(_LUNAR.finditer(gloss))
    if not found or re.search("闰|前|后|藏历|彝历|傣历", gloss):
        return
    # 初一至初七 beside a range is about both its ends; the date at hand is the last.
    told, before = found[-1], next((match["month"] for match in found[::-1] if match["month"]), None)
    fitting = _lunar_candidates(before or "正", told["day"] or "除夕", day)
    if fitting and day not in fitting:
        yield f"{day.isoformat()} 不是农历{told[0]}"


def _lunar_candidates(month: str, told: str, day: date) -> set[date]:
    """The days a lunar date may fall on: months have 29 or 30 days, and one may be doubled before it."""
    if month in {"腊", "十二"} or told == "除夕":
        spring = day_of("春节", day.year + (day.month == _DECEMBER))
        if spring is None:
            return set()
        nth = _nth(told) if told != "除夕" else None
        return {spring - timedelta(days=1 if nth is None else length + 1 - nth) for length in (29, 30)}
    if month in _ANCHORS:
        name, nth = _ANCHORS[month]
        known = day_of(name, day.year)
        return {known + timedelta(days=_nth(told) - nth)} if known is not None else set()
    spring = day_of("春节", day.year - (day.month == 1))
    if spring is None:
        return set()
    before = _MONTHS.index(month)
    spans = range(29 * before, 30 * before + 1)
    doubled = range(29 * (before + 1), 30 * (before + 1) + 1)
    return {spring + timedelta(days=span + _nth(told) - 1) for span in (*spans, *doubled)}


def _nth(told: str) -> int:
    """初一 → 1, 十五 → 15, 廿四 and 二十四 → 24, 三十 → 30."""
    plain = told.removeprefix("初").replace("廿", "二十")
    if "十" not in plain:
        return _ORDINALS.index(plain) + 1
    tens, _, ones = plain.partition("十")
    return (_ORDINALS.index(tens) + 1 if tens else 1) * 10 + (_ORDINALS.index(ones) + 1 if ones else 0)


def movable_days(name: str, year: int) -> tuple[date, ...]:
    """The days of 肉孜节 or 古尔邦节 in a year by the arithmetic calendar, right to two days; none for others."""
    if name not in _ISLAMIC:
        return ()
    month, nth = _ISLAMIC[name]
    guess = (year - 622) * 33 // 32
    days = (_islamic(one, month, nth) for one in range(guess - 1, guess + 3))
    return tuple(day for day in days if day.year == year)


def _islamic(year: int, month: int, day: int) -> date:
    """The civil (tabular) Islamic calendar: a cycle of 30 years with 11 leap days, epoch 622-07-19 Gregorian."""
    days = day + (59 * (month - 1) + 1) // 2 + (year - 1) * 354 + (3 + 11 * year) // 30
    return date.fromordinal(days + _ISLAMIC_EPOCH)
