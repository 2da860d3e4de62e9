"""The one way into a case's history: entries chained after its head, and the row's changes with its next version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, update

from caseflow.errors import CaseChanged
from caseflow.house import Actor, House, beijing_day
from caseflow.store.journal import Entry, append
from caseflow.store.models import CaseRow


class Head(Protocol):
    """The row of a case as it was read: where its history stands."""

    @property
    def bureau(self) -> str:
        """Whose case it is."""

    @property
    def id(self) -> int:
        """Its row."""

    @property
    def version(self) -> int:
        """How many entries its history has."""

    @property
    def chain(self) -> str:
        """The chain value of the last of them."""

    @property
    def state(self) -> str:
        """The state it is in."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to a case; without states it stayed where it was. Actor 0 is nobody of the staff."""

    actor: Actor
    action: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    from_state: str | None = None
    to_state: str | None = None
    duty: str = ""


def record(
    session: Connection,
    house: House,
    head: Head,
    happened: Sequence[Happened],
    columns: Mapping[str, Any],
    now: datetime,
) -> int:
    """Write what happened and the changed columns of the case row; the new version.

    Raises CaseChanged where the row is no longer the one that was read.
    """
    entries = [_entry(head, ahead, one, now) for ahead, one in enumerate(happened, 1)]
    chain = append(session, house.keys, head.chain, entries)
    version = head.version + len(entries)
    mine = update(CaseRow).where(CaseRow.bureau == head.bureau, CaseRow.id == head.id, CaseRow.version == head.version)
    if session.execute(mine.values(**columns, version=version, chain=chain)).rowcount != 1:
        message = "本件刚刚已由他人推进，请刷新后再办"
        raise CaseChanged(message)
    return version


def _entry(head: Head, ahead: int, one: Happened, now: datetime) -> Entry:
    return Entry(
        bureau=head.bureau,
        case_id=head.id,
        seq=head.version + ahead,
        at=now,
        on_day=beijing_day(now),
        actor_id=one.actor.id or None,
        actor_name=one.actor.name,
        action=one.action,
        from_state=head.state if one.from_state is None else one.from_state,
        to_state=head.state if one.to_state is None else one.to_state,
        duty=one.duty,
        detail=one.detail,
    )
