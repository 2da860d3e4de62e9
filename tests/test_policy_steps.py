"""Role × action × state × whose case × what one did before, for every flow, against a table written by hand.

The table is read off the design, not off the code: c clerk, r reviewer, k checker, p approver, m cashier, s supervisor.
The auditor and the three administrators (u a x z) stand nowhere in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from caseflow.rules.flow import Facts, Flow, Step
from caseflow.rules.past import CONSENTS, Extension
from caseflow.workflows import FLOWS, payment
from tests.support.deciding import LETTERS, ME, OTHER, THRESHOLD, TODAY, filled

THIRD = 3

# --- who, by state ----------------------------------------------------------------------------------------------------

_HOLDING = "claim release terminate"
_WAITING = f"c: receive_material decline correct withdraw {_HOLDING}; s: assign consent"
_AFTER = "c: receive_deferred keep_commitment break_commitment withdraw; s: assign consent"
_TIMED = "suspend ask_extension"
_MORE_TIME = "s: grant_extension reject_extension"


def _review(who: str, *own: str) -> str:
    acts = " ".join(("refuse", "send_back", "correct", _TIMED, _HOLDING, *own))
    return f"{who}: {acts}; {_AFTER}; {_MORE_TIME}"


_RECEIVED = f"{_WAITING}; c: accept accept_deferred supplement_notice"
_SUPPLEMENTING = f"{_WAITING}; c: supplement"
_ACCEPTED = f"c: hand_over correct {_TIMED} {_HOLDING}; {_AFTER}; {_MORE_TIME}"
_SUSPENDED = f"crkp: resume {_HOLDING}; c: withdraw; s: assign consent"
_APPROVED = f"c: {_TIMED} {_HOLDING}; crkp: correct_late; {_AFTER}; {_MORE_TIME}"
_ENDED = "c: serve; cs: call_back rectify"
_DECIDED = f"{_ENDED}; crkp: correct_late; s: consent"
_CLOSED = f"{_DECIDED}; c: keep_commitment break_commitment"
_SHARED = {"received": _RECEIVED, "supplementing": _SUPPLEMENTING, "accepted": _ACCEPTED, "suspended": _SUSPENDED}
_SHARED |= {"closed": _CLOSED, "refused": _DECIDED, "declined": _ENDED, "withdrawn": "", "terminated": ""}

WHO: dict[str, dict[str, str]] = {
    "immediate": {
        **{key: text for key, text in _SHARED.items() if key != "refused"},
        "received": f"{_RECEIVED}; c: close_on_the_spot",
        "accepted": f"cr: close; c: correct suspend {_HOLDING}; {_AFTER}",
    },
    "standard": {**_SHARED, "reviewing": _review("r", "approve"), "approved": f"cr: close; {_APPROVED}"},
    "payment": {
        **_SHARED,
        "reviewing": _review("r", "approve"),
        "checking": _review("k", "check"),
        "approving": _review("p", "authorise"),
        "approved": f"c: settle_statement; {_APPROVED}",
        "paying": f"m: pay {_HOLDING}; crkp: correct_late; {_AFTER.replace(' withdraw', '')}",
        "closed": f"{_CLOSED}; m: return_payment pay_again",
    },
    "designation": {
        **_SHARED,
        "assessing": _review("r", "assess"),
        "publicising": _review("r", "publicise"),
        "negotiating": _review("r", "negotiate", "break_off"),
        "signing": _review("p", "sign", "break_off"),
    },
}
"""Flow → state → "who: what they may do; …"."""

# --- whose case, and what one did before ------------------------------------------------------------------------------

WHOSE = ("mine", "another's", "nobody's", "stood in for", "nobody's, not my item")
FREE = {"mine", "nobody's", "stood in for"}
ANYBODYS = {
    *("assign", "withdraw", "close", "receive_deferred", "keep_commitment", "break_commitment", "serve"),
    *("correct_late", "call_back", "rectify", "return_payment", "pay_again"),
}
"""Not tied to who holds the case."""

OVERSEEING = {"consent", "grant_extension", "reject_extension"}
"""Decided by a supervisor about somebody else's case only: not in own hands, and not one they decided on."""

ORDER = {
    "immediate": ("accept",),
    "standard": ("accept", "review"),
    "payment": ("accept", "review", "check", "authorise", "pay"),
    "designation": ("accept", "review", "authorise"),
}
_REVIEWS = dict.fromkeys(("reviewing", "assessing", "publicising", "negotiating"), "review")
DUTY_OF = _REVIEWS | {"checking": "check", "approving": "authorise", "signing": "authorise", "paying": "pay"}
DUTY_OF |= {"closed": "pay"}
DECISIONS = {
    *("approve", "refuse", "check", "authorise", "pay", "pay_again"),
    *("assess", "publicise", "negotiate", "break_off", "sign"),
}

