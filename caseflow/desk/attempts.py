"""How often the public may ask: counted in the database, per address and per query code, whatever process answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from caseflow.house import BEIJING, House
from caseflow.store.db import is_sqlite
from caseflow.store.side_models import PublicAttemptRow

ADDRESS_FAILURES: Final = 30
ADDRESS_HOURS: Final = 1
CODE_FAILURES: Final = 10
CODE_HOURS: Final = 24
"""Failures allowed for one address in an hour, and for one query code in a Beijing day."""

_KEPT: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One question, counted; `allowed` is whether it may be answered."""

    allowed: bool
    counters: tuple[tuple[str, datetime], ...]


def count_attempt(session: Connection, house: House, address: str, code: str, now: datetime) -> Attempt:
    """Count a question before it is looked up, so that many at once cannot outrun the count; `code` may be "".

    Only keyed digests of the address and the code are kept, for two days.
    """
    counters: list[tuple[str, datetime]] = []
    bounds = [(f"address:{address}", ADDRESS_HOURS, ADDRESS_FAILURES)]
    bounds += [(f"code:{code}", CODE_HOURS, CODE_FAILURES)] if code else []
    for text, hours, most in bounds:
        counter = house.keys.index(text), _window(now, hours)
        counters.append(counter)
        if _count(session, *counter) > most:
            return Attempt(allowed=False, counters=tuple(counters))
    return Attempt(allowed=True, counters=tuple(counters))


def forgive(session: Connection, attempt: Attempt) -> None:
    """Take the count back: the question was a good one."""
    for key, start in attempt.counters:
        row = update(PublicAttemptRow).where(PublicAttemptRow.key == key, PublicAttemptRow.window_start == start)
        session.execute(row.values(count=PublicAttemptRow.count - 1))


def _window(now: datetime, hours: int) -> datetime:
    """The start of the stretch of Beijing time the moment lies in."""
    here = now.astimezone(BEIJING)
    return here.replace(hour=here.hour // hours * hours, minute=0, second=0, microsecond=0)


def _count(session: Connection, key: str, start: datetime) -> int:
    insert = sqlite_insert if is_sqlite(session) else postgres_insert
    first = insert(PublicAttemptRow).values(key=key, window_start=start, count=1)
    bumped = first.on_conflict_do_update(
        index_elements=[PublicAttemptRow.key, PublicAttemptRow.window_start],
        set_={"count": PublicAttemptRow.count + 1},
    )
    count = session.execute(bumped.returning(PublicAttemptRow.count)).scalar_one()
    if count == 1:
        session.execute(delete(PublicAttemptRow).where(PublicAttemptRow.window_start < start - _KEPT))
    return count
