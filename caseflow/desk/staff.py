"""Accounts and sessions: who may sign in, with which roles, until when. Passwords argon2id, tokens only as digests."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from caseflow.desk.changes import note, role_words
from caseflow.desk.preferences import KEYS, KEYS_OFF
from caseflow.errors import BadInput, Fault, NotFound, NotSignedIn
from caseflow.house import Actor
from caseflow.rules.flow import ROLES
from caseflow.store.models import SessionRow, StaffRoleRow, StaffRow
from caseflow.store.office_models import PreferenceRow, WindowRow

MOST_FAILURES: Final = 5
LOCK_TIME: Final = timedelta(minutes=15)
IDLE_LIMIT: Final = timedelta(minutes=30)
LONGEST_SESSION: Final = timedelta(hours=12)
TOUCH_EVERY: Final = timedelta(minutes=1)
SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 128
ALONE: Final = ("administrator", "auditor")
"""Roles held with no other: who keeps accounts or audits handles no case."""

_WRONG: Final = "工号或密码不正确，或账号已停用。"
_LOCKED: Final = "登录失败次数过多，账号已锁定，请 15 分钟后再试。"
_SIGN_IN_AGAIN: Final = "尚未登录，或登录已过期，请重新登录。"

_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,31}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_NAME: Final = 40
# Without look-alikes (0/O, 1/l/I): a generated password is read from a screen or a slip of paper.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_HASHER: Final = PasswordHasher()


@dataclass(frozen=True, slots=True)
class SignIn:
    """The outcome of a sign-in: a token, or none; `text` is the sentence to show, `window` where the person sits."""

    token: str | None
    text: str = ""
    must_change: bool = False
    last_login: datetime | None = None
    window: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A running session: who it is, whether a password is due, whether `touch` is, whether keys are wanted."""

    actor: Actor
    must_change: bool
    touch_due: bool
    keys_on: bool


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
) -> int:
    """The id of a new account; BadInput with every fault. The bureau is taken as it is: the door knows which exist."""
    held = tuple(dict.fromkeys(roles))
    faults = [*_number_faults(session, number), *text_faults("姓名", name), *_role_faults(held)]
    faults += text_faults("科室", section) if section else []
    faults += _password_faults(password, number)
    if faults:
        raise BadInput(faults)
    made = session.execute(
        insert(StaffRow)
        .values(
            bureau=bureau,
            number=number,
            name=name.strip(),
            section=section.strip(),
            password_hash=_HASHER.hash(password),
            active=1,
            must_change=int(must_change),
            created_at=now,
        )
        .returning(StaffRow.id)
    ).scalar_one()
    session.execute(insert(StaffRoleRow), [{"staff_id": made, "role": role} for role in held])
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


def reset_password(session: Connection, number: str, password: str, now: datetime, by: Actor | None = None) -> None:
    """A new password that must be changed at the next sign-in; unlocks, ends every session, does not enable."""
    if faults := _password_faults(password, number):
        raise BadInput(faults)
    one = account_of(session, number, by)
    _store_password(session, one.id, password, must_change=True)
    note(session, by, one.bureau, "reset", [], now, one.id)
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


def sign_in(session: Connection, number: str, password: str, window: str, now: datetime) -> SignIn:
    """A new session, or the one sentence for every failure; the fifth failure in a row locks for 15 minutes.

    It never raises for a wrong entry, so that the caller's commit keeps the count.
    """
    row = _account(session, number)
    if row is None:
        _matches(_stand_in(), password)
        return SignIn(None, _WRONG)
    if row.locked_until is not None and now < row.locked_until:
        return SignIn(None, _LOCKED)
    if not _matches(row.password_hash, password) or not row.active:
        return SignIn(None, _LOCKED if _count_failure(session, row, now) else _WRONG)
    window, said = _window(session, row.bureau, window)
    values = {"failures": 0, "locked_until": None, "last_login_at": now, "window": window}
    if _HASHER.check_needs_rehash(row.password_hash):
        values["password_hash"] = _HASHER.hash(password)
    session.execute(update(StaffRow).where(StaffRow.id == row.id).values(**values))
    token = _open_session(session, row.id, window, now)
    return SignIn(token, said, must_change=bool(row.must_change), last_login=row.last_login_at, window=window)


def signed_in(session: Connection, token: str, now: datetime, idle: timedelta = IDLE_LIMIT) -> SignedIn:
    """The session behind a token; NotSignedIn where it is none, ended, idle too long or older than 12 hours."""
    rows = session.execute(
        select(
            *(StaffRow.id, StaffRow.number, StaffRow.name, StaffRow.bureau, StaffRow.must_change),
            *(SessionRow.window, SessionRow.seen_at, StaffRoleRow.role, PreferenceRow.value.label("keys")),
        )
        .join(StaffRow, StaffRow.id == SessionRow.staff_id)
        .outerjoin(StaffRoleRow, StaffRoleRow.staff_id == StaffRow.id)
        .outerjoin(PreferenceRow, and_(PreferenceRow.staff_id == StaffRow.id, PreferenceRow.name == KEYS))
        .where(
            SessionRow.digest == digest_of(token),
            SessionRow.revoked_at.is_(None),
            SessionRow.expires_at > now,
            SessionRow.seen_at > now - idle,
            StaffRow.active == 1,
        )
    ).all()
    if not rows:
        raise NotSignedIn(_SIGN_IN_AGAIN)
    one = rows[0]
    roles = frozenset(row.role for row in rows if row.role)
    actor = Actor(one.id, one.number, one.name, one.bureau, roles, one.window)
    return SignedIn(actor, bool(one.must_change), now - one.seen_at >= TOUCH_EVERY, one.keys != KEYS_OFF)


