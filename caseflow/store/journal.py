"""The history of a case: one event per step, each chained to the one before by HMAC. `seq` is the case's version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from caseflow.store.models import EventRow
from caseflow.store.seal import Chainer, Keys

START = ""
"""What the first event of a case is chained to."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step as it is recorded; `detail` holds texts and numbers only, never a full ID or account number."""

    bureau: str
    case_id: int
    seq: int
    at: datetime
    on_day: date
    actor_id: int | None
    actor_name: str
    action: str
    from_state: str
    to_state: str
    duty: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def link(keys: Chainer, before: str, entry: Entry) -> str:
    """The chain value of an entry: the MAC of the one before and of everything the entry says."""
    told = {
        "bureau": entry.bureau,
        "case": entry.case_id,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "day": entry.on_day.isoformat(),
        "actor": entry.actor_id,
        "name": entry.actor_name,
        "action": entry.action,
        "duty": entry.duty,
        "from": entry.from_state,
        "to": entry.to_state,
        "detail": entry.detail,
    }
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return keys.mac(before.encode(), text.encode())


def append(session: Connection, keys: Keys, before: str, entries: list[Entry]) -> str:
    """Write the entries after `before` and give the new head of the chain."""
    rows = []
    for entry in entries:
        before = link(keys, before, entry)
        rows.append(
            {name: getattr(entry, name) for name in Entry.__slots__} | {"chain": before, "detail": dict(entry.detail)}
        )
    session.execute(insert(EventRow), rows)
    return before
