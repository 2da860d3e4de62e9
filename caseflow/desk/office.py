"""The office: sections and windows of a bureau, who handles which item, who is away and who stands in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from caseflow.desk.changes import Changed, administrator, note, role_words
from caseflow.desk.staff import account_of, text_faults
from caseflow.errors import BadInput, CaseChanged, Fault, NotFound, Refusal, Refused
from caseflow.house import Actor, beijing_day
from caseflow.store.models import SessionRow, StaffRoleRow, StaffRow
from caseflow.store.office_models import AbsenceRow, SectionRow, StaffItemRow, WindowRow

LONGEST_ABSENCE: Final = timedelta(days=366)
LONGEST_NOTE: Final = 200
_Table = type[SectionRow] | type[WindowRow]
_PLACES: Final[Mapping[str, tuple[str, _Table, InstrumentedAttribute[str]]]] = {
    "section": ("科室", SectionRow, StaffRow.section),
    "window": ("窗口", WindowRow, StaffRow.window),
}


@dataclass(frozen=True, slots=True)
class Away:
    """Days away, both included, and who stands in (nobody: the supervisor assigns)."""

    number: str
    from_on: date
    to_on: date
    stand_in: str = ""
    note: str = ""


def add_place(session: Connection, by: Actor, kind: str, name: str, now: datetime, section: str = "") -> None:
    """A new section or window; BadInput for a name that is taken, or a section there is not."""
    administrator(by)
    label, table, _ = _PLACES[kind]
    name = name.strip()
    faults = text_faults(label, name) or _taken(session, by.bureau, kind, name)
    faults += _unknown_section(session, by.bureau, section)
    if faults:
        raise BadInput(faults)
    extra = {"section": section} if kind == "window" else {}
    session.execute(insert(table).values(bureau=by.bureau, name=name, active=1, **extra))
    note(session, by, by.bureau, kind, [(f"新增{label}", "", name)], now)


def rename_place(session: Connection, by: Actor, kind: str, place_id: int, name: str, now: datetime) -> None:
    """Another name, also for the people who sit there; what is on record about cases stays as it was."""
    administrator(by)
    label, table, sits = _PLACES[kind]
    held, name = _place(session, by.bureau, kind, place_id), name.strip()
    if name == held.name:
        return
    if faults := text_faults(label, name) or _taken(session, by.bureau, kind, name):
        raise BadInput(faults)
    session.execute(update(table).where(table.id == place_id).values(name=name))
    people = update(StaffRow).where(StaffRow.bureau == by.bureau, sits == held.name)
    session.execute(people.values({sits.key: name}))
    if kind == "window":
        here = select(StaffRow.id).where(StaffRow.bureau == by.bureau)
        signed = update(SessionRow).where(SessionRow.staff_id.in_(here), SessionRow.window == held.name)
        session.execute(signed.values(window=name))
    if kind == "section":
        theirs = update(WindowRow).where(WindowRow.bureau == by.bureau, WindowRow.section == held.name)
        session.execute(theirs.values(section=name))
    note(session, by, by.bureau, kind, [(f"{label}改名", held.name, name)], now)


def open_place(session: Connection, by: Actor, kind: str, place_id: int, now: datetime, *, open_: bool) -> None:
    """Close a section or window, or open it again; who sits there stays, but nobody new comes."""
    administrator(by)
    label, table, _ = _PLACES[kind]
    held = _place(session, by.bureau, kind, place_id)
    if bool(held.active) == open_:
        return
    words = {True: "在用", False: "已关闭"}
    session.execute(update(table).where(table.id == place_id).values(active=int(open_)))
    note(session, by, by.bureau, kind, [(f"{label}{held.name}", words[not open_], words[open_])], now)


def set_items(
    session: Connection,
    by: Actor,
    names: Mapping[str, str],
    people: Collection[int],
    before: Collection[tuple[int, str]],
    wanted: Collection[tuple[int, str]],
    now: datetime,
) -> int:
    """The marks of these people as wanted; how many people changed. `names` are the bureau's items by key.

    Raises CaseChanged where the marks are no longer the `before` that was shown, NotFound for another bureau's people,
    BadInput for an item there is not.
    """
    administrator(by)
    known = _people(session, by.bureau, people)
    if {staff_id for staff_id, _ in wanted} - set(known) or set(people) - set(known):
        raise NotFound("没有这个人员。")
    if any(key not in names for _, key in wanted):
        raise BadInput([Fault("事项", "没有这个事项")])
    held = handled(session, known)
    if held != set(before):
        raise CaseChanged("经办事项刚刚已由他人改动，请核对后再改")
    changed = {staff_id for staff_id, _ in held ^ set(wanted)}
    for staff_id in sorted(changed):
        old = {key for one, key in held if one == staff_id}
        new = {key for one, key in wanted if one == staff_id}
        _set_items_of(session, staff_id, new)
        note(session, by, by.bureau, "items", [_items_words(names, old, new)], now, staff_id)
    return len(changed)


def handled(session: Connection, people: Collection[int]) -> set[tuple[int, str]]:
    """The marks of these people: (person, item)."""
    query = select(StaffItemRow.staff_id, StaffItemRow.item_key).where(StaffItemRow.staff_id.in_(people))
    return {(row.staff_id, row.item_key) for row in session.execute(query)}


def add_absence(session: Connection, by: Actor, away: Away, now: datetime) -> None:
    """Somebody will be away; BadInput with every fault, of the days, of an overlap and of the stand-in."""
    administrator(by)
    person = account_of(session, away.number, by)
    stand_in = account_of(session, away.stand_in, by) if away.stand_in else None
    faults = _day_faults(away, beijing_day(now)) or _overlaps(session, person, stand_in, away)
    faults += [] if stand_in is None else _stand_in_faults(session, person, stand_in)
    faults += text_faults("备注", away.note) if away.note else []
    if faults:
        raise BadInput(faults)
    row = {
        "bureau": by.bureau,
        "staff_id": person.id,
        "from_on": away.from_on,
        "to_on": away.to_on,
        "stand_in_id": stand_in and stand_in.id,
        "note": away.note,
        "entered_by": by.id,
        "entered_at": now,
    }
    session.execute(insert(AbsenceRow).values(row))
    words = _absence_words(away.from_on, away.to_on, stand_in.name if stand_in else "")
    note(session, by, by.bureau, "absence", [("不在岗", "", words)], now, person.id)


def cancel_absence(session: Connection, by: Actor, absence_id: int, now: datetime) -> None:
    """The absence is taken back; Refused where it is over: what was done then was done in somebody's place."""
    administrator(by)
    query = (
        select(AbsenceRow.staff_id, AbsenceRow.from_on, AbsenceRow.to_on, AbsenceRow.cancelled_at, StaffRow.name)
        .outerjoin(StaffRow, StaffRow.id == AbsenceRow.stand_in_id)
        .where(AbsenceRow.bureau == by.bureau, AbsenceRow.id == absence_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("没有这条不在岗记录。")
    if row.cancelled_at is not None:
        return
    if row.to_on < beijing_day(now):
        raise Refused([Refusal("absence_over", "这段不在岗已经过去，不能取消")])
    standing = update(AbsenceRow).where(AbsenceRow.id == absence_id, AbsenceRow.cancelled_at.is_(None))
    if session.execute(standing.values(cancelled_at=now)).rowcount != 1:
        return
    words = _absence_words(row.from_on, row.to_on, row.name or "")
    note(session, by, by.bureau, "absence", [("不在岗", words, "已取消")], now, row.staff_id)


def _place(session: Connection, bureau: str, kind: str, place_id: int) -> Row[str, int]:
    label, table, _ = _PLACES[kind]
    query = select(table.name, table.active).where(table.bureau == bureau, table.id == place_id).with_for_update()
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"没有这个{label}。")
    return row


def _taken(session: Connection, bureau: str, kind: str, name: str) -> list[Fault]:
    label, table, _ = _PLACES[kind]
    found = session.execute(select(table.active).where(table.bureau == bureau, table.name == name)).scalar_one_or_none()
    if found is None:
        return []
    return [Fault(label, f"已有{label}“{name}”" + ("" if found else "（已关闭，可以重新启用）"))]


def _unknown_section(session: Connection, bureau: str, section: str) -> list[Fault]:
    query = select(SectionRow.id).where(SectionRow.bureau == bureau, SectionRow.name == section, SectionRow.active == 1)
    return [Fault("所属科室", "没有这个在用的科室")] if section and session.execute(query).first() is None else []


def _people(session: Connection, bureau: str, people: Collection[int]) -> dict[int, str]:
    """Those of these people who are of the bureau, by id; their rows stay as they are until this is written."""
    query = select(StaffRow.id, StaffRow.name).where(StaffRow.bureau == bureau, StaffRow.id.in_(people))
    return {row.id: row.name for row in session.execute(query.order_by(StaffRow.id).with_for_update())}


def _set_items_of(session: Connection, staff_id: int, keys: Collection[str]) -> None:
    session.execute(delete(StaffItemRow).where(StaffItemRow.staff_id == staff_id))
    if keys:
        session.execute(insert(StaffItemRow), [{"staff_id": staff_id, "item_key": key} for key in sorted(keys)])


def _items_words(names: Mapping[str, str], old: Collection[str], new: Collection[str]) -> Changed:
    def words(keys: Collection[str]) -> str:
        return "、".join(sorted(names.get(key, key) for key in keys)) or "所有事项"

    return "经办事项", words(old), words(new)


def _absence_words(from_on: date, to_on: date, stand_in: str) -> str:
    return f"{from_on.isoformat()} 至 {to_on.isoformat()}，" + (f"代岗：{stand_in}" if stand_in else "无人代岗")


def _day_faults(away: Away, today: date) -> list[Fault]:
    if away.to_on < away.from_on:
        return [Fault("至", "不能早于起始日")]
    if away.to_on < today:
        return [Fault("至", "这段日子已经过去")]
    if away.to_on - away.from_on >= LONGEST_ABSENCE:
        return [Fault("至", "一次最多登记一年")]
    return []


def _overlaps(session: Connection, person: Row[StaffRow], stand_in: Row[StaffRow] | None, away: Away) -> list[Fault]:
    """The days of either person that are already spoken for."""
    both = [person.id] + ([stand_in.id] if stand_in is not None else [])
    query = (
        select(AbsenceRow, StaffRow.name)
        .join(StaffRow, StaffRow.id == AbsenceRow.staff_id)
        .where(
            AbsenceRow.bureau == person.bureau,
            or_(AbsenceRow.staff_id.in_(both), AbsenceRow.stand_in_id == person.id),
            AbsenceRow.cancelled_at.is_(None),
            AbsenceRow.from_on <= away.to_on,
            AbsenceRow.to_on >= away.from_on,
        )
    )
    faults = []
    for row in session.execute(query.order_by(AbsenceRow.from_on)):
        days = f"{row.from_on.isoformat()} 至 {row.to_on.isoformat()}"
        if row.staff_id == person.id:
            faults.append(Fault("自", f"与已登记的 {days} 重叠"))
        elif row.stand_in_id == person.id:
            faults.append(Fault("自", f"{person.name} {days} 为{row.name}代岗，请先取消或改由他人代岗"))
        else:
            faults.append(Fault("代岗人", f"{row.name} {days} 自己也不在岗"))
    return faults


def _stand_in_faults(session: Connection, person: Row[StaffRow], stand_in: Row[StaffRow]) -> list[Fault]:
    if person.id == stand_in.id:
        return [Fault("代岗人", "不能由本人代岗")]
    if not stand_in.active:
        return [Fault("代岗人", f"{stand_in.name}的账号已停用")]
    missing = _roles(session, person.id) - _roles(session, stand_in.id)
    return [Fault("代岗人", f"{stand_in.name}没有{role_words(missing)}的岗位，不能代岗")] if missing else []


def _roles(session: Connection, staff_id: int) -> set[str]:
    return set(session.scalars(select(StaffRoleRow.role).where(StaffRoleRow.staff_id == staff_id)))
