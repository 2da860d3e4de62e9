"""What a security administrator does to the accounts of the own bureau: hiring, roles, locks, sessions, leaving."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select, update

from caseflow.desk import sessions, staff
from caseflow.desk.changes import Changed, note, security
from caseflow.desk.passwords import DEFAULT
from caseflow.errors import BadInput, CaseChanged, Fault, Refusal, Refused
from caseflow.house import Actor
from caseflow.rules.passwords import PasswordPolicy
from caseflow.store.models import CaseRow, StaffRow
from caseflow.store.office_models import SectionRow, WindowRow

_LABELS: Final = {"name": "姓名", "section": "科室", "window": "窗口"}


@dataclass(frozen=True, slots=True)
class Profile:
    """Who somebody is and where they sit; section and window may be empty."""

    name: str
    section: str
    window: str


def hire(
    session: Connection,
    by: Actor,
    *,
    number: str,
    profile: Profile,
    roles: tuple[str, ...],
    password: str,
    now: datetime,
    policy: PasswordPolicy = DEFAULT,
) -> int:
    """A new account of the administrator's bureau whose password must be changed first; BadInput with every fault."""
    security(by)
    faults = _place_faults(session, by.bureau, profile, Profile("", "", ""))
    try:
        made = staff.add_staff(
            session,
            bureau=by.bureau,
            number=number,
            name=profile.name,
            roles=roles,
            password=password,
            now=now,
            section=profile.section,
            by=by,
            policy=policy,
        )
    except BadInput as error:
        raise BadInput([*error.faults, *faults]) from None
    if faults:
        raise BadInput(faults)
    session.execute(update(StaffRow).where(StaffRow.id == made).values(window=profile.window))
    return made


def unchanged(session: Connection, by: Actor, number: str, seen: str) -> None:
    """CaseChanged where somebody changed the account since the form showed it; nothing where the form says nothing."""
    one = staff.account_of(session, number, by)
    session.execute(select(StaffRow.id).where(StaffRow.id == one.id).with_for_update())
    held = next(member for member in staff.list_staff(session, by.bureau) if member.number == number)
    if seen and seen != as_seen(one.name, one.section, one.window, held.roles):
        raise CaseChanged("本账号刚刚已有改动，请核对后再保存")


def as_seen(name: str, section: str, window: str, roles: Iterable[str]) -> str:
    """What a form showed of an account, in one word to be sent back."""
    return "|".join((name, section, window, *sorted(roles)))


def set_profile(session: Connection, by: Actor, number: str, profile: Profile, now: datetime) -> bool:
    """Another name, section or window; whether anything changed. A new section or window must be an open one."""
    security(by)
    one = staff.account_of(session, number, by)
    before = Profile(one.name, one.section, one.window)
    faults = staff.text_faults("姓名", profile.name) + _place_faults(session, by.bureau, profile, before)
    if faults:
        raise BadInput(faults)
    changed: list[Changed] = [
        (label, getattr(before, key), getattr(profile, key))
        for key, label in _LABELS.items()
        if getattr(before, key) != getattr(profile, key)
    ]
    if not changed:
        return False
    values = {"name": profile.name, "section": profile.section, "window": profile.window}
    session.execute(update(StaffRow).where(StaffRow.id == one.id).values(values))
    note(session, by, one.bureau, "profile", changed, now, one.id)
    return True


def set_roles(session: Connection, by: Actor, number: str, roles: tuple[str, ...], now: datetime) -> bool:
    """Other roles, from the next sign-in on; whether anything changed. Nobody changes their own."""
    security(by)
    held = {one.number: set(one.roles) for one in staff.list_staff(session, by.bureau)}.get(number)
    if held == set(roles):
        return False
    _not_oneself(by, number, "改自己的角色")
    staff.set_roles(session, number, roles, now, by)
    return True


def unlock(session: Connection, by: Actor, number: str, now: datetime) -> None:
    """The failed sign-ins of this account are forgotten."""
    security(by)
    staff.unlock(session, number, now, by)


def end_sessions(session: Connection, by: Actor, number: str, now: datetime) -> None:
    """Whoever is signed in under this account must sign in again."""
    security(by)
    one = staff.account_of(session, number, by)
    sessions.end_sessions_of(session, one.id, now)
    note(session, by, one.bureau, "end_sessions", [], now, one.id)


def end_session(session: Connection, by: Actor, number: str, name: str, now: datetime) -> None:
    """One place where this account is signed in ends; NotFound where it has ended already."""
    security(by)
    one = staff.account_of(session, number, by)
    sessions.end_session(session, one.id, name, now)
    note(session, by, one.bureau, "end_sessions", [], now, one.id)


def reset_second_factor(session: Connection, by: Actor, number: str, now: datetime) -> None:
    """The second factor of this account is gone, to be set up anew; nobody resets their own."""
    security(by)
    _not_oneself(by, number, "重置自己的动态口令")
    staff.reset_second_factor(session, number, now, by)


def reset_password(session: Connection, by: Actor, number: str, password: str, now: datetime) -> None:
    """A new password, to be changed at the next sign-in; one's own is changed with the old one."""
    security(by)
    _not_oneself(by, number, "重置自己的密码，请用“修改密码”")
    staff.reset_password(session, number, password, now, by)


def disable(session: Connection, by: Actor, number: str, now: datetime, *, held_known: bool) -> int:
    """No further sign-in; how many open cases the person leaves to the supervisor to assign.

    Refused where there are some and the administrator was not told (`held_known`), and for oneself.
    """
    security(by)
    _not_oneself(by, number, "停用自己的账号")
    one = staff.account_of(session, number, by)
    held = held_cases(session, one.bureau, one.id)
    if held and not held_known:
        text = f"{one.name}名下还有 {held} 件在办，停用后须由主管另行指派；确认要停用请勾选“仍要停用”"
        raise Refused([Refusal("cases_held", text)])
    staff.disable(session, number, now, by)
    return held


def enable(session: Connection, by: Actor, number: str, now: datetime) -> None:
    """A disabled account may sign in again."""
    security(by)
    staff.enable(session, number, now, by)


def held_cases(session: Connection, bureau: str, staff_id: int) -> int:
    """How many open cases this person holds."""
    query = select(func.count()).where(CaseRow.bureau == bureau, CaseRow.is_open == 1, CaseRow.handler_id == staff_id)
    return session.execute(query).scalar_one()


def _not_oneself(by: Actor, number: str, what: str) -> None:
    if number == by.number:
        raise Refused([Refusal("oneself", f"不能{what}")])


def _place_faults(session: Connection, bureau: str, profile: Profile, before: Profile) -> list[Fault]:
    """Section and window are open ones of the bureau where it keeps a list, else any short text, or nothing."""
    faults = []
    for label, wanted, held, table in (
        ("科室", profile.section, before.section, SectionRow),
        ("窗口", profile.window, before.window, WindowRow),
    ):
        if not wanted or wanted == held:
            continue
        known = session.scalars(select(table.name).where(table.bureau == bureau, table.active == 1)).all()
        faults += staff.text_faults(label, wanted)
        faults += [Fault(label, f"没有在用的{label}“{wanted[:40]}”")] if known and wanted not in known else []
    return faults
