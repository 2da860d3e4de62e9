"""更正: a mistyped name, number, telephone, field or receipt day; old and new stand in the history."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from caseflow.desk.deadlines import derive, move_deadline
from caseflow.desk.handling import check_details, check_version, decide
from caseflow.desk.intake import LONGEST_NOTE, applicant_columns, sealed_fields
from caseflow.desk.issuing import reissue
from caseflow.desk.orders import follow
from caseflow.desk.people import PART_TEXT, CheckedParty, Party, check_parties
from caseflow.desk.recording import Happened, record
from caseflow.errors import BadInput, Fault
from caseflow.house import Actor, House, beijing_day
from caseflow.identity import IdKind, mask_number, mask_phone
from caseflow.rules.clock import Limit
from caseflow.rules.entries import check_fields, parse_day, text_fault
from caseflow.rules.item import CaseType
from caseflow.rules.reception import late_entry_fault
from caseflow.store.calendars import calendar_for
from caseflow.store.facts import CaseState, load_case
from caseflow.store.models import PersonRow

PARTS = ("applicant", "agent")
PERSON_FIELDS = {"name": "姓名", "id_kind": "证件类型", "id_number": "证件号码", "phone": "联系电话"}


@dataclass(slots=True)
class _Correction:
    """One correction on its way: the case row's changes, what the history says, and the faults found."""

    session: Connection
    house: House
    case: CaseState
    reason: str
    today: date
    columns: dict[str, Any] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    people_changed: bool = False


def correct(
    session: Connection,
    house: House,
    actor: Actor,
    case_id: int,
    version: int,
    changes: Mapping[str, str],
    reason: str,
    now: datetime,
) -> int:
    """Correct what was mistyped and give the new version; papers that showed it are voided and issued again.

    Keys: `applicant.name|id_kind|id_number|phone`, the same of `agent`, `field.<key>`, `note`, `received_on`. Raises
    BadInput with every fault, Refused, CaseChanged, NotFound.
    """
    case = load_case(session, house, actor, case_id, beijing_day(now), lock=True)
    check_version(session, case, version)
    check_details({"更正理由": reason, **changes})
    action = correcting_action(case)
    decide(case, action, {"reason": reason})
    work = _Correction(session, house, case, reason, beijing_day(now))
    _check_keys(work, changes)
    for part in PARTS:
        _correct_person(
            work,
            part,
            {key.removeprefix(f"{part}."): value for key, value in changes.items() if key.startswith(f"{part}.")},
        )
    _correct_fields(
        work, {key.removeprefix("field."): value for key, value in changes.items() if key.startswith("field.")}
    )
    _correct_note(work, changes.get("note"))
    _correct_received_on(work, changes.get("received_on"))
    if not work.told and not work.faults:
        work.faults.append(Fault("更正", "没有改动任何内容"))
    if work.faults:
        raise BadInput(work.faults)
    return _write(work, actor, action, now)


def correcting_action(case: CaseState) -> str:
    """更正 until the decision; after it the action that needs a supervisor's consent."""
    before = any(route.source == case.state.key for route in case.flow.actions["correct"].routes)
    return "correct" if before else "correct_late"


def _check_keys(work: _Correction, changes: Mapping[str, str]) -> None:
    known = {"note", "received_on", *(f"{part}.{name}" for part in PARTS for name in PERSON_FIELDS)}
    known |= {f"field.{one.key}" for one in work.case.item.fields}
    work.faults += [Fault(key[:40], "这一项不能更正") for key in changes if key not in known]


def _correct_person(work: _Correction, part: str, changes: Mapping[str, str]) -> None:
    if not changes:
        return
    record = work.case.record
    query = select(PersonRow).where(
        PersonRow.bureau == record.bureau, PersonRow.case_id == record.id, PersonRow.part == part
    )
    row = work.session.execute(query.with_only_columns(*PersonRow.__table__.columns)).one_or_none()
    if row is None:
        work.faults.append(Fault(PART_TEXT[part], f"本件没有{PART_TEXT[part]}"))
        return
    before = party_of(work.house, row)
    after = _changed_party(work, before, changes)
    if after is None or after.party == before:
        return
    _tell_person(work, part, before, after.party)
    told = after.row(work.house, record.bureau, record.id)
    # Whose row it is stays, and the application's role may not even name these columns in an update.
    columns = {name: value for name, value in told.items() if name not in {"bureau", "case_id"}}
    work.session.execute(update(PersonRow).where(PersonRow.id == row.id).values(columns | {"part": part}))
    work.people_changed = True
    if part == "applicant":
        work.columns |= applicant_columns(work.house, after.party)


