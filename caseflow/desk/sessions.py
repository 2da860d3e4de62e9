"""Sessions: a token in a browser, its digest in the database; who it is, until when, from where, and what ends it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, insert, select, update

from caseflow.desk.preferences import KEYS, KEYS_OFF
from caseflow.errors import NotFound, NotSignedIn
from caseflow.house import Actor
from caseflow.rules.sign_in import DEFAULT_RULES, HALFWAY, SignInRules
from caseflow.store.models import SessionRow, StaffRoleRow, StaffRow
from caseflow.store.office_models import PreferenceRow

TOUCH_EVERY: Final = timedelta(minutes=1)
NAME_LENGTH: Final = 16
"""Characters of a session's name on pages: the beginning of its digest, which is of no use to sign in with."""

_SIGN_IN_AGAIN: Final = "尚未登录，或登录已过期，请重新登录。"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A running session: who it is, whether a password or the second factor is due, whether `touch` is, keys wanted."""

    actor: Actor
    must_change: bool
    pending: bool
    touch_due: bool
    keys_on: bool


def signed_in(session: Connection, token: str, now: datetime, rules: SignInRules = DEFAULT_RULES) -> SignedIn:
    """The session behind a token; NotSignedIn where it is none, ended, idle too long or too old."""
    rows = session.execute(
        select(
            *(StaffRow.id, StaffRow.number, StaffRow.name, StaffRow.bureau, StaffRow.must_change, SessionRow.pending),
            *(SessionRow.window, SessionRow.seen_at, StaffRoleRow.role, PreferenceRow.value.label("keys")),
        )
        .join(StaffRow, StaffRow.id == SessionRow.staff_id)
        .outerjoin(StaffRoleRow, StaffRoleRow.staff_id == StaffRow.id)
        .outerjoin(PreferenceRow, and_(PreferenceRow.staff_id == StaffRow.id, PreferenceRow.name == KEYS))
        .where(
            SessionRow.digest == digest_of(token),
            SessionRow.revoked_at.is_(None),
            SessionRow.expires_at > now,
            SessionRow.seen_at > now - rules.idle,
            StaffRow.active == 1,
        )
    ).all()
    if not rows:
        raise NotSignedIn(_SIGN_IN_AGAIN)
    one = rows[0]
    roles = rules.powers(row.role for row in rows if row.role)
    actor = Actor(one.id, one.number, one.name, one.bureau, roles, one.window)
    touch_due = now - one.seen_at >= TOUCH_EVERY
    return SignedIn(actor, bool(one.must_change), bool(one.pending), touch_due, one.keys != KEYS_OFF)


def session_actor(session: Connection, token: str, now: datetime, rules: SignInRules = DEFAULT_RULES) -> Actor:
    """Who is signed in with this token; NotSignedIn otherwise, and where the second factor is still to come."""
    found = signed_in(session, token, now, rules)
    if found.pending:
        raise NotSignedIn(_SIGN_IN_AGAIN)
    return found.actor


def open_session(
    session: Connection,
    staff_id: int,
    window: str,
    now: datetime,
    rules: SignInRules = DEFAULT_RULES,
    *,
    address: str = "",
    pending: bool = False,
) -> str:
    """The token of a new session; a pending one waits ten minutes for its second factor."""
    token = _new_token()
    session.execute(
        insert(SessionRow).values(
            digest=digest_of(token),
            staff_id=staff_id,
            window=window,
            address=address,
            pending=int(pending),
            created_at=now,
            seen_at=now,
            expires_at=now + (HALFWAY if pending else rules.longest),
        )
    )
    return token


def complete(session: Connection, token: str, now: datetime, rules: SignInRules) -> str:
    """The pending session becomes a whole one, under another token."""
    fresh = _new_token()
    values = {"pending": 0, "seen_at": now, "expires_at": now + rules.longest}
    session.execute(update(SessionRow).where(_live(token)).values(digest=digest_of(fresh), **values))
    return fresh


def rotate(session: Connection, token: str) -> str:
    """Another token for a running session: the old one is nobody's from now on."""
    fresh = _new_token()
    session.execute(update(SessionRow).where(_live(token)).values(digest=digest_of(fresh)))
    return fresh


def touch(session: Connection, token: str, now: datetime) -> None:
    """The session was used: its idle time starts again. At most one row a minute is written."""
    due = update(SessionRow).where(_live(token), SessionRow.seen_at <= now - TOUCH_EVERY)
    session.execute(due.values(seen_at=now))


def sign_out(session: Connection, token: str, now: datetime) -> None:
    """The session is over; a token that is none changes nothing."""
    session.execute(update(SessionRow).where(_live(token)).values(revoked_at=now))


def end_sessions_of(session: Connection, staff_id: int, now: datetime, keep: str = "") -> None:
    """Every session of this person ends, but the one with the token `keep`."""
    theirs = (SessionRow.staff_id == staff_id) & SessionRow.revoked_at.is_(None)
    session.execute(update(SessionRow).where(theirs, SessionRow.digest != digest_of(keep)).values(revoked_at=now))


def end_session(session: Connection, staff_id: int, name: str, now: datetime) -> None:
    """One session of this person ends; NotFound where this person has none of that name."""
    live = SessionRow.staff_id == staff_id, SessionRow.revoked_at.is_(None)
    named = SessionRow.digest.startswith(name, autoescape=True)
    found = session.scalars(select(SessionRow.digest).where(*live, named)).all() if len(name) == NAME_LENGTH else ()
    if len(found) != 1:
        raise NotFound("这处登录已经结束。")
    session.execute(update(SessionRow).where(SessionRow.digest == found[0]).values(revoked_at=now))


def digest_of(token: str) -> str:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _live(token: str) -> Any:
    return (SessionRow.digest == digest_of(token)) & SessionRow.revoked_at.is_(None)


def _new_token() -> str:
    return secrets.token_urlsafe(32)
