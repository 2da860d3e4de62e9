"""One class per cause. Every message is a sentence a clerk understands; doors turn the class into a status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not happen: a stable `code`, the sentence for staff, and the rule it rests on."""

    code: str
    text: str
    basis: str = ""

    def __str__(self) -> str:
        return f"{self.text}（{self.basis}）" if self.basis else self.text


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in something that was handed in: `place` is a field, a file or a line."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}：{self.text}" if self.place else self.text


class CaseflowError(Exception):
    """Whatever the system refuses, with a sentence for the person in front of it."""


class Refused(CaseflowError):
    """The rules forbid the step; `refusals` holds every reason at once."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("；".join(str(refusal) for refusal in self.refusals))


class BadInput(CaseflowError):
    """What was typed cannot be used; `faults` names every field and what is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("；".join(str(fault) for fault in self.faults))


class InvalidDefinition(CaseflowError):
    """Definition files hold mistakes; `faults` holds every one, and nothing was loaded."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class NotFound(CaseflowError):
    """There is no such thing, or it belongs to another bureau: both look the same."""


class CaseChanged(CaseflowError):
    """Somebody else moved the case after this form was opened."""


class NotAllowed(CaseflowError):
    """The person's role does not allow this."""


class NotSignedIn(CaseflowError):
    """Nobody is signed in, or the session has ended."""


class SignInFailed(CaseflowError):
    """Number or password is wrong, or the account is locked or disabled."""


class OutsideCalendar(CaseflowError):
    """The date lies outside the years the working calendar was built for."""


class Unavailable(CaseflowError):
    """The database cannot answer now; nothing was written, and trying again later may work."""
