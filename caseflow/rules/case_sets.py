"""The sets of cases that figures count, each defined once by a period and the facts of a case. Pure.

A closed case is one with a decision (办结 or 审核不通过); the other ends stand in no on-time rate. What was entered by
mistake (撤回 as 录入错误) stands in no set at all. Days are Beijing days, lengths are working days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from caseflow.rules.clock import Limit, Unit
from caseflow.rules.rating import BAD_GRADES

Base = Literal["received", "ended", "open", "ordered"]


@dataclass(frozen=True, slots=True)
class Span:
    """A period of whole days, both included, as it is seen on `today`."""

    first: date
    last: date
    today: date

    @property
    def now(self) -> bool:
        """Whether the period reaches today, so that 在办 is what is open now."""
        return self.last >= self.today

    @property
    def day(self) -> date:
        """The day on which 在办 is counted: the last of the period, or today."""
        return min(self.last, self.today)

    @property
    def days(self) -> int:
        """Its length in calendar days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Span:
        """The period of equal length that ends the day before it begins."""
        length = timedelta(days=self.days)
        return Span(self.first - length, self.last - length, self.today)

    def holds(self, day: date | None) -> bool:
        """Whether a day lies in it."""
        return day is not None and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One supervision order: its day, the last day for an answer, the answer's, and its end.

    Withdrawn ones do not count, nor those that ended unanswered while there was time.
    """

    issued_on: date
    answer_by: date
    answered_on: date | None = None
    closed_on: date | None = None
    withdrawn: bool = False

    def due(self, span: Span) -> bool:
        """Whether it belongs to the period and its answer is here or overdue."""
        here = span.holds(self.issued_on) and not self.withdrawn
        missed = self.answer_by < span.day and (self.closed_on is None or self.closed_on > self.answer_by)
        return here and (self.answered_on is not None or missed)

    @property
    def in_time(self) -> bool:
        """Whether it was answered by its last day."""
        return self.answered_on is not None and self.answered_on <= self.answer_by


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the figures look at in one case; `used` and `gross` are the working days of a closed one."""

    received_on: date
    state: str
    channel: str = "window"
    decision: bool = False
    accepted_on: date | None = None
    ended_on: date | None = None
    promised: Limit | None = None
    statutory: Limit | None = None
    promised_due: date | None = None
    statutory_due: date | None = None
    extend: int = 0
    noticed: bool = False
    sent_back: bool = False
    deferred: bool = False
    paused: bool = False
    mistaken: bool = False
    rectified: bool = False
    grade: int | None = None
    orders: tuple[OrderFacts, ...] = ()
    used: int = 0
    gross: int = 0

    @property
    def limited(self) -> bool:
        """Whether there is a limit to keep: the promised one, else the statutory."""
        return self.promised is not None or self.statutory is not None

    @property
    def due(self) -> date | None:
        """The promised date, or the statutory one where nothing was promised."""
        return self.promised_due or self.statutory_due

    @property
    def length(self) -> int:
        """The limit's number as it was promised, whatever its unit; 0 for 即办件 and where there is none."""
        limit = self.promised or self.statutory
        return limit.n if limit else 0

    @property
    def comparable(self) -> bool:
        """Whether both limits are of working days, so that their lengths may be compared."""
        units = {limit.unit for limit in (self.promised, self.statutory) if limit is not None}
        return self.promised is not None and self.statutory is not None and units == {Unit.WORKING_DAY}


Test = Callable[[CaseFacts, Span], bool]


@dataclass(frozen=True, slots=True)
class CaseSet:
    """A set of cases that figures count: its name, what is in it, and the set of cases it is taken from."""

    name: str
    words: str
    base: Base
    holds: Test


def _late(due: date | None, day: date | None) -> bool:
    return due is not None and day is not None and due < day


def _always(_case: CaseFacts, _span: Span) -> bool:
    return True


