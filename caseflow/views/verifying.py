"""Whether the history still says what was written: every case's chain from its first entry to the head on its row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select

from caseflow.house import House
from caseflow.store.chains import Chains, broken_vouchings, chains_of
from caseflow.store.guards import PurgedEventRow, PurgeRow, tombstone_mac
from caseflow.store.journal import START, Entry, link
from caseflow.store.models import CaseRow, EventRow
from caseflow.store.seal import Chainer
from caseflow.store.seals import Seal, read_seals, sealed

BATCH = 500
"""Cases read in one transaction, so that nobody at a window waits for a check of years."""

AnyRow = Row[*tuple[Any, ...]]
_ENTRY = [getattr(EventRow, name) for name in Entry.__slots__]


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the history of a case no longer holds: the entry at which it breaks, and what is wrong."""

    bureau: str
    number: str
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One batch: the id of its last case (None at the end), how many cases and entries it had, and what was broken."""

    last: int | None
    cases: int
    entries: int
    broken: tuple[Broken, ...]


def seals_at(path: Path) -> tuple[Seal, ...]:
    """The seals of this installation, the oldest first; Unavailable where the file is none."""
    return read_seals(path)


def seal_fault(session: Connection, house: House, seal: Seal, before: int) -> str:
    """What no longer fits this seal, which goes on from the row `before`; nothing where it holds."""
    if seal.first != before:
        return "与上一次封存不相接，封存记录有缺"
    key = chains_of(session, house.keys).of_seal(seal.key, seal.last)
    if key is None:
        return "封存时用的密钥不在使用中"
    count, mac = sealed(session, key, seal.first, seal.last)
    if count != seal.count:
        return f"封存时有 {seal.count} 条办理记录，现在有 {count} 条"
    return "" if mac == seal.mac else "办理记录与封存时不一致"


def bureaus_of(session: Connection) -> tuple[str, ...]:
    """Every bureau that has cases, whether or not it is still defined."""
    return tuple(session.execute(select(CaseRow.bureau).distinct().order_by(CaseRow.bureau)).scalars())


def check_batch(session: Connection, house: House, bureau: str, after: int) -> Checked:
    """Follow the chains of the next cases of a bureau after that row id."""
    wanted = (CaseRow.id, CaseRow.number, CaseRow.version, CaseRow.chain, CaseRow.state)
    query = select(*wanted).where(CaseRow.bureau == bureau, CaseRow.id > after).order_by(CaseRow.id).limit(BATCH)
    cases: Sequence[AnyRow] = session.execute(query).all()
    if not cases:
        return Checked(None, 0, 0, ())
    last = cases[-1].id
    histories = dict(_histories(session, bureau, after, last))
    chains = chains_of(session, house.keys)
    looked = (_check(chains, bureau, case, histories.get(case.id, ())) for case in cases)
    broken = tuple(one for one in looked if one is not None)
    return Checked(last, len(cases), sum(map(len, histories.values())), broken)


def _histories(session: Connection, bureau: str, after: int, last: int) -> Iterator[tuple[int, Sequence[AnyRow]]]:
    query = (
        select(*_ENTRY, EventRow.chain, EventRow.id)
        .where(EventRow.bureau == bureau, EventRow.case_id > after, EventRow.case_id <= last)
        .order_by(EventRow.case_id, EventRow.seq)
    )
    found: Sequence[AnyRow] = session.execute(query).all()
    for case_id, rows in groupby(found, key=lambda row: int(row.case_id)):
        yield case_id, list(rows)


def _check(chains: Chains, bureau: str, case: AnyRow, rows: Sequence[AnyRow]) -> Broken | None:
    """The first place at which a case's history breaks."""
    head, state = START, ""
    for place, row in enumerate(rows, 1):
        entry = Entry(*row[:-2])
        if entry.seq != place:
            return Broken(bureau, case.number, place, f"缺少第 {place} 条办理记录")
        head = link(chains.of_event(row.id), head, entry)
        if head != row.chain:
            return Broken(bureau, case.number, place, f"第 {place} 条办理记录与封链不符")
        state = entry.to_state
    if case.version != len(rows) or case.chain != head:
        return Broken(bureau, case.number, len(rows), f"办件登记有 {case.version} 条办理记录，实有 {len(rows)} 条")
    if case.state != state:
        return Broken(bureau, case.number, len(rows), "办件现在的环节与办理记录不一致")
    return None


def key_faults(session: Connection, house: House) -> tuple[tuple[str, str], ...]:
    """The changes of the master key, by their moment, before which something was changed since."""
    return tuple(broken_vouchings(session, house.keys))


def check_tombstones(session: Connection, house: House, after: int) -> Checked:
    """The next tombstones after that row id: each made by this installation, with all its links, and its case gone."""
    query = select(*PurgeRow.__table__.columns).where(PurgeRow.id > after).order_by(PurgeRow.id).limit(BATCH)
    rows: Sequence[AnyRow] = session.execute(query).all()
    chains = chains_of(session, house.keys)
    faults = ((row, _tombstone_fault(session, chains.of_tombstone(row.id), row)) for row in rows)
    broken = tuple(Broken(row.bureau, row.number, row.events, fault) for row, fault in faults if fault)
    return Checked(rows[-1].id if rows else None, len(rows), sum(row.events for row in rows), broken)


def _tombstone_fault(session: Connection, key: Chainer, row: AnyRow) -> str:
    if row.mac != tombstone_mac(key, row):
        return "销毁登记与销毁时不一致"
    here = [PurgedEventRow.bureau == row.bureau, PurgedEventRow.case_id == row.case_id]
    counted = session.execute(select(func.count(), func.max(PurgedEventRow.seq)).where(*here)).one()
    head = select(PurgedEventRow.chain).where(*here, PurgedEventRow.seq == row.events)
    if tuple(counted) != (row.events, row.events) or session.execute(head).scalar_one() != row.chain:
        return f"销毁了 {row.events} 条办理记录，留下的封链不全"
    alive = select(CaseRow.id).where(CaseRow.bureau == row.bureau, CaseRow.id == row.case_id)
    return "登记为已销毁，办件却还在" if session.execute(alive).first() else ""
