"""Accounts: who may sign in, with which roles. `desk.accounts` asks who asks; here nobody does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from caseflow.desk import passwords, second_factor
from caseflow.desk.changes import note, role_words
from caseflow.desk.passwords import DEFAULT
from caseflow.desk.sessions import end_sessions_of
from caseflow.errors import BadInput, Fault, NotFound
from caseflow.house import Actor
from caseflow.rules.flow import ROLES
from caseflow.rules.passwords import PasswordPolicy
from caseflow.rules.sign_in import ALONE, DEFAULT_RULES, SignInRules
from caseflow.store.models import StaffRoleRow, StaffRow

_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,31}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class StaffMember:
    """An account as lists show it."""

    id: int
    bureau: str
    number: str
    name: str
    section: str
    roles: tuple[str, ...]
    active: bool
    must_change: bool
    locked_until: datetime | None
    last_login_at: datetime | None


def add_staff(  # noqa: PLR0913 - an account is that many facts, each given by name
    session: Connection,
    *,
    bureau: str,
    number: str,
    name: str,
    roles: Iterable[str],
    password: str,
    now: datetime,
    section: str = "",
    must_change: bool = True,
    by: Actor | None = None,
    policy: PasswordPolicy = DEFAULT,
) -> int:
    """The id of a new account; BadInput with every fault. The bureau is taken as it is: the door knows which exist."""
    held = tuple(dict.fromkeys(roles))
    faults = [*_number_faults(session, number), *text_faults("姓名", name), *_role_faults(held)]
    faults += text_faults("科室", section) if section else []
    faults += passwords.faults_of(password, number, policy)
    if faults:
        raise BadInput(faults)
    hashed = passwords.hashed(password)
    made = session.execute(
        insert(StaffRow)
        .values(
            bureau=bureau,
            number=number,
            name=name.strip(),
            section=section.strip(),
            password_hash=hashed,
            active=1,
            must_change=int(must_change),
            created_at=now,
        )
        .returning(StaffRow.id)
    ).scalar_one()
    session.execute(insert(StaffRoleRow), [{"staff_id": made, "role": role} for role in held])
    passwords.remember(session, made, hashed, now)
    note(session, by, bureau, "add", [("账号", "", f"{number} {name.strip()}（{role_words(held)}）")], now, made)
    return made


def set_roles(session: Connection, number: str, roles: Iterable[str], now: datetime, by: Actor | None = None) -> None:
    """Replace the roles of an account and end its sessions; BadInput for a mixture that may not be."""
    held = tuple(dict.fromkeys(roles))
    if faults := _role_faults(held):
        raise BadInput(faults)
    one = account_of(session, number, by)
    before = session.scalars(select(StaffRoleRow.role).where(StaffRoleRow.staff_id == one.id)).all()
    session.execute(delete(StaffRoleRow).where(StaffRoleRow.staff_id == one.id))
    session.execute(insert(StaffRoleRow), [{"staff_id": one.id, "role": role} for role in held])
    note(session, by, one.bureau, "roles", [("角色", role_words(before), role_words(held))], now, one.id)
    end_sessions_of(session, one.id, now)


def reset_password(
    session: Connection,
    number: str,
    password: str,
    now: datetime,
    by: Actor | None = None,
    policy: PasswordPolicy = DEFAULT,
) -> None:
    """A new password that must be changed at the next sign-in; unlocks, ends every session, does not enable."""
    if faults := passwords.faults_of(password, number, policy):
        raise BadInput(faults)
    one = account_of(session, number, by)
    passwords.store_password(session, one.id, password, now, must_change=True)
    note(session, by, one.bureau, "reset", [], now, one.id)
    end_sessions_of(session, one.id, now)


def unlock(session: Connection, number: str, now: datetime, by: Actor | None = None) -> None:
    """The failed sign-ins of this account are forgotten; those of an address are not."""
    one = account_of(session, number, by)
    session.execute(update(StaffRow).where(StaffRow.id == one.id).values(failures=0, locked_until=None))
    note(session, by, one.bureau, "unlock", [], now, one.id)


def reset_second_factor(session: Connection, number: str, now: datetime, by: Actor | None = None) -> None:
    """The second factor and its recovery codes are gone, and every session ends; NotFound where there is none."""
    one = account_of(session, number, by)
    if not second_factor.forget(session, one.id):
        raise NotFound(f"{number[:40]} 没有启用动态口令。")
    note(session, by, one.bureau, "second_factor", [], now, one.id)
    end_sessions_of(session, one.id, now)


def disable(session: Connection, number: str, now: datetime, by: Actor | None = None) -> None:
    """No further sign-in, and every session ends at once; the account stays, because the history names it."""
    one = account_of(session, number, by)
    session.execute(update(StaffRow).where(StaffRow.id == one.id).values(active=0))
    note(session, by, one.bureau, "disable", [("状态", "在用" if one.active else "停用", "停用")], now, one.id)
    end_sessions_of(session, one.id, now)


def enable(session: Connection, number: str, now: datetime, by: Actor | None = None) -> None:
    """A disabled account may sign in again."""
    one = account_of(session, number, by)
    session.execute(update(StaffRow).where(StaffRow.id == one.id).values(active=1, failures=0, locked_until=None))
    note(session, by, one.bureau, "enable", [("状态", "在用" if one.active else "停用", "在用")], now, one.id)


def list_staff(session: Connection, bureau: str | None = None, *, active_only: bool = False) -> tuple[StaffMember, ...]:
    """The accounts of a bureau, or of all, by bureau and number."""
    query = select(StaffRow).order_by(StaffRow.bureau, StaffRow.number)
    if bureau is not None:
        query = query.where(StaffRow.bureau == bureau)
    if active_only:
        query = query.where(StaffRow.active == 1)
    roles: dict[int, list[str]] = {}
    for staff_id, role in session.execute(select(StaffRoleRow.staff_id, StaffRoleRow.role)):
        roles.setdefault(staff_id, []).append(role)
    return tuple(_member(row, roles.get(row.id, [])) for row in session.execute(query))


def actor_of(session: Connection, number: str, window: str = "", rules: SignInRules = DEFAULT_RULES) -> Actor:
    """The account as an actor, for doors that act without a browser session; NotFound where there is none."""
    row = session.execute(
        select(StaffRow.id, StaffRow.name, StaffRow.bureau).where(StaffRow.number == number, StaffRow.active == 1)
    ).one_or_none()
    if row is None:
        raise NotFound(f"没有工号为 {number[:40]} 的在用账号。")
    held = session.scalars(select(StaffRoleRow.role).where(StaffRoleRow.staff_id == row.id))
    return Actor(row.id, number, row.name, row.bureau, rules.powers(held), window)


def _number_faults(session: Connection, number: str) -> list[Fault]:
    if not _NUMBER.fullmatch(number):
        return [Fault("工号", "应为 2 至 32 位字母、数字或 . _ -，以字母或数字开头")]
    taken = session.execute(select(StaffRow.id).where(StaffRow.number == number)).first()
    return [Fault("工号", f"{number} 已被使用")] if taken else []


def text_faults(place: str, text: str) -> list[Fault]:
    """What is wrong with a short text that must be there."""
    if not text.strip() or len(text) > _LONGEST_NAME or _CONTROL.search(text):
        return [Fault(place, f"应为 1 至 {_LONGEST_NAME} 个字，不能有控制字符")]
    return []


def _role_faults(roles: tuple[str, ...]) -> list[Fault]:
    unknown = [Fault("角色", f"没有 {role[:40]}，可用的有 {'、'.join(ROLES)}") for role in roles if role not in ROLES]
    if not roles:
        return [Fault("角色", "至少要有一个")]
    mixed = [role for role in ALONE if role in roles and len(roles) > 1]
    return unknown + [Fault("角色", f"{ROLES[role]}不能兼任其他角色") for role in mixed]


def _member(row: Row[StaffRow], roles: Iterable[str]) -> StaffMember:
    order = list(ROLES)
    return StaffMember(
        id=row.id,
        bureau=row.bureau,
        number=row.number,
        name=row.name,
        section=row.section,
        roles=tuple(sorted(roles, key=order.index)),
        active=bool(row.active),
        must_change=bool(row.must_change),
        locked_until=row.locked_until,
        last_login_at=row.last_login_at,
    )


def account_of(session: Connection, number: str, by: Actor | None) -> Row[StaffRow]:
    """The account to be changed; NotFound where there is none, or none of the bureau of the person who changes it."""
    query = select(StaffRow).where(StaffRow.number == number).with_for_update()
    found = session.execute(query).one_or_none() if _NUMBER.fullmatch(number) else None
    if found is None or (by is not None and by.bureau not in ("", found.bureau)):
        raise NotFound(f"没有工号为 {number[:40]} 的账号。")
    return found
