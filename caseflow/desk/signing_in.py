"""登录: a number and a password, then a code where one is due. Failures lock the account and the address.

An attempt is counted before the password is compared and taken back where it was right, so that many at once cannot
outrun the count; and it is compared between two transactions, because a hash takes longer than everything else here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from caseflow.desk import passwords, second_factor, sessions
from caseflow.errors import NotSignedIn
from caseflow.house import House
from caseflow.rules.sign_in import SignInRules, Tally
from caseflow.store.db import is_sqlite
from caseflow.store.models import SessionRow, StaffRoleRow, StaffRow
from caseflow.store.office_models import WindowRow
from caseflow.store.sign_in_models import SignInRow, SignInTallyRow

CODE, ENROL = "code", "enrol"
"""What is still due after the right password: a code of the second factor, or to set one up."""

_WRONG: Final = "工号或密码不正确，或账号已停用。"
_WRONG_CODE: Final = "动态口令不正确，或已经用过。"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,31}")
_LONGEST_WINDOW: Final = 40
_NONE: Final = Tally()
_KEPT: Final = timedelta(days=30)
"""How long failures of an address, or of a number without account, are remembered."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The outcome of a step: a token or none, the sentence to show, what is due, and where the person sits."""

    token: str | None = field(repr=False)
    text: str = ""
    must_change: bool = False
    last_login: datetime | None = None
    window: str = ""
    due: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt counted ahead; `refused` is the sentence where nothing is compared at all."""

    number: str
    address: str
    refused: str
    password_hash: str = field(default="", repr=False)
    account: Tally = _NONE
    place: Tally = _NONE

    def compare(self, password: str) -> Compared:
        """Whether it is the password. The slow part, for between the transactions; the same work for every number."""
        known = self.password_hash or passwords.stand_in()
        right = passwords.matches(known, password) and bool(self.password_hash)
        return Compared(right, passwords.hashed(password) if right and passwords.is_weak(known) else "")


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of the comparison; `renewed` is the hash of today's cost where the stored one is weaker."""

    right: bool
    renewed: str = field(default="", repr=False)


def count_attempt(session: Connection, house: House, number: str, address: str, now: datetime) -> Attempt:
    """Count an attempt for this number and address. A number without account counts and locks like any other."""
    rules, number = house.sign_in, number.strip().encode("utf-8", "replace").decode()
    place = _place(session, house, address, now)
    if place.locked(now):
        # Not on record: that it was locked is, and whoever goes on trying shall not fill the disk.
        return Attempt(number, address, _locked_place(rules))
    place = place.counted(now, rules.address_failures, rules.lock, rules.lock)
    _keep(session, _place_key(house, address), place, now)
    row = _account(session, number)
    account = _tally_of(session, house, number, row, now)
    if account.locked(now):
        _log(session, row, address, "address" if place.locked(now) else "locked", now)
        return Attempt(number, address, _locked(rules))
    account = account.counted(now, rules.lock_failures, rules.lock)
    _keep_account(session, house, number, row, account, now)
    return Attempt(number, address, "", row.password_hash if row is not None else "", account, place)


def finish(
    session: Connection, house: House, attempt: Attempt, compared: Compared, window: str, now: datetime
) -> SignIn:
    """Open a session, or the one sentence of every failure. It never raises for a wrong entry: the count is kept."""
    # The address before the account, in every step: two that want both never wait for each other.
    place = _place(session, house, attempt.address, now)
    row = _account(session, attempt.number)
    if row is None or not row.active or not compared.right or row.password_hash != attempt.password_hash:
        return _failed(session, house, attempt, row, compared, now)
    rules = house.sign_in
    place = place.taken_back(attempt.place, rules.address_failures)
    _keep(session, _place_key(house, attempt.address), place, now)
    if compared.renewed:
        session.execute(update(StaffRow).where(StaffRow.id == row.id).values(password_hash=compared.renewed))
    window, said = _window(session, row.bureau, window)
    due = _due(session, rules, row.id)
    token = sessions.open_session(session, row.id, window, now, rules, address=attempt.address, pending=bool(due))
    if not due:
        return replace(_welcome(session, house, row, token, window, "in", attempt.address, now), text=said)
    _keep_account(
        session, house, attempt.number, row, _stored(row).taken_back(attempt.account, rules.lock_failures), now
    )
    _log(session, row, attempt.address, "half", now)
    return SignIn(token, said, window=window, due=due)


