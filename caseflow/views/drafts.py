"""A person's own forms that were not sent: nobody else's are ever opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from caseflow.errors import Unavailable
from caseflow.house import Actor, House
from caseflow.store.models import CaseRow
from caseflow.store.office_models import DraftRow


@dataclass(frozen=True, slots=True)
class Kept:
    """What somebody typed in a form and has not sent, by the name of its input."""

    form: str
    typed: Mapping[str, str]
    saved_at: datetime


def kept_draft(session: Connection, house: House, actor: Actor, form: str) -> Kept | None:
    """One's own form as it was typed; None where nothing is kept, also where another person keeps it."""
    query = select(DraftRow.form, DraftRow.sealed, DraftRow.saved_at)
    row = session.execute(query.where(DraftRow.staff_id == actor.id, DraftRow.form == form)).one_or_none()
    return None if row is None else _opened(house, row.form, row.sealed, row.saved_at)


def kept_drafts(session: Connection, house: House, actor: Actor, prefix: str) -> tuple[Kept, ...]:
    """One's own forms of this kind that became no case, newest first."""
    query = select(DraftRow.form, DraftRow.sealed, DraftRow.saved_at).where(
        DraftRow.staff_id == actor.id, DraftRow.form.startswith(prefix, autoescape=True)
    )
    rows = session.execute(query.order_by(DraftRow.saved_at.desc(), DraftRow.form)).all()
    keys = {row.form: row.form.removeprefix(prefix) for row in rows}
    sent = select(CaseRow.request_key).where(CaseRow.bureau == actor.bureau, CaseRow.request_key.in_(keys.values()))
    registered = set(session.scalars(sent)) if keys else set()
    found = (_opened(house, *row) for row in rows if keys[row.form] not in registered)
    return tuple(one for one in found if one is not None)


def _opened(house: House, form: str, sealed: bytes, saved_at: datetime) -> Kept | None:
    """The form opened; one sealed with another key, or damaged, is as if it were not there."""
    try:
        typed = json.loads(house.keys.open(sealed))
    except Unavailable:
        return None
    return Kept(form, typed, saved_at)
