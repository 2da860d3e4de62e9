"""运行看板: everything the page shows of a bureau and a period, read in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection

from caseflow.rules.case_sets import SETS, Span
from caseflow.rules.metrics import Figure, Tally, figures
from caseflow.views.case_sets import Scope
from caseflow.views.metrics import ALL, StageLength, by_lamp, by_slot, per_day, stage_lengths, tallies, tally
from caseflow.views.worklist import LAMPS

COUNTS: Final = ("received", "accepted", "closed", "open", "closed_late", "open_late", "open_late_statutory")
"""The plain numbers of the board, beside its rates."""

MOST_ITEMS: Final = 10
_LAST_YEAR: Final = tuple(key for key, one in SETS.items() if one.base in ("received", "ended"))
_NEEDS_OPEN: Final = frozenset({"late", "late_statutory", "answered"})
_DAILY: Final = 31
_WEEKLY: Final = 190
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Seen:
    """One period's figures and plain numbers."""

    span: Span
    tally: Tally
    figures: Mapping[str, Figure]

    @classmethod
    def of(cls, span: Span, found: Tally) -> Seen:
        """The figures of a tally of every set."""
        return cls(span, found, figures(found))

    @classmethod
    def of_flow(cls, span: Span, found: Tally) -> Seen:
        """The figures that need only what came in and what ended, without what was open."""
        known = {key: one for key, one in figures(found).items() if not _NEEDS_OPEN & {one.metric.part}}
        return cls(span, found, known)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bar of the trend: its days, both included, and how many cases."""

    first: date
    last: date
    received: int
    closed: int
    late: int


@dataclass(frozen=True, slots=True)
class Load:
    """The open cases of one group by lamp."""

    key: str
    lamps: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.lamps.values())


@dataclass(frozen=True, slots=True)
class LateItem:
    """The overdue cases of one item: closed late in the period, and open late at its end."""

    key: str
    closed: int
    open: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.closed + self.open


@dataclass(frozen=True, slots=True)
class Board:
    """All that the page shows; `lamps` and `load` are of the cases open now, whatever the period."""

    now: Seen
    before: Seen
    last_year: Seen | None
    trend: tuple[Bucket, ...]
    lamps: Load
    load: tuple[Load, ...]
    stages: tuple[StageLength, ...]
    late_items: tuple[LateItem, ...]
    slots: Mapping[tuple[int, int], int]


def board(session: Connection, scope: Scope, span: Span) -> Board:
    """The board of a period, with the period of equal length before it and the same days a year ago."""
    year_ago = a_year_before(span)
    load = by_lamp(session, scope, "person")
    return Board(
        now=Seen.of(span, tally(session, scope, span)),
        before=Seen.of(span.before, tally(session, scope, span.before)),
        last_year=Seen.of_flow(year_ago, tally(session, scope, year_ago, _LAST_YEAR, days=True)) if year_ago else None,
        trend=_trend(session, scope, span),
        lamps=Load(ALL, {lamp: sum(one[lamp] for one in load.values()) for lamp in LAMPS}),
        load=tuple(sorted((Load(key, found) for key, found in load.items()), key=lambda one: (-one.total, one.key))),
        stages=stage_lengths(session, scope, span),
        late_items=late_items(session, scope, span),
        slots=by_slot(session, scope, span),
    )


def a_year_before(span: Span) -> Span | None:
    """The same days of the year before; the 28th where there is no 29th of February."""
    first, last = _year_earlier(span.first), _year_earlier(span.last)
    return Span(first, last, span.today) if first and last and last < span.first else None


def _year_earlier(day: date) -> date | None:
    if day.year == date.min.year:
        return None
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def buckets(span: Span) -> tuple[tuple[date, date], ...]:
    """The period in days up to a month, in weeks from Monday up to half a year, else in months."""
    found: list[tuple[date, date]] = []
    first = span.first
    while first <= span.last:
        last = min(_end_of_bucket(first, span.days), span.last)
        found.append((first, last))
        first = last + timedelta(days=1)
    return tuple(found)


def _end_of_bucket(day: date, days: int) -> date:
    if days <= _DAILY:
        return day
    if days <= _WEEKLY:
        return day + timedelta(days=_WEEK - 1 - day.weekday())
    year, month = divmod(day.year * 12 + day.month, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def _trend(session: Connection, scope: Scope, span: Span) -> tuple[Bucket, ...]:
    received = per_day(session, scope, span, ("received",), "received")
    ended = per_day(session, scope, span, ("closed", "closed_late"), "ended")
    return tuple(
        Bucket(
            first,
            last,
            sum(n for day, (n,) in received.items() if first <= day <= last),
            sum(n for day, (n, _) in ended.items() if first <= day <= last),
            sum(n for day, (_, n) in ended.items() if first <= day <= last),
        )
        for first, last in buckets(span)
    )


def late_items(session: Connection, scope: Scope, span: Span) -> tuple[LateItem, ...]:
    """The items with the most overdue cases, at most ten."""
    found = tallies(session, scope, span, by="item", only=("closed_late", "open_late"), days=False)
    items = (LateItem(key, one.count("closed_late"), one.count("open_late")) for key, one in found.items())
    return tuple(sorted((one for one in items if one.total), key=lambda one: (-one.total, one.key))[:MOST_ITEMS])
