"""冬夏季作息时间: the hours a notice sets from a day of the year on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from caseflow.guides.notice_dates import Anchor, Unsettled, settle
from caseflow.guides.notice_tokens import Kind, grouped, tokens
from caseflow.guides.notice_values import Doubt

_NAMES: Final = (("夏", "夏季"), ("冬", "冬季"), ("春", "春季"), ("秋", "秋季"))
_ABOUT: Final = re.compile(r"作息|夏季|冬季|夏令|冬令|秋冬|春夏|秋\(冬\)|上下班时间|上班时间|办公时间|工作时间")
_TIME: Final = re.compile(
    r"(?P<half>上午|下午|早上|早|中午|晚上|晚|午后)?[^\d,;。]{0,8}?"
    r"(?<!\d)(?<!\d:)(?P<hour>\d{1,2})(?:[:时点](?P<minute>\d{2}|半)?分?)(?!\d)"
)
_LATE: Final = frozenset({"下午", "晚上", "晚", "午后"})
_HEADING: Final = re.compile(r"夏季|冬季|夏令|冬令|秋冬|春夏|秋\(冬\)|春季|秋季")
_FROM: Final = re.compile(r"起|执行|实行|施行|实施|恢复|调整|至|到|-|~")
_LONGEST_HEADING: Final = 12
_NOON: Final = 12
_MINUTES: Final = frozenset(range(0, 60, 5))
_DAY_BEGINS: Final = 6 * 60
_DAY_ENDS: Final = 22 * 60
_SHORTEST: Final = 90
_LONGEST: Final = 6 * 60
_MONTHS: Final = {"夏季": range(3, 8), "冬季": range(8, 13)}


@dataclass(frozen=True, slots=True)
class SeasonRead:
    """Hours of one season: its name, the day of the year it starts on (MM-DD), its last where stated, the stretches."""

    name: str
    starts: str
    ends: str
    open: tuple[tuple[str, str], ...]
    text: str


def is_about_days(sentence: str) -> bool:
    """Whether a sentence tells of days off or made up, or may: one about hours alone does not."""
    return not is_about_hours(sentence) or bool(re.search(r"放假|调休|补休|补班", sentence))


def is_about_hours(sentence: str) -> bool:
    """Whether a sentence sets hours."""
    return bool(_ABOUT.search(sentence)) and bool(_TIME.search(sentence) or re.search("作息|夏令|冬令", sentence))


def read_seasons(sentences: Sequence[str], anchor: Anchor) -> tuple[tuple[SeasonRead, ...], tuple[Doubt, ...]]:
    """The seasons of the sentences about hours, in their order, and what was not read for sure."""
    seasons: list[SeasonRead] = []
    doubts: list[Doubt] = []
    for block in _blocks(sentences):
        try:
            season = _season(block, Anchor(anchor.year, new_year=False))
        except Unsettled as error:
            doubts.append(Doubt(block, str(error)))
            continue
        if season is not None:
            seasons.append(season)
    return tuple(seasons), tuple(doubts)


def _blocks(sentences: Sequence[str]) -> Iterator[str]:
    """The sentences joined, each block beginning with a date or the name of a season."""
    block = ""
    for sentence in sentences:
        tells = _TIME.search(sentence) or re.search(r"\d月|执行|实行", sentence)
        if not tells and (len(sentence) > _LONGEST_HEADING or "通知" in sentence):
            continue
        begins = bool(_HEADING.search(sentence) or re.search(r"\d{1,2}月\d{1,2}日", sentence))
        if begins and (_TIME.search(block) or (re.search(r"\d月", block) and re.search(r"\d月", sentence))):
            yield block
            block = ""
        block += sentence + ","
    if block:
        yield block


def _season(block: str, anchor: Anchor) -> SeasonRead | None:
    dates = [token for token in grouped(tokens(block)) if token.kind is Kind.DATE]
    hours = _hours(block)
    if not hours and not dates:
        return None
    if not hours:
        raise Unsettled("写了作息时间的起始日期，没有读出上下班时间")
    if len(dates) != 1 or not _FROM.search(block):
        raise Unsettled("写了上下班时间，没有读出从哪一天起")
    stretch = dates[0].stretches[0]
    start = settle((type(stretch)(stretch.first),), anchor)[0]
    ends = ""
    if stretch.last is not None:
        if stretch.last.month is None:
            raise Unsettled("作息时间的止日没有写月份")
        ends = f"{stretch.last.month:02}-{stretch.last.day:02}"
    name = _name(block)
    if start.month not in _MONTHS.get(name, range(13)):
        raise Unsettled(f"{name}作息时间从 {start.month} 月起，请核对")
    return SeasonRead(name, f"{start:%m-%d}", ends, hours, block.strip(","))


def _name(block: str) -> str:
    """The season named last before the first hour."""
    first = _TIME.search(block)
    named = re.findall("[春夏秋冬]", block[: first.start() if first else None])
    return dict(_NAMES)[named[-1]] if named else ""


def _hours(block: str) -> tuple[tuple[str, str], ...]:
    """The stretches of the day; Unsettled where the times do not pair or do not follow each other."""
    minutes: list[int] = []
    late = False
    left = re.sub(r"\d{4}年|\d{1,2}月(?:\d{1,2}[日号])?|\d{1,2}[日号]|^\(?\d{1,3}[).、]", "", _TIME.sub("", block))
    if re.search(r"\d", left):
        raise Unsettled("上下班时间里有读不出的数字")
    for match in _TIME.finditer(block):
        hour, minute = int(match["hour"]), 30 if match["minute"] == "半" else int(match["minute"] or 0)
        if match["half"]:
            late = match["half"] in _LATE
        if late and hour < _NOON:
            hour += _NOON
        minutes.append(hour * 60 + minute)
        if minute not in _MINUTES or not _DAY_BEGINS <= minutes[-1] <= _DAY_ENDS:
            raise Unsettled(f"“{match[0]}”没有这个时刻")
    if len(minutes) % 2 or any(a >= b for a, b in pairwise(minutes)):
        raise Unsettled("上下班时间不成对，或前后颠倒")
    if any(not _SHORTEST <= b - a <= _LONGEST for a, b in zip(minutes[::2], minutes[1::2], strict=True)):
        raise Unsettled("上下班时间之间太短或太长")
    told = [f"{one // 60:02}:{one % 60:02}" for one in minutes]
    return tuple(zip(told[::2], told[1::2], strict=True))
