"""One sentence of a notice → tokens: dates with what is stated beside them, and the words that say what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from caseflow.guides.notice_dates import DATE, ISO, RANGE, WEEKS, Stamp, Stretch, read_weekdays, stamp_of


class Kind(StrEnum):
    """What a token is to the reader of a sentence."""

    DATE = "date"
    TRANSFER = "transfer"
    UNSHIFTED = "unshifted"
    JOINED = "joined"
    WORK = "work"
    REST = "rest"
    OFF = "off"
    STATUTORY = "statutory"
    FACT = "fact"
    FACT_BEFORE = "fact_before"
    COUNT = "count"
    AMONG = "among"
    START = "start"
    BEFORE = "before"
    RANGE = "range"
    LIST = "list"
    COMMA = "comma"
    WEEKDAY = "weekday"
    YEAR = "year"
    CITED = "cited"
    DIGITS = "digits"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a sentence: a date has its `stamp`, a count its `number`, dates in a list `stretches`.

    A `label` stands before the dates it speaks of.
    """

    kind: Kind
    text: str
    stamp: Stamp | None = None
    number: int = 0
    stretches: tuple[Stretch, ...] = ()
    label: bool = False


_MOVED: Final = r"(?:调整?至|调整?到|调整为|调休至|调休到|移至|挪至|调至)"
_NOT_SAID: Final = (
    r"(?!日期|日的|时间|安排|办法|通知|期间|前夕|前后|规定|方案|的|值班|有关|事宜|原则|制度|工作|天数|情况|政策)"
)
_FESTIVE: Final = (
    r"[^,。;\d]{0,24}?(?:节日|节|纪念日|除夕|初[一二三四五六七八九十]|三月三|元旦|新年|彝族年|苗年|侗年|州庆|县庆)"
)
_TRANSFER: Final = (
    rf"(?:[一二两三四五\d]个)?(?:公休日|休息日|双休日|公休|周末)(?:及[一-龥]{{2,4}}节?)?(?:分别|依次|相应)*{_MOVED}"
    r"|调(?:休)?[至到](?=(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}[日号])"
)
_WORK: Final = (
    r"(?:均|都|仍)?(?:为|作为|按|按照|视为)?(?:正常|照常|调休|补班|按时|恢复|调整)*(?:上班|补班)"
    r"(?!时间|作息|族|制|期间|前|后)(?:日)?"
    r"|(?:为|按|按照|作为|视为)(?:正常)?工作日(?:上班|安排)?|(?:恢复|正常|照常)+(?:工作|办公)(?!时间|日)"
)
_OFF: Final = (
    r"(?>(?:均|都|全国|全区|全省|全市|全州|全县)?"
    r"(?:放假(?:调休|公休|休息|连休|补休)?|调休放假|休假调休|调休休假|补休放假|补休|休假|连休|休息|调休))" + _NOT_SAID
)
_OFF_LABEL: Final = (
    r"(?:放假|休假|假期|放假调休)(?:的)?(?:具体)?(?:时间|日期|天数|安排)?(?:定)?[为是:于从自即]{1,2}"
    r"(?=,?(?:\d{4}年|[次今明]年)?\d{1,2}[月日号])"
)
_WORDS: Final[tuple[tuple[Kind, str], ...]] = (
    (Kind.TRANSFER, _TRANSFER),
    (Kind.UNSHIFTED, r"不(?:再)?(?:进行|安排|实行|另行|作)?(?:调休|补休|补班)"),
    (Kind.JOINED, r"(?:[与和同](?:前后|相邻|前|后)?)?的?(?:周末|双休日|周六周日|周六、周日)(?:连休|相连|相接|合并)"),
    (Kind.WORK, _WORK),
    (Kind.STATUTORY, r"(?:为|是|系|属)[^,。;\d]{0,14}?(?:法定(?:节|休)?假日|假日)|法定(?:节|休)?假日(?!期间|的|安排)"),
    (Kind.REST, r"(?:均|都)?(?:照常|正常)?公休(?!日)|(?:均|都)?(?:为|是)?(?:公休日|双休日|休息日)|(?:照常|正常)休息"),
    (Kind.OFF, _OFF),
    (Kind.OFF, _OFF_LABEL),
    (Kind.OFF, r"(?:为|是)[^,。;\d]{0,14}?(?:假期|放假时间|休假时间|放假日)(?![前后])"),
    (
        Kind.WORK,
        r"(?:调休|补)*(?:上班|补班)(?:时间|日期|日)?(?:定)?[为是:]{1,2}(?=(?:\d{4}年|[次今明]年)?\d{1,2}[月日号])",
    ),
    (Kind.FACT_BEFORE, r"(?:农历[^,。;\d]{1,8}|[一-龥]{1,8}节|除夕)(?:是|为|在|即|适逢)(?=(?:\d{4}年)?\d{1,2}月)"),
    (Kind.FACT, rf"(?:为|是|系|适逢|恰逢|正值){_FESTIVE}"),
    (Kind.COUNT, r"(?:(?:共计?|合计|总计|累计|一共|为期|连续)(?:放假|休假|休息)?)?(?P<count>\d{1,2})天(?:假期|长假)?"),
    (Kind.AMONG, r"其中"),
    (Kind.START, r"起(?![至到\-~])(?:开始)?|开始"),
    (Kind.BEFORE, r"(?:之前|以前|前)(?![后夕])"),
    (Kind.RANGE, RANGE),
    (Kind.LIST, r"以及|[、和及与]"),
    (Kind.COMMA, r"[,:]+"),
    (Kind.YEAR, r"(?<!\d)(?:19|20)\d{2}年(?:度)?(?:\d{1,2}月(?!\d))?"),
    (Kind.CITED, r"[一-龥]{0,12}?(?:修订|修正|公布|发布|印发|下发|批准)(?:的|了|并)"),
    # Digits that belong to a date or a range which could not be read as one.
    (Kind.DIGITS, r"\d{1,20}(?=[日月号年(]|[至到\-~、]{1,4}\d)|(?<=[月至到\-~、])\d{1,20}"),
)
_DATES: Final = re.compile(rf"(?:{ISO}|{DATE})(?:\((?P<gloss>[^()]{{1,40}})\)|(?P<bare>{WEEKS.pattern}))?")
_WEEKDAY: Final = WEEKS
_OTHERS: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _WORDS)
_NOTE: Final = re.compile(r"\(([^()]*)\)")
_TELLING: Final = re.compile(r"放假|上班|补休|公休|补班|休息|休假|\d{1,3}天|\d{1,2}[月日号]|\d{4}[-/.]\d")


