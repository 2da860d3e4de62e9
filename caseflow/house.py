"""What a process hands to desk and views beside a session: the definitions, the keys, and who is asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

from caseflow.catalogue import Catalogue, load_catalogue
from caseflow.rules.sign_in import DEFAULT_RULES, SignInRules
from caseflow.store.seal import Keys, new_master

__all__ = ["BEIJING", "SYSTEM", "Actor", "House", "Keys", "beijing_day", "new_master", "system"]

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

SYSTEM = "系统"
"""Who acts in the history where no person did."""


@dataclass(frozen=True, slots=True)
class House:
    """The definitions this process runs, the keys of this installation, and how its people sign in."""

    catalogue: Catalogue
    keys: Keys
    sign_in: SignInRules = DEFAULT_RULES

    @classmethod
    def open(
        cls, master_key: str, items_dir: Path | None = None, sign_in: Mapping[str, Any] = MappingProxyType({})
    ) -> House:
        """Read the definitions (InvalidDefinition), derive the keys and take the settings of signing in (BadInput)."""
        return cls(load_catalogue(items_dir), Keys.from_text(master_key), SignInRules(**sign_in))


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
