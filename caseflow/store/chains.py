"""Which key chained what: entries and tombstones stay with the key of their time when the master key is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from caseflow.store.keeping_models import MasterKeyRow
from caseflow.store.seal import Chainer, ChainKey, Keys
from caseflow.store.seals import sealed


@dataclass(frozen=True, slots=True)
class Epoch:
    """The time of one master key: what has a higher row id than this was chained with it or with a later one."""

    key_id: str
    events_before: int
    purges_before: int
    key: Chainer


@dataclass(frozen=True, slots=True)
class Chains:
    """Every chain key of an installation, the oldest first."""

    epochs: tuple[Epoch, ...]

    def of_event(self, row_id: int) -> Chainer:
        """The key an entry was chained with."""
        return next(one.key for one in reversed(self.epochs) if one.events_before < row_id or one is self.epochs[0])

    def of_tombstone(self, row_id: int) -> Chainer:
        """The key a tombstone was made with."""
        return next(one.key for one in reversed(self.epochs) if one.purges_before < row_id or one is self.epochs[0])

    def of_seal(self, key_id: str, last: int) -> Chainer | None:
        """The key of a seal, by its name ("" is the oldest); None where that key was retired before the seal's end."""
        place = next((n for n, one in enumerate(self.epochs) if key_id in {"", one.key_id}), None)
        if place is None:
            return None
        retired = self.epochs[place + 1 :]
        return None if retired and last > retired[0].events_before else self.epochs[place].key


def chains_of(session: Connection, keys: Keys) -> Chains:
    """The chain keys of this installation; Unavailable where a retired one does not open."""
    rows = session.execute(_rows()).all()
    if not rows:
        return Chains((Epoch(keys.key_id, 0, 0, keys),))
    return Chains(tuple(_epoch(keys, row) for row in rows))


def broken_vouchings(session: Connection, keys: Keys) -> Iterator[tuple[str, str]]:
    """Each change of the key whose vouching for everything before it no longer holds: the day, and what is wrong."""
    for row in session.execute(_rows()).all():
        if row.covers_mac:
            key = _epoch(keys, row).key
            if vouching(session, key, row.covers_last, row.covers_purge) != (row.covers_count, row.covers_mac):
                yield row.since.isoformat(timespec="seconds"), "更换密钥之前的办理记录与更换时不一致"


def vouching(session: Connection, key: Chainer, last_event: int, last_purge: int) -> tuple[int, str]:
    """How many events there are up to a row, and a MAC over all of them and over how far the tombstones went."""
    count, mac = sealed(session, key, 0, last_event)
    return count, key.mac(b"rotation", f"{last_event}:{count}:{last_purge}".encode(), mac.encode())


def _rows() -> Any:
    return select(*MasterKeyRow.__table__.columns).order_by(MasterKeyRow.id)


def _epoch(keys: Keys, row: Row[*tuple[Any, ...]]) -> Epoch:
    key: Chainer = keys if row.chain_sealed is None else ChainKey(bytes.fromhex(keys.open(row.chain_sealed)))
    return Epoch(row.key_id, row.covers_last, row.covers_purge, key)
