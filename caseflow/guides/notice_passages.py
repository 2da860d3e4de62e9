"""A notice → passages, one a holiday, each read and held against the calendar, the law and itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from caseflow.guides.notice_amending import AMENDING, read_amendment
from caseflow.guides.notice_dates import Anchor
from caseflow.guides.notice_festivals import (
    day_of,
    gloss_faults,
    is_national,
    may_be_worked,
    movable_days,
    names_in,
    statutory_days,
)
from caseflow.guides.notice_sentences import MOVED, Reading, read_sentence
from caseflow.guides.notice_text import in_digits
from caseflow.guides.notice_values import Doubt, Says, Statement

_SATURDAY: Final = 5
# Make-up days lie on the weekends beside a holiday; the farthest announced was eleven days ahead (2026-09-20).
_FAR_AHEAD: Final = 11
_FAR_AFTER: Final = 7
_NEW_YEAR_REACH: Final = 7
_FESTIVAL_REACH: Final = 6
_MOVABLE_REACH: Final = 3
_HAN: Final = "[一二三四五六七八九十]"
_ENUMERATED: Final = re.compile(
    rf"(?:第?{_HAN}{{1,3}}[、.:是]|\({_HAN}{{1,3}}\)、?|\(\d{{1,2}}\)、?|\d{{1,2}}[、.)](?!\d{{1,2}}[日号.])|[◆●■★▲◇○•·※\-])+"
)
_GLUED: Final = re.compile(
    rf"(?<![日号\d一-龥(])(?={_HAN}{{1,2}}、[一-龥]{{1,12}}[:(])|(?<=[天班日休)])(?={_HAN}{{1,2}}、[一-龥]{{2,12}}[:(])"
    r"|(?<=[天班假日休)]),(?=(?:元旦|春节|清明|劳动节|五一|端午|中秋|国庆|肉孜节|开斋节|古尔邦节)节?(?:放假)?[:(]?\d)"
    rf"|(?<![日号至到、])(?=\({_HAN}{{1,2}}\)[一-龥]{{2,}})"
)
_DATED: Final = re.compile(
    r"\d{1,2}[日号]|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}月|[一二三四五六七八九十]月|(?:星期|礼拜|周)[一二三四五六日天]"
)
_KEYED: Final = re.compile(r"放假|上班|调休|补休|公休|补班|连休|休假|休息|假期|对调|互换|工作日|法定(?:节|休)?假日")
_SAID: Final = re.compile(r"放假|上班|调休|补休|\d天")
_PRINCIPLE: Final = re.compile(r"除个别|调休原则|如逢|假日增加|各增加\d天")
_ADVICE: Final = re.compile(
    r"鼓励|建议|倡导|提倡|号召|有条件的|视情|酌情|灵活|弹性|错峰|自行安排|自主安排|年休假|年假|拼假|请假"
    r"|(?<![不许认])可(?=以|结合|自行|视|根据|安排|将|在|于|适当|选择|通过|调休|放假|休|请|与)"
)
_SOME: Final = re.compile(
    r"女职工|妇女|女性|女干部|青年|\d{1,3}周岁|儿童|学生|学校|中小学|幼儿园|院校|高校|教师|师生|部队|军人|其他群众"
    r"|少数民族(?:的)?(?:干部|职工|群众|同胞|公民)|信教|信仰|穆斯林|过(?:这|该|此)一?节日的|[一-龥]{1,3}(?<!各)族(?:的)?(?:干部|职工|群众|同胞|公民)"
    r"|外籍|港澳|倒班|一线职工|窗口单位"
)
_HALF: Final = re.compile(r"半天|半日|0\.5天")
_LONE: Final = re.compile(
    r"(?:\d{4}年|\d{1,2}月|\d{1,2}[日号]|\([^()]*\)|[至到\-~、和及,:共天\d]|(?:星期|周)[一二三四五六日天])+"
)
_FULL_DAY: Final = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_DEADLINE: Final = re.compile(r"[日号)](?:之前|以前|前)")
_ANY_HEADING: Final = re.compile(r"(?P<name>[一-龥]{2,12})(?::(?=(?:\d{4}年)?\d{1,2}月|\()|(?<=[节年日庆])$)")
_NO_FESTIVAL: Final = re.compile(
    "放假|上班|时间|日期|安排|调休|补班|补休|其中|如下|单位|政府|机构|部门|说明|备注|注|即|方案|联系|电话|来源|编辑|职工|群众"
)
_SHORT: Final = 8
_SHOWN: Final = 80
_LONGEST_SENTENCE: Final = 1500
_LONGEST_HEADING: Final = 20
_COUNTED: Final = re.compile(r"\d{1,2}天")
_LEAST_WRAPPED: Final = 12
_ORG: Final = re.compile(r"(?:办公厅|办公室|政府|委员会|局|厅|公司|国务院)$")
_LABEL: Final = re.compile(r"[一-龥]{2,8}:")
_OPEN_END: Final = re.compile(r"[\d年月至到、,(\-~]$")
_OPEN_START: Final = re.compile(r"^(?:[日号月年)至到、,~]|放假|假|调休|休|上班|班)")


@dataclass(slots=True)
class Passage:
    """What a notice says of one holiday, or in one paragraph without a heading."""

    names: tuple[str, ...]
    anchor: Anchor
    headed: bool = False
    text: str = ""
    statements: list[Statement] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    unshifted: bool = False
    joined: bool = False
    among: bool = False
    amended: bool = False
    settled: bool = False
    counts: list[int] = field(default_factory=list)

    def days(self, says: Says) -> frozenset[date]:
        """The days of its statements of one kind."""
        return frozenset(day for one in self.statements if one.says is says for day in one.days)

    def doubt(self, reason: str, days: Iterable[date] = ()) -> None:
        """Keep the whole passage as unsure."""
        self.doubts.append(Doubt(self.text, reason, tuple(sorted(days))))


def sentences_of(text: str) -> list[str]:
    """The sentences of regular text: lines that were only wrapped joined, headings run together parted."""
    joined: list[str] = []
    before = ""
    for line in text.split("\n"):
        if joined and before and _goes_on(before, line):
            joined[-1] += line
        else:
            joined.append(line)
        before = line
    # A date in Chinese numerals may have been wrapped in its middle.
    parted = (piece for line in joined for piece in _GLUED.sub("\n", in_digits(line)).split("\n"))
    return [one for piece in parted for one in re.split(r"[。;]+", piece) if one]


def _goes_on(before: str, line: str) -> bool:
    """Whether a line is the rest of the one before, wrapped."""
    if not line or before[-1] in "。;:" or _LABEL.match(line) or _ENUMERATED.match(line) or _LONE.fullmatch(line):
        return bool(line) and bool(_OPEN_END.search(before)) and not _ENUMERATED.match(line)
    if _OPEN_END.search(before) or _OPEN_START.match(line):
        return True
    signed = _ORG.search(line) or _ORG.search(before) or "通知" in before[-4:]
    return len(before) >= _LEAST_WRAPPED and not signed


def passages_of(sentences: Sequence[str], year: int) -> list[Passage]:
    """The sentences read, those of one holiday together."""
    passages: list[Passage] = []
    for sentence in sentences:
        enumerated = _ENUMERATED.match(sentence)
        body = sentence[enumerated.end() :] if enumerated else sentence
        head = re.split(r"\d{1,2}[月日号]|放假|上班", body, maxsplit=1)[0]
        alone = body == head and len(body) <= _LONGEST_HEADING and not re.search("通知|关于|安排", body)
        headed = enumerated is not None or head.endswith(":") or alone or _is_heading(body)
        names = names_in(head if head != body else body[:20], headed=headed) or _unknown_festival(body)
        nameless = not names and not enumerated and not (passages and passages[-1].names)
        if nameless and len(found := names_in(body, headed=False)) == 1:
            names = found
        if names or enumerated or not passages:
            passages.append(_opened(names, head, year, headed=headed and bool(names)))
        _read(passages[-1], body)
    return [passage for passage in passages if passage.statements or passage.doubts or passage.headed]


def _is_heading(body: str) -> bool:
    """Whether a sentence begins with the name of a holiday and a colon."""
    name, colon, _ = body.partition(":")
    return (
        bool(colon)
        and len(name) <= _LONGEST_HEADING
        and bool(names_in(name, headed=False))
        and not (_NO_FESTIVAL.search(name))
    )


def _unknown_festival(body: str) -> tuple[str, ...]:
    """The heading of a holiday nobody listed: a few characters before a colon that do not say 放假时间 or the like."""
    match = _ANY_HEADING.match(body)
    return (match["name"],) if match and not _NO_FESTIVAL.search(match["name"]) else ()


def _opened(names: tuple[str, ...], head: str, year: int, *, headed: bool) -> Passage:
    """A passage under its heading; one that names another year than the notice's is unsure, but for the next 元旦."""
    told = re.search(r"(?<!\d)(\d{4})年(?:度)?(?=[一-龥])", head)
    own = int(told[1]) if told and headed else year
    passage = Passage(names, Anchor(own, new_year="元旦" in names), headed)
    if own != year and not (own == year + 1 and names == ("元旦",)):
        passage.doubts.append(Doubt(head, f"写的是 {own} 年，通知是 {year} 年的"))
    return passage


