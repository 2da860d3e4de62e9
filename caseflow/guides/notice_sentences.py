"""One sentence of a notice → what it declares: days off, days worked, facts, and whatever is left unsure. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from caseflow.guides.notice_dates import Anchor, Stretch, Unsettled, settle
from caseflow.guides.notice_tokens import Kind, Token, grouped, labelled, opened, tokens
from caseflow.guides.notice_values import Doubt, Says, Statement

_SATURDAY: Final = 5
_APART: Final = 5
_MOST_COUNTED: Final = 20
_GLUE: Final = 36
_ODD: Final = re.compile(r"[不未勿或拟除免约]|无需|无须|部分|待定|另行|暂定|可能|预计|左右|上午|下午|中午|半")
_DENIED: Final = re.compile(r"[不未勿免]|(?<!取)消|取(?!消)")
_RELATIVE: Final = re.compile(
    r"(?:次日|第二天|翌日|当日|当天|前一天|后一天)(?:起)?(?:正常|照常|调休|补)*(?:上班|放假|补休|休息)"
)
_NUMERAL: Final = re.compile(
    r"(?<![农阴正闰腊冬期周拜历])[一二三四五六七八九十]{1,3}(?:[日号]|月(?![一二三]{1,3}(?!日)|份))(?![常前后])"
)
_UNREAD: Final = (
    (_RELATIVE, "日子是相对说的（次日、当日），请核对"),
    (_NUMERAL, "有一个日期读不出"),
)
_AGAIN: Final = re.compile(r"本自治区|我区|我省|我市|我州|我县|全区|全省|全市|全州|全县|本市|本州|本县")
MOVED: Final = "公休日调至"
"""The words of a make-up day told with the day it is moved to."""

_AND: Final = frozenset({"和", "及", "与", "以及"})
_MANY: Final = {"一个": 1, "两个": 2, "二个": 2, "三个": 3, "四个": 4}


@dataclass(slots=True)
class Reading:
    """The reading of one sentence on its way: what the passage before it leaves, and what is found."""

    text: str
    anchor: Anchor
    among: bool = False
    statements: list[Statement] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    unshifted: bool = False
    joined: bool = False
    _pending: list[Token] = field(default_factory=list)
    _glue: str = ""
    _awaiting: Token | None = None
    _counts: list[tuple[int, int]] = field(default_factory=list)
    _parts: list[int] = field(default_factory=list)
    _sources: list[Token] = field(default_factory=list)
    _moving: str = ""
    _fact: bool = False
    _started: bool = False

    def doubt(self, reason: str, days: Sequence[date] = ()) -> None:
        """Keep the sentence as unsure."""
        self.doubts.append(Doubt(self.text, reason, tuple(days)))

    def take(self, token: Token) -> None:
        """The next token."""
        _TAKE.get(token.kind, Reading._text)(self, token)

    def _date(self, token: Token) -> None:
        before = self._glue.rpartition(",")[2]
        if _DENIED.search(before) and not self._moving:
            self.doubt(f"“{before}”使这一天说得不确定", self._quietly([token]))
        if self._pending and not self._glue:
            self.doubt("两个日期之间少了“至”或“、”", self._quietly([*self._pending, token]))
        elif self._pending and self._glue.strip(",:"):
            between = self._glue.strip(",:")
            self.doubt(f"两个日期之间的“{between}”读不出", self._quietly([*self._pending, token]))
        self._pending.append(token)
        self._glue = ""
        self._started = False

    def _text(self, token: Token) -> None:
        self._glue += token.text

    def _comma(self, token: Token) -> None:
        if self._moving and self._pending:
            self._move()
        elif self._fact and self._pending and not token.text.startswith(":"):
            self._settle_as_fact()
        elif self._awaiting is not None and self._awaiting.label and self._pending:
            label = self._awaiting
            self._declare_awaited()
            self._awaiting = label
        self._glue += token.text

    def _off(self, token: Token) -> None:
        self._predicate(Says.OFF, token)

    def _work(self, token: Token) -> None:
        self._predicate(Says.WORK, token)

    def _predicate(self, says: Says, token: Token) -> None:
        """放假 or 上班: of the dates before it, or as a label of those to come."""
        if self._moving and self._pending:
            self._move()
        elif self._pending and self._awaiting is not None and token.label:
            self._declare_awaited()
            self._awaiting = token
        elif self._pending:
            self._declare(says, token)
        else:
            self._awaiting = token

    def _declare_awaited(self) -> None:
        label = self._awaiting or Token(Kind.OFF, "放假")
        self._declare(Says.WORK if label.kind is Kind.WORK else Says.OFF, label)

    def _rest(self, token: Token) -> None:
        if self._pending and not self._moving:
            self._declare(Says.OFF, token)

    def _join(self, token: Token) -> None:
        self.joined = True
        if self._pending:
            self._declare(Says.OFF, token)

    def _unshift(self, _: Token) -> None:
        self.unshifted = True

    def _transfer(self, token: Token) -> None:
        if not self._pending:
            self.doubt("没有写明调换的是哪一天")
            return
        self._sources, self._pending, self._moving = self._pending, [], token.text

    def _factual(self, token: Token) -> None:
        if self._pending:
            self._settle_as_fact()
        else:
            self._glue += token.text

    def _fact_ahead(self, _: Token) -> None:
        self._fact = True

    def _count(self, token: Token) -> None:
        if self.among and not self._pending and not token.text.startswith("共"):
            self._parts.append(token.number)
            return
        if self._awaiting is not None and not self._pending:
            self._declare_facts(token.number)
        ahead = bool(self._pending) or not any(one.says is Says.OFF for one in self.statements)
        self._counts.append((token.number, len(self.statements) if ahead else len(self.statements) - 1))

    def _among(self, _: Token) -> None:
        if self._awaiting and self._pending:
            self._declare_awaited()
        self.among = True
        self.anchor.within |= self._told_off()

    def _start(self, token: Token) -> None:
        self._started = bool(self._pending)
        self._glue += token.text

    def _before(self, token: Token) -> None:
        if self._pending and not self._glue:
            self._pending.pop()
        self._glue += token.text

    def _weekday(self, token: Token) -> None:
        self.doubt(f"“{token.text}”没有对应的日期", self._quietly(self._pending))
        self._glue += token.text

    def _dangling(self, token: Token) -> None:
        if self._pending and not self._glue and token.text not in _AND:
            self.doubt(f"“{token.text}”之后没有日期", self._quietly(self._pending))
        self._glue += token.text

    def _cite(self, token: Token) -> None:
        """The date of a paper that is only quoted, 2013年12月11日国务院修订的."""
        stretches = [one for group in self._pending for one in group.stretches]
        if stretches and all(one.first.year is not None and one.last is None for one in stretches):
            self._pending = []
        self._glue += token.text

    def _stray(self, token: Token) -> None:
        self.doubt(f"“{token.text}”读不出是什么日子")

    def _days(self, groups: Sequence[Token]) -> tuple[date, ...]:
        stretches: list[Stretch] = [one for group in groups for one in group.stretches]
        return settle(stretches, self.anchor)

    def _declare(self, says: Says, token: Token) -> None:
        groups, glue = self._pending, self._glue
        self._pending, self._glue, self._awaiting, self._fact = [], "", None, False
        days = self._days(groups)
        if _ODD.search(glue) or len(glue) > _GLUE:
            self.doubt(f"“{glue.strip(',')}”使这几天说得不确定", days)
        elif self._started:
            self._declare_from(says, days, token)
        elif says is Says.WORK:
            self._declare_work(days, token)
        else:
            self._declare_off(days, token)
        self._started = False

    def _declare_from(self, says: Says, days: tuple[date, ...], token: Token) -> None:
        """自某日起上班 is the return to work or a make-up day; 自某日起放假 waits for the number of days after it."""
        if says is Says.WORK:
            self._declare_work(days, token, back=True)
        else:
            self.statements.append(Statement(Says.OFF, days, f"{token.text}起", self._again()))

    def _declare_work(self, days: tuple[date, ...], token: Token, *, back: bool = False) -> None:
        weekdays = [day for day in days if day.weekday() < _SATURDAY]
        if not weekdays:
            self.statements.append(Statement(Says.WORK, days, token.text, self._again()))
        elif len(days) == 1 and (back or "正常" in token.text or "恢复" in token.text or self._follows(days[0])):
            self.statements.append(Statement(Says.BACK, days, token.text))
        else:
            self.doubt(f"{_told(weekdays)}本是工作日，却写着“{token.text}”", days)

    def _follows(self, day: date) -> bool:
        """Whether a weekday is the first after the days off told just before: the return to work."""
        offs = self._told_off() | self.anchor.within
        return day - timedelta(days=1) in offs

    def _declare_off(self, days: tuple[date, ...], token: Token) -> None:
        weekend = [day for day in days if day.weekday() >= _SATURDAY]
        if token.kind is Kind.REST and len(weekend) != len(days):
            self.doubt(f"写着“{token.text}”，{_told([day for day in days if day not in weekend])}却不是周末", days)
        elif any((after - before).days > _APART for before, after in pairwise(days)):
            self.doubt("同说放假的日子相隔太远", days)
        elif token.text.strip("均为是:于从自即") in {"调休", "补休"} and len(weekend) == len(days):
            self.doubt(f"{_told(weekend)}是周末，却写着“{token.text}”", days)
        elif self.among and not set(days) <= self.anchor.within and self.anchor.within:
            self.doubt("其中写的日子不在假期之内", days)
        else:
            self.statements.append(Statement(Says.OFF, days, token.text, self._again()))

    def _again(self) -> bool:
        return bool(_AGAIN.search(self.text))

    def _settle_as_fact(self) -> None:
        groups, self._pending, self._fact, self._glue = self._pending, [], False, ""
        if any(stretch.last is not None for group in groups for stretch in group.stretches):
            self.doubt("没有写明这几天是否放假", self._days(groups))
            return
        self.statements.append(Statement(Says.FACT, self._days(groups), ""))

    def _move(self) -> None:
        """公休日调至: the days before are worked, those after are off, one for one."""
        sources, targets, words = self._days(self._sources), self._days(self._pending), self._moving
        self._sources, self._pending, self._moving, self._glue = [], [], "", ""
        named = next((n for word, n in _MANY.items() if words.startswith(word)), len(sources))
        if named != len(sources) or len(sources) + ("及" in words) != len(targets):
            self.doubt("调换的公休日与调至的日子数目不符", (*sources, *targets))
            return
        if any(day.weekday() < _SATURDAY for day in sources) or any(day.weekday() >= _SATURDAY for day in targets):
            self.doubt("公休日应是周末，调至的应是周一至周五，与日历不符", (*sources, *targets))
            return
        offs = self._told_off() | self.anchor.within
        worked = tuple(day for day in sources if day not in offs)
        if self.among and not set(targets) <= self.anchor.within and self.anchor.within:
            self.doubt("调至的日子不在假期之内", targets)
            return
        self.statements.append(Statement(Says.OFF, targets, "调休"))
        if worked:
            self.statements.append(Statement(Says.WORK, worked, MOVED))

    def _told_off(self) -> set[date]:
        return {day for one in self.statements if one.says is Says.OFF for day in one.days}

    def end(self) -> None:
        """The end of the sentence: what is still open is declared where a word before it said so, else unsure."""
        if self._moving and self._pending:
            self._move()
        elif self._pending and self._awaiting:
            self._declare_awaited()
        elif self._pending and self._fact:
            self._settle_as_fact()
        elif self._pending:
            self.doubt("有日期，但没有读出是放假还是上班", self._quietly(self._pending))
        self._check_counts()

    def _declare_facts(self, counted: int) -> None:
        """A festival's own days, where a sentence says that as many are off: 5月27日是古尔邦节，全区放假1天."""
        facts = [day for one in self.statements if one.says is Says.FACT for day in one.days]
        if len(facts) == counted and not self._told_off():
            self.statements.append(Statement(Says.OFF, tuple(facts), "放假", self._again()))

    def _quietly(self, groups: Sequence[Token]) -> tuple[date, ...]:
        try:
            return self._days(groups)
        except Unsettled:
            return ()

    def loose_counts(self) -> list[int]:
        """The numbers of days in a sentence that names none itself, as 放假7天 before the sentence with the dates."""
        return [] if self.statements else [counted for counted, _ in self._counts]

    def _check_counts(self) -> None:
        for counted, at in self._counts:
            self._check_count(counted, at)
        if any(one.text.endswith("起") for one in self.statements):
            self.doubt("从某日起放假，没有写明几天", tuple(self._told_off()))
        if self._parts and self._counts and sum(self._parts) != self._counts[0][0]:
            told = f"其中的天数相加是 {sum(self._parts)} 天，与共 {self._counts[0][0]} 天不符"
            self.doubt(told, tuple(self._told_off()))

    def _check_count(self, counted: int, at: int) -> None:
        offs = [(n, one) for n, one in enumerate(self.statements) if one.says is Says.OFF]
        if not offs:
            return
        if counted > _MOST_COUNTED:
            self.doubt(f"写着 {counted} 天", sorted({day for _, one in offs for day in one.days}))
            return
        place, told = next(((n, one) for n, one in offs if n >= at), offs[-1])
        if told.text.endswith("起") and len(told.days) == 1:
            days = tuple(told.days[0] + timedelta(days=n) for n in range(counted))
            self.statements[place] = replace(told, days=days, text="放假")
            return
        union = {day for _, one in offs for day in one.days}
        if counted in {len(told.days), len(union)}:
            return
        closed = _with_weekends(union) if self.joined else union
        if any(one.text == "补休" for _, one in offs):
            closed = {day for day in _with_weekends(union) if min(union) <= day <= max(union)}
        if counted == len(closed):
            self.statements.append(Statement(Says.OFF, tuple(sorted(closed - union)), "与周末连休"))
            return
        self.doubt(f"写着 {counted} 天，按起止日期是 {len(told.days)} 天", sorted(union))


