"""People carried into a new registration: of a case under the wrong item, withdrawn for it, or of a case just made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from caseflow.desk.correcting import party_of
from caseflow.desk.handling import advance, reveal
from caseflow.desk.intake import Application, CaseRef, register
from caseflow.desk.people import Party
from caseflow.errors import NotFound, Refusal, Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.identity import IdKind
from caseflow.rules.checklist import Receipt
from caseflow.store.facts import load_case
from caseflow.store.models import CaseRow, PersonRow

AGAIN = "同一申请人再办一件"
"""Why a full number was looked at where an applicant is carried into another registration."""


def carry_over(  # noqa: PLR0913, PLR0917 - the old case, the new item's own entries, and who, why and when
    session: Connection,
    house: House,
    actor: Actor,
    case_id: int,
    version: int,
    item_key: str,
    answers: Mapping[str, str],
    fields: Mapping[str, str],
    receipts: Mapping[str, Receipt],
    reason: str,
    request_key: str,
    now: datetime,
) -> CaseRef:
    """Withdraw the case and register its people under `item_key` with the same day of receipt, all in one transaction.

    The withdrawn case is in no rate. Raises what `advance` and `register` raise; nothing is half done.
    """
    case = load_case(session, house, actor, case_id, beijing_day(now), lock=True)
    if case.record.item_key == item_key:
        raise Refused([Refusal("same_item", "新事项与原事项相同，不需要转登记；内容有误请用更正")])
    advance(session, house, actor, case_id, version, "withdraw", {"kind": "录入错误", "reason": reason}, now)
    parties = _parties(session, house, case.record.bureau, case.record.id)
    application = Application(
        item_key=item_key,
        applicant=parties["applicant"][0],
        request_key=request_key,
        channel=case.record.channel,
        answers=answers,
        agent=next(iter(parties["agent"]), None),
        concerned=tuple(parties["concerned"]),
        fields=fields,
        receipts=receipts,
        note=case.record.note,
        received_on=case.record.received_on,
        carried_from=case.record.number,
    )
    return register(session, house, actor, application, now)


def applicant_again(session: Connection, house: House, actor: Actor, number: str, now: datetime) -> Party:
    """The applicant of a case of one's own bureau, for the next registration; the look at the number is recorded."""
    query = (
        select(PersonRow.id, PersonRow.name, PersonRow.id_kind, PersonRow.phone)
        .join(CaseRow, (CaseRow.bureau == PersonRow.bureau) & (CaseRow.id == PersonRow.case_id))
        .where(CaseRow.number == number, CaseRow.bureau == actor.bureau, PersonRow.part == "applicant")
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("没有这个办件")
    return Party(row.name, IdKind(row.id_kind), reveal(session, house, actor, row.id, AGAIN, now), row.phone)


def _parties(session: Connection, house: House, bureau: str, case_id: int) -> dict[str, list[Party]]:
    """The people of a case by their part, in order, their numbers opened."""
    query = select(*PersonRow.__table__.columns).where(PersonRow.bureau == bureau, PersonRow.case_id == case_id)
    rows = session.execute(query.order_by(PersonRow.part, PersonRow.place)).all()
    parts = ("applicant", "agent", "concerned")
    return {part: [party_of(house, row) for row in rows if row.part == part] for part in parts}
