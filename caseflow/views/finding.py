"""查找办件 among all cases of the bureau, open and ended: every way of finding is a look into an index of its own."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import cache
from re import ASCII, fullmatch
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, literal, select, union

from caseflow.errors import BadInput
from caseflow.house import Actor
from caseflow.identity import check_phone
from caseflow.rules.calendar import WorkingCalendar
from caseflow.store.models import CaseRow
from caseflow.store.prefixes import begins_with, bounds
from caseflow.views.lines import AnySelect, Line, line_query, lines_of

MOST: Final = 50
_Ids = Select[*tuple[Any, ...]]

_EXACT: Final[Mapping[str, ColumnElement[bool]]] = {
    "code": CaseRow.query_code == bindparam("code"),
    "number": CaseRow.number == bindparam("number"),
    "short": CaseRow.number == bindparam("short"),
}
_WAYS: Final[Mapping[str, ColumnElement[bool]]] = {
    **_EXACT,
    "name": begins_with(CaseRow.applicant_name, "name"),
    "initials": begins_with(CaseRow.applicant_initials, "initials"),
    "last4": CaseRow.applicant_last4 == bindparam("last4"),
    "phone": CaseRow.applicant_phone == bindparam("phone"),
}
"""Every way of finding, by the name of what it looks for; the statements are made once and asked with values."""


def find(
    session: Connection, calendar: WorkingCalendar, actor: Actor, area: str, words: str, today: date
) -> tuple[Line, ...]:
    """At most 51 cases, the newest first; `area` are the nine digits every number of the bureau begins with."""
    if not _plain(words):
        return ()
    wanted = _exact(words, area) | _others(words)
    return lines_of(session, calendar, _query(tuple(wanted)), today, _values(actor, wanted))


def exactly(session: Connection, actor: Actor, area: str, words: str) -> str | None:
    """The number of the one case whose number, short number or query code this is; None for none."""
    wanted = _exact(words, area)
    if not wanted:
        return None
    query = select(CaseRow.number).where(CaseRow.bureau == actor.bureau, CaseRow.id.in_(_together(tuple(wanted))))
    numbers = session.execute(query.limit(2), _values(actor, wanted)).scalars().all()
    return numbers[0] if len(numbers) == 1 else None


@cache
def _query(ways: tuple[str, ...]) -> AnySelect:
    """The lines of the newest cases that one of these ways finds."""
    together = _together(ways).subquery()
    newest = select(together.c.id, literal(0).label("rank"), together.c.id.label("place"))
    found = newest.order_by(together.c.id.desc()).limit(MOST + 1).subquery()
    return line_query(found).order_by(found.c.id.desc())


def _together(ways: tuple[str, ...]) -> Any:
    return union(*(_ids(_WAYS[way]) for way in ways))


def _ids(condition: ColumnElement[bool]) -> _Ids:
    """The newest cases that fulfil a condition: no way of asking can hold more of the newest than are shown."""
    query = select(CaseRow.id).where(and_(CaseRow.bureau == bindparam("bureau"), condition))
    return select(query.order_by(CaseRow.id.desc()).limit(MOST + 1).subquery())


def _values(actor: Actor, wanted: Mapping[str, str]) -> dict[str, str]:
    values = {"bureau": actor.bureau}
    for way, text in wanted.items():
        values |= bounds(way, text) if way in {"name", "initials"} else {way: text}
    return values


def _exact(words: str, area: str) -> dict[str, str]:
    text = _plain(words)
    code = _code(text)
    wanted = {}
    if fullmatch(r"[0-9A-Z]{8}", code, ASCII):
        wanted["code"] = code
    if fullmatch(r"\d{24}", code, ASCII):
        wanted["number"] = code
    short = fullmatch(r"(\d{6})-?(\d)(\d{3,6})", text, ASCII)
    if short:
        wanted["short"] = f"{area}20{short[1]}{short[2]}{short[3].zfill(6)}"
    return wanted


def _others(words: str) -> dict[str, str]:
    text = _plain(words)
    code = _code(text)
    wanted = {"name": text}
    if fullmatch(r"[a-z0-9]{2,40}", text.lower(), ASCII):
        wanted["initials"] = text.lower()
    if fullmatch(r"[0-9A-Z]{4}", code, ASCII):
        wanted["last4"] = code
    phone = _phone(text)
    if phone:
        wanted["phone"] = phone
    return wanted


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