def _closed(case: CaseFacts) -> bool:
    return case.decision


def _ordered(case: CaseFacts, span: Span) -> bool:
    return any(order.due(span) for order in case.orders)


def _answered(case: CaseFacts, span: Span) -> bool:
    due = [order for order in case.orders if order.due(span)]
    return bool(due) and all(order.in_time for order in due)


SETS: Final[Mapping[str, CaseSet]] = {
    "received": CaseSet("收件", "期内收件的办件", "received", _always),
    "accepted": CaseSet("受理", "期内收件、已受理的办件", "received", lambda c, _: c.accepted_on is not None),
    "supplemented": CaseSet("一次性告知", "期内收件、发出过一次性告知的办件", "received", lambda c, _: c.noticed),
    "declined": CaseSet("不予受理", "期内收件、不予受理的办件", "received", lambda c, _: c.state == "declined"),
    "online": CaseSet("网上收件", "期内收件、经网上渠道的办件", "received", lambda c, _: c.channel == "online"),
    "deferred": CaseSet(
        "容缺受理", "期内收件、容缺受理的办件", "received", lambda c, _: c.deferred and c.accepted_on is not None
    ),
    "ended": CaseSet("结束", "期内办结、不予受理、撤回、终止的办件", "ended", _always),
    "closed": CaseSet("办结", "期内作出决定（办结或审核不通过）的办件", "ended", lambda c, _: _closed(c)),
    "closed_limited": CaseSet(
        "办结（有时限）", "期内办结、有时限的办件", "ended", lambda c, _: _closed(c) and c.limited
    ),
    "on_time": CaseSet(
        "按时办结",
        "期内办结、未超过承诺时限（没有承诺时限的按法定时限）的办件",
        "ended",
        lambda c, _: _closed(c) and c.limited and not _late(c.due, c.ended_on),
    ),
    "closed_late": CaseSet(
        "超期办结",
        "期内办结、超过承诺时限（没有承诺时限的按法定时限）的办件",
        "ended",
        lambda c, _: _closed(c) and c.limited and _late(c.due, c.ended_on),
    ),
    "closed_statutory": CaseSet(
        "办结（有法定时限）", "期内办结、有法定时限的办件", "ended", lambda c, _: _closed(c) and c.statutory is not None
    ),
    "closed_late_statutory": CaseSet(
        "超法定办结",
        "期内办结、超过法定时限的办件",
        "ended",
        lambda c, _: _closed(c) and c.statutory is not None and _late(c.statutory_due, c.ended_on),
    ),
    "closed_promised": CaseSet(
        "承诺件办结", "期内办结、时限长于当日的办件", "ended", lambda c, _: _closed(c) and c.length > 0
    ),
    "early": CaseSet(
        "提前办结",
        "期内办结、在到期日之前办结的承诺件",
        "ended",
        lambda c, _: _closed(c) and c.length > 0 and _late(c.ended_on, c.due),
    ),
    "same_day": CaseSet(
        "当日办结", "期内办结、收件当日即办结的办件", "ended", lambda c, _: _closed(c) and c.ended_on == c.received_on
    ),
    "comparable": CaseSet(
        "办结（可比时限）",
        "期内办结、承诺和法定时限都以工作日计的办件",
        "ended",
        lambda c, _: _closed(c) and c.comparable,
    ),
    "first_pass": CaseSet(
        "一次通过",
        "期内办结、没有补正也没有退回的办件",
        "ended",
        lambda c, _: _closed(c) and not c.noticed and not c.sent_back,
    ),
    "sent_back": CaseSet("退回过", "期内办结、退回过上一环节的办件", "ended", lambda c, _: _closed(c) and c.sent_back),
    "extended": CaseSet("延期", "期内办结、经批准延期的办件", "ended", lambda c, _: _closed(c) and c.extend > 0),
    "paused": CaseSet("停表过", "期内办结、进入过特别程序的办件", "ended", lambda c, _: _closed(c) and c.paused),
    "rated": CaseSet("已评价", "期内结束、申请人已评价的办件", "ended", lambda c, _: c.grade is not None),
    "satisfied": CaseSet(
        "满意",
        "期内结束、评为非常满意、满意或基本满意的办件",
        "ended",
        lambda c, _: c.grade is not None and c.grade not in BAD_GRADES,
    ),
    "bad": CaseSet("差评", "期内结束、评为不满意或非常不满意的办件", "ended", lambda c, _: c.grade in BAD_GRADES),
    "rectified": CaseSet(
        "差评已整改", "期内结束、差评后已完成整改的办件", "ended", lambda c, _: c.grade in BAD_GRADES and c.rectified
    ),
    "open": CaseSet("在办", "期末（期未满的为现在）在办的办件", "open", _always),
    "open_limited": CaseSet("在办（有时限）", "期末在办、有时限的办件", "open", lambda c, _: c.limited),
    "open_late": CaseSet(
        "在办超期",
        "期末在办、已超过承诺时限（没有承诺时限的按法定时限）的办件",
        "open",
        lambda c, s: c.limited and _late(c.due, s.day),
    ),
    "open_statutory": CaseSet(
        "在办（有法定时限）", "期末在办、有法定时限的办件", "open", lambda c, _: c.statutory is not None
    ),
    "open_late_statutory": CaseSet(
        "在办超法定",
        "期末在办、已超过法定时限的办件",
        "open",
        lambda c, s: c.statutory is not None and _late(c.statutory_due, s.day),
    ),
    "ordered": CaseSet("应反馈督办", "期内被督办、督办单已反馈或已到反馈期限的办件", "ordered", _ordered),
    "answered": CaseSet("按期反馈督办", "期内被督办、每份督办单都按期反馈的办件", "ordered", _answered),
}
"""The simple sets, by key; no case is in both an `ended` and an `open` one of the same period."""

