"""Forms not sent yet: kept sealed for the one person who was typing, so that an idle lock or a crash loses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from re import ASCII, fullmatch
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from caseflow.desk.preferences import alone
from caseflow.desk.sessions import digest_of
from caseflow.errors import BadInput, Fault
from caseflow.house import Actor, House
from caseflow.store.models import CaseRow, SessionRow, StaffRow
from caseflow.store.office_models import DraftRow

KEPT_FOR: Final = timedelta(days=7)
"""A form nobody came back to for so long is forgotten."""

MOST_DRAFTS: Final = 10
LONGEST_DRAFT: Final = 60_000
REGISTRATION: Final = "register:"
"""The forms of 收件登记 are kept by their request key: two windows of one browser never overwrite each other."""

CASE: Final = "case:"
CORRECTION: Final = "correct:"
"""The forms of a case are kept by its number, each for the one version of the case it was written on."""

_KEY = r"[A-Za-z0-9_.:\-]{1,90}"


def save_draft(
    session: Connection, house: House, actor: Actor, form: str, typed: Mapping[str, str], now: datetime
) -> bool:
    """Keep what was typed in a form in place of what was kept of it before; False where it can be sent no more.

    That is a registration that is a case already, and a form of a case that has moved on. The oldest goes where a
    person would keep more than ten. BadInput for a form without a proper name or too large.
    """
    text = json.dumps(dict(typed))
    if not fullmatch(_KEY, form, ASCII):
        raise BadInput([Fault("表单", "表单编号不正确，没有自动保存")])
    if len(text) > LONGEST_DRAFT:
        raise BadInput([Fault("表单", "内容过长，没有自动保存")])
    # The case before the person, as every step locks them.
    if _moved_on(session, actor, form, typed):
        return False
    alone(session, actor)
    if _registered(session, actor, form):
        return False
    drop_draft(session, actor, form)
    row = {"staff_id": actor.id, "form": form, "sealed": house.keys.seal(text), "saved_at": now}
    session.execute(insert(DraftRow).values(row))
    _forget_oldest(session, actor)
    return True


def drop_draft(session: Connection, actor: Actor, form: str) -> None:
    """Forget one's own form; where nothing is kept of it, nothing happens."""
    session.execute(delete(DraftRow).where(DraftRow.staff_id == actor.id, DraftRow.form == form))


def sweep_drafts(session: Connection, now: datetime) -> int:
    """Forget every form kept longer than seven days; how many."""
    return session.execute(delete(DraftRow).where(DraftRow.saved_at <= now - KEPT_FOR)).rowcount


def last_signed_in(session: Connection, token: str, now: datetime) -> Actor | None:
    """Whose session this was, where it ended by itself of late and nobody ended it: no roles, only to keep a form."""
    query = (
        select(StaffRow.id, StaffRow.number, StaffRow.name, StaffRow.bureau, SessionRow.window)
        .join(SessionRow, SessionRow.staff_id == StaffRow.id)
        .where(SessionRow.digest == digest_of(token), SessionRow.revoked_at.is_(None), StaffRow.active == 1)
        .where(SessionRow.expires_at > now - KEPT_FOR, SessionRow.pending == 0)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else Actor(row.id, row.number, row.name, row.bureau, frozenset(), row.window)


def _registered(session: Connection, actor: Actor, form: str) -> bool:
    """Whether a late save comes after its own form was sent."""
    if not form.startswith(REGISTRATION):
        return False
    key = form.removeprefix(REGISTRATION)
    known = select(CaseRow.id).where(CaseRow.bureau == actor.bureau, CaseRow.request_key == key)
    return session.execute(known).first() is not None


def _moved_on(session: Connection, actor: Actor, form: str, typed: Mapping[str, str]) -> bool:
    """Whether a form of a case was written on another version than the present one; a step being taken is awaited."""
    kind, _, number = form.partition(":")
    if f"{kind}:" not in (CASE, CORRECTION):
        return False
    query = select(CaseRow.version).where(CaseRow.bureau == actor.bureau, CaseRow.number == number)
    version = session.execute(query.with_for_update(read=True)).scalar_one_or_none()
    return version is None or typed.get("version") != str(version)


def _forget_oldest(session: Connection, actor: Actor) -> None:
    held = select(DraftRow.form).where(DraftRow.staff_id == actor.id)
    beyond = session.scalars(held.order_by(DraftRow.saved_at.desc(), DraftRow.form).offset(MOST_DRAFTS)).all()
    if beyond:
        session.execute(delete(DraftRow).where(DraftRow.staff_id == actor.id, DraftRow.form.in_(beyond)))
