"""Editions: the definitions of the files become what runs; a case keeps the edition it was registered under."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from caseflow.catalogue import Catalogue
from caseflow.store.models import EditionRow


@dataclass(frozen=True, slots=True)
class Synced:
    """How many items got a new edition, kept theirs, or left the catalogue."""

    added: int
    unchanged: int
    withdrawn: int


def sync(session: Connection, catalogue: Catalogue, now: datetime) -> Synced:
    """Store every item by digest as an edition and put it in force; items that are no longer defined end."""
    current = select(EditionRow.id, EditionRow.bureau, EditionRow.item_key, EditionRow.digest).where(
        EditionRow.current == 1
    )
    held = {(row.bureau, row.item_key): row for row in session.execute(current)}
    added = 0
    for (bureau, key), text in catalogue.texts.items():
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = held.pop((bureau, key), None)
        if row is not None and row.digest == digest:
            continue
        if row is not None:
            _end(session, row.id)
        _put_in_force(session, bureau, key, digest, text, now)
        added += 1
    for row in held.values():
        _end(session, row.id)
    return Synced(added, len(catalogue.texts) - added, len(held))


def _end(session: Connection, edition_id: int) -> None:
    session.execute(update(EditionRow).where(EditionRow.id == edition_id).values(current=0))


def _put_in_force(session: Connection, bureau: str, key: str, digest: str, text: str, now: datetime) -> None:
    same = [EditionRow.bureau == bureau, EditionRow.item_key == key, EditionRow.digest == digest]
    again = session.execute(update(EditionRow).where(*same).values(current=1, synced_at=now))
    if again.rowcount:
        return
    row = {"bureau": bureau, "item_key": key, "digest": digest, "definition": text, "current": 1, "synced_at": now}
    session.execute(insert(EditionRow).values(row))
