"""The words for what definitions name by keys, wherever they are read: lists, papers, exports, the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from caseflow.rules.clock import Limit, Unit

UNITS: Final[Mapping[str, str]] = {
    Unit.WORKING_DAY: "个工作日",
    Unit.CALENDAR_DAY: "个自然日",
    Unit.MONTH: "个月",
    Unit.HOUR: "小时",
}
CHANNELS: Final[Mapping[str, str]] = {
    "window": "窗口",
    "online": "网上",
    "mail": "邮寄",
    "self": "自助",
    "other": "其他",
}


def limit_text(limit: Limit | None) -> str:
    """19个工作日; nothing where there is no limit, or one of no days (即办)."""
    return f"{limit.n}{UNITS[limit.unit]}" if limit is not None and limit.n else ""
