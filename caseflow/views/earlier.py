"""What the same person already has at this bureau: found by the blind index, so no number is opened for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, case, select

from caseflow.house import Actor, House
from caseflow.identity import normalise
from caseflow.store.models import CaseRow
from caseflow.workflows import FLOWS

MOST = 10


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """An earlier case of the same person."""

    number: str
    item_key: str
    item_name: str
    state: str
    received_on: date
    is_open: bool


def earlier_cases(
    session: Connection, house: House, actor: Actor, id_number: str, item_key: str = ""
) -> tuple[EarlierCase, ...]:
    """The cases (at most 10) at the actor's bureau whose applicant has this number; none for an empty number.

    Open ones of `item_key` come first, then open ones, then the newest: what warns is never beyond the tenth.
    """
    plain = normalise(id_number)
    if not plain:
        return ()
    same = case(((CaseRow.item_key == item_key) & (CaseRow.is_open == 1), 1), else_=0)
    query = (
        select(
            CaseRow.number,
            CaseRow.item_key,
            CaseRow.item_name,
            CaseRow.flow,
            CaseRow.state,
            CaseRow.received_on,
            CaseRow.is_open,
        )
        .where(CaseRow.bureau == actor.bureau, CaseRow.applicant_index == house.keys.index(plain))
        .order_by(same.desc(), CaseRow.is_open.desc(), CaseRow.id.desc())
        .limit(MOST)
    )
    return tuple(
        EarlierCase(
            row.number,
            row.item_key,
            row.item_name,
            FLOWS[row.flow].states[row.state].label,
            row.received_on,
            bool(row.is_open),
        )
        for row in session.execute(query)
    )
