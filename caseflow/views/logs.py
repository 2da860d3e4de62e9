"""What the audit administrator reads beside the 变更记录, who is signed in where, and how somebody signs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, or_, select

from caseflow.store.models import CaseRow, SessionRow, StaffRow
from caseflow.store.side_models import AccessRow
from caseflow.store.sign_in_models import RecoveryCodeRow, SecondFactorRow, SignInRow

PAGE: Final = 50
OUTCOMES: Final[Mapping[str, str]] = {
    "in": "登录",
    "half": "密码正确，等待动态口令",
    "recovery": "用恢复码登录",
    "out": "退出",
    "wrong": "密码不正确",
    "code": "动态口令不正确",
    "lock": "不正确，账号锁定",
    "locked": "锁定中，拒绝",
    "address": "不正确，该地址锁定",
    "disabled": "账号已停用，拒绝",
    "unknown": "没有这个工号",
}
GOOD: Final = frozenset({"in", "half", "out"})
"""Outcomes that need no second look."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the 登录记录; `who` is nothing where there is no such account: what was typed is not kept."""

    id: int
    at: datetime
    who: str
    outcome: str
    good: bool
    address: str


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a full number: who, when, at which case, why."""

    id: int
    at: datetime
    who: str
    case: str
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place where somebody is signed in; `name` is what it can be ended by."""

    name: str
    window: str
    address: str
    since: datetime
    seen: datetime


@dataclass(frozen=True, slots=True)
class Factor:
    """Somebody's second factor: since when, none where there is none, and how many recovery codes are left."""

    since: datetime | None
    codes_left: int


def sign_ins(session: Connection, bureau: str, before: int | None = None, number: str = "") -> tuple[Entry, ...]:
    """A page of the 登录记录 of a bureau, newest first, with the attempts at numbers that no bureau has.

    Of one person where `number` names one.
    """
    query = select(SignInRow, StaffRow.name, StaffRow.number).outerjoin(StaffRow, StaffRow.id == SignInRow.staff_id)
    query = query.where(or_(SignInRow.bureau == bureau, SignInRow.bureau == ""))
    if before is not None:
        query = query.where(SignInRow.id < before)
    if number:
        query = query.where(StaffRow.number == number, StaffRow.bureau == bureau)
    return tuple(
        Entry(
            row.id,
            row.at,
            f"{row.name}（{row.number}）" if row.number else "",
            OUTCOMES.get(row.outcome, row.outcome),
            row.outcome in GOOD,
            row.address,
        )
        for row in session.execute(query.order_by(SignInRow.id.desc()).limit(PAGE))
    )


def looks(session: Connection, bureau: str, before: int | None = None) -> tuple[Look, ...]:
    """A page of the looks at full numbers of a bureau, newest first."""
    query = (
        select(AccessRow, StaffRow.name, StaffRow.number, CaseRow.number.label("case_number"))
        .join(StaffRow, StaffRow.id == AccessRow.staff_id)
        .outerjoin(CaseRow, (CaseRow.id == AccessRow.case_id) & (CaseRow.bureau == AccessRow.bureau))
        .where(AccessRow.bureau == bureau)
        .order_by(AccessRow.id.desc())
        .limit(PAGE)
    )
    if before is not None:
        query = query.where(AccessRow.id < before)
    return tuple(
        Look(row.id, row.at, f"{row.name}（{row.number}）", row.case_number or "", row.reason)
        for row in session.execute(query)
    )


def places_of(session: Connection, staff_id: int, now: datetime, idle: timedelta, length: int) -> tuple[Place, ...]:
    """Where somebody is signed in now, the latest used first; `length` is that of a place's name."""
    query = (
        select(SessionRow.digest, SessionRow.window, SessionRow.address, SessionRow.created_at, SessionRow.seen_at)
        .where(SessionRow.staff_id == staff_id, SessionRow.revoked_at.is_(None), SessionRow.pending == 0)
        .where(SessionRow.expires_at > now, SessionRow.seen_at > now - idle)
        .order_by(SessionRow.seen_at.desc(), SessionRow.digest)
    )
    return tuple(
        Place(row.digest[:length], row.window, row.address, row.created_at, row.seen_at)
        for row in session.execute(query)
    )


def factor_of(session: Connection, staff_id: int) -> Factor:
    """Somebody's second factor."""
    made = select(SecondFactorRow.made_at).where(SecondFactorRow.staff_id == staff_id)
    left = select(func.count()).where(RecoveryCodeRow.staff_id == staff_id, RecoveryCodeRow.used_at.is_(None))
    return Factor(session.execute(made).scalar_one_or_none(), session.execute(left).scalar_one())
