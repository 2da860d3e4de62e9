"""Every life of a case that five people with every role can give it: no way leads around the separation of duties.

Whoever tries may always act: as if the case were theirs, assigned to them, or left by somebody away. So what holds here
holds whatever is claimed, released, assigned, handed over or sent back; only the duties stand in the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from caseflow.rules.flow import HANDLING_ROLES, Action, Facts, Flow, Step
from caseflow.workflows import FLOWS
from tests.support.deciding import THRESHOLD, TODAY, filled
from tests.test_policy_steps import DECISIONS, MEETS, ORDER

Pasts = tuple[tuple[str, ...], ...]
"""What each of the people did, in the order of the duties; sorted, for it does not matter who is who."""

NOTHING: Pasts = ((),) * 5
ROLES = HANDLING_ROLES | {"supervisor"}
MEET = {key: value for facts in MEETS.values() for key, value in facts.items() if key not in ("running", "return_to")}


def moving(flow: Flow) -> tuple[Action, ...]:
    """What leads elsewhere or decides; a pause comes back to where it began."""
    return tuple(
        action
        for action in flow.actions.values()
        if (action.decides or any(route.target for route in action.routes)) and action.key not in ("suspend", "resume")
    )


def after(flow: Flow, duties: str, state: str, pasts: Pasts) -> Iterator[tuple[str, Pasts, str]]:
    """Where anybody's next step can lead: the state, what everybody has done, and the action."""
    order = ORDER[flow.key]
    acts = {duty: frozenset(who for who, past in enumerate(pasts) if duty in past) for duty in order}
    here = [action for action in moving(flow) if any(route.source == state for route in action.routes)]
    for who in {past: who for who, past in enumerate(pasts)}.values():
        about = Facts(who, ROLES, TODAY, handler=who, acts=acts, duties=duties, threshold=THRESHOLD, **MEET)  # type: ignore[arg-type]
        for action in here:
            for amount in (THRESHOLD, THRESHOLD + 1):
                step = flow.decide(state, action.key, replace(about, amount=amount, details=filled(action)))
                if isinstance(step, Step):
                    yield step.target.key, with_act(pasts, order, step, who), action.key


def with_act(pasts: Pasts, order: tuple[str, ...], step: Step, who: int) -> Pasts:
    if not step.action.decides:
        return pasts
    done = {*pasts[who], step.source.duty}
    own = tuple(duty for duty in order if duty in done)
    return tuple(sorted((*pasts[:who], own, *pasts[who + 1 :])))


def together(pasts: Pasts, order: tuple[str, ...], duties: str) -> bool:
    """Whether one person did two duties that must be apart: any two, in a small bureau two that follow each other."""
    if duties == "full":
        return any(len(past) > 1 for past in pasts)
    done = [duty for duty in order if any(duty in past for past in pasts)]
    return any(one in past and other in past for one, other in pairwise(done) for past in pasts)


def lives(flow: Flow, duties: str, *, to_the_first: bool = False) -> tuple[int, set[str], list[tuple[str, Pasts]]]:
    """How many positions there are, the actions taken on the way, and the positions that must not be.

    A search `to_the_first` of those goes no further.
    """
    start = ("received", NOTHING)
    seen, waiting, taken, wrong = {start}, [start], set(), []
    while waiting and not (to_the_first and wrong):
        state, pasts = waiting.pop()
        for target, then, action in after(flow, duties, state, pasts):
            taken.add(action)
            place = (target, then)
            if place not in seen:
                seen.add(place)
                waiting.append(place)
                wrong += [place] if together(then, ORDER[flow.key], duties) else []
    return len(seen), taken, wrong


@pytest.mark.parametrize("duties", ["full", "small"])
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_no_life_joins_duties_that_must_be_apart(flow: Flow, duties: str) -> None:
    positions, taken, wrong = lives(flow, duties)

    assert wrong == []
    assert positions >= len(flow.states) - 2
    assert taken == {action.key for action in moving(flow)}


@pytest.mark.parametrize("duties", ["full", "small"])
@pytest.mark.parametrize(
    ("flow", "action"),
    [
        ("standard", "approve"),
        *(("payment", action) for action in ("approve", "check", "authorise", "pay", "pay_again")),
        *(("designation", action) for action in ("assess", "sign")),
    ],
)
def test_a_decision_without_its_guard_is_found_out(
    monkeypatch: pytest.MonkeyPatch, flow: str, action: str, duties: str
) -> None:
    left = FLOWS[flow].actions[action]
    guards = tuple(guard for guard in left.guards if guard.__name__ != "separate_duties")
    monkeypatch.setitem(FLOWS[flow].actions, action, replace(left, guards=guards))

    _, _, wrong = lives(FLOWS[flow], duties, to_the_first=True)

    assert len(guards) < len(left.guards)
    assert wrong


def test_every_decision_is_told_as_one() -> None:
    deciding = {action.key for flow in FLOWS.values() for action in flow.actions.values() if action.decides}

    assert deciding == DECISIONS | {"accept", "accept_deferred", "decline"}