_TAKE: Final[Mapping[Kind, Callable[[Reading, Token], None]]] = {
    Kind.DATE: Reading._date,  # noqa: SLF001 - the table of this class, outside it because it names its methods
    Kind.TRANSFER: Reading._transfer,  # noqa: SLF001
    Kind.UNSHIFTED: Reading._unshift,  # noqa: SLF001
    Kind.JOINED: Reading._join,  # noqa: SLF001
    Kind.WORK: Reading._work,  # noqa: SLF001
    Kind.REST: Reading._rest,  # noqa: SLF001
    Kind.OFF: Reading._off,  # noqa: SLF001
    Kind.STATUTORY: Reading._rest,  # noqa: SLF001
    Kind.FACT: Reading._factual,  # noqa: SLF001
    Kind.FACT_BEFORE: Reading._fact_ahead,  # noqa: SLF001
    Kind.COUNT: Reading._count,  # noqa: SLF001
    Kind.AMONG: Reading._among,  # noqa: SLF001
    Kind.START: Reading._start,  # noqa: SLF001
    Kind.BEFORE: Reading._before,  # noqa: SLF001
    Kind.COMMA: Reading._comma,  # noqa: SLF001
    Kind.CITED: Reading._cite,  # noqa: SLF001
    Kind.DIGITS: Reading._stray,  # noqa: SLF001
    Kind.RANGE: Reading._dangling,  # noqa: SLF001
    Kind.LIST: Reading._dangling,  # noqa: SLF001
    Kind.WEEKDAY: Reading._weekday,  # noqa: SLF001
}


def read_sentence(text: str, anchor: Anchor, *, among: bool = False) -> Reading:
    """What one sentence declares, the anchor moved along; everything doubtful in `doubts`, nothing raised."""
    reading = Reading(text, anchor, among)
    try:
        for token in labelled(grouped(tokens(opened(text)))):
            reading.take(token)
        reading.end()
    except Unsettled as error:
        reading.doubt(str(error))
    for pattern, reason in _UNREAD:
        if pattern.search(text):
            reading.doubt(reason)
    return reading


def _with_weekends(days: set[date]) -> set[date]:
    """The days with the weekend days that touch them or lie between them."""
    closed = set(days)
    for step in (timedelta(days=1), timedelta(days=-1)):
        for day in sorted(closed, reverse=step.days < 0):
            at = day + step
            while at.weekday() >= _SATURDAY:
                closed.add(at)
                at += step
    return closed


def _told(days: Sequence[date]) -> str:
    return "、".join(day.isoformat() for day in days)
