"""The outbox: a message to the outside is a row written with its cause; the worker sends it at least once.

A row is claimed by compare-and-set on its attempts and then left alone for LEASE: of two workers one sends it. A worker
that dies between sending and marking leaves a row that falls due again after the lease: that message goes out twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select, update

from caseflow.desk.messages import Note, holders, insert_new, tell
from caseflow.house import House
from caseflow.store.side_models import OutboxRow

WAITS: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""How long to wait after the first, second … attempt that failed; the last wait repeats."""

MOST_ATTEMPTS: Final = 8
"""After so many attempts, spread over about nine hours, a message is given up and people are told."""

LEASE: Final = timedelta(minutes=10)
"""Longer than any attempt takes: its timeouts are seconds."""

CHANNELS: Final = {"email": "邮件", "sms": "短信"}
_CUT_SHORT: Final = "发送中断"

# What a person without the system learns: the item, the code to ask with, the day. No name, no number.
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "supplement_due": (
        "补正提醒",
        "【{bureau}】您申请的“{item}”须在{due}前补齐材料，逾期可能不再办理。查询码{query_code}。",
    ),
    "commitment_due": (
        "承诺材料提醒",
        "【{bureau}】您办理“{item}”时承诺补交的材料，须在{due}前交齐。查询码{query_code}。",
    ),
    "day_summary": (
        "{day} 办件期限提醒",
        "{bureau}（件）：超法定 {over_statutory}，超承诺 {over_promised}，今日到期 {today}，其他期限到期 {deadlines}。",
    ),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to the outside: its kind and fields make the words; `once` keeps it from being queued twice."""

    bureau: str
    case_id: int | None
    channel: str
    to: str = field(repr=False)
    kind: str
    fields: Mapping[str, Any]
    once: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed row; `attempt` counts from 1 and is what the claim is held by."""

    id: int
    bureau: str
    case_id: int | None
    channel: str
    to_sealed: bytes = field(repr=False)
    kind: str
    fields: Mapping[str, Any]
    attempt: int

    @property
    def key(self) -> str:
        """Names this message to the other side, the same on every attempt."""
        return f"{self.bureau}-{self.id}"


def enqueue(session: Connection, house: House, letter: Letter, now: datetime) -> bool:
    """Queue a message inside the transaction of its cause; False where this occasion was queued before."""
    compose(letter.kind, letter.fields)
    row = {
        "bureau": letter.bureau,
        "case_id": letter.case_id,
        "channel": letter.channel,
        "to_sealed": house.keys.seal(letter.to),
        "kind": letter.kind,
        "fields": dict(letter.fields),
        "once": letter.once,
        "created_at": now,
        "next_at": now,
        "attempts": 0,
    }
    return insert_new(session, OutboxRow, [row]) == 1


def compose(kind: str, fields: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and words of a message; KeyError for a kind or field there is none of."""
    subject, words = _TEXTS[kind]
    return subject.format(**fields), words.format(**fields)


def anything_due(session: Connection, now: datetime) -> bool:
    """Whether a message waits to be sent; a look that takes no lock."""
    return session.execute(select(OutboxRow.id).where(*_due(now)).limit(1)).first() is not None


def claim_next(session: Connection, now: datetime) -> Outgoing | None:
    """Take the message that has waited longest, for LEASE; None where none is due or another worker was quicker."""
    row = _longest_waiting(session, now)
    while row is not None and row.attempts >= MOST_ATTEMPTS:
        _give_up(session, Outgoing(*row), _CUT_SHORT, now)
        row = _longest_waiting(session, now)
    if row is None:
        return None
    claimed = {"attempts": row.attempts + 1, "next_at": now + LEASE}
    if session.execute(_held(row.id, row.attempts).values(claimed)).rowcount != 1:
        return None
    return replace(Outgoing(*row), attempt=row.attempts + 1)


def mark_sent(session: Connection, sent: Outgoing, now: datetime) -> None:
    """Done: also where the lease ran out meanwhile, for the other side has the message."""
    standing = update(OutboxRow).where(OutboxRow.id == sent.id, OutboxRow.done_at.is_(None))
    session.execute(standing.values(done_at=now, last_error=""))


def mark_failed(session: Connection, failed: Outgoing, reason: str, now: datetime) -> bool:
    """Wait for the next attempt, or give up after the last; whether it was given up. `reason` names no person."""
    if failed.attempt >= MOST_ATTEMPTS:
        return _give_up(session, failed, reason, now)
    wait = WAITS[min(failed.attempt, len(WAITS)) - 1]
    session.execute(_held(failed.id, failed.attempt).values(next_at=now + wait, last_error=reason))
    return False


def _give_up(session: Connection, row: Outgoing, reason: str, now: datetime) -> bool:
    given_up = {"done_at": now, "gave_up": 1, "last_error": reason}
    if session.execute(_held(row.id, row.attempt).values(given_up)).rowcount != 1:
        return False
    # A row of a kind that this version does not know must be given up too.
    subject = compose(row.kind, row.fields)[0] if row.kind in _TEXTS else row.kind
    words = f"{CHANNELS[row.channel]}“{subject}”没有发出，已试 {row.attempt} 次：{reason}"
    note = Note(row.bureau, row.case_id, "not_sent", words, f"outbox:{row.id}")
    tell(session, [(note, holders(session, row.bureau, "supervisor", "administrator"))], now)
    return True


def _due(now: datetime) -> list[Any]:
    return [OutboxRow.done_at.is_(None), OutboxRow.next_at <= now]


def _longest_waiting(session: Connection, now: datetime) -> Any:
    # In the order of Outgoing's fields. PostgreSQL passes over what another worker is just taking.
    query = select(
        OutboxRow.id,
        OutboxRow.bureau,
        OutboxRow.case_id,
        OutboxRow.channel,
        OutboxRow.to_sealed,
        OutboxRow.kind,
        OutboxRow.fields,
        OutboxRow.attempts,
    )
    waiting = query.where(*_due(now)).order_by(OutboxRow.next_at, OutboxRow.id).limit(1)
    return session.execute(waiting.with_for_update(skip_locked=True)).one_or_none()


def _held(row_id: int, attempts: int) -> Any:
    return update(OutboxRow).where(OutboxRow.id == row_id, OutboxRow.attempts == attempts, OutboxRow.done_at.is_(None))
