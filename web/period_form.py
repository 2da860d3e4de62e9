"""What the address of a board, a list or a report asks for: a period, filters, a set; and the addresses that ask so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from re import ASCII, fullmatch

from flask import request, url_for

from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR
from caseflow.rules.case_sets import NAMES, Span
from caseflow.views.case_sets import Chosen
from caseflow.views.export import Mark
from caseflow.views.lines import STATES
from caseflow.views.worklist import LAMPS
from web.forms import Entries, read_day

LONGEST_DAYS = 366
_FIRST, _LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
_SLOT = r"[1-7]\.(?:[01][0-9]|2[0-3])"


@dataclass(frozen=True, slots=True)
class Asked:
    """A period with filters, and the set of cases where a list is asked for."""

    span: Span
    chosen: Chosen
    key: str = "received"

    def link(self, endpoint: str, **changes: str) -> str:
        """The address of a page with this period and these filters, some of them changed."""
        known = {"from": self.span.first.isoformat(), "to": self.span.last.isoformat(), **asdict(self.chosen)}
        wanted = {name: value for name, value in {**known, **changes}.items() if value}
        return url_for(endpoint, **wanted)

    def cases(self, key: str, span: Span | None = None, **changes: str) -> str:
        """The address of the list of a set."""
        days = {"from": span.first.isoformat(), "to": span.last.isoformat()} if span else {}
        return self.link("board.cases", **days, **changes, set=key)


def read_span(entries: Entries, today: date) -> Span:
    """The period asked for, else this month up to today; faults are kept in `entries`."""
    last = entries.day("to", "截止日期") or today
    first = entries.day("from", "起始日期") or last.replace(day=1)
    if first < _FIRST or last > _LAST:
        entries.fault("from", f"日期应在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间")
    elif first > today:
        entries.fault("from", "起始日期不能晚于今天")
    elif first > last:
        entries.fault("from", "起始日期不能晚于截止日期")
    elif (last - first).days >= LONGEST_DAYS:
        entries.fault("from", f"一次最多统计 {LONGEST_DAYS} 天，请缩短期间")
    else:
        return Span(first, last, today)
    return Span(today, today, today)


def read_asked(today: date, *, listing: bool = False) -> Asked:
    """The address of this request; BadInput with every fault of it."""
    entries = Entries(request.args)
    span = read_span(entries, today)
    key = entries.choice("set", "范围", NAMES, default="received") if listing else "received"
    chosen = Chosen(
        item=entries.text("item", "事项", longest=80),
        section=entries.text("section", "科室", longest=80),
        window=entries.text("window", "窗口", longest=80),
        person=_matching(entries, "person", "经办人", r"\d{1,18}"),
        state=entries.choice("state", "环节", STATES) if listing else "",
        lamp=entries.choice("lamp", "时限", LAMPS) if listing else "",
        at=_matching(entries, "at", "收件时段", _SLOT) if listing else "",
        passed=entries.choice("passed", "经过的环节", STATES) if listing else "",
    )
    entries.check()
    return Asked(span, chosen, key)


def read_mark() -> Mark | None:
    """Where a page of the list begins; anything but what `mark_text` writes is a fault."""
    entries = Entries(request.args)
    token = entries.text("after", "页码", longest=40)
    parts = fullmatch(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})", token, ASCII)
    day = read_day(parts[1]) if parts else None
    if token and (parts is None or day is None):
        entries.fault("after", "页码不正确，请从第一页重新翻看")
    entries.check()
    return Mark(day, int(parts[2])) if parts and day else None


def mark_text(mark: Mark) -> str:
    """The place a page ends as its address carries it."""
    return f"{mark.day.isoformat()}.{mark.id}"


def _matching(entries: Entries, field: str, label: str, pattern: str) -> str:
    value = entries.text(field, label, longest=20)
    if value and not fullmatch(pattern, value, ASCII):
        entries.fault(field, f"{label}不正确")
        return ""
    return value


def presets(today: date) -> Mapping[str, tuple[date, date]]:
    """The periods offered: name → first and last day."""
    month = today.replace(day=1)
    last_month = month - timedelta(days=1)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return {
        "本周": (today - timedelta(days=today.weekday()), today),
        "本月": (month, today),
        "上月": (last_month.replace(day=1), last_month),
        "本季": (quarter, today),
        "本年": (date(today.year, 1, 1), today),
    }
