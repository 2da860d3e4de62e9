"""What a process hands to desk and views beside a session: the definitions, the keys, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from caseflow.catalogue import Catalogue, load_catalogue
from caseflow.store.seal import Keys, new_master

__all__ = ["BEIJING", "SYSTEM", "Actor", "House", "beijing_day", "new_master", "system"]

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

SYSTEM = "系统"
"""Who acts in the history where no person did."""


@dataclass(frozen=True, slots=True)
class House:
    """The definitions this process runs and the keys of this installation."""

    catalogue: Catalogue
    keys: Keys

    @classmethod
    def open(cls, master_key: str, items_dir: Path | None = None) -> House:
        """Read the definitions (InvalidDefinition) and derive the keys (BadInput)."""
        return cls(load_catalogue(items_dir), Keys.from_text(master_key))


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member of staff."""

    id: int
    number: str
    name: str
    bureau: str
    roles: frozenset[str]
    window: str = ""


def system(bureau: str) -> Actor:
    """Who acts on a bureau's cases where no person does; holds no role."""
    return Actor(0, "", SYSTEM, bureau, frozenset())


def beijing_day(now: datetime) -> date:
    """The Beijing day of a moment (a fixed +08:00)."""
    return now.astimezone(BEIJING).date()