def _read(passage: Passage, sentence: str) -> None:
    passage.text += ("。" if passage.text else "") + sentence
    reading = _reading(passage, sentence)
    if reading is None:
        return
    passage.statements += reading.statements
    passage.doubts += reading.doubts
    passage.unshifted |= reading.unshifted
    passage.joined |= reading.joined
    passage.counts += reading.loose_counts()
    passage.among |= reading.among
    passage.anchor.within |= {day for one in reading.statements if one.says is Says.OFF for day in one.days}


def _reading(passage: Passage, sentence: str) -> Reading | None:
    """The reading of a sentence that declares something, or might; None for one that does not."""
    if _PRINCIPLE.search(sentence):
        return None
    whole = sentence
    sentence, doubt = _for_all(sentence)
    passage.settled |= sentence != whole
    anchor = passage.anchor
    if doubt is not None:
        return Reading(sentence, anchor, doubts=[doubt])
    dated = _DATED.search(sentence)
    if dated is None and not (_SAID.search(sentence) and passage.headed):
        return None
    if len(sentence) > _LONGEST_SENTENCE:
        return Reading(sentence[:_SHOWN], anchor, doubts=[Doubt(sentence[:_SHOWN], "一句话太长，读不出")])
    if not _KEYED.search(sentence):
        return _unkeyed(passage, sentence)
    if dated and AMENDING.search(sentence):
        passage.amended = True
        return read_amendment(sentence, anchor)
    return read_sentence(sentence, anchor, among=passage.among)