def party_of(house: House, row: Row[Any]) -> Party:
    """A person's row as it was entered, the number opened."""
    number = house.keys.open(row.id_sealed)
    return Party(row.name, IdKind(row.id_kind), number, row.phone, row.relation, row.authorisation)


def _changed_party(work: _Correction, before: Party, changes: Mapping[str, str]) -> CheckedParty | None:
    try:
        kind = IdKind(changes.get("id_kind", before.id_kind))
    except ValueError:
        work.faults.append(Fault("证件类型", "没有这种证件"))
        return None
    texts = {name: value for name, value in changes.items() if name != "id_kind"}
    checked, faults = check_parties(replace(before, id_kind=kind, **texts), None, (), work.today)
    work.faults += faults
    return None if faults else checked[0]


def _tell_person(work: _Correction, part: str, before: Party, after: Party) -> None:
    masks = {"id_number": mask_number, "phone": mask_phone}
    for name, label in PERSON_FIELDS.items():
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            mask = masks.get(name, str)
            work.told[f"{PART_TEXT[part]}{label}"] = [mask(old), mask(new)]


def _correct_fields(work: _Correction, changes: Mapping[str, str]) -> None:
    if not changes:
        return
    held = {key: _plain(work.house, value) for key, value in work.case.record.fields.items()}
    kept, faults = check_fields(work.case.item, work.case.record.answers, held | dict(changes))
    work.faults += faults
    labels = {one.key: one.label for one in work.case.item.fields}
    sealed = sealed_fields(work.house, work.case.item, kept)
    for key in changes:
        if held.get(key, "") != kept.get(key, ""):
            work.told[labels.get(key, key)] = [_shown(work.case.record.fields.get(key)), _shown(sealed.get(key))]
            work.columns["fields"] = sealed


def _plain(house: House, value: object) -> str:
    return house.keys.open(base64.b64decode(value["sealed"])) if isinstance(value, dict) else str(value)


def _shown(value: object) -> str:
    return str(value["shown"]) if isinstance(value, dict) else str(value or "")


def _correct_note(work: _Correction, note: str | None) -> None:
    if note is None or note.strip() == work.case.record.note:
        return
    fault = text_fault("备注", note, LONGEST_NOTE, lines=True)
    work.faults += [fault] if fault else []
    work.columns["note"] = note.strip()
    work.told["备注"] = [work.case.record.note, note.strip()]


def _correct_received_on(work: _Correction, text: str | None) -> None:
    record = work.case.record
    if text is None or text.strip() == record.received_on.isoformat():
        return
    calendar = calendar_for(work.session, work.house, record.bureau)
    try:
        day = parse_day(text.strip(), "收件日期")
    except ValueError as error:
        work.faults.append(Fault("收件日期", str(error)))
        return
    wrong = late_entry_fault(calendar, day, beijing_day(record.received_at), work.reason)
    if not wrong and record.accepted_on is not None and day > record.accepted_on:
        wrong = "收件日期不能晚于受理日期"
    if wrong:
        work.faults.append(Fault("收件日期", wrong))
        return
    work.columns["received_on"] = day
    work.told["收件日期"] = [record.received_on.isoformat(), day.isoformat()]
    if record.supplemented_on is None:
        move_deadline(
            work.session, calendar, record.bureau, record.id, "notice", day, Limit(work.case.item.limits.notice)
        )
    if work.case.item.case_type is CaseType.IMMEDIATE and record.accepted_on is None:
        moved = replace(work.case, record=replace(record, received_on=day), received_days={})
        work.columns |= derive(calendar, moved.clocks, work.today).columns(calendar)


def _write(work: _Correction, actor: Actor, action: str, now: datetime) -> int:
    row, session = work.case.record, work.session
    told: dict[str, Any] = {"reason": work.reason.strip(), "changes": work.told}
    if work.people_changed or "received_on" in work.columns:
        columns = {name: value for name, value in work.columns.items() if name in type(row).__slots__}
        told["papers"] = list(
            reissue(
                session,
                work.house,
                actor,
                replace(work.case, record=replace(row, **columns)),
                work.reason.strip(),
                now,
            )
        )
    takes = row.handler_id is None and bool(row.is_open)
    holder = {"handler_id": actor.id} if takes else {}
    order = follow(session, work.case, actor, actor.id, now) if takes else ""
    told |= {"order": order} if order else {}
    happened = [Happened(actor, action, told)]
    return record(session, work.house, row, happened, work.columns | holder, now)
