"""A case registered under the wrong item: withdrawn as 录入错误, its data carried into a new registration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from caseflow.desk.correcting import party_of
from caseflow.desk.handling import advance
from caseflow.desk.intake import Application, CaseRef, register
from caseflow.errors import Refusal, Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.checklist import Receipt
from caseflow.store.facts import load_case
from caseflow.store.models import PersonRow


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
    query = select(*PersonRow.__table__.columns).where(
        PersonRow.bureau == case.record.bureau, PersonRow.case_id == case.record.id
    )
    rows = session.execute(query.order_by(PersonRow.part, PersonRow.place)).all()
    parties = {
        part: [party_of(house, row) for row in rows if row.part == part] for part in ("applicant", "agent", "concerned")
    }
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