def give_code(session: Connection, house: House, token: str, code: str, address: str, now: datetime) -> SignIn:
    """The second step: the session becomes a whole one, under another token; wrong codes lock as wrong passwords do.

    NotSignedIn where no password was given before, or longer than ten minutes ago.
    """
    rules, place = house.sign_in, _place(session, house, address, now)
    row = _half(session, token, now)
    account = _stored(row)
    if account.locked(now) or place.locked(now):
        sessions.sign_out(session, token, now)
        _log(session, row, address, "locked", now)
        return SignIn(None, _locked(rules) if account.locked(now) else _locked_place(rules))
    how = second_factor.take(session, house.keys, row.id, code, now)
    if how:
        fresh = sessions.complete(session, token, now, rules)
        outcome = "recovery" if how == second_factor.RECOVERY else "in"
        return _welcome(session, house, row, fresh, row.sits, outcome, address, now)
    account = account.counted(now, rules.lock_failures, rules.lock)
    place = place.counted(now, rules.address_failures, rules.lock, rules.lock)
    _keep_account(session, house, row.number, row, account, now)
    _keep(session, _place_key(house, address), place, now)
    _log(session, row, address, "lock" if account.locked(now) else "code", now)
    if account.locked(now):
        sessions.sign_out(session, token, now)
        return SignIn(None, _locked(rules))
    return SignIn(token, _WRONG_CODE, due=CODE)


def enrol(
    session: Connection, house: House, token: str, ticket: str, code: str, address: str, now: datetime
) -> tuple[SignIn, tuple[str, ...]]:
    """Set up the second factor in the middle of signing in: the whole session, and the recovery codes to show once."""
    row = _half(session, token, now)
    actor = sessions.signed_in(session, token, now, house.sign_in).actor
    made = second_factor.enrol(session, house.keys, actor, ticket, code, now)
    fresh = sessions.complete(session, token, now, house.sign_in)
    return _welcome(session, house, row, fresh, row.sits, "in", address, now), made


def sign_out(session: Connection, token: str, address: str, now: datetime) -> None:
    """The session is over, and that is on record; a token that is none changes nothing."""
    live = (SessionRow.digest == sessions.digest_of(token)) & SessionRow.revoked_at.is_(None)
    query = select(StaffRow, SessionRow.pending).join(SessionRow, SessionRow.staff_id == StaffRow.id).where(live)
    row: Any = session.execute(query).one_or_none()
    if row is None:
        return
    sessions.sign_out(session, token, now)
    if not row.pending:
        _log(session, row, address, "out", now)


def _welcome(
    session: Connection,
    house: House,
    row: Row[Any],
    token: str,
    window: str,
    outcome: str,
    address: str,
    now: datetime,
) -> SignIn:
    """Failures are forgotten, the sign-in is on record, and other places end where the office wants one at a time."""
    old = passwords.is_due(session, row.id, row.created_at, now, house.sign_in.passwords)
    values = {"failures": 0, "locked_until": None, "last_login_at": now, "window": window}
    must_change = bool(row.must_change) or old
    session.execute(update(StaffRow).where(StaffRow.id == row.id).values(**values, must_change=int(must_change)))
    if house.sign_in.one_place:
        sessions.end_sessions_of(session, row.id, now, keep=token)
    _log(session, row, address, outcome, now)
    return SignIn(token, must_change=must_change, last_login=row.last_login_at, window=window)


def _failed(
    session: Connection, house: House, attempt: Attempt, row: Row[Any] | None, compared: Compared, now: datetime
) -> SignIn:
    locks = attempt.account.locked(now)
    if attempt.place.locked(now):
        outcome = "address"
    elif row is None:
        outcome = "unknown"
    elif locks:
        outcome = "lock"
    else:
        outcome = "disabled" if compared.right and not row.active else "wrong"
    _log(session, row, attempt.address, outcome, now)
    return SignIn(None, _locked(house.sign_in) if locks else _WRONG)


def _due(session: Connection, rules: SignInRules, staff_id: int) -> str:
    """What is due after the right password."""
    if second_factor.is_enrolled(session, staff_id):
        return CODE
    held = session.scalars(select(StaffRoleRow.role).where(StaffRoleRow.staff_id == staff_id))
    return ENROL if rules.needs_second_factor(held) else ""


