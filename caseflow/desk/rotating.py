"""Changing the master key: everything sealed is sealed anew and every blind index computed again, in one transaction.

The history is never written again. What the old chain key vouched for stays checked by it, and the new one vouches for
all of it once more: see docs/decisions/0014.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, inspect, select, tuple_, update

from caseflow.errors import Unavailable
from caseflow.store.chains import vouching
from caseflow.store.guards import PurgeRow
from caseflow.store.keeping_models import MasterKeyRow
from caseflow.store.models import CaseRow, EventRow, PersonRow
from caseflow.store.seal import Keys
from caseflow.store.sealed_values import FORGOTTEN, KEYED, SEALED, SEALED_INSIDE, Column
from caseflow.store.side_models import BrokenWordRow

_BATCH: Final = 1000

AnyRow = Any
"""A row whose columns depend on the table."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many values were sealed anew, how many events the new key vouches for, and index entries of nobody known."""

    values: int
    entries: int
    orphans: int


def claim_key(session: Connection, keys: Keys, now: datetime) -> None:
    """Note the name of the key a database is sealed with; nothing where one is noted.

    Unavailable where something in it does not open with this key: then it is another one's.
    """
    if key_in_force(session) != "":
        return
    sample = session.execute(select(PersonRow.id_sealed).limit(1)).scalar_one_or_none()
    if sample is not None:
        keys.open(sample)
    session.execute(insert(MasterKeyRow).values(key_id=keys.key_id, since=now))


def key_in_force(session: Connection) -> str:
    """The name of the newest key this database was sealed with; "" where none was noted."""
    newest = select(MasterKeyRow.key_id).order_by(MasterKeyRow.id.desc()).limit(1)
    return session.execute(newest).scalar_one_or_none() or ""


def rotate(session: Connection, old: Keys, new: Keys, now: datetime) -> Rotated:
    """Seal everything with the new key; Unavailable, naming the row, where something does not open with the old one.

    Nobody else may use either key meanwhile.
    """
    claim_key(session, old, now)
    orphans = _move_broken_words(session, old, new)
    _move_persons(session, old, new)
    values = sum(_reseal(session, column, old, new) for column in SEALED)
    values += sum(_reseal_inside(session, column, old, new) for column in SEALED_INSIDE)
    for column, source in KEYED.items():
        if source is FORGOTTEN:
            session.execute(delete(column.class_))
    return Rotated(values, _vouch(session, old, new, now), orphans)


def _vouch(session: Connection, old: Keys, new: Keys, now: datetime) -> int:
    """Retire the old chain key and let the new one vouch for everything it had chained."""
    last = session.execute(select(func.max(EventRow.id))).scalar_one() or 0
    last_purge = session.execute(select(func.max(PurgeRow.id))).scalar_one() or 0
    count, mac = vouching(session, new, last, last_purge)
    retired = update(MasterKeyRow).where(MasterKeyRow.key_id == old.key_id)
    session.execute(retired.values(chain_sealed=new.seal(old.chain.raw.hex())))
    covers = {"covers_last": last, "covers_purge": last_purge, "covers_count": count, "covers_mac": mac}
    session.execute(insert(MasterKeyRow).values(key_id=new.key_id, since=now, **covers))
    return count


def _batches(session: Connection, column: Column, *others: Column) -> Iterator[Sequence[AnyRow]]:
    """The rows that have this column, key first, then the column, then the others; each batch may be changed."""
    key = inspect(column.class_).primary_key
    after: tuple[Any, ...] | None = None
    while True:
        query = select(*key, column, *others).where(column.is_not(None)).order_by(*key).limit(_BATCH)
        rows = session.execute(query if after is None else query.where(tuple_(*key) > tuple_(*after))).all()
        if not rows:
            return
        yield rows
        after = tuple(rows[-1][: len(key)])


