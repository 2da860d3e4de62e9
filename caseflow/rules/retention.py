"""保管期限: how long a case is kept after its end, and from which day on it may be destroyed.

Counted in calendar years from 1 January of the year after the end (社会保险业务档案管理规定（试行）, 2009).
What the rules give no period for is kept until the bureau sets one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from caseflow.rules.toml_reader import TableReader

FLOWS: Final = ("immediate", "standard", "payment", "designation")
MOST_YEARS: Final = 100
_USUAL: Final = "医保业务档案通行保管期限"


@dataclass(frozen=True, slots=True)
class Retention:
    """A retention class: its key, its name, the calendar years and where they come from."""

    key: str
    name: str
    years: int
    source: str


PAYMENT_DETAILS: Final = Retention("payment_details", "支付明细", 30, _USUAL)
BENEFIT_MATERIALS: Final = Retention("benefit_materials", "待遇核定材料", 10, _USUAL)


def retention_of(flow: str, *, paid: bool, settings: Mapping[str, Retention]) -> Retention | None:
    """The class of an ended case by its flow; the whole case goes by its longest part. None: kept without end for now.

    A bureau's setting for a flow may lengthen what is given here, and gives what is not.
    """
    given = PAYMENT_DETAILS if paid else BENEFIT_MATERIALS if flow == "payment" else None
    own = settings.get(flow)
    if given is None or own is None:
        return given or own
    return max(given, own, key=lambda one: one.years)


def kept_until(closed_on: date, retention: Retention) -> date:
    """The last day a case has to be kept that was closed on that day."""
    return date(closed_on.year + retention.years, 12, 31)


def may_go_on(closed_on: date, retention: Retention) -> date:
    """The first day on which it may be destroyed."""
    return kept_until(closed_on, retention) + timedelta(days=1)


def read_retention(table: TableReader) -> dict[str, Retention]:
    """A bureau's own periods by flow, each with its source: `[retention.standard] years = 10, source = "…"`."""
    inner = table.table("retention")
    if inner is None:
        return {}
    found = {}
    for flow in FLOWS:
        one = inner.table(flow)
        if one is not None:
            years = one.number("years", required=True, least=1, most=MOST_YEARS)
            found[flow] = Retention(
                f"bureau_{flow}", "本机构规定", years or MOST_YEARS, one.text("source", required=True)
            )
            one.done()
    inner.done()
    return found
