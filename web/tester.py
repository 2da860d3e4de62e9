"""试算到期日: a limit tried out on a calendar, with pauses and an extension, as the address of the page asks for it."""

from __future__ import annotations

from re import ASCII, fullmatch, split

from caseflow.errors import BadInput, CaseflowError
from caseflow.rules.clock import Limit, Pause, Unit
from caseflow.store.db import reading
from caseflow.views.calendar_page import Tested, tried_due
from web.forms import Entries, read_day
from web.gate import db_engine, house

MOST_DAYS = 1000
MOST_EXTENSION = 100
MOST_PAUSES = 20
_LONGEST_PAUSES = 600
_STRETCH = r"(\d{4}-\d{2}-\d{2})\s*[至~]\s*(\d{4}-\d{2}-\d{2})?"


def tested(asked: Entries, key: str) -> Tested | None:
    """The due date asked for; None where nothing was asked, or what was asked cannot be counted: then it is a fault."""
    start = asked.day("from", "起算日")
    n = asked.number("n", "时限", most=MOST_DAYS)
    unit = asked.choice("unit", "单位", [one.value for one in Unit], default=Unit.WORKING_DAY.value)
    extend = asked.number("extend", "延期", most=MOST_EXTENSION) or 0
    pauses = _pauses(asked)
    if (start is None) != (n is None) and not asked.faults:
        asked.fault("n" if n is None else "from", "请填写时限" if n is None else "请填写起算日")
    if start is None or n is None or asked.faults:
        return None
    try:
        with reading(db_engine()) as session:
            return tried_due(session, house(), key, start, Limit(n, Unit(unit)), pauses, extend)
    except CaseflowError as error:
        asked.fault("from", str(error))
        return None


def _pauses(asked: Entries) -> tuple[Pause, ...]:
    """停表: stretches like 2026-03-05至2026-03-09, without an end where the clock still stands."""
    stretches = [one.strip() for one in split(r"[；;,，、\n]", asked.text("pauses", "停表", longest=_LONGEST_PAUSES))]
    stretches = [one for one in stretches if one]
    if len(stretches) > MOST_PAUSES:
        asked.fault("pauses", f"停表最多 {MOST_PAUSES} 段")
        return ()
    found = [_pause(asked, one) for one in stretches]
    return tuple(pause for pause in found if pause is not None)


def _pause(asked: Entries, stretch: str) -> Pause | None:
    parts = fullmatch(_STRETCH, stretch, ASCII)
    start, end = (read_day(parts[1]), read_day(parts[2] or "")) if parts else (None, None)
    if parts is None or start is None or (parts[2] and end is None):
        asked.fault("pauses", f"“{stretch[:40]}”应写成 2026-03-05至2026-03-09；还没恢复的写 2026-03-05至")
        return None
    try:
        return Pause(start, end)
    except BadInput as error:
        asked.fault("pauses", error.faults[0].text)
        return None
