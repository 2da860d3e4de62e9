"""The seals of the history, kept outside the database: how many events there were, and which, up to a row.

The chain of a case finds what was changed inside it; a whole case that was removed, or a tail cut off together with the
head on the case's row, is found by the seal that had counted it. Events commit out of order, so a seal ends where the
one before it had already seen the newest row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, union_all

from caseflow.errors import Unavailable
from caseflow.store.guards import PurgedEventRow
from caseflow.store.models import EventRow
from caseflow.store.seal import Chainer

_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Seal:
    """The events with row ids after `first` up to `last`, as they were; `seen` was the newest row at that moment.

    `key` names the master key of the time; "" is the first one.
    """

    at: str
    first: int
    last: int
    seen: int
    count: int
    mac: str
    key: str = ""


def read_seals(path: Path) -> tuple[Seal, ...]:
    """The seals in the order they were made; none where there is no file. Unavailable where it is not a seal file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        # A last line without its end was cut off by a crash while it was written.
        return tuple(Seal(**json.loads(line)) for line in lines if line.endswith("\n"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        message = f"封存记录 {path.name} 无法读取，或不是封存记录"
        raise Unavailable(message) from error


def sealed(session: Connection, keys: Chainer, first: int, last: int) -> tuple[int, str]:
    """How many events lie in (first, last], and the MAC over their rows' ids and chain values in order."""
    digest, count = hashlib.sha256(), 0
    for row_id, case_id, chain in _events(session, first, last):
        digest.update(f"{row_id}:{case_id}:{chain}\n".encode())
        count += 1
    told = f"{first}:{last}:{count}".encode()
    return count, keys.mac(b"seal", told, digest.digest())


def _events(session: Connection, first: int, last: int) -> Iterator[Sequence[object]]:
    """The events in (first, last], with what is left of those that were purged."""
    links = (
        select(row.id, row.case_id, row.chain).where(row.id > first, row.id <= last)
        for row in (EventRow, PurgedEventRow)
    )
    yield from session.execute(union_all(*links).order_by("id").execution_options(yield_per=_BATCH))
