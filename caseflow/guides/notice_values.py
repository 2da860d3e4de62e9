"""What a sentence of a notice comes to: statements about days, and doubts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Says(StrEnum):
    """What a statement makes of its days."""

    OFF = "off"
    WORK = "work"
    BACK = "back"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Statement:
    """Days, and what a sentence says of them. `again`: the sentence speaks for its own region, over what it quotes."""

    says: Says
    days: tuple[date, ...]
    text: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """A passage that was not read for sure: its text, why, and the days it may concern."""

    text: str
    reason: str
    days: tuple[date, ...] = ()