def _half(session: Connection, token: str, now: datetime) -> Any:
    """The account behind a pending session, locked for this transaction; NotSignedIn where there is none."""
    query = (
        select(StaffRow, SessionRow.window.label("sits"))
        .join(SessionRow, SessionRow.staff_id == StaffRow.id)
        .where(
            *(SessionRow.digest == sessions.digest_of(token), SessionRow.pending == 1),
            *(SessionRow.revoked_at.is_(None), SessionRow.expires_at > now, StaffRow.active == 1),
        )
        .with_for_update()
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotSignedIn("登录已过期，请重新输入工号和密码。")
    return found


def _account(session: Connection, number: str) -> Row[Any] | None:
    if not _NUMBER.fullmatch(number):
        return None
    return session.execute(select(StaffRow).where(StaffRow.number == number).with_for_update()).one_or_none()


def _stored(row: Row[Any]) -> Tally:
    return Tally(row.failures, None, row.locked_until)


def _tally_of(session: Connection, house: House, number: str, row: Row[Any] | None, now: datetime) -> Tally:
    return _stored(row) if row is not None else _read(session, _number_key(house, number), now)


def _keep_account(
    session: Connection, house: House, number: str, row: Row[Any] | None, tally: Tally, now: datetime
) -> None:
    if row is None:
        _keep(session, _number_key(house, number), tally, now)
        return
    values = {"failures": tally.failures, "locked_until": tally.locked_until}
    session.execute(update(StaffRow).where(StaffRow.id == row.id).values(values))


def _place(session: Connection, house: House, address: str, now: datetime) -> Tally:
    return _read(session, _place_key(house, address), now)


def _place_key(house: House, address: str) -> str:
    return house.keys.index(f"sign-in address:{address}")


def _number_key(house: House, number: str) -> str:
    return house.keys.index(f"sign-in number:{number}")


def _read(session: Connection, key: str, now: datetime) -> Tally:
    """The tally of a key, its row locked; where there is none it is made, so that of two at once one waits."""
    insert_ = sqlite_insert if is_sqlite(session) else postgres_insert
    empty = {"key": key, "failures": 0, "touched_at": now}
    session.execute(insert_(SignInTallyRow).values(empty).on_conflict_do_nothing(index_elements=["key"]))
    row = session.execute(select(SignInTallyRow).where(SignInTallyRow.key == key).with_for_update()).one()
    return Tally(row.failures, row.since, row.locked_until)


def _keep(session: Connection, key: str, tally: Tally, now: datetime) -> None:
    values = {"failures": tally.failures, "since": tally.since, "locked_until": tally.locked_until, "touched_at": now}
    session.execute(update(SignInTallyRow).where(SignInTallyRow.key == key).values(values))


def sweep_tallies(session: Connection, now: datetime) -> int:
    """Forget addresses and unknown numbers nobody tried for thirty days; how many."""
    return session.execute(delete(SignInTallyRow).where(SignInTallyRow.touched_at <= now - _KEPT)).rowcount


def _log(session: Connection, row: Row[Any] | None, address: str, outcome: str, now: datetime) -> None:
    about = {"bureau": "", "staff_id": None} if row is None else {"bureau": row.bureau, "staff_id": row.id}
    session.execute(insert(SignInRow).values(at=now, address=address, outcome=outcome, **about))


def _window(session: Connection, bureau: str, typed: str) -> tuple[str, str]:
    """The window as typed, and nothing to say; where the bureau keeps a list and it is not on it, no window and why."""
    window = _CONTROL.sub("", typed).strip()[:_LONGEST_WINDOW]
    known = session.scalars(select(WindowRow.name).where(WindowRow.bureau == bureau, WindowRow.active == 1)).all()
    if not window or not known or window in known:
        return window, ""
    return "", f"“{window}”不是本单位在用的窗口，本次按不在窗口办公登录。"


def _locked(rules: SignInRules) -> str:
    return f"登录失败次数过多，账号已锁定，请 {rules.lock_minutes} 分钟后再试。"


def _locked_place(rules: SignInRules) -> str:
    return f"本机所在网络登录失败次数过多，请 {rules.lock_minutes} 分钟后再试。"
