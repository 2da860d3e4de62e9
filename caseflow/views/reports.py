"""统计报表: a month or a year by item, section, window or person, with the definitions of the board."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add
from typing import Final

from sqlalchemy import Connection

from caseflow.rules.case_sets import NAMES, Span
from caseflow.rules.metrics import METRICS, Figure, Tally, figures
from caseflow.views.case_sets import Scope
from caseflow.views.metrics import Choices, tallies

NUMBERS: Final = (
    "received",
    "accepted",
    "declined",
    "closed",
    "closed_late",
    "open",
    "open_late",
    "open_late_statutory",
)
"""The columns that are numbers of cases: they add up, and each leads to its list."""

RATES: Final = ("on_time", "late", "late_statutory", "used", "supplement", "first_pass", "online", "satisfied")
"""The columns that are rates and means: the last row has its own, not their sum."""

HEADS: Final[Mapping[str, tuple[str, str]]] = {key: NAMES[key] for key in NUMBERS} | {
    f"rate_{key}": (METRICS[key].name, METRICS[key].words) for key in RATES
}
"""Every column: its head and its definition."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One group of a report."""

    key: str
    name: str
    tally: Tally
    figures: Mapping[str, Figure]

    @classmethod
    def of(cls, key: str, name: str, tally: Tally) -> ReportRow:
        """The group with its figures."""
        return cls(key, name, tally, figures(tally))


@dataclass(frozen=True, slots=True)
class Report:
    """A table: its groups, those with the most received first, and all of them together."""

    rows: tuple[ReportRow, ...]
    total: ReportRow


def report(session: Connection, scope: Scope, span: Span, by: str, names: Choices) -> Report:
    """The table of a period; as many statements whatever the number of groups."""
    found = {key: one for key, one in tallies(session, scope, span, by=by).items() if any(one.counts.values())}
    rows = sorted(
        (ReportRow.of(key, names.name(by, key), one) for key, one in found.items()),
        key=lambda row: (-row.tally.count("received"), row.name),
    )
    return Report(tuple(rows), ReportRow.of("", "合计", reduce(add, found.values(), Tally())))


def month_span(year: int, month: int, today: date) -> Span:
    """A whole month."""
    return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]), today)


def year_span(year: int, today: date) -> Span:
    """A whole year."""
    return Span(date(year, 1, 1), date(year, 12, 31), today)
