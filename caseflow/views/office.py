"""The office as pages show it: accounts, sections and windows, who handles what, who is away, what was changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from caseflow.errors import NotFound
from caseflow.rules.flow import HANDLING_ROLES, ROLES
from caseflow.rules.item import Item
from caseflow.store.duty import away_on, away_words, handles
from caseflow.store.models import CaseRow, SessionRow, StaffRoleRow, StaffRow
from caseflow.store.office_models import AbsenceRow, SectionRow, StaffChangeRow, StaffItemRow, WindowRow
from caseflow.workflows import FLOWS

CHANGES_PAGE: Final = 50
ABSENCES_PAGE: Final = 100
EVERY_ITEM: Final = "所有事项"


ACTIONS: Final = {
    "add": "新增账号",
    "roles": "改角色",
    "profile": "改资料",
    "reset": "重置密码",
    "password": "本人改密码",
    "second_factor_on": "启用动态口令",
    "second_factor": "重置动态口令",
    "unlock": "解除锁定",
    "disable": "停用账号",
    "enable": "恢复账号",
    "end_sessions": "结束登录",
    "section": "科室",
    "window": "窗口",
    "items": "经办事项",
    "absence": "不在岗",
}


@dataclass(frozen=True, slots=True)
class Person:
    """An account with what hangs on it: open cases held, sessions not ended, items ticked, today's absence."""

    id: int
    number: str
    name: str
    section: str
    window: str
    roles: tuple[str, ...]
    active: bool
    must_change: bool
    locked: bool
    last_login_at: datetime | None
    held: int
    sessions: int
    items: int
    away: str

    @property
    def handles_cases(self) -> bool:
        """Whether a role of the person handles cases."""
        return bool(HANDLING_ROLES & set(self.roles))


@dataclass(frozen=True, slots=True)
class Place:
    """A section or window; `people` counts the active staff who sit there."""

    id: int
    name: str
    active: bool
    section: str
    people: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Days away, both included; `cancelled_at` where it was taken back."""

    id: int
    number: str
    name: str
    from_on: date
    to_on: date
    stand_in: str
    note: str
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the 变更记录; `about` is the person it is about, or nothing."""

    id: int
    at: datetime
    by: str
    action: str
    about: str
    changed: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody a case of an item can be given to; who is away today is named, and refused with the stand-in's name."""

    id: int
    number: str
    name: str
    roles: frozenset[str]
    away: bool


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """The items of one flow."""

    label: str
    items: tuple[Item, ...]


def people(session: Connection, bureau: str, today: date, now: datetime) -> tuple[Person, ...]:
    """The accounts of a bureau, active ones first, by number; five statements whatever their number."""
    held = _counts(session, CaseRow.handler_id, CaseRow.bureau == bureau, CaseRow.is_open == 1)
    signed = _counts(session, SessionRow.staff_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now)
    ticked = _counts(session, StaffItemRow.staff_id)
    away = {one.number: absence_words(one) for one in absences(session, bureau, today) if one.from_on <= today}
    roles = select(StaffRoleRow.staff_id, StaffRoleRow.role).join(StaffRow, StaffRow.id == StaffRoleRow.staff_id)
    holds: dict[int, set[str]] = {}
    for staff_id, role in session.execute(roles.where(StaffRow.bureau == bureau)):
        holds.setdefault(staff_id, set()).add(role)
    rows = session.execute(
        select(StaffRow).where(StaffRow.bureau == bureau).order_by(StaffRow.active.desc(), StaffRow.number)
    )
    return tuple(
        Person(
            id=row.id,
            number=row.number,
            name=row.name,
            section=row.section,
            window=row.window,
            roles=tuple(role for role in ROLES if role in holds.get(row.id, ())),
            active=bool(row.active),
            must_change=bool(row.must_change),
            locked=row.locked_until is not None and now < row.locked_until,
            last_login_at=row.last_login_at,
            held=held.get(row.id, 0),
            sessions=signed.get(row.id, 0),
            items=ticked.get(row.id, 0),
            away=away.get(row.number, ""),
        )
        for row in rows
    )


def person(session: Connection, bureau: str, number: str, today: date, now: datetime) -> Person:
    """One of them; NotFound where the bureau has none of this number."""
    found = next((one for one in people(session, bureau, today, now) if one.number == number), None)
    if found is None:
        raise NotFound("没有这个人员。")
    return found


def places(session: Connection, bureau: str, kind: str) -> tuple[Place, ...]:
    """The sections or windows of a bureau, open ones first, by name."""
    tables: dict[str, type[SectionRow | WindowRow]] = {"section": SectionRow, "window": WindowRow}
    table = tables[kind]
    sits = {"section": StaffRow.section, "window": StaffRow.window}[kind]
    count = select(sits, func.count()).where(StaffRow.bureau == bureau, StaffRow.active == 1).group_by(sits)
    seated = {row[0]: row[1] for row in session.execute(count)}
    rows = session.execute(select(table).where(table.bureau == bureau).order_by(table.active.desc(), table.name))
    return tuple(
        Place(row.id, row.name, bool(row.active), getattr(row, "section", ""), seated.get(row.name, 0)) for row in rows
    )


def open_windows(session: Connection) -> Mapping[str, tuple[str, ...]]:
    """The open windows by bureau, for those bureaus that keep a list."""
    found: dict[str, list[str]] = {}
    query = select(WindowRow.bureau, WindowRow.name).where(WindowRow.active == 1)
    for bureau, name in session.execute(query.order_by(WindowRow.bureau, WindowRow.name)):
        found.setdefault(bureau, []).append(name)
    return {bureau: tuple(names) for bureau, names in found.items()}


