"""Short words for deciding: somebody with every role, every entry filled in, every step a flow can take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

from caseflow.errors import Refusal
from caseflow.rules.flow import ROLES, Action, Facts, Flow, Step
from caseflow.rules.past import CONSENTS, Extension
from caseflow.workflows import FLOWS

LETTERS = {
    "c": "clerk",
    "r": "reviewer",
    "k": "checker",
    "p": "approver",
    "m": "cashier",
    "s": "supervisor",
    "u": "auditor",
    "a": "administrator",
    "x": "security",
    "z": "audit",
}
"""Roles by one letter each, for tables that are read at a glance."""
ME, OTHER = 1, 2
THRESHOLD = Decimal("50000.00")
TODAY = date(2026, 3, 2)
FILLED = {"text": "有", "long_text": "有", "tick": "on", "number": "5", "date": "2026-03-02", "staff": "2"}
FILLED["lines"] = "住院费用报销 1.00"


def somebody(**changes: object) -> Facts:
    """One person with every role, in a bureau with a threshold."""
    facts = Facts(ME, frozenset(ROLES), TODAY, handler=ME, amount=THRESHOLD, threshold=THRESHOLD)
    return replace(facts, **changes)  # type: ignore[arg-type]


def filled(action: Action) -> dict[str, str]:
    return {need.key: need.choices[0] if need.choices else FILLED[need.kind] for need in action.needs}


def decide(flow: Flow, state: str, action: str, **changes: object) -> Step | tuple[Refusal, ...]:
    """The decision with every entry filled in."""
    return flow.decide(state, action, somebody(**{"details": filled(flow.actions[action]), **changes}))


def codes(decided: Step | tuple[Refusal, ...]) -> list[str]:
    assert not isinstance(decided, Step), decided
    return [refusal.code for refusal in decided]


def steps(flow: Flow) -> Iterator[Step]:
    """Every step that the machine takes from any state, whatever the facts."""
    for state, action, amount, back, handler, met in product(
        flow.states, flow.actions, (THRESHOLD, THRESHOLD + 1), flow.states, (ME, None), MET
    ):
        decided = decide(flow, state, action, amount=amount, return_to=back, handler=handler, **met)
        if isinstance(decided, Step):
            yield decided


ASKED = Extension(2, OTHER, "核实")
YESTERDAY = TODAY - timedelta(days=1)
MET: tuple[dict[str, object], ...] = (
    {},
    {"running": {"commitment": TODAY, "deferral": TODAY, "call_back": TODAY}},
    {"running": {"commitment": YESTERDAY, "rectify": TODAY}},
    {"extension": ASKED},
    {"paid": True},
    {"paid": True, "returned": True},
    {"consents": frozenset(CONSENTS)},
)
"""What a case may have met, so that every side road is open once."""

WALKED = {key: tuple(steps(flow)) for key, flow in FLOWS.items()}
