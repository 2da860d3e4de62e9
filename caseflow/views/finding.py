"""查找办件 among all cases of the bureau, open and ended: every way of finding is a look into an index of its own."""

from __future__ import annotations

import unicodedata
from datetime import date
from re import ASCII, fullmatch
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, literal, select, union

from caseflow.errors import BadInput
from caseflow.house import Actor
from caseflow.identity import check_phone
from caseflow.rules.calendar import WorkingCalendar
from caseflow.store.models import CaseRow
from caseflow.store.prefixes import begins_with
from caseflow.views.lines import Line, line_query, lines_of

MOST: Final = 50
_Ids = Select[*tuple[Any, ...]]


def find(
    session: Connection, calendar: WorkingCalendar, actor: Actor, area: str, words: str, today: date
) -> tuple[Line, ...]:
    """At most 51 cases, the newest first; `area` are the nine digits every number of the bureau begins with."""
    if not _plain(words):
        return ()
    ways = [*_exact_ways(actor, words, area), *_other_ways(actor, words)]
    together = union(*ways).subquery()
    newest = select(together.c.id, literal(0).label("rank"), together.c.id.label("place"))
    found = newest.order_by(together.c.id.desc()).limit(MOST + 1).subquery()
    return lines_of(session, calendar, line_query(found).order_by(found.c.id.desc()), today)


def exactly(session: Connection, actor: Actor, area: str, words: str) -> str | None:
    """The number of the one case whose number, short number or query code this is; None for none."""
    ways = _exact_ways(actor, words, area)
    if not ways:
        return None
    query = select(CaseRow.number).where(CaseRow.bureau == actor.bureau, CaseRow.id.in_(union(*ways)))
    numbers = session.execute(query.limit(2)).scalars().all()
    return numbers[0] if len(numbers) == 1 else None


def _exact_ways(actor: Actor, words: str, area: str) -> list[_Ids]:
    text = _plain(words)
    code = _code(text)
    ways = []
    if fullmatch(r"[0-9A-Z]{8}", code, ASCII):
        ways.append(_ids(actor, CaseRow.query_code == code))
    if fullmatch(r"\d{24}", code, ASCII):
        ways.append(_ids(actor, CaseRow.number == code))
    short = fullmatch(r"(\d{6})-?(\d)(\d{3,6})", text, ASCII)
    if short:
        ways.append(_ids(actor, CaseRow.number == f"{area}20{short[1]}{short[2]}{short[3].zfill(6)}"))
    return ways


def _other_ways(actor: Actor, words: str) -> list[_Ids]:
    text = _plain(words)
    code = _code(text)
    ways = [_ids(actor, begins_with(CaseRow.applicant_name, text))]
    if fullmatch(r"[a-z0-9]{2,40}", text.lower(), ASCII):
        ways.append(_ids(actor, begins_with(CaseRow.applicant_initials, text.lower())))
    if fullmatch(r"[0-9A-Z]{4}", code, ASCII):
        ways.append(_ids(actor, CaseRow.applicant_last4 == code))
    phone = _phone(text)
    if phone:
        ways.append(_ids(actor, CaseRow.applicant_phone == phone))
    return ways


def _ids(actor: Actor, condition: Any) -> _Ids:
    """The newest cases that fulfil a condition: no way of asking can hold more of the newest than are shown."""
    query = select(CaseRow.id).where(and_(CaseRow.bureau == actor.bureau, condition))
    return select(query.order_by(CaseRow.id.desc()).limit(MOST + 1).subquery())


def _plain(words: str) -> str:
    return unicodedata.normalize("NFKC", words).strip()


def _code(text: str) -> str:
    return text.upper().replace("-", "").replace(" ", "")


def _phone(text: str) -> str:
    """The telephone as it is kept; nothing for other words."""
    try:
        return check_phone(text)
    except BadInput:
        return ""
