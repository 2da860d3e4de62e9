"""统计报表: a month or a year, grouped, to look at, print and take away."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from re import ASCII, fullmatch

import structlog
from flask import Blueprint, Response, render_template, request

from caseflow.papers.workbook import Head, Sheet, write_workbook
from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR
from caseflow.rules.case_sets import Span
from caseflow.store.db import reading
from caseflow.views.case_sets import Chosen
from caseflow.views.metrics import GROUPS, Choices
from caseflow.views.reports import HEADS, NUMBERS, RATES, Report, ReportRow, month_span, report, year_span
from web.board import download, names, scope_here
from web.clock import now, today
from web.forms import Entries
from web.gate import allow, current_actor, db_engine
from web.period_form import Asked

pages = Blueprint("reports", __name__)
log = structlog.get_logger("caseflow.export")

_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Wanted:
    """The table asked for: its period as the address has it ("2026" or "2026-11"), and the grouping."""

    period: str
    by: str
    span: Span

    @property
    def yearly(self) -> bool:
        """Whether it is of a whole year."""
        return len(self.period) == len("2026")

    @property
    def title(self) -> str:
        """The period in words."""
        year, _, month = self.period.partition("-")
        return f"{year} 年 {int(month)} 月" if month else f"{year} 年"

    def step(self, by: int) -> str:
        """The period before or after; "" outside the calendar or not yet begun."""
        period = self._step(by)
        return "" if period > self.span.today.isoformat() else period

    def _step(self, by: int) -> str:
        year, month = self.span.first.year, self.span.first.month
        if self.yearly:
            return str(year + by) if FIRST_YEAR <= year + by <= LAST_YEAR else ""
        year, month = divmod(year * _MONTHS + month - 1 + by, _MONTHS)
        return f"{year}-{month + 1:02d}" if FIRST_YEAR <= year <= LAST_YEAR else ""


@pages.get("/reports")
@allow("oversee")
def show() -> str:
    """One table."""
    wanted = _wanted()
    found, _ = _report(wanted)
    return render_template(
        "reports/show.html",
        wanted=wanted,
        report=found,
        groups=GROUPS,
        numbers=NUMBERS,
        rates=RATES,
        heads=HEADS,
        asked=Asked(wanted.span, Chosen()),
        this_month=f"{today():%Y-%m}",
        this_year=str(today().year),
    )


@pages.get("/reports.xlsx")
@allow("oversee")
def take() -> Response:
    """The same table as a workbook, with its definitions."""
    wanted = _wanted()
    found, _ = _report(wanted)
    content = BytesIO()
    write_workbook(content, sheets_of(wanted, found))
    actor = current_actor()
    log.info("exported", staff=actor.number, bureau=actor.bureau, what="report", span=wanted.period, at=now())
    return download(content, f"统计报表_{wanted.period}_{GROUPS[wanted.by]}")


def sheets_of(wanted: Wanted, found: Report) -> list[Sheet]:
    """The table and the definitions of its columns."""
    first = GROUPS[wanted.by].removeprefix("按")
    heads = [Head(first, "text", 32), *(Head(HEADS[key][0], "number", 12) for key in NUMBERS)]
    heads += [Head(HEADS[f"rate_{key}"][0], "text", 12) for key in RATES]
    rows = [_cells(row) for row in (*found.rows, found.total)]
    words = [(name, text) for name, text in HEADS.values()]
    return [
        Sheet(wanted.title, heads, rows),
        Sheet("定义", [Head("指标", "text", 20), Head("定义", "text", 90)], words),
    ]


def _cells(row: ReportRow) -> tuple[str | int, ...]:
    numbers = (row.tally.count(key) for key in NUMBERS)
    return row.name, *numbers, *(row.figures[key].text for key in RATES)


def _report(wanted: Wanted) -> tuple[Report, Choices]:
    asked = Asked(wanted.span, Chosen())
    with reading(db_engine()) as session:
        known = names(session)
        return report(session, scope_here(session, asked), wanted.span, wanted.by, known), known


def _wanted() -> Wanted:
    entries = Entries(request.args)
    by = entries.choice("by", "分组", GROUPS, default="item")
    period = entries.text("period", "期间", longest=7) or f"{today():%Y-%m}"
    span = _span(period)
    if span is None:
        entries.fault("period", f"期间应为 {FIRST_YEAR} 年以来的年份（2026）或月份（2026-11）")
    elif span.first > today():
        entries.fault("period", "期间还没有开始")
    entries.check()
    return Wanted(period, by, span or month_span(today().year, today().month, today()))


def _span(period: str) -> Span | None:
    found = fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", period, ASCII)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    year = int(found[1])
    return month_span(year, int(found[2]), today()) if found[2] else year_span(year, today())
