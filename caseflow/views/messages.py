"""A person's own messages: how many are unread, and the list, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, func, select

from caseflow.house import Actor
from caseflow.store.models import CaseRow
from caseflow.store.side_models import MessageRow

PAGE: Final = 50
"""Messages on one page."""


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """One message as its reader sees it; `case_number` is "" where it is about no case."""

    id: int
    kind: str
    text: str
    case_number: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of messages; `older` is where the next page begins, None on the last."""

    messages: tuple[OwnMessage, ...]
    unread: int
    older: int | None

    @property
    def newest(self) -> int:
        """The newest message shown; 0 where there is none."""
        return self.messages[0].id if self.messages else 0


def unread_count(session: Connection, actor: Actor) -> int:
    """How many of one's own messages are unread."""
    query = select(func.count()).where(MessageRow.staff_id == actor.id, MessageRow.read_at.is_(None))
    return int(session.execute(query).scalar_one())


def inbox(session: Connection, actor: Actor, before: int | None = None) -> Inbox:
    """One page of one's own messages, newest first; those below the id `before` where it is given."""
    query = (
        select(
            MessageRow.id,
            MessageRow.kind,
            MessageRow.text,
            func.coalesce(CaseRow.number, ""),
            MessageRow.created_at,
            MessageRow.read_at,
        )
        .outerjoin(CaseRow, and_(CaseRow.id == MessageRow.case_id, CaseRow.bureau == MessageRow.bureau))
        .where(MessageRow.staff_id == actor.id)
        .order_by(MessageRow.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(MessageRow.id < before)
    found = [OwnMessage(*row) for row in session.execute(query)]
    shown = tuple(found[:PAGE])
    return Inbox(shown, unread_count(session, actor), shown[-1].id if len(found) > PAGE else None)
