"""The second factor: a telephone's one-time code, and ten recovery codes for the day the telephone is lost."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, delete, insert, select, update

from caseflow.desk.changes import note
from caseflow.desk.passwords import new_password
from caseflow.desk.preferences import alone
from caseflow.errors import BadInput, Fault, Refusal, Refused, Unavailable
from caseflow.house import Actor
from caseflow.rules.totp import matching_step, secret_of, secret_text
from caseflow.store.seal import Keys
from caseflow.store.sign_in_models import RecoveryCodeRow, SecondFactorRow

RECOVERY_CODES: Final = 10
CODE, RECOVERY = "code", "recovery"
"""What a second factor was given by."""

_SECRET_BYTES: Final = 20
"""As long as the MAC it keys (RFC 4226, 4 R6 recommends 160 bits)."""

_RECOVERY_GROUPS: Final = 6
"""24 characters out of 31: 118 bits, so that a plain digest keeps them (ASVS 5.0, 6.5.2 asks for 112)."""

_OFFER_HOLDS: Final = timedelta(minutes=30)
_ISSUER: Final = "caseflow"
_DIGITS: Final = re.compile(r"[0-9]{6}")
_STALE: Final = "页面打开过久，密钥已更换，请重新扫描后输入新的动态口令"


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret to be taken into an authenticator; `ticket` brings it back sealed, and nothing is stored before that."""

    text: str = field(repr=False)
    address: str = field(repr=False)
    ticket: str = field(repr=False)


def offer(keys: Keys, actor: Actor, now: datetime) -> Offer:
    """A new secret for this person."""
    return _offered(secrets.token_bytes(_SECRET_BYTES), keys, actor, now)


def offer_again(keys: Keys, actor: Actor, ticket: str, now: datetime) -> Offer:
    """The secret of a ticket once more, or a new one where the ticket is another's, too old or none."""
    secret = _secret_in(keys, actor, ticket, now)
    return offer(keys, actor, now) if secret is None else Offer(*_shown(secret, actor), ticket)


def enrol(session: Connection, keys: Keys, actor: Actor, ticket: str, code: str, now: datetime) -> tuple[str, ...]:
    """Keep the secret whose code was given, and give the recovery codes, to be shown once.

    BadInput where the code is not of this secret; Refused where a second factor is kept already.
    """
    alone(session, actor)
    if is_enrolled(session, actor.id):
        raise Refused([Refusal("enrolled", "本账号已启用动态口令；更换手机请先由安全管理员重置")])
    secret = _secret_in(keys, actor, ticket, now)
    if secret is None:
        raise BadInput([Fault("code", _STALE)])
    step = matching_step(secret, _plain(code), now, 0)
    if step is None:
        raise BadInput([Fault("code", "动态口令不正确。请核对手机时间是否准确，并输入当前显示的 6 位数字")])
    row = {"staff_id": actor.id, "sealed": keys.seal(secret_text(secret)), "made_at": now, "last_step": step}
    session.execute(insert(SecondFactorRow).values(row))
    made = tuple(new_password(_RECOVERY_GROUPS) for _ in range(RECOVERY_CODES))
    session.execute(insert(RecoveryCodeRow), [{"staff_id": actor.id, "digest": _digest(actor.id, one)} for one in made])
    note(session, actor, actor.bureau, "second_factor_on", [], now, actor.id)
    return made


def is_enrolled(session: Connection, staff_id: int) -> bool:
    """Whether this person has a second factor."""
    return (
        session.execute(select(SecondFactorRow.staff_id).where(SecondFactorRow.staff_id == staff_id)).first()
        is not None
    )


def take(session: Connection, keys: Keys, staff_id: int, code: str, now: datetime) -> str:
    """How the code was a good one, CODE or RECOVERY, and used up by that; "" where it was none.

    A step's code is taken once, whoever asks twice at the same instant: the row is locked meanwhile.
    """
    plain = _plain(code)
    if not _DIGITS.fullmatch(plain):
        return RECOVERY if _take_recovery(session, staff_id, plain, now) else ""
    query = select(SecondFactorRow.sealed, SecondFactorRow.last_step).where(SecondFactorRow.staff_id == staff_id)
    row = session.execute(query.with_for_update()).one_or_none()
    if row is None:
        return ""
    step = matching_step(secret_of(keys.open(row.sealed)), plain, now, row.last_step)
    if step is None:
        return ""
    session.execute(update(SecondFactorRow).where(SecondFactorRow.staff_id == staff_id).values(last_step=step))
    return CODE


def forget(session: Connection, staff_id: int) -> bool:
    """The person has no second factor any more; whether there was one."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.staff_id == staff_id))
    return session.execute(delete(SecondFactorRow).where(SecondFactorRow.staff_id == staff_id)).rowcount > 0


def _offered(secret: bytes, keys: Keys, actor: Actor, now: datetime) -> Offer:
    sealed = keys.seal(f"{actor.id} {int(now.timestamp())} {secret_text(secret)}")
    return Offer(*_shown(secret, actor), urlsafe_b64encode(sealed).decode())


def _shown(secret: bytes, actor: Actor) -> tuple[str, str]:
    text = secret_text(secret)
    return text, f"otpauth://totp/{_ISSUER}:{quote(actor.number, safe='')}?secret={text}&issuer={_ISSUER}"


def _secret_in(keys: Keys, actor: Actor, ticket: str, now: datetime) -> bytes | None:
    try:
        owner, made, text = keys.open(urlsafe_b64decode(ticket)).split(" ")
        stale = now.timestamp() - int(made) > _OFFER_HOLDS.total_seconds()
    except (ValueError, Unavailable):
        return None
    return None if stale or owner != str(actor.id) else secret_of(text)


def _take_recovery(session: Connection, staff_id: int, code: str, now: datetime) -> bool:
    unused = (RecoveryCodeRow.staff_id == staff_id) & RecoveryCodeRow.used_at.is_(None)
    mine = update(RecoveryCodeRow).where(unused, RecoveryCodeRow.digest == _digest(staff_id, code.lower()))
    return session.execute(mine.values(used_at=now)).rowcount == 1


def _digest(staff_id: int, code: str) -> str:
    return hashlib.sha256(f"{staff_id} {code.replace('-', '')}".encode("utf-8", "replace")).hexdigest()


def _plain(code: str) -> str:
    """The code without spaces, full-width digits as plain ones."""
    return "".join(unicodedata.normalize("NFKC", code).split())