def _unkeyed(passage: Passage, sentence: str) -> Reading | None:
    """Dates without a word of 放假 or 上班: a row under a holiday's name where it counts its days, else unsure."""
    bare = sentence.partition(":")[2] or sentence
    if passage.headed and _COUNTED.search(bare) and _LONE.fullmatch(bare):
        return read_sentence(sentence + "放假", passage.anchor)
    prose = _LONE.sub("", sentence)
    close = len(prose) <= _SHORT and not _FULL_DAY.search(sentence) and not _DEADLINE.search(sentence)
    if (passage.headed and ":" in sentence) or close:
        reading = Reading(sentence, passage.anchor)
        reading.doubt("有日期，但没有写明是放假还是上班")
        return reading
    return None


def _for_all(sentence: str) -> tuple[str, Doubt | None]:
    """The part of a sentence that binds everybody, and the doubt where what is left out may bind."""
    advice = _ADVICE.search(sentence)
    if advice is not None:
        start = _clause_start(sentence, advice.start())
        cut, sentence = sentence[start:], sentence[:start]
        if _DATED.search(cut) and re.search(r"上班|补班", cut):
            return sentence, Doubt(cut, "建议或选择的话里又写了上班的日子")
    some = _SOME.search(sentence)
    if some is not None:
        start = _clause_start(sentence, some.start())
        cut, rest = sentence[start:], sentence[:start]
        if _HALF.search(cut) or not _DATED.search(sentence) or not (_SAID.search(cut)):
            return rest if _HALF.search(cut) else sentence, None
        return rest, Doubt(sentence, "只对一部分人，工作日历是对所有人的")
    if _HALF.search(sentence) and _KEYED.search(sentence):
        return "", Doubt(sentence, "放假半天，工作日历只能整天")
    return sentence, None


def _clause_start(sentence: str, at: int) -> int:
    """Where the clause around a place begins: after the last comma before it, unless dates stand between."""
    return sentence.rfind(",", 0, at) + 1


def check(passages: Sequence[Passage]) -> None:
    """Every passage held against the calendar, the law and itself; what contradicts is kept as its doubt."""
    for passage in passages:
        for fault in _faults(passage):
            passage.doubt(fault, passage.days(Says.OFF) | passage.days(Says.WORK))
    for passage, wrong in _unbalanced(passages):
        passage.doubt(wrong, passage.days(Says.OFF) | passage.days(Says.WORK))


def _faults(passage: Passage) -> Iterator[str]:
    yield from _missing(passage)
    yield from _stray_work(passage)
    yield from _miscounted(passage)
    yield from _stray_days(passage)
    yield from _disproved(passage)
    for gloss, day in passage.anchor.glosses:
        yield from gloss_faults(gloss, day)


def _between(before: date, after: date) -> Iterator[date]:
    return (before + timedelta(days=n) for n in range(1, (after - before).days))


def _missing(passage: Passage) -> Iterator[str]:
    told = passage.headed or passage.days(Says.FACT)
    read = passage.days(Says.OFF) or passage.days(Says.WORK) or passage.doubts or passage.settled
    festive = is_national(passage.names) and passage.headed and _DATED.search(passage.text)
    lost = festive and not (passage.days(Says.OFF) or passage.doubts or passage.amended)
    if lost or (told and not read and _SAID.search(passage.text)):
        yield "没有读出放假的日期"


