"""收件登记: one application becomes one case, checked as a whole, with its receipt in the applicant's hand."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from caseflow.desk.bars import check_bar
from caseflow.desk.deadlines import derive, open_deadline
from caseflow.desk.issuing import issue, receipt_fields
from caseflow.desk.people import CheckedParty, Party, check_parties
from caseflow.errors import BadInput, Fault, Refusal, Refused
from caseflow.house import BEIJING, Actor, House, beijing_day
from caseflow.identity import case_number, initials, last_four, mask_number, query_code
from caseflow.rules.checklist import Mark, Receipt, check_answers, check_materials, check_receipts
from caseflow.rules.clock import Clocks, Limit
from caseflow.rules.entries import check_fields, text_fault
from caseflow.rules.item import CaseType, FieldKind, Item
from caseflow.rules.policy import holds
from caseflow.rules.reception import arrival_day, late_entry_fault
from caseflow.rules.words import CHANNELS, limit_text
from caseflow.store.calendars import calendar_for
from caseflow.store.counters import next_serial
from caseflow.store.editions import current_edition
from caseflow.store.facts import load_case
from caseflow.store.journal import START, Entry, append
from caseflow.store.models import CaseRow, MaterialRow, PersonRow
from caseflow.workflows import FLOWS

SOURCES = {"window": 1, "online": 2, "mail": 3, "self": 4, "other": 9}
LONGEST_NOTE = 500
LONGEST_KEY = 64

__all__ = ["Application", "CaseRef", "Party", "Preview", "preview", "register"]


@dataclass(frozen=True, slots=True)
class Application:
    """What the clerk entered. `request_key` makes the same form act once; `received_on` is only for late entry.

    `carried_from` is the number of the case whose data this is, registered under a wrong item; it keeps its receipt.
    """

    item_key: str
    applicant: Party
    request_key: str
    channel: str = "window"
    answers: Mapping[str, str] = field(default_factory=dict)
    agent: Party | None = None
    concerned: tuple[Party, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    note: str = ""
    received_on: date | None = None
    late_reason: str = ""
    carried_from: str = ""


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A case that was registered."""

    id: int
    number: str
    query_code: str
    version: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What accepting on a day would mean, in the sentence the clerk reads out."""

    sentence: str
    promised_due: date | None
    statutory_due: date | None
    provisional: bool


def preview(session: Connection, house: House, item: Item, start: date) -> Preview:
    """Both due dates if `item` were accepted on `start`; raises OutsideCalendar."""
    calendar = calendar_for(session, house, item.bureau)
    dates = derive(calendar, Clocks(start, *_limits(item)), start)
    parts = [f"现在受理：自 {start.isoformat()} 起算"]
    if item.case_type is CaseType.IMMEDIATE:
        parts.append("即办件，当日办结")
    else:
        due_days = (
            (item.limits.promised, "承诺到期", dates.promised_due),
            (item.limits.statutory, "法定", dates.statutory_due),
        )
        parts += [f"{word} {day.isoformat()}（{limit_text(limit)}）" for limit, word, day in due_days if day]
    sentence = "，".join(parts) + ("（暂定）" if dates.provisional else "")
    return Preview(sentence, dates.promised_due, dates.statutory_due, dates.provisional)


def _limits(item: Item) -> tuple[Limit | None, Limit | None]:
    """The promised and statutory limits a case runs by; 即办件 are due on the day itself."""
    if item.case_type is CaseType.IMMEDIATE:
        return Limit(0), None
    return item.limits.promised, item.limits.statutory


def register(session: Connection, house: House, actor: Actor, application: Application, now: datetime) -> CaseRef:
    """Register one application and issue its 收件凭据; the same request key again gives the same case.

    Raises BadInput with every fault of the form, Refused where the role may not register, NotFound for the item.
    """
    if not holds(actor.roles, "register"):
        raise Refused([Refusal("role", "收件登记须由窗口人员办理")])
    known = _known(session, actor, application.request_key)
    if known is not None:
        return known
    edition_id, item = current_edition(session, actor.bureau, application.item_key)
    check_bar(session, house, actor, item, application.applicant, beijing_day(now))
    parties, fields, received_on = _checked(session, house, actor, item, application, now)
    case_id, ref = _insert_case(
        session, house, actor, application, item, edition_id, parties[0], fields, received_on, now
    )
    session.execute(insert(PersonRow), [party.row(house, actor.bureau, case_id) for party in parties])
    write_materials(session, actor, case_id, item, {}, application.receipts, received_on)
    calendar = calendar_for(session, house, actor.bureau)
    open_deadline(session, calendar, actor.bureau, case_id, "notice", received_on, Limit(item.limits.notice))
    case = load_case(session, house, actor, case_id, beijing_day(now))
    issue(session, house, actor, case, "receipt", receipt_fields(case), now)
    return ref


def _known(session: Connection, actor: Actor, request_key: str) -> CaseRef | None:
    if not request_key or len(request_key) > LONGEST_KEY or not request_key.isascii():
        raise BadInput([Fault("表单", "表单编号不正确，请重新打开登记页")])
    query = select(CaseRow.id, CaseRow.number, CaseRow.query_code, CaseRow.version).where(
        CaseRow.bureau == actor.bureau, CaseRow.request_key == request_key
    )
    row = session.execute(query).one_or_none()
    return None if row is None else CaseRef(*row)


def _checked(
    session: Connection, house: House, actor: Actor, item: Item, application: Application, now: datetime
) -> tuple[list[CheckedParty], dict[str, Any], date]:
    """Everything on the form checked at once; BadInput with every fault."""
    today = beijing_day(now)
    parties, faults = check_parties(application.applicant, application.agent, application.concerned, today)
    fields, field_faults = check_fields(item, application.answers, application.fields)
    faults += [*check_answers(item, application.answers), *field_faults, *check_receipts(item, application.receipts)]
    faults += _text_faults(application)
    received_on = _received_on(session, house, actor, item, application, now, faults)
    if faults:
        raise BadInput(faults)
    return parties, sealed_fields(house, item, fields), received_on


def _text_faults(application: Application) -> list[Fault]:
    texts = [("备注", application.note), ("补录原因", application.late_reason)]
    texts += [("不符之处", receipt.fault) for receipt in application.receipts.values()]
    faults = [text_fault(place, text, LONGEST_NOTE, lines=True) for place, text in texts]
    if application.channel not in CHANNELS:
        faults.append(Fault("渠道", f"只能是 {'、'.join(CHANNELS)}"))
    return [fault for fault in faults if fault is not None]


def _received_on(
    session: Connection,
    house: House,
    actor: Actor,
    item: Item,
    application: Application,
    now: datetime,
    faults: list[Fault],
) -> date:
    calendar, today = calendar_for(session, house, actor.bureau), beijing_day(now)
    if application.received_on is not None and application.carried_from:
        return application.received_on
    if application.received_on is not None:
        text = late_entry_fault(calendar, application.received_on, today, application.late_reason)
        faults += [Fault("收件日期", text)] if text else []
        return application.received_on
    if application.channel in ("online", "mail"):
        reception = item.reception or house.catalogue.bureau(actor.bureau).reception
        return arrival_day(calendar, reception, now.astimezone(BEIJING))
    return today


def sealed_fields(house: House, item: Item, fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields as they are stored: account numbers sealed, with what may be shown of them."""
    accounts = {one.key for one in item.fields if one.kind is FieldKind.ACCOUNT}
    return {key: seal_account(house, value) if key in accounts else value for key, value in fields.items()}


