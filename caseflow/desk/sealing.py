"""Sealing the history outside the database: what has settled since the last seal is counted and written to a file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from caseflow.house import House
from caseflow.store.models import EventRow
from caseflow.store.seals import Seal, read_seals, sealed

APART: Final = timedelta(minutes=1)
"""The least time between two seals: longer than any transaction, so that what the last one saw has settled."""


def seal_history(session: Connection, house: House, path: Path, now: datetime) -> Seal | None:
    """Seal what has settled since the last seal; the new seal is on disk when this returns. None for nothing new."""
    seals = read_seals(path)
    newest = session.execute(select(func.max(EventRow.id))).scalar_one() or 0
    first, last = (seals[-1].last, seals[-1].seen) if seals else (0, 0)
    if newest == last == first or (seals and now - datetime.fromisoformat(seals[-1].at) < APART):
        return None
    count, mac = sealed(session, house.keys, first, last)
    seal = Seal(now.astimezone(UTC).isoformat(timespec="seconds"), first, last, newest, count, mac, house.keys.key_id)
    _append(path, seal)
    return seal


def _append(path: Path, seal: Seal) -> None:
    with path.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(asdict(seal)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
