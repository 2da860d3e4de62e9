"""The figures of an office, each defined once: what is divided by what, and the sentence that says so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from caseflow.rules.case_sets import SETS, CaseFacts, Span, holds, parts_of

NOTHING: Final = "—"
"""What stands for a rate of nothing: 0 of 0 is neither 0 % nor 100 %."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cases each simple set has, and the sums of days over the closed ones."""

    counts: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, int] = field(default_factory=dict)

    def count(self, key: str) -> int:
        """The size of a set, simple or joined."""
        return sum(self.counts.get(part, 0) for part in parts_of(key))

    def __add__(self, other: Tally) -> Tally:
        """Two tallies of cases that have none in common."""
        return Tally(_added(self.counts, other.counts), _added(self.sums, other.sums))


def _added(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {key: a.get(key, 0) + b.get(key, 0) for key in {**a, **b}}


SUMS: Final[Mapping[str, tuple[str, Callable[[CaseFacts], int]]]] = {
    "used": ("closed", lambda c: c.used),
    "gross": ("closed", lambda c: c.gross),
    "promised": ("comparable", lambda c: c.promised.n if c.promised else 0),
    "statutory": ("comparable", lambda c: c.statutory.n if c.statutory else 0),
}
"""What is added up, over which set."""


def tally_of(cases: Iterable[CaseFacts], span: Span) -> Tally:
    """Count every set among the cases, in whatever order they come."""
    found = list(cases)
    counts = {key: sum(holds(case, key, span) for case in found) for key in SETS}
    sums = {name: sum(worth(case) for case in found if holds(case, key, span)) for name, (key, worth) in SUMS.items()}
    return Tally(counts, sums)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: `part` of `whole` as a rate; days as a mean over `whole`; or the share of Σstatutory saved.

    `good` is 1 where more is better, -1 where less is, 0 where neither.
    """

    name: str
    words: str
    part: str
    whole: str
    kind: Literal["rate", "days", "saved"] = "rate"
    good: int = 0


METRICS: Final[Mapping[str, Metric]] = {
    "on_time": Metric(
        "按时办结率",
        "期内办结的办件中，在承诺时限内办结的所占比例；没有承诺时限的按法定时限判断，都没有的不计入。",
        "on_time",
        "closed_limited",
        good=1,
    ),
    "late": Metric(
        "超期率（承诺）",
        "（期内超期办结＋期末在办超期）÷（期内办结＋期末在办），只计有时限的办件；没有承诺时限的按法定时限判断。",
        "late",
        "judged",
        good=-1,
    ),
    "late_statutory": Metric(
        "超期率（法定）",
        "（期内超法定办结＋期末在办超法定）÷（期内办结＋期末在办），只计有法定时限的办件。",
        "late_statutory",
        "judged_statutory",
        good=-1,
    ),
    "early": Metric(
        "提前办结率",
        "期内办结的承诺件中，在到期日之前办结的所占比例；即办件不计入。",
        "early",
        "closed_promised",
        good=1,
    ),
    "same_day": Metric("即时办结率", "期内办结的办件中，收件当日即办结的所占比例。", "same_day", "closed", good=1),
    "compression": Metric(
        "时限压缩比",
        "1－承诺时限之和÷法定时限之和；只计期内办结、两个时限都以工作日计的办件。",
        "comparable",
        "comparable",
        "saved",
        good=1,
    ),
    "used": Metric(
        "平均用时",
        "期内办结的办件从受理到办结的平均工作日数，受理当日不计，扣除不计入时限的停表时间。",
        "used",
        "closed",
        "days",
        good=-1,
    ),
    "gross": Metric(
        "平均全程用时",
        "期内办结的办件从收件到办结的平均工作日数，收件当日不计，补正和停表时间都算在内。",
        "gross",
        "closed",
        "days",
        good=-1,
    ),
    "supplement": Metric("补正率", "期内收件中，发出过一次性告知的所占比例。", "supplemented", "received", good=-1),
    "first_pass": Metric(
        "一次通过率", "期内办结的办件中，没有补正、也没有退回过上一环节的所占比例。", "first_pass", "closed", good=1
    ),
    "declined": Metric("退件率", "期内收件中，不予受理的所占比例。", "declined", "received", good=-1),
    "sent_back": Metric("退回率", "期内办结的办件中，退回过上一环节的所占比例。", "sent_back", "closed", good=-1),
    "extended": Metric("延期率", "期内办结的办件中，经批准延期的所占比例。", "extended", "closed", good=-1),
    "paused": Metric("特别程序率", "期内办结的办件中，进入过特别程序（停表）的所占比例。", "paused", "closed"),
    "online": Metric("网办率", "期内收件中，经网上渠道收件的所占比例。", "online", "received", good=1),
    "deferred": Metric("容缺率", "期内收件并已受理的办件中，容缺受理的所占比例。", "deferred", "accepted"),
    "answered": Metric(
        "督办反馈率",
        "期内被督办、督办单已反馈或已到反馈期限的办件中，每份督办单都按期反馈的所占比例；撤销的督办单不计。",
        "answered",
        "ordered",
        good=1,
    ),
    "satisfied": Metric(
        "满意度", "期内结束、已评价的办件中，评为非常满意、满意或基本满意的所占比例。", "satisfied", "rated", good=1
    ),
    "rectified": Metric("差评整改率", "期内结束的差评办件中，已完成整改的所占比例。", "rectified", "bad", good=1),
}
"""Every figure of DESIGN's 运行看板, in the order the pages show them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value; None where there is nothing to divide by."""

    metric: Metric
    part: int
    whole: int

    @property
    def value(self) -> Fraction | None:
        """The exact rate or mean."""
        return Fraction(self.part, self.whole) if self.whole else None

    @property
    def text(self) -> str:
        """98.7% or 3.4; never 100.0% or 0.0% of what is not wholly so; — for 0 of 0."""
        value = self.value
        if value is None:
            return NOTHING
        if self.metric.kind == "days":
            return f"{float(value):.1f}"
        return percent(value)


def percent(value: Fraction) -> str:
    """A share with one decimal; the ends are only for what is exactly all or nothing."""
    tenths = round(value * 1000)
    if 0 < value < 1:
        tenths = min(999, max(1, tenths))
    return f"{tenths // 10}.{tenths % 10}%"


def figure(metric: Metric, tally: Tally) -> Figure:
    """One metric of a tally."""
    if metric.kind == "saved":
        statutory = tally.sums.get("statutory", 0)
        return Figure(metric, statutory - tally.sums.get("promised", 0), statutory)
    part = tally.sums.get(metric.part, 0) if metric.kind == "days" else tally.count(metric.part)
    return Figure(metric, part, tally.count(metric.whole))


def figures(tally: Tally) -> dict[str, Figure]:
    """Every metric of a tally, by key."""
    return {key: figure(metric, tally) for key, metric in METRICS.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved: the words, whether up or down (0 for neither), and whether that is good (0: neither)."""

    text: str
    way: int
    good: int


def change_of(now: Figure, before: Figure | None) -> Change:
    """Rates in percentage points, days in days; nothing to compare is said as such."""
    if before is None or now.value is None or before.value is None:
        return Change(NOTHING, 0, 0)
    moved = now.value - before.value
    way = (moved > 0) - (moved < 0)
    scale, unit = (1, "日") if now.metric.kind == "days" else (100, "百分点")
    shown = f"{float(abs(moved) * scale):.1f} {unit}"
    return Change(shown if way else "持平", way, way * now.metric.good)


def growth_of(now: int, before: int) -> Change:
    """How a plain number moved, as a share of what it was."""
    way = (now > before) - (now < before)
    if not before:
        return Change(NOTHING, 0, 0)
    return Change(percent(Fraction(abs(now - before), before)) if way else "持平", way, 0)


@dataclass(frozen=True, slots=True)
class Spread:
    """How lengths are spread: how many, the middle one, and the one that nine of ten do not exceed."""

    count: int
    median: float
    p90: int


def spread(lengths: Mapping[int, int]) -> Spread | None:
    """The spread of lengths given as length → how often; None where there are none. P90 by nearest rank."""
    total = sum(lengths.values())
    if not total:
        return None
    middle = (_ranked(lengths, (total + 1) // 2) + _ranked(lengths, total // 2 + 1)) / 2
    return Spread(total, middle, _ranked(lengths, -(-total * 9 // 10)))


def _ranked(lengths: Mapping[int, int], rank: int) -> int:
    """The length at this place, counted from 1, when they stand in order."""
    ordered = sorted(length for length, often in lengths.items() if often)
    seen = 0
    for length in ordered:
        seen += lengths[length]
        if seen >= rank:
            return length
    return ordered[-1]