def _write(session: Connection, column: Column, changed: Sequence[tuple[AnyRow, Any]]) -> int:
    """Give each of these rows its new value of the column."""
    key = inspect(column.class_).primary_key
    mine = [one == bindparam(f"key_{place}") for place, one in enumerate(key)]
    statement = update(column.class_.__table__).where(*mine).values({column.key: bindparam("value")})
    rows = [{f"key_{place}": row[place] for place in range(len(key))} | {"value": value} for row, value in changed]
    if rows:
        session.execute(statement, rows)
    return len(rows)


def _opened(keys: Keys, column: Column, row: AnyRow, value: bytes) -> str:
    try:
        return keys.open(value)
    except Unavailable as error:
        place = "，".join(str(one) for one in row[: len(inspect(column.class_).primary_key)])
        message = f"{column.class_.__tablename__} 表第 {place} 行的密封内容无法用现在的密钥打开，没有更换密钥"
        raise Unavailable(message) from error


def _reseal(session: Connection, column: Column, old: Keys, new: Keys) -> int:
    width = len(inspect(column.class_).primary_key)
    return sum(
        _write(session, column, [(row, new.seal(_opened(old, column, row, row[width]))) for row in rows])
        for rows in _batches(session, column)
    )


def _reseal_inside(session: Connection, column: Column, old: Keys, new: Keys) -> int:
    width, done = len(inspect(column.class_).primary_key), 0
    for rows in _batches(session, column):
        changed = []
        for row in rows:
            sealed_ones = {key: value for key, value in row[width].items() if _is_sealed(value)}
            if sealed_ones:
                anew = {key: _anew(old, new, column, row, value) for key, value in sealed_ones.items()}
                changed.append((row, {**row[width], **anew}))
        done += _write(session, column, changed)
    return done


def _is_sealed(value: object) -> bool:
    return isinstance(value, Mapping) and "sealed" in value


def _anew(old: Keys, new: Keys, column: Column, row: AnyRow, value: Mapping[str, str]) -> dict[str, str]:
    plain = _opened(old, column, row, base64.b64decode(value["sealed"]))
    return {**value, "sealed": base64.b64encode(new.seal(plain)).decode()}


def _move_persons(session: Connection, old: Keys, new: Keys) -> None:
    """The blind indexes of persons, and of cases by their applicants."""
    sealed_column = PersonRow.id_sealed
    for rows in _batches(session, sealed_column):
        moved = [(row, new.index(_opened(old, sealed_column, row, row.id_sealed))) for row in rows]
        _write(session, PersonRow.id_index, moved)
    theirs = select(PersonRow.id_index).where(
        PersonRow.bureau == CaseRow.bureau, PersonRow.case_id == CaseRow.id, PersonRow.part == "applicant"
    )
    found = func.coalesce(theirs.scalar_subquery(), "")
    session.execute(update(CaseRow).where(CaseRow.applicant_index != "").values(applicant_index=found))


def _move_broken_words(session: Connection, old: Keys, new: Keys) -> int:
    """The blind indexes of broken commitments, while persons still have the old ones; how many belong to no person."""
    orphans = 0
    for rows in _batches(session, BrokenWordRow.id_index, BrokenWordRow.bureau):
        moved = []
        for row in rows:
            number = session.execute(_holder(row.bureau, row.id_index)).scalar_one_or_none()
            orphans += number is None and row.id_index != ""
            if number is not None:
                moved.append((row, new.index(_opened(old, BrokenWordRow.id_index, row, number))))
        _write(session, BrokenWordRow.id_index, moved)
    return orphans


def _holder(bureau: str, index: str) -> Any:
    """The sealed number of an applicant with this blind index."""
    theirs = (PersonRow.bureau == CaseRow.bureau) & (PersonRow.case_id == CaseRow.id) & (PersonRow.part == "applicant")
    query = select(PersonRow.id_sealed).join(CaseRow, theirs)
    found = CaseRow.bureau == bureau, CaseRow.applicant_index == index, CaseRow.applicant_index != ""
    return query.where(*found).limit(1)