def seal_account(house: House, number: str) -> dict[str, str]:
    """An account number sealed, beside its masked form."""
    return {"sealed": base64.b64encode(house.keys.seal(number)).decode(), "shown": mask_number(number)}


def _insert_case(  # noqa: PLR0913, PLR0917 - one row, one place
    session: Connection,
    house: House,
    actor: Actor,
    application: Application,
    item: Item,
    edition_id: int,
    applicant: CheckedParty,
    fields: dict[str, Any],
    received_on: date,
    now: datetime,
) -> tuple[int, CaseRef]:
    number = _next_number(session, house, actor, application.channel, beijing_day(now))
    code = _fresh_query_code(session)
    row = {
        "bureau": actor.bureau,
        "number": number,
        "query_code": code,
        "request_key": application.request_key,
        "version": 1,
        "chain": START,
        "edition_id": edition_id,
        "item_key": item.key,
        "item_name": item.name,
        "flow": item.flow,
        "state": FLOWS[item.flow].initial.key,
        "is_open": 1,
        "channel": application.channel,
        "window": actor.window,
        "handler_id": actor.id,
        "state_since": received_on,
        "received_at": now,
        "received_on": received_on,
        **_limit_columns(session, house, application, item, received_on),
        "answers": dict(application.answers),
        "fields": fields,
        "note": application.note.strip(),
        **applicant_columns(house, applicant.party),
    }
    case_id = session.execute(insert(CaseRow).values(row).returning(CaseRow.id)).scalar_one()
    _first_event(session, house, actor, application, case_id, received_on, now)
    return case_id, CaseRef(case_id, number, code, 1)


