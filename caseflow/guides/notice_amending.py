"""Sentences that change what was announced before: cancelled, replaced, extended. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, TypeAlias

from caseflow.guides.notice_dates import Anchor, Unsettled, settle
from caseflow.guides.notice_festivals import may_be_worked
from caseflow.guides.notice_sentences import Reading
from caseflow.guides.notice_tokens import Kind, Token, grouped, opened, tokens
from caseflow.guides.notice_values import Says, Statement
from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR, national_layer

AMENDING: Final = re.compile(
    r"原定|原计划|原安排|原来|原(?=\d)|取消|不再(?:调休|补)*(?:上班|放假)|改为|改在|改到|变更为|修改为|更正为|撤销|停止执行|延长|缩短|顺延"
    r"|(?<!公休日)(?<!休息日)(?:调整为|调整至|调整到)"
)
_CHANGED: Final = r"(?:的)?(?:,)?(?:现)?(?:改为|改在|改到|变更为|修改为|更正为|调整为|调整至|调整到|调至)(?:于|在)?"
_PLAN: Final = r"(?:现)?(?:将|把|由|从)?(?:原定|原计划|原安排|原来|原)?(?:于|在|的)?"
_SATURDAY: Final = 5
_LONGEST_EXTENSION: Final = 10

# D stands for dates, W for a word of working, O for one of being off, N for a number of days.
_COUNTED: Final = r"(?:,?N)?"
_BACK: Final = r"(?:,(?P<back>D)(?:起)?W)?"
_HEAD: Final = r"(?:[^DWON]{0,30}[,:])?[^DWON]{0,16}?"
_TAIL: Final = rf"{_COUNTED}{_BACK}[,]?"


def read_amendment(text: str, anchor: Anchor) -> Reading:
    """What a sentence that amends declares, by the few forms that leave no doubt; anything else is unsure."""
    reading = Reading(text, anchor)
    try:
        found = grouped(tokens(opened(text)))
        shape = "".join(_sign(token) for token in found)
        dates = [token for token in found if token.kind is Kind.DATE]
        counts = [token.number for token in found if token.kind is Kind.COUNT]
        groups = [settle(token.stretches, anchor) for token in dates]
        if not any(_matches(form, shape, reading, groups, counts) for form in _FORMS):
            reading.doubt("是对已有安排的更改，请逐日核对", [day for group in groups for day in group])
    except Unsettled as error:
        reading.doubt(str(error))
    return reading


def _sign(token: Token) -> str:
    if token.kind is Kind.DATE:
        return "D"
    if token.kind is Kind.COUNT:
        return "N"
    # 改为放假 and 不再上班 keep the word that turns them round.
    if token.kind is Kind.WORK:
        return re.sub(r"(?:正常|照常|调休|补班|补|按时|恢复)*(?:上班|补班)(?:日)?$", "W", token.text)
    return "O" if token.kind in {Kind.OFF, Kind.REST} and token.text != "假期" else token.text


_Form: TypeAlias = tuple[re.Pattern[str], Callable[[Reading, Sequence[tuple[date, ...]], Sequence[int]], None]]


def _matches(
    form: _Form, shape: str, reading: Reading, groups: Sequence[tuple[date, ...]], counts: Sequence[int]
) -> bool:
    match = form[0].fullmatch(shape)
    if match is None:
        return False
    if match["back"]:
        back, groups = groups[-1], groups[:-1]
        says = Says.WORK if all(day.weekday() >= _SATURDAY for day in back) else Says.BACK
        reading.statements.append(Statement(says, back, "上班"))
    form[1](reading, groups, counts)
    return True


def _freed(reading: Reading, groups: Sequence[tuple[date, ...]], _: Sequence[int]) -> None:
    """A make-up day given back: its day is off, over the notice that made it worked."""
    unknown = [day for day in groups[0] if not may_be_worked(day)]
    if unknown:
        reading.doubt("这一天本来就不是国家已公布的调休上班日", unknown)
        return
    reading.statements.append(Statement(Says.OFF, groups[0], "改为放假", again=True))


def _replaced(reading: Reading, groups: Sequence[tuple[date, ...]], counts: Sequence[int]) -> None:
    old, new = groups
    lost = [day for day in old if day not in new and day.weekday() < _SATURDAY]
    if counts and counts[-1] != len(new):
        reading.doubt(f"写着 {counts[-1]} 天，按起止日期是 {len(new)} 天", new)
    elif lost:
        reading.doubt("原定放假的日子不再放假，是否上班没有写明", lost)
    else:
        reading.statements.append(Statement(Says.OFF, new, "放假", again=True))


def _moved(reading: Reading, groups: Sequence[tuple[date, ...]], _: Sequence[int]) -> None:
    old, new = groups
    if any(day.weekday() < _SATURDAY for day in new):
        reading.doubt("改后的上班日不是周末", new)
        return
    reading.statements.append(Statement(Says.WORK, new, "上班", again=True))
    reading.doubt("原定的上班日改了，当天是否休息没有写明", old)


def _extended(reading: Reading, groups: Sequence[tuple[date, ...]], counts: Sequence[int]) -> None:
    until = groups[-1][-1]
    start = groups[0][-1] if len(groups) > 1 else _ended(until)
    days = tuple(start + timedelta(days=n) for n in range(1, (until - start).days + 1))
    if not 0 < len(days) <= _LONGEST_EXTENSION or (counts and counts[-1] != len(days)):
        reading.doubt("延长的是哪几天，与原来的假期对不上", (until,))
        return
    reading.statements.append(Statement(Says.OFF, days, "延长假期", again=True))


def _lengthened(reading: Reading, groups: Sequence[tuple[date, ...]], counts: Sequence[int]) -> None:
    """延长3天，即……: the days themselves, where there are as many; else the last of them."""
    days = groups[-1]
    if len(days) == counts[0] == (days[-1] - days[0]).days + 1:
        reading.statements.append(Statement(Says.OFF, days, "延长假期", again=True))
    else:
        _extended(reading, groups, counts)


def _ended(until: date) -> date:
    """The last day of the national holiday that an extension to `until` lengthens; Unsettled where none is known."""
    if not FIRST_YEAR <= until.year <= LAST_YEAR:
        raise Unsettled("延长的假期不在已知的年份")
    layer = national_layer(until.year, until.year)
    if until.year > (layer.published_through or 0):
        raise Unsettled(f"{until.year}年的国家放假安排尚未公布，不知道原来的假期到哪一天")
    known = {entry.day for entry in layer.entries if entry.off and "延长" not in entry.name and entry.day < until}
    if not known:
        raise Unsettled("不知道原来的假期到哪一天")
    return max(known)


_FORMS: Final[tuple[_Form, ...]] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (rf"{_HEAD}{_PLAN}D(?:的)?(?:[^DWON]{{0,4}})W(?:安排)?{_CHANGED}O{_TAIL}", _freed),
        (rf"{_HEAD}取消(?:原定)?(?:于|的)?D(?:的)?[^DWON]{{0,4}}W(?:安排)?(?:,[^DWN]{{0,8}}O)?{_TAIL}", _freed),
        (rf"{_HEAD}{_PLAN}D(?:的)?[^DWON]{{0,4}}W(?:安排)?(?:予以)?取消{_TAIL}", _freed),
        (rf"{_HEAD}{_PLAN}D(?:,)?不再(?:调休|补班)?W(?:,[^DWN]{{0,8}}O)?{_TAIL}", _freed),
        (rf"{_HEAD}{_PLAN}DO?(?:的)?[^DWON]{{0,6}}{_CHANGED}D(?:O)?{_TAIL}", _replaced),
        (rf"{_HEAD}{_PLAN}D(?:的)?[^DWON]{{0,4}}W{_CHANGED}DW?{_TAIL}", _moved),
        (rf"[^DWN]{{0,30}}(?:延长|顺延)[^DWN]{{0,20}}(?:至|到)D(?:O)?{_TAIL}", _extended),
        (rf"[^DWN]{{0,30}}(?:延长|顺延)O?N(?:[^DWN]{{0,6}})D(?:O)?{_TAIL}", _lengthened),
        (rf"[^DWN]{{0,30}}由D(?:延长|顺延)[^DWN]{{0,6}}(?:至|到)D(?:O)?{_TAIL}", _extended),
    )
)