JOINED: Final[Mapping[str, tuple[str, str]]] = {
    "late": ("closed_late", "open_late"),
    "judged": ("closed_limited", "open_limited"),
    "late_statutory": ("closed_late_statutory", "open_late_statutory"),
    "judged_statutory": ("closed_statutory", "open_statutory"),
}
"""Sets that are two simple ones together, a closed and an open one."""

_JOINED_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "late": ("超期（承诺）", "期内超期办结和期末在办超期的办件"),
    "judged": ("办结和在办（有时限）", "期内办结和期末在办、有时限的办件"),
    "late_statutory": ("超期（法定）", "期内办结和期末在办、超过法定时限的办件"),
    "judged_statutory": ("办结和在办（有法定时限）", "期内办结和期末在办、有法定时限的办件"),
}
NAMES: Final[Mapping[str, tuple[str, str]]] = {key: (found.name, found.words) for key, found in SETS.items()} | dict(
    _JOINED_NAMES
)
"""Every set by key: its name and what is in it."""


def parts_of(key: str) -> tuple[str, ...]:
    """The simple sets a set is made of; KeyError for none."""
    return (key,) if key in SETS else JOINED[key]


def base_holds(case: CaseFacts, base: Base, span: Span) -> bool:
    """Whether a case is counted at all among those of a base."""
    if case.mistaken:
        return False
    if base == "open":
        ends_later = case.ended_on is None or case.ended_on > span.day
        return case.ended_on is None if span.now else ends_later and case.received_on <= span.day
    if base == "ordered":
        return any(span.holds(order.issued_on) and not order.withdrawn for order in case.orders)
    return span.holds(case.received_on if base == "received" else case.ended_on)


def holds(case: CaseFacts, key: str, span: Span) -> bool:
    """Whether a case is in a set."""
    found = (SETS[part] for part in parts_of(key))
    return any(base_holds(case, one.base, span) and one.holds(case, span) for one in found)