def _limit_columns(
    session: Connection, house: House, application: Application, item: Item, received_on: date
) -> dict[str, Any]:
    """Both limits as they stand at registration, and the dates of a 即办件 that is complete the day it comes in."""
    promised, statutory = _limits(item)
    calendar = calendar_for(session, house, item.bureau)
    immediate = item.case_type is CaseType.IMMEDIATE
    complete = check_materials(item, application.answers, application.receipts).complete
    start = received_on if immediate and complete else None
    dates = derive(calendar, Clocks(start, promised, statutory), received_on)
    return {
        "promised_n": promised.n if promised else None,
        "promised_unit": promised.unit.value if promised else None,
        "statutory_n": statutory.n if statutory else None,
        "statutory_unit": statutory.unit.value if statutory else None,
        **dates.columns(calendar),
    }


def applicant_columns(house: House, party: Party) -> dict[str, str]:
    """The applicant's searchable columns on the case row."""
    return {
        "applicant_name": party.name,
        "applicant_initials": initials(party.name),
        "applicant_last4": last_four(party.id_number),
        "applicant_index": house.keys.index(party.id_number),
        "applicant_phone": party.phone,
    }


def _next_number(session: Connection, house: House, actor: Actor, channel: str, today: date) -> str:
    bureau = house.catalogue.bureau(actor.bureau)
    source = SOURCES[channel]
    serial = next_serial(session, bureau.key, f"case:{source}", today.isoformat())
    return case_number(bureau.area, bureau.department, today, source, serial)


def _fresh_query_code(session: Connection) -> str:
    while True:
        code = query_code(secrets.randbelow)
        if session.execute(select(CaseRow.id).where(CaseRow.query_code == code)).first() is None:
            return code


def _first_event(
    session: Connection,
    house: House,
    actor: Actor,
    application: Application,
    case_id: int,
    received_on: date,
    now: datetime,
) -> None:
    detail = {"channel": application.channel, "received_on": received_on.isoformat()}
    if application.carried_from:
        detail["carried_from"] = application.carried_from
    if application.late_reason.strip():
        detail["late_reason"] = application.late_reason.strip()
    entry = Entry(
        bureau=actor.bureau,
        case_id=case_id,
        seq=1,
        at=now,
        on_day=beijing_day(now),
        actor_id=actor.id,
        actor_name=actor.name,
        action="register",
        from_state="",
        to_state="received",
        detail=detail,
    )
    head = append(session, house.keys, START, [entry])
    session.execute(update(CaseRow).where(CaseRow.id == case_id).values(chain=head))


def write_materials(
    session: Connection,
    actor: Actor,
    case_id: int,
    item: Item,
    before: Mapping[str, tuple[Receipt, date | None]],
    receipts: Mapping[str, Receipt],
    today: date,
) -> None:
    """Replace the marks of the lines given; a line received earlier keeps its day."""
    if not receipts:
        return
    of_case = [MaterialRow.bureau == actor.bureau, MaterialRow.case_id == case_id]
    if before:
        session.execute(delete(MaterialRow).where(*of_case, MaterialRow.material.in_(list(receipts))))
    order = [line.key for line in item.materials if line.key in receipts]
    rows = [_material_row(actor, case_id, key, receipts[key], before.get(key), today) for key in order]
    session.execute(insert(MaterialRow), rows)


def kept_day(before: tuple[Receipt, date | None] | None, receipt: Receipt) -> date | None:
    """The day a paper came in that was there before: a fault found later does not make it newer; a better one is."""
    if before is None or before[0].mark not in (Mark.RECEIVED, Mark.FAULTY):
        return None
    replaced = before[0].mark is Mark.FAULTY and receipt.mark is Mark.RECEIVED
    return None if replaced else before[1]


def _material_row(
    actor: Actor, case_id: int, key: str, receipt: Receipt, before: tuple[Receipt, date | None] | None, today: date
) -> dict[str, Any]:
    here = receipt.mark in (Mark.RECEIVED, Mark.FAULTY)
    kept = kept_day(before, receipt)
    return {
        "bureau": actor.bureau,
        "case_id": case_id,
        "material": key,
        "mark": receipt.mark.value,
        "option": receipt.option,
        "originals": receipt.originals,
        "copies": receipt.copies,
        "fault": receipt.fault.strip() if receipt.mark is Mark.FAULTY else "",
        "received_on": (kept or today) if here else None,
        "marked_by": actor.id,
    }