def _stray_work(passage: Passage) -> Iterator[str]:
    off, work = passage.days(Says.OFF), passage.days(Says.WORK)
    alone = {day for one in passage.statements if one.says is Says.WORK and one.text != MOVED for day in one.days}
    far = [day for day in alone if not any(-_FAR_AHEAD <= (day - one).days <= _FAR_AFTER for one in off)]
    if off and far:
        yield f"{_told(far)}上班，离假期太远"
    loud = {day for one in passage.statements if one.again for day in one.days}
    torn = off & work - loud
    if torn:
        yield f"{_told(torn)}既写放假又写上班"
    if passage.unshifted and work:
        yield "写着不调休，又写了上班的日子"


def _miscounted(passage: Passage) -> Iterator[str]:
    """A number of days told in a sentence of its own, or 与周末连休, that the days do not bear out."""
    off, work = passage.days(Says.OFF), passage.days(Says.WORK)
    if passage.counts and off and not passage.joined:
        sizes = {len(off)} | ({sum(day.weekday() < _SATURDAY for day in off)} if not work else set())
        if not sizes & set(passage.counts):
            yield f"写着放假 {passage.counts[0]} 天，按日期是 {len(off)} 天"
    if passage.joined and not any(day.weekday() in {0, 4} for day in off):
        yield "写着与周末连休，这几天却不挨着周末"


def _disproved(passage: Passage) -> Iterator[str]:
    """A national holiday without its own day, or with make-up days the published national notices do not have."""
    off, work = passage.days(Says.OFF), passage.days(Says.WORK)
    if not is_national(passage.names) or not off or passage.amended:
        return
    other = [day for day in work if not may_be_worked(day)]
    if other:
        yield f"{_told(other)}上班，与国家已公布的安排不同"
    for name in passage.names:
        day = day_of(name, passage.anchor.year)
        if day is not None and day not in off:
            yield f"{name}是 {day.isoformat()}，不在放假的日子里"


def _stray_days(passage: Passage) -> Iterator[str]:
    """Days that do not belong to the holiday: by their year, by a gap, or by the day of the festival."""
    off, year = passage.days(Says.OFF), passage.anchor.year
    for day in off:
        turn = date(max(day.year, year), 1, 1)
        if day.year != year and abs((day - turn).days) > _NEW_YEAR_REACH:
            yield f"{day.isoformat()} 不在 {year} 年"
    for before, after in pairwise(sorted(off) if len(passage.names) == 1 else ()):
        if any(day.weekday() < _SATURDAY for day in _between(before, after)):
            yield f"{before.isoformat()} 与 {after.isoformat()} 之间隔着工作日，却说是同一个假期"
    if off:
        yield from _far_from_festival(passage, off)


def _far_from_festival(passage: Passage, off: frozenset[date]) -> Iterator[str]:
    for day in passage.days(Says.FACT):
        if min(abs((day - one).days) for one in off) > _FESTIVAL_REACH:
            yield f"节日是 {day.isoformat()}，放假的日子离它太远"
    for name in passage.names:
        known = movable_days(name, passage.anchor.year)
        if known and min(abs((day - one).days) for day in known for one in off) > _MOVABLE_REACH:
            yield f"{passage.anchor.year}年的{name}约在 {_told(known)}，放假的日子离它太远"


def _unbalanced(passages: Sequence[Passage]) -> list[tuple[Passage, str]]:
    """National holidays in which the weekdays off are not the days of the law plus the make-up days.

    A holiday on a weekend may be made good in another, so a notice that balances as a whole is right.
    """
    counted: dict[tuple[str, ...], tuple[Passage, set[date], set[date]]] = {}
    for passage in passages:
        if is_national(passage.names) and passage.days(Says.OFF) and not passage.doubts and not passage.amended:
            held = counted.setdefault(passage.names, (passage, set(), set()))
            held[1].update(passage.days(Says.OFF))
            held[2].update(passage.days(Says.WORK))
    found = []
    total = 0
    for names, (passage, off, work) in counted.items():
        free = sum(day.weekday() < _SATURDAY for day in off)
        owed = statutory_days(names, max(off).year) + len(work)
        total += free - owed
        if free != owed:
            found.append((passage, f"放假占 {free} 个工作日，法定假日和调休上班合计 {owed} 天，对不上"))
    return found if total else []


def _told(days: Iterable[date]) -> str:
    return "、".join(day.isoformat() for day in sorted(days))
