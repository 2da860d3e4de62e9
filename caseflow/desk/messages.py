"""Messages inside the application: who is told, each message once, and marking them read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from caseflow.house import Actor
from caseflow.store.db import is_sqlite
from caseflow.store.models import StaffRoleRow, StaffRow
from caseflow.store.side_models import MessageRow, OutboxRow

_CHUNK = 500
"""Rows in one statement, well below what SQLite takes as parameters."""


@dataclass(frozen=True, slots=True)
class Note:
    """What staff are told; `once` names the occasion, so that it is told one time only."""

    bureau: str
    case_id: int | None
    kind: str
    text: str
    once: str


def tell(session: Connection, notes: Iterable[tuple[Note, Sequence[int]]], now: datetime) -> int:
    """Write each note to its people (staff ids); what they were told before is left out. Gives the messages written."""
    rows = [
        {
            "bureau": note.bureau,
            "staff_id": staff_id,
            "case_id": note.case_id,
            "kind": note.kind,
            "text": note.text,
            "once": note.once,
            "created_at": now,
        }
        for note, staff in notes
        for staff_id in staff
    ]
    return insert_new(session, MessageRow, rows)


def insert_new(session: Connection, table: type[MessageRow | OutboxRow], rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows that break no uniqueness, and give how many those were."""
    written = 0
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        written += len(session.execute(_insert(session, table, chunk)).all())
    return written


def _insert(session: Connection, table: type[MessageRow | OutboxRow], rows: Sequence[dict[str, Any]]) -> Any:
    dialect = sqlite if is_sqlite(session) else postgresql
    return dialect.insert(table).values(rows).on_conflict_do_nothing().returning(table.id)


def told_before(
    session: Connection, table: type[MessageRow | OutboxRow], bureau: str, occasions: Sequence[str]
) -> set[str]:
    """Which of these occasions were told or queued already, to whomever."""
    found: set[str] = set()
    for start in range(0, len(occasions), _CHUNK):
        wanted = [table.bureau == bureau, table.once.in_(occasions[start : start + _CHUNK])]
        found.update(session.execute(select(table.once).where(*wanted).distinct()).scalars())
    return found


@dataclass(frozen=True, slots=True)
class Answerable:
    """Who answers for the cases of a bureau: the handler while active, else every active supervisor."""

    active: frozenset[int]
    supervisors: tuple[int, ...]

    def of(self, handler_id: int | None) -> tuple[int, ...]:
        """The staff to be told about a case that this person holds, or that nobody holds."""
        return (handler_id,) if handler_id is not None and handler_id in self.active else self.supervisors


def answerable(session: Connection, bureau: str) -> Answerable:
    """Who answers for what in this bureau today."""
    query = select(StaffRow.id).where(StaffRow.bureau == bureau, StaffRow.active == 1)
    return Answerable(frozenset(session.execute(query).scalars()), holders(session, bureau, "supervisor"))


def holders(session: Connection, bureau: str, *roles: str) -> tuple[int, ...]:
    """The active staff of a bureau who hold one of these roles."""
    query = (
        select(StaffRow.id)
        .join(StaffRoleRow, StaffRoleRow.staff_id == StaffRow.id)
        .where(StaffRow.bureau == bureau, StaffRow.active == 1, StaffRoleRow.role.in_(roles))
    )
    return tuple(session.execute(query.distinct().order_by(StaffRow.id)).scalars())


def mark_read(session: Connection, actor: Actor, now: datetime, *, message_id: int) -> int:
    """Mark one own message read; 0 where it is not one's own, not there, or was read before."""
    return _read(session, actor, now, MessageRow.id == message_id)


def mark_all_read(session: Connection, actor: Actor, now: datetime, *, up_to: int) -> int:
    """Mark one's own messages read up to the newest that was shown, so that none is ticked off unseen."""
    return _read(session, actor, now, MessageRow.id <= up_to)


def _read(session: Connection, actor: Actor, now: datetime, which: Any) -> int:
    own = [MessageRow.staff_id == actor.id, MessageRow.read_at.is_(None), which]
    return session.execute(update(MessageRow).where(*own).values(read_at=now)).rowcount
