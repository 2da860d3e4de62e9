"""查找办件: by number, query code, name, initials or last four, among all cases of the bureau, open and ended."""

from __future__ import annotations

import unicodedata
from datetime import date
from re import ASCII, fullmatch

from sqlalchemy import ColumnElement, Connection, and_, or_

from caseflow.house import Actor
from caseflow.rules.calendar import WorkingCalendar
from caseflow.store.models import CaseRow
from caseflow.views.worklist import Line, line_query, lines_of

MOST = 50


def find(
    session: Connection, calendar: WorkingCalendar, actor: Actor, area: str, words: str, today: date
) -> tuple[Line, ...]:
    """At most 51 cases, the newest first; `area` are the nine digits every number of the bureau begins with."""
    query = line_query(today).where(and_(CaseRow.bureau == actor.bureau, or_(*_ways(words, area))))
    return lines_of(session, calendar, query.order_by(CaseRow.id.desc()).limit(MOST + 1), today)


def _ways(words: str, area: str) -> list[ColumnElement[bool]]:
    text = unicodedata.normalize("NFKC", words).strip()
    code = text.upper().replace("-", "").replace(" ", "")
    ways = [CaseRow.applicant_name.startswith(text, autoescape=True), CaseRow.query_code == code]
    if fullmatch(r"[a-z0-9]{2,40}", text.lower(), ASCII):
        ways.append(CaseRow.applicant_initials.startswith(text.lower(), autoescape=True))
    if fullmatch(r"[0-9A-Z]{4}", code, ASCII):
        ways.append(CaseRow.applicant_last4 == code)
    if fullmatch(r"\d{24}", code, ASCII):
        ways.append(CaseRow.number == code)
    short = fullmatch(r"(\d{6})-?(\d)(\d{3,6})", text, ASCII)
    if short:
        ways.append(CaseRow.number == f"{area}20{short[1]}{short[2]}{short[3].zfill(6)}")
    return ways
