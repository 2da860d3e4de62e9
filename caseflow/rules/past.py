"""What a case's own history says to its next step: who did which duty, what was told, asked and consented to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

CONSENTS = {"second_notice": "二次告知", "after_lapse": "逾期后告知或不予受理", "late_correction": "决定后更正"}
"""What a supervisor may consent to, and the words for it."""

_USES = {
    "second_notice": {"supplement_notice"},
    "after_lapse": {"supplement_notice", "decline"},
    "late_correction": {"correct_late"},
}


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the history as far as later steps need it."""

    seq: int
    action: str
    duty: str
    actor: int | None
    on_day: date
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """A one-time notice that was served: its day, the lines it named, and the situation answers it went by."""

    on_day: date
    named: frozenset[str]
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Extension:
    """A request for more time: working days, who asked, and what became of it (asked, granted, rejected)."""

    days: int
    asker: int
    reason: str
    outcome: str = "asked"


@dataclass(frozen=True, slots=True)
class Past:
    """The history read once. `consents` are those not yet used, with who gave them; `taken` the actions taken."""

    acts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    consents: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    extension: Extension | None = None


def read_past(events: Iterable[Told]) -> Past:
    """Fold the events of one case, in order, into what its next step may look at."""
    acts: dict[str, frozenset[int]] = {}
    taken: set[str] = set()
    consents: dict[str, int] = {}
    notices: list[Notice] = []
    extension: Extension | None = None
    for told in events:
        if told.duty and told.actor is not None:
            acts[told.duty] = acts.get(told.duty, frozenset()) | {told.actor}
        taken.add(told.action)
        consents = _consents(consents, told)
        extension = _extension(extension, told)
        notices += [_notice(told)] if told.action == "supplement_notice" else []
    return Past(acts, frozenset(taken), consents, tuple(notices), extension)


def _consents(before: dict[str, int], told: Told) -> dict[str, int]:
    """A consent stands until the step it was given for is taken."""
    if told.action == "consent":
        given = (name for name, words in CONSENTS.items() if words == told.detail.get("kind"))
        return before | dict.fromkeys(given, told.actor or 0)
    return {name: by for name, by in before.items() if told.action not in _USES[name]}


def _notice(told: Told) -> Notice:
    return Notice(told.on_day, frozenset(told.detail.get("keys", ())), dict(told.detail.get("answers", {})))


def _extension(before: Extension | None, told: Told) -> Extension | None:
    if told.action == "ask_extension":
        return Extension(int(told.detail["days"]), told.actor or 0, str(told.detail["reason"]))
    outcome = {"grant_extension": "granted", "reject_extension": "rejected"}.get(told.action)
    if before is None or outcome is None:
        return before
    return Extension(before.days, before.asker, before.reason, outcome)
