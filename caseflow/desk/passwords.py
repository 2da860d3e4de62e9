"""Passwords: made, hashed with argon2id, compared, aged. Nothing here ever returns or stores one as it is typed."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from caseflow.desk.changes import note
from caseflow.errors import BadInput, Fault
from caseflow.house import Actor
from caseflow.rules.passwords import LONGEST, PROFILES, PasswordPolicy, password_faults
from caseflow.store.models import StaffRow
from caseflow.store.sign_in_models import PastPasswordRow

DEFAULT: Final = PROFILES["asvs"]

# Without look-alikes (0/O, 1/l/I): a generated password is read from a screen or a slip of paper.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_HASHER: Final = PasswordHasher()


def new_password(groups: int = 4) -> str:
    """Generated words to be shown once: groups of four signs, each about 20 bits; letters and digits both."""
    while True:
        made = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(groups))
        if any(sign.isdigit() for sign in made) and any(sign.isalpha() for sign in made):
            return made


def faults_of(password: str, number: str, policy: PasswordPolicy = DEFAULT) -> list[Fault]:
    """What is wrong with a new password for this account."""
    return password_faults(password, number, policy, _common())


def hashed(password: str) -> str:
    """The argon2id hash of a password, with its salt and cost."""
    return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the password is the one behind the hash; takes the same work for every answer but an over-long text."""
    if len(password) > LONGEST:
        return False
    try:
        return bool(_HASHER.verify(password_hash, password))
    except (VerificationError, UnicodeEncodeError):
        return False


def is_weak(password_hash: str) -> bool:
    """Whether the hash was made with less cost than one made today."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def stand_in() -> str:
    """A hash nobody has the password of: an unknown number takes as long as a wrong password."""
    return _HASHER.hash(secrets.token_urlsafe())


def store_password(session: Connection, staff_id: int, password: str, now: datetime, *, must_change: bool) -> None:
    """Give the account this password from now on; failures are forgotten, a lock is lifted."""
    fresh = hashed(password)
    values = {"password_hash": fresh, "must_change": int(must_change), "failures": 0, "locked_until": None}
    session.execute(update(StaffRow).where(StaffRow.id == staff_id).values(values))
    remember(session, staff_id, fresh, now)


def remember(session: Connection, staff_id: int, password_hash: str, now: datetime) -> None:
    """Note the password in force from now on; no more are kept than the strictest profile compares with."""
    row = {"staff_id": staff_id, "password_hash": password_hash, "set_at": now}
    session.execute(insert(PastPasswordRow).values(row))
    theirs = select(PastPasswordRow.id).where(PastPasswordRow.staff_id == staff_id)
    kept = theirs.order_by(PastPasswordRow.id.desc()).limit(max(policy.past for policy in PROFILES.values()))
    old = delete(PastPasswordRow).where(PastPasswordRow.staff_id == staff_id, PastPasswordRow.id.not_in(kept))
    session.execute(old)


def is_due(session: Connection, staff_id: int, made_at: datetime, now: datetime, policy: PasswordPolicy) -> bool:
    """Whether the password is older than the profile allows; `made_at` counts where none is noted."""
    if not policy.days:
        return False
    theirs = select(PastPasswordRow.set_at).where(PastPasswordRow.staff_id == staff_id)
    set_at = session.scalars(theirs.order_by(PastPasswordRow.id.desc()).limit(1)).one_or_none() or made_at
    return now - set_at >= timedelta(days=policy.days)


def change(
    session: Connection, actor: Actor, old: str, new: str, now: datetime, policy: PasswordPolicy = DEFAULT
) -> None:
    """The holder's own change; BadInput with every fault. Ending other sessions is the caller's."""
    staff_id = actor.id
    query = select(StaffRow.number, StaffRow.password_hash).where(StaffRow.id == staff_id).with_for_update()
    row = session.execute(query).one()
    faults = [] if matches(row.password_hash, old) else [Fault("原密码", "不正确")]
    faults += faults_of(new, row.number, policy)
    faults += [Fault("密码", "新密码不能与原密码相同")] if new == old else []
    # Only then the past ones: each costs a hash.
    if not faults and policy.past > 1 and _was_used(session, staff_id, new, policy.past):
        faults.append(Fault("密码", f"不能与最近 {policy.past} 次用过的密码相同"))
    if faults:
        raise BadInput(faults)
    store_password(session, staff_id, new, now, must_change=False)
    note(session, actor, actor.bureau, "password", [], now, staff_id)


def _was_used(session: Connection, staff_id: int, password: str, past: int) -> bool:
    theirs = select(PastPasswordRow.password_hash).where(PastPasswordRow.staff_id == staff_id)
    latest = session.scalars(theirs.order_by(PastPasswordRow.id.desc()).limit(past)).all()
    return any(matches(one, password) for one in latest)


@cache
def _common() -> frozenset[str]:
    """The common passwords that come with the package, in lower case."""
    lines = files("caseflow.desk").joinpath("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
