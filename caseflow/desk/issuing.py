"""Papers: their gapless numbers and the fields they are printed from, stored so that they print again as they were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from caseflow.errors import NotFound
from caseflow.house import BEIJING, Actor, House, beijing_day
from caseflow.identity import ID_KIND_NAMES, IdKind, mask_number
from caseflow.rules.checklist import LineState, line_name
from caseflow.store.counters import next_serial
from caseflow.store.facts import CaseState
from caseflow.store.models import PaperRow, PersonRow

KINDS = {
    "receipt": ("收件凭据", "收"),
    "acceptance": ("受理通知书", "受"),
    "notice": ("一次性告知书", "告"),
    "decline": ("不予受理通知书", "不受"),
    "deferral": ("容缺受理通知书", "容"),
    "commitment": ("告知承诺书", "诺"),
    "special": ("特别程序告知书", "特"),
    "extension": ("延期办理通知书", "延"),
    "refusal": ("审核不通过告知书", "不通"),
    "completion": ("办结通知书", "结"),
    "statement": ("待遇支付明细表", "支"),
    "service": ("送达回证", "送"),
    "transfer": ("交接单", "交"),
    "order": ("督办单", "督"),
}
ONE_AT_A_TIME = ("statement", "completion")
"""Kinds of which only the newest stands: an earlier one of the same case is voided."""


def paper_number(short: str, kind: str, year: int, serial: int) -> str:
    """沙医保受〔2026〕000123号: the bureau's short name, the kind's character, year and serial."""
    return f"{short}{KINDS[kind][1]}〔{year}〕{serial:06d}号"


def issue(
    session: Connection, house: House, actor: Actor, case: CaseState, kind: str, own: Mapping[str, Any], now: datetime
) -> int:
    """Give out one paper with the next number of its bureau, kind and year; the id of its row."""
    bureau = house.catalogue.bureau(case.record.bureau)
    year = beijing_day(now).year
    if kind in ONE_AT_A_TIME and _issued_before(case, kind):
        _void_earlier(session, case, kind, now)
    serial = next_serial(session, bureau.key, f"paper:{kind}", str(year))
    number = paper_number(bureau.short, kind, year, serial)
    fields = _common(session, house, actor, case, now) | {"number": number} | dict(own)
    row = {
        "bureau": bureau.key,
        "case_id": case.record.id,
        "kind": kind,
        "year": year,
        "serial": serial,
        "number": number,
        "issued_at": now,
        "issued_by": actor.id,
        "fields": fields,
    }
    return session.execute(insert(PaperRow).values(row).returning(PaperRow.id)).scalar_one()


def _issued_before(case: CaseState, kind: str) -> bool:
    """Whether an action that was taken before issues this kind of paper."""
    taken = (case.flow.actions[key] for key in case.past.taken if key in case.flow.actions)
    return any(kind in (action.paper, *(route.paper for route in action.routes)) for action in taken)


def _void_earlier(session: Connection, case: CaseState, kind: str, now: datetime) -> None:
    earlier = update(PaperRow).where(
        PaperRow.bureau == case.record.bureau,
        PaperRow.case_id == case.record.id,
        PaperRow.kind == kind,
        PaperRow.voided_at.is_(None),
    )
    session.execute(earlier.values(voided_at=now, void_reason="已另行制作"))


def _common(session: Connection, house: House, actor: Actor, case: CaseState, now: datetime) -> dict[str, Any]:
    bureau = house.catalogue.bureau(case.record.bureau)
    people = _people(session, house, case)
    return {
        "bureau_name": bureau.name,
        "case_number": case.record.number,
        "query_code": case.record.query_code,
        "item_name": case.record.item_name,
        "item_code": case.item.code or "",
        **people,
        "window": actor.window or case.record.window,
        "handler": actor.name,
        "date": beijing_day(now).isoformat(),
        "place": case.item.place or bureau.place,
        "phone": case.item.phone or bureau.phone,
        "complaint_phone": case.item.complaint_phone or bureau.complaint_phone,
        "fee": case.item.fee,
    }


def _people(session: Connection, house: House, case: CaseState) -> dict[str, str]:
    query = select(PersonRow.part, PersonRow.name, PersonRow.id_kind, PersonRow.id_sealed).where(
        PersonRow.bureau == case.record.bureau,
        PersonRow.case_id == case.record.id,
        PersonRow.part.in_(["applicant", "agent"]),
    )
    rows = {row.part: row for row in session.execute(query)}
    applicant, agent = rows["applicant"], rows.get("agent")
    return {
        "applicant": applicant.name,
        "applicant_id": mask_number(house.keys.open(applicant.id_sealed)),
        "id_kind": ID_KIND_NAMES[IdKind(applicant.id_kind)],
        "agent": agent.name if agent else "",
    }


def receipt_fields(case: CaseState) -> dict[str, Any]:
    """What the 收件凭据 says beyond the common fields."""
    local = case.record.received_at.astimezone(BEIJING)
    return {
        "received_at": f"{local:%Y-%m-%d %H:%M}",
        "received_on": case.record.received_on.isoformat(),
        "notice_days": case.item.limits.notice,
        "materials": materials_of(case),
    }


def materials_of(case: CaseState) -> list[dict[str, Any]]:
    """The material lines that were handed in, with the alternative chosen and the counts."""
    return [
        {
            "name": line_name(line),
            "option": next(
                (o.text for o in line.options if o.key == line.receipt.option and len(line.options) > 1), ""
            ),
            "originals": line.receipt.originals,
            "copies": line.receipt.copies,
        }
        for line in case.checklist.lines
        if line.state in (LineState.MET, LineState.FAULTY)
    ]


def mark_printed(session: Connection, actor: Actor, paper_id: int) -> int:
    """Count one more print of a paper of the actor's bureau; how often it was printed before. NotFound otherwise."""
    mine = [PaperRow.id == paper_id, PaperRow.bureau == actor.bureau]
    counted = update(PaperRow).where(*mine).values(printed=PaperRow.printed + 1).returning(PaperRow.printed)
    printed = session.execute(counted).scalar_one_or_none()
    if printed is None:
        message = "没有这份文书"
        raise NotFound(message)
    return printed - 1


_COMMON = frozenset(
    {
        *("bureau_name", "number", "case_number", "query_code", "item_name", "item_code", "date", "window", "handler"),
        *("applicant", "applicant_id", "id_kind", "agent", "place", "phone", "complaint_phone", "fee"),
    }
)


def reissue(
    session: Connection, house: House, actor: Actor, case: CaseState, reason: str, now: datetime
) -> tuple[str, ...]:
    """Void every standing paper of the case and issue each again with the corrected people; the new numbers.

    The void numbers stay used, and what each paper said beyond its common fields stays as it was.
    """
    standing = select(PaperRow.id, PaperRow.kind, PaperRow.fields).where(
        PaperRow.bureau == case.record.bureau, PaperRow.case_id == case.record.id, PaperRow.voided_at.is_(None)
    )
    numbers = []
    for old in session.execute(standing.order_by(PaperRow.id)).all():
        voided = update(PaperRow).where(PaperRow.id == old.id).values(voided_at=now, void_reason=reason)
        session.execute(voided)
        own = {name: value for name, value in old.fields.items() if name not in _COMMON}
        new = issue(session, house, actor, case, old.kind, own, now)
        numbers.append(session.execute(select(PaperRow.number).where(PaperRow.id == new)).scalar_one())
    return tuple(numbers)