def absences(session: Connection, bureau: str, since: date) -> tuple[Absence, ...]:
    """The absences not taken back that reach this day or a later one, the earliest first."""
    standing = and_(AbsenceRow.to_on >= since, AbsenceRow.cancelled_at.is_(None))
    return _absences(session, bureau, standing, newest=False)


def past_absences(session: Connection, bureau: str, today: date) -> tuple[Absence, ...]:
    """The latest absences that are over or were taken back, newest first."""
    gone = or_(AbsenceRow.to_on < today, AbsenceRow.cancelled_at.is_not(None))
    return _absences(session, bureau, gone, newest=True)


def absence_words(one: Absence) -> str:
    """11-24 至 11-28 不在岗，代岗：某某."""
    return away_words(one.from_on, one.to_on, one.stand_in)


def changes(session: Connection, bureau: str, before: int | None = None, number: str = "") -> tuple[Change, ...]:
    """A page of the 变更记录, newest first, of one person where `number` names one."""
    query = (
        select(StaffChangeRow, StaffRow.name, StaffRow.number)
        .outerjoin(StaffRow, StaffRow.id == StaffChangeRow.staff_id)
        .where(StaffChangeRow.bureau == bureau)
        .order_by(StaffChangeRow.id.desc())
        .limit(CHANGES_PAGE)
    )
    if before is not None:
        query = query.where(StaffChangeRow.id < before)
    if number:
        query = query.where(StaffRow.number == number)
    return tuple(
        Change(
            row.id,
            row.at,
            row.by_name,
            ACTIONS.get(row.action, row.action),
            f"{row.name}（{row.number}）" if row.number else "",
            tuple((label, old, new) for label, old, new in row.detail.get("changed", ())),
        )
        for row in session.execute(query)
    )


def groups_of_items(items: Collection[Item]) -> tuple[ItemGroup, ...]:
    """The items by flow, in the order of the flows."""
    found = ((flow.label, tuple(item for item in items if item.flow == key)) for key, flow in FLOWS.items())
    return tuple(ItemGroup(label, of_flow) for label, of_flow in found if of_flow)


def receivers(session: Connection, bureau: str, item_key: str, today: date) -> tuple[Receiver, ...]:
    """The active staff of a bureau who handle an item, those away last, in one statement."""
    gone = exists().where(AbsenceRow.staff_id == StaffRow.id, away_on(today))
    query = (
        select(StaffRow.id, StaffRow.number, StaffRow.name, StaffRoleRow.role, gone.label("gone"))
        .join(StaffRoleRow, StaffRoleRow.staff_id == StaffRow.id)
        .where(StaffRow.bureau == bureau, StaffRow.active == 1, handles(StaffRow.id, item_key))
        .order_by(StaffRow.number)
    )
    found: dict[int, Receiver] = {}
    for row in session.execute(query):
        held = found[row.id].roles if row.id in found else frozenset()
        found[row.id] = Receiver(row.id, row.number, row.name, held | {row.role}, bool(row.gone))
    return tuple(sorted(found.values(), key=lambda one: one.away))


def lacking(listed: Collection[Person], marks: Collection[tuple[int, str]], items: Collection[Item]) -> dict[str, str]:
    """The items for which nobody of a role that their flow needs is left, with those roles in words."""
    limited = {staff_id for staff_id, _ in marks}
    found = {}
    for item in items:
        able = [one for one in listed if one.id not in limited or (one.id, item.key) in marks]
        alone = (state.roles for state in FLOWS[item.flow].states.values() if len(state.roles) == 1)
        needed = frozenset().union(*alone)
        gone = [ROLES[role] for role in ROLES if role in needed and not any(role in one.roles for one in able)]
        if gone:
            found[item.key] = "、".join(gone)
    return found


def ticked(session: Connection, bureau: str) -> frozenset[tuple[int, str]]:
    """Who of a bureau is ticked for which item: (person, item)."""
    query = select(StaffItemRow.staff_id, StaffItemRow.item_key).join(StaffRow, StaffRow.id == StaffItemRow.staff_id)
    return frozenset((row.staff_id, row.item_key) for row in session.execute(query.where(StaffRow.bureau == bureau)))


def _counts(session: Connection, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> dict[int, int]:
    query = select(column, func.count()).where(*where, column.is_not(None)).group_by(column)
    return {row[0]: row[1] for row in session.execute(query)}


def _absences(session: Connection, bureau: str, which: ColumnElement[bool], *, newest: bool) -> tuple[Absence, ...]:
    other = aliased(StaffRow)
    query = (
        select(
            AbsenceRow.id,
            StaffRow.number,
            StaffRow.name,
            AbsenceRow.from_on,
            AbsenceRow.to_on,
            func.coalesce(other.name, ""),
            AbsenceRow.note,
            AbsenceRow.cancelled_at,
        )
        .join(StaffRow, StaffRow.id == AbsenceRow.staff_id)
        .outerjoin(other, other.id == AbsenceRow.stand_in_id)
        .where(AbsenceRow.bureau == bureau, which)
        .limit(ABSENCES_PAGE)
    )
    order = (AbsenceRow.from_on.desc(), AbsenceRow.id.desc()) if newest else (AbsenceRow.from_on, AbsenceRow.id)
    return tuple(Absence(*row) for row in session.execute(query.order_by(*order)))
