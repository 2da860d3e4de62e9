"""What every desk function is handed beside its session: the definitions and keys, and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from caseflow.catalogue import Catalogue
from caseflow.store.seal import Keys

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class House:
    """The definitions this process runs and the keys of this installation."""

    catalogue: Catalogue
    keys: Keys


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member of staff."""

    id: int
    number: str
    name: str
    bureau: str
    roles: frozenset[str]
    window: str = ""


def beijing_day(now: datetime) -> date:
    """The Beijing day of a moment (a fixed +08:00)."""
    return now.astimezone(BEIJING).date()