def session_actor(session: Connection, token: str, now: datetime, idle: timedelta = IDLE_LIMIT) -> Actor:
    """Who is signed in with this token; NotSignedIn otherwise."""
    return signed_in(session, token, now, idle).actor


def touch(session: Connection, token: str, now: datetime) -> None:
    """The session was used: its idle time starts again. At most one row a minute is written."""
    live = (SessionRow.digest == digest_of(token)) & SessionRow.revoked_at.is_(None)
    session.execute(update(SessionRow).where(live, SessionRow.seen_at <= now - TOUCH_EVERY).values(seen_at=now))


def sign_out(session: Connection, token: str, now: datetime) -> None:
    """The session is over; a token that is none changes nothing."""
    live = (SessionRow.digest == digest_of(token)) & SessionRow.revoked_at.is_(None)
    session.execute(update(SessionRow).where(live).values(revoked_at=now))


def change_password(session: Connection, staff_id: int, old: str, new: str, now: datetime, keep: str = "") -> None:
    """The holder's own change; every session but the one with the token `keep` ends. BadInput with every fault."""
    row = session.execute(
        select(StaffRow.number, StaffRow.password_hash).where(StaffRow.id == staff_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("没有这个账号。")
    faults = [] if _matches(row.password_hash, old) else [Fault("原密码", "不正确")]
    faults += _password_faults(new, row.number)
    faults += [Fault("密码", "新密码不能与原密码相同")] if new == old else []
    if faults:
        raise BadInput(faults)
    _store_password(session, staff_id, new, must_change=False)
    end_sessions_of(session, staff_id, now, keep)


def new_password() -> str:
    """A generated password to be shown once: four groups of four characters (about 79 bits)."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def actor_of(session: Connection, number: str, window: str = "") -> Actor:
    """The account as an actor, for doors that act without a browser session; NotFound where there is none."""
    row = session.execute(
        select(StaffRow.id, StaffRow.name, StaffRow.bureau).where(StaffRow.number == number, StaffRow.active == 1)
    ).one_or_none()
    if row is None:
        raise NotFound(f"没有工号为 {number[:40]} 的在用账号。")
    held = session.scalars(select(StaffRoleRow.role).where(StaffRoleRow.staff_id == row.id))
    return Actor(row.id, number, row.name, row.bureau, frozenset(held), window)


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


def _password_faults(password: str, number: str) -> list[Fault]:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return [Fault("密码", f"应为 {SHORTEST_PASSWORD} 至 {LONGEST_PASSWORD} 个字符")]
    if len(set(password)) < SHORTEST_PASSWORD // 2 or (number and number.lower() in password.lower()):
        return [Fault("密码", "过于简单：不能包含工号，也不能只重复几个字符")]
    return []


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


def _account(session: Connection, number: str) -> Row[StaffRow] | None:
    number = number.strip()
    if not _NUMBER.fullmatch(number):
        return None
    return session.execute(select(StaffRow).where(StaffRow.number == number).with_for_update()).one_or_none()


def _matches(password_hash: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return bool(_HASHER.verify(password_hash, password))
    except (VerificationError, UnicodeEncodeError):
        return False


@cache
def _stand_in() -> str:
    """A hash nobody has the password of: an unknown number takes as long as a wrong password."""
    return _HASHER.hash(secrets.token_urlsafe())


def _count_failure(session: Connection, row: Row[StaffRow], now: datetime) -> bool:
    failures: int = row.failures + 1
    locks = failures >= MOST_FAILURES
    values = {"failures": 0, "locked_until": now + LOCK_TIME} if locks else {"failures": failures}
    session.execute(update(StaffRow).where(StaffRow.id == row.id).values(**values))
    return locks


def _window(session: Connection, bureau: str, typed: str) -> tuple[str, str]:
    """The window as typed, and nothing to say; where the bureau keeps a list and it is not on it, no window and why."""
    window = _CONTROL.sub("", typed).strip()[:_LONGEST_NAME]
    known = session.scalars(select(WindowRow.name).where(WindowRow.bureau == bureau, WindowRow.active == 1)).all()
    if not window or not known or window in known:
        return window, ""
    return "", f"“{window}”不是本单位在用的窗口，本次按不在窗口办公登录。"


def _open_session(session: Connection, staff_id: int, window: str, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session.execute(
        insert(SessionRow).values(
            digest=digest_of(token),
            staff_id=staff_id,
            window=window,
            created_at=now,
            seen_at=now,
            expires_at=now + LONGEST_SESSION,
        )
    )
    return token


def digest_of(token: str) -> str:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _store_password(session: Connection, staff_id: int, password: str, *, must_change: bool) -> None:
    session.execute(
        update(StaffRow)
        .where(StaffRow.id == staff_id)
        .values(password_hash=_HASHER.hash(password), must_change=int(must_change), failures=0, locked_until=None)
    )


def end_sessions_of(session: Connection, staff_id: int, now: datetime, keep: str = "") -> None:
    """Every session of this person ends, but the one with the token `keep`."""
    theirs = (SessionRow.staff_id == staff_id) & SessionRow.revoked_at.is_(None)
    session.execute(update(SessionRow).where(theirs, SessionRow.digest != digest_of(keep)).values(revoked_at=now))
