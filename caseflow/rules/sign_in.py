"""How people sign in: what locks for how long, how long a session lasts, who needs a second factor, who may what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from caseflow.errors import BadInput, Fault
from caseflow.rules.flow import ROLES
from caseflow.rules.passwords import PROFILES, PasswordPolicy

ALONE: Final = ("administrator", "security", "audit", "auditor")
"""Roles held with no other: who keeps the system or its accounts, or audits, handles no case."""

ADMINISTRATORS: Final = ("one", "three")
_IN_ONE: Final[Mapping[str, str]] = {"administrator": "security", "auditor": "audit"}
"""What a role does besides where the office does not keep its three administrators apart."""

HALFWAY: Final = timedelta(minutes=10)
"""How long a right password waits for its second factor."""


@dataclass(frozen=True, slots=True)
class SignInRules:
    """The settings of signing in; BadInput for a role, a profile or a way of administration that does not exist."""

    lock_failures: int = 5
    lock_minutes: int = 15
    address_failures: int = 30
    idle_minutes: int = 30
    session_hours: int = 12
    one_place: bool = False
    second_factor: frozenset[str] = frozenset()
    password_policy: str = "asvs"  # noqa: S105 - the name of a profile
    password_least: int = 0
    administrators: str = "one"

    def __post_init__(self) -> None:
        faults = [Fault("second_factor", f"没有角色 {role[:40]}") for role in sorted(self.second_factor - set(ROLES))]
        if self.password_policy not in PROFILES:
            faults.append(Fault("password_policy", f"应为 {'、'.join(PROFILES)} 之一"))
        if self.administrators not in ADMINISTRATORS:
            faults.append(Fault("administrators", f"应为 {'、'.join(ADMINISTRATORS)} 之一"))
        if faults:
            raise BadInput(faults)

    @property
    def lock(self) -> timedelta:
        """How long a lock holds."""
        return timedelta(minutes=self.lock_minutes)

    @property
    def idle(self) -> timedelta:
        """After how long without a request a session is over."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        """After how long a session is over, however busy."""
        return timedelta(hours=self.session_hours)

    @property
    def passwords(self) -> PasswordPolicy:
        """The profile, with the office's own shortest length where it names one."""
        policy = PROFILES[self.password_policy]
        return replace(policy, least=self.password_least) if self.password_least else policy

    @property
    def keeper(self) -> str:
        """Who keeps the accounts, in the words of the office."""
        return ROLES["security" if self.administrators == "three" else "administrator"]

    def powers(self, held: Iterable[str]) -> frozenset[str]:
        """The roles a person acts in: those held, and in an office with `one` administrator what falls to them."""
        roles = frozenset(held)
        if self.administrators == "three":
            return roles
        return roles | {also for role, also in _IN_ONE.items() if role in roles}

    def needs_second_factor(self, held: Iterable[str]) -> bool:
        """Whether one of the roles a person acts in asks for a second factor."""
        return bool(self.powers(held) & self.second_factor)


DEFAULT_RULES: Final = SignInRules()


@dataclass(frozen=True, slots=True)
class Tally:
    """Failures of one account or address: how many since when, and until when it is locked."""

    failures: int = 0
    since: datetime | None = None
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Whether no attempt is taken now."""
        return self.locked_until is not None and now < self.locked_until

    def counted(self, now: datetime, most: int, lock: timedelta, span: timedelta | None = None) -> Tally:
        """One failure more; the `most`-th locks and begins the count again. `span` is how long failures add up."""
        fresh = self.since is None or (span is not None and now - self.since >= span)
        failures = 1 if fresh and span is not None else self.failures + 1
        since = now if fresh else self.since
        return Tally(0, None, now + lock) if failures >= most else Tally(failures, since, None)

    def taken_back(self, made: Tally, most: int) -> Tally:
        """Without the failure that led to `made`: a lock is lifted only where that very failure set it."""
        if made.locked_until is None:
            return replace(self, failures=max(self.failures - 1, 0))
        return Tally(most - 1, self.since, None) if self.locked_until == made.locked_until else self