def opened(sentence: str) -> str:
    """The sentence with brackets that say more than a gloss turned into clauses of their own."""
    return _NOTE.sub(lambda match: f",{match[1]}," if _TELLING.search(match[1]) else match[0], sentence)


def tokens(sentence: str) -> list[Token]:
    """The tokens of one sentence; Unsettled for a month there is not."""
    found: list[Token] = []
    at = 0
    while at < len(sentence):
        token, end = _at(sentence, at)
        if token.kind is Kind.TEXT and found and found[-1].kind is Kind.TEXT:
            found[-1] = Token(Kind.TEXT, found[-1].text + token.text)
        else:
            found.append(token)
        at = end
    return _with_weekdays(found)


def _at(sentence: str, at: int) -> tuple[Token, int]:
    match = _DATES.match(sentence, at)
    if match is not None:
        parts = match.groupdict()
        gloss = parts.pop("gloss") or parts.pop("bare", None) or ""
        return Token(Kind.DATE, match[0], stamp_of(parts, match[0], gloss)), match.end()
    weekday = _WEEKDAY.match(sentence, at)
    if weekday is not None:
        return Token(Kind.WEEKDAY, weekday[0]), weekday.end()
    for kind, pattern in _OTHERS:
        match = pattern.match(sentence, at)
        if match is not None:
            count = int(match["count"]) if kind is Kind.COUNT else 0
            return Token(kind, match[0], number=count), match.end()
    return Token(Kind.TEXT, sentence[at]), at + 1


def _with_weekdays(found: Sequence[Token]) -> list[Token]:
    """A weekday written before its date, 周六（1月4日）, or after a comma, 1月4日，周六, moved beside it."""
    kept: list[Token] = []
    for token in found:
        if token.kind is Kind.DATE and _bare(token) and (at := _weekday_at(kept)) is not None:
            told, token = kept[at], _beside(token, kept[at])  # noqa: PLW2901 - the same date, with what stands before it
            kept.remove(told)
        kept.append(token)
    for at, token in enumerate(kept):
        if token.kind is Kind.WEEKDAY and at > 1 and kept[at - 1].text == "," and _bare(kept[at - 2]):
            kept[at - 2], kept[at] = _beside(kept[at - 2], token), Token(Kind.TEXT, "")
    return kept


def _bare(token: Token) -> bool:
    """Whether this is a date without a weekday."""
    return token.stamp is not None and not token.stamp.weekdays


def _weekday_at(kept: Sequence[Token]) -> int | None:
    """Where a weekday stands that the next date may belong to, a comma between them or none."""
    at = len(kept) - 1
    if at > 0 and kept[at].kind is Kind.COMMA:
        at -= 1
    return at if at >= 0 and kept[at].kind is Kind.WEEKDAY else None


def _beside(token: Token, weekday: Token) -> Token:
    stamp = token.stamp
    if stamp is None:
        return token
    days, span = read_weekdays(weekday.text)
    return replace(token, stamp=replace(stamp, weekdays=days, span=span))


def grouped(found: Sequence[Token]) -> list[Token]:
    """The tokens with dates joined by 至 or 、 made one DATE token that holds their stretches."""
    return list(_grouped(found))


def labelled(found: Sequence[Token]) -> Iterator[Token]:
    """The tokens with 放假： and 上班： marked as labels."""
    for n, token in enumerate(found):
        colon = _is(found, n + 1, Kind.COMMA) and found[n + 1].text.startswith(":") and _is(found, n + 2, Kind.DATE)
        told = token.kind in {Kind.OFF, Kind.WORK} and (colon or token.text[-1] in "为是:于从自即")
        yield replace(token, label=True) if told else token


def _grouped(found: Sequence[Token]) -> Iterator[Token]:
    at = 0
    while at < len(found):
        if found[at].kind is not Kind.DATE:
            yield found[at]
            at += 1
            continue
        start = at
        stretches: list[Stretch] = []
        while True:
            stretch, at = _stretch(found, at)
            stretches.append(stretch)
            if not _is(found, at, Kind.LIST) or not _is(found, at + 1, Kind.DATE):
                break
            at += 1
        yield Token(Kind.DATE, "".join(one.text for one in found[start:at]), stretches=tuple(stretches))


def _stretch(found: Sequence[Token], at: int) -> tuple[Stretch, int]:
    first = found[at].stamp
    assert first is not None  # noqa: S101 - a DATE token holds one
    if _is(found, at + 1, Kind.RANGE) and _is(found, at + 2, Kind.DATE):
        return Stretch(first, found[at + 2].stamp), at + 3
    return Stretch(first), at + 1


def _is(found: Sequence[Token], at: int, kind: Kind) -> bool:
    return at < len(found) and found[at].kind is kind