MEETS: dict[str, dict[str, object]] = {
    "receive_deferred": {"running": {"deferral": TODAY}},
    "keep_commitment": {"running": {"commitment": TODAY}},
    "break_commitment": {"running": {"commitment": TODAY - timedelta(days=1)}},
    "grant_extension": {"extension": Extension(2, THIRD, "核实")},
    "reject_extension": {"extension": Extension(2, THIRD, "核实")},
    "call_back": {"running": {"call_back": TODAY}},
    "rectify": {"running": {"rectify": TODAY}},
    "correct_late": {"consents": frozenset(CONSENTS)},
    "return_payment": {"paid": True},
    "pay_again": {"paid": True, "returned": True},
    "resume": {"return_to": "accepted"},
}
"""What an action asks of the case beside the people, so that only the people decide here."""


def offered(text: str) -> dict[str, str]:
    """Action → letters of the roles, of one state's line."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        who, _, actions = part.partition(":")
        for action in actions.split():
            found[action] = found.get(action, "") + who
    return found


def whose_allows(action: str, whose: str, *, done: bool) -> bool:
    """Whether this action may be taken on such a case, role and duties aside."""
    if action == "claim":
        return whose in {"nobody's", "stood in for"}
    if action == "release":
        return whose == "mine"
    if action in OVERSEEING:
        return whose not in {"mine", "stood in for"} and not done
    return action in ANYBODYS or whose in FREE


def barred(flow: str, state: str, action: str, done: str, duties: str) -> bool:
    """Whether what one did before on this case keeps one from a decision; everything before it has been done."""
    if action not in DECISIONS or not done:
        return False
    apart = ORDER[flow].index(DUTY_OF[state]) - ORDER[flow].index(done)
    return apart == 1 if duties == "small" else apart > 0


def people(flow: str, state: str, whose: str, done: str, duties: str) -> Facts:
    """Somebody without a role yet, on such a case with such a past."""
    before = ORDER[flow][: ORDER[flow].index(DUTY_OF[state])] if DUTY_OF.get(state) in ORDER[flow] else ()
    acts = {duty: frozenset({OTHER}) for duty in before} | ({done: frozenset({ME})} if done else {})
    return Facts(
        ME,
        frozenset(),
        TODAY,
        handler={"mine": ME, "another's": OTHER, "stood in for": OTHER}.get(whose),
        acts=acts,
        duties=duties,
        amount=THRESHOLD,
        threshold=THRESHOLD,
        stand_in_for=frozenset({OTHER}) if whose == "stood in for" else frozenset(),
        handles=whose != "nobody's, not my item",
    )


def cells(flow: Flow) -> Iterator[tuple[str, str, str, str, str, str]]:
    """(state, action, role, whose, done, duties): everything that can be told apart."""
    order = ORDER[flow.key]
    for state, duties in product(WHO[flow.key], ("full", "small")):
        if duties == "small" and DUTY_OF.get(state) not in order:
            continue
        upto = order.index(DUTY_OF[state]) + 1 if DUTY_OF.get(state) in order else min(len(order), 2)
        pasts = ("", *order[:upto])
        for action in flow.actions:
            for role, whose, done in product(LETTERS, WHOSE, pasts):
                yield state, action, role, whose, done, duties


def wrong_cells(flow: Flow, only: str = "") -> tuple[int, list[tuple[str, ...]]]:
    """How many cells were tried, of one state or all, and those in which the flow decides otherwise than the table."""
    wrong: list[tuple[str, ...]] = []
    tried = 0
    details = {key: filled(action) for key, action in flow.actions.items()}
    kept: dict[tuple[str, ...], Facts] = {}
    table = {state: offered(text) for state, text in WHO[flow.key].items()}
    for state, action, role, whose, done, duties in cells(flow):
        if only not in ("", state):
            continue
        tried += 1
        about = kept.get((state, whose, done, duties)) or people(flow.key, state, whose, done, duties)
        kept[state, whose, done, duties] = about
        facts = replace(about, roles=frozenset({LETTERS[role]}), details=details[action], **MEETS.get(action, {}))
        may = role in table[state].get(action, "")
        may = may and whose_allows(action, whose, done=bool(done))
        may = may and not barred(flow.key, state, action, done, duties)
        if isinstance(flow.decide(state, action, facts), Step) is not may:
            wrong.append((state, action, role, whose, done, duties))
    return tried, wrong


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_cell_is_decided_as_the_table_says(flow: Flow) -> None:
    tried, wrong = wrong_cells(flow)

    assert wrong == []
    assert tried >= 20_000


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_the_table_knows_every_state_and_every_action(flow: Flow) -> None:
    named = {action for text in WHO[flow.key].values() for action in offered(text)}

    assert set(WHO[flow.key]) == set(flow.states)
    assert named == set(flow.actions) - {"register"}


def test_a_flow_without_its_separation_of_duties_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pay = payment.FLOW.actions["pay"]
    monkeypatch.setitem(payment.FLOW.actions, "pay", replace(pay, guards=pay.guards[1:]))

    _, wrong = wrong_cells(payment.FLOW, "paying")

    assert {(state, action) for state, action, *_ in wrong} == {("paying", "pay")}
