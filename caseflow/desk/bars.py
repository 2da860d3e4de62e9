"""When an institution refused a designation may apply again (国家医保局令第2号、第3号)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from caseflow.desk.people import Party
from caseflow.errors import Refusal, Refused
from caseflow.house import Actor, House
from caseflow.identity import normalise
from caseflow.rules.clock import months_after
from caseflow.rules.item import Item
from caseflow.store.models import CaseRow

RECTIFY_MONTHS, BARRED_MONTHS = 3, 12
BASIS = "医疗保障定点管理暂行办法"


def check_bar(session: Connection, house: House, actor: Actor, item: Item, applicant: Party, today: date) -> None:
    """Refused while a refused applicant must still wait: 3 months after the first refusal was served, then a year."""
    if item.flow != "designation" or not applicant.id_number.strip():
        return
    query = select(CaseRow.served_on).where(
        CaseRow.bureau == actor.bureau,
        CaseRow.applicant_index == house.keys.index(normalise(applicant.id_number)),
        CaseRow.item_key == item.key,
        CaseRow.state == "refused",
    )
    served = session.execute(query.order_by(CaseRow.ended_on, CaseRow.id)).scalars().all()
    if not served:
        return
    if served[-1] is None:
        raise Refused([Refusal("not_served", "上次评估不合格的结果还没有送达，不能再次申请", BASIS)])
    months = RECTIFY_MONTHS if len(served) == 1 else BARRED_MONTHS
    again = months_after(served[-1], months)
    if today < again:
        text = f"上次评估不合格于 {served[-1].isoformat()} 送达，{again.isoformat()} 起才能再次申请"
        raise Refused([Refusal("barred", text, BASIS)])
