"""Every flow walked: states, steps, clocks, thresholds, the way back from a pause, and the machine behind it."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.rules.flow import HANDLING_ROLES, ROLES, Action, Clock, Effect, Flow, Route, State, Step
from caseflow.workflows import FLOWS
from caseflow.workflows.guards import DUTIES
from tests.support.deciding import ME, OTHER, THRESHOLD, WALKED, codes, decide, filled, somebody

STATES = {
    "received": ("已收件", "申请", "notice"),
    "supplementing": ("待补正", "申请", "supplement"),
    "accepted": ("已受理", "受理", "runs"),
    "reviewing": ("审核中", "审核", "runs"),
    "checking": ("复核中", "审核", "runs"),
    "approving": ("审批中", "审核", "runs"),
    "assessing": ("评估中", "审核", "runs"),
    "publicising": ("公示中", "审核", "runs"),
    "negotiating": ("协商中", "审核", "runs"),
    "signing": ("签约中", "审核", "runs"),
    "suspended": ("停表（特别程序）", "审核", "paused"),
    "approved": ("审核通过", "审核", "runs"),
    "paying": ("待拨付", "办结", "runs"),
    "closed": ("已办结", "办结", "stopped"),
    "refused": ("审核不通过", "办结", "stopped"),
    "declined": ("不予受理", "办结", "stopped"),
    "withdrawn": ("已撤回", "办结", "stopped"),
    "terminated": ("已终止", "办结", "stopped"),
}
STAYING = {
    *("register", "receive_material", "claim", "release", "assign", "correct", "correct_late", "consent", "serve"),
    *("ask_extension", "grant_extension", "reject_extension", "receive_deferred", "keep_commitment"),
    *("break_commitment", "return_payment", "pay_again", "call_back", "rectify"),
}
"""Actions that leave the state as it is."""
OWN = {
    "immediate": set(),
    "standard": {"reviewing", "approved", "refused"},
    "payment": {"reviewing", "checking", "approving", "approved", "paying", "refused"},
    "designation": {"assessing", "publicising", "negotiating", "signing", "refused"},
}
SHARED = {"received", "supplementing", "accepted", "suspended", "closed", "declined", "withdrawn", "terminated"}
MAIN_ROADS = [
    ("immediate", "received", "close_on_the_spot", "closed"),
    ("immediate", "accepted", "close", "closed"),
    ("standard", "received", "supplement_notice", "supplementing"),
    ("standard", "supplementing", "supplement", "received"),
    ("standard", "received", "accept", "accepted"),
    ("standard", "accepted", "hand_over", "reviewing"),
    ("standard", "reviewing", "approve", "approved"),
    ("standard", "reviewing", "refuse", "refused"),
    ("standard", "reviewing", "send_back", "accepted"),
    ("standard", "approved", "close", "closed"),
    ("payment", "reviewing", "approve", "checking"),
    ("payment", "checking", "check", "approved"),
    ("payment", "checking", "send_back", "reviewing"),
    ("payment", "approving", "send_back", "checking"),
    ("payment", "approving", "authorise", "approved"),
    ("payment", "approving", "refuse", "refused"),
    ("payment", "approved", "settle_statement", "paying"),
    ("payment", "paying", "pay", "closed"),
    ("designation", "accepted", "hand_over", "assessing"),
    ("designation", "assessing", "assess", "publicising"),
    ("designation", "assessing", "refuse", "refused"),
    ("designation", "publicising", "publicise", "negotiating"),
    ("designation", "negotiating", "negotiate", "signing"),
    ("designation", "negotiating", "break_off", "terminated"),
    ("designation", "signing", "sign", "closed"),
    ("designation", "signing", "send_back", "negotiating"),
]

every_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)


def reached(flow: Flow, start: str) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        after = {step.target.key for step in WALKED[flow.key] if step.source.key == here} - found
        found |= after
        waiting += after
    return found


@every_flow
def test_every_state_stands_in_the_plan_with_its_label_its_stage_and_its_clock(flow: Flow) -> None:
    assert set(flow.states) == SHARED | OWN[flow.key]
    for key, state in flow.states.items():
        assert (state.label, state.stage, state.clock.value) == STATES[key]


@every_flow
def test_only_closed_and_refused_are_decisions_and_ends_belong_to_nobody(flow: Flow) -> None:
    for key, state in flow.states.items():
        assert state.decision is (key in {"closed", "refused"})
        assert state.open is (state.clock is not Clock.STOPPED)
        assert bool(state.roles) is state.open
        assert state.roles <= HANDLING_ROLES


@every_flow
def test_every_state_is_reached_and_every_open_one_leads_to_closing(flow: Flow) -> None:
    assert reached(flow, flow.initial.key) == set(flow.states)
    for state in flow.states.values():
        assert ("closed" in reached(flow, state.key)) is (state.open or state.key == "closed")


@every_flow
def test_nothing_leaves_an_end(flow: Flow) -> None:
    ends = [key for key, state in flow.states.items() if not state.open]

    assert len(ends) >= 4
    for key in ends:
        for choice in flow.open_actions(key, somebody()):
            assert all(route.target == "" for route in choice.action.routes if route.source == key)


@every_flow
def test_every_route_joins_states_of_the_flow_and_is_taken_by_somebody(flow: Flow) -> None:
    taken = {(step.action.key, step.source.key, step.target.key) for step in WALKED[flow.key]}

    declared = {
        (action.key, route.source, route.target or route.source)
        for action in flow.actions.values()
        for route in action.routes
    }

    assert taken == declared


@every_flow
def test_every_action_has_a_label_roles_and_something_that_it_does(flow: Flow) -> None:
    for action in flow.actions.values():
        assert action.label
        assert action.roles <= set(ROLES)
        assert action.routes or action.key == "register"
        for route in action.routes:
            assert action.roles or flow.states[route.source].roles
        moves = any(route.target for route in action.routes)
        assert moves or action.key in STAYING


@every_flow
def test_every_action_has_a_label_of_its_own_in_each_state(flow: Flow) -> None:
    for state in flow.states:
        labels = [choice.action.label for choice in flow.open_actions(state, somebody())]

        assert len(labels) == len(set(labels))


def right_effect(action: str, before: State, after: State) -> Effect:
    """What an action must do to the clocks by the states it joins."""
    if before.clock is after.clock:
        return Effect.EXTEND if action == "grant_extension" else Effect.NONE
    if after.clock is Clock.RUNS:
        return Effect.RESUME if before.clock is Clock.PAUSED else Effect.START
    return {
        Clock.STOPPED: Effect.STOP,
        Clock.PAUSED: Effect.PAUSE,
        Clock.SUPPLEMENT: Effect.STOP_NOTICE,
        Clock.NOTICE: Effect.RESTART_NOTICE,
    }[after.clock]


@every_flow
def test_the_effect_of_every_step_is_what_the_clocks_of_its_states_ask(flow: Flow) -> None:
    for step in WALKED[flow.key]:
        assert step.action.effect is right_effect(step.action.key, step.source, step.target), step.action.key


@pytest.mark.parametrize(("flow", "source", "action", "target"), MAIN_ROADS)
def test_a_step_leads_where_the_plan_says(flow: str, source: str, action: str, target: str) -> None:
    decided = decide(FLOWS[flow], source, action)

    assert isinstance(decided, Step)
    assert (decided.source.key, decided.target.key) == (source, target)


@pytest.mark.parametrize(
    ("amount", "target"),
    [
        (Decimal("49999.99"), "approved"),
        (THRESHOLD, "approved"),
        (Decimal("50000.01"), "approving"),
        (Decimal("999999999.99"), "approving"),
        (None, "approved"),
    ],
)
def test_only_a_payment_above_the_threshold_goes_to_the_approver(amount: Decimal | None, target: str) -> None:
    decided = decide(FLOWS["payment"], "checking", "check", amount=amount)

    assert isinstance(decided, Step)
    assert decided.target.key == target


def test_a_bureau_without_a_threshold_sends_nothing_to_the_approver() -> None:
    decided = decide(FLOWS["payment"], "checking", "check", amount=Decimal("1e8"), threshold=None)

    assert isinstance(decided, Step)
    assert decided.target.key == "approved"


@every_flow
def test_resuming_returns_where_the_case_was_suspended_and_nowhere_else(flow: Flow) -> None:
    stopped = [route.source for route in flow.actions["suspend"].routes]

    back = {key: decide(flow, "suspended", "resume", return_to=key) for key in flow.states}

    assert "accepted" in stopped
    for key, decided in back.items():
        if key in stopped:
            assert isinstance(decided, Step)
            assert decided.target.key == key
        else:
            assert codes(decided) == ["no_route"]
    assert codes(decide(flow, "suspended", "resume", return_to="")) == ["no_route"]


@every_flow
def test_the_ways_out_stand_open_where_the_plan_says(flow: Flow) -> None:
    open_states = {key for key, state in flow.states.items() if state.open}
    offered = {key: {route.source for route in action.routes} for key, action in flow.actions.items()}

    assert offered["terminate"] == open_states
    assert offered["withdraw"] == open_states - {"paying"}
    assert offered["suspend"] == open_states - {"received", "supplementing", "suspended", "paying"}
    assert offered["claim"] == offered["release"] == offered["assign"] == open_states


@every_flow
@given(st.integers())
def test_a_random_walk_never_leaves_the_table_and_a_refusal_always_says_why(flow: Flow, seed: int) -> None:
    chance = Random(seed)
    state = flow.initial.key
    for _ in range(40):
        action = chance.choice([*flow.actions, "to_closed"])
        facts = somebody(
            roles=frozenset(chance.sample(list(ROLES), chance.randint(0, len(ROLES)))),
            handler=chance.choice([None, ME, OTHER]),
            acts={
                duty: frozenset(chance.sample([ME, OTHER], 1)) for duty in chance.sample(DUTIES, chance.randint(0, 2))
            },
            duties=chance.choice(["full", "small"]),
            return_to=chance.choice(["", *flow.states]),
            amount=chance.choice([None, THRESHOLD, THRESHOLD + 1]),
            details=filled(flow.actions[action]) if action in flow.actions else {},
        )

        decided = flow.decide(state, action, facts)

        if isinstance(decided, Step):
            ways = {route.target or route.source for route in decided.action.routes if route.source == state}
            assert decided.target.key in ways
            state = decided.target.key
        else:
            assert decided
            assert all(refusal.code and refusal.text for refusal in decided)


def test_one_machine_decides_rightly_for_eight_threads_at_once() -> None:
    flow = FLOWS["payment"]
    wanted = {THRESHOLD: "approved", THRESHOLD + 1: "approving"}

    def work(n: int) -> bool:
        amount = THRESHOLD + n % 2
        checked = decide(flow, "checking", "check", amount=amount)
        resumed = decide(flow, "suspended", "resume", return_to="accepted" if n % 3 else "approving")
        return (
            isinstance(checked, Step)
            and checked.target.key == wanted[amount]
            and isinstance(resumed, Step)
            and resumed.target.key == ("accepted" if n % 3 else "approving")
        )

    with ThreadPoolExecutor(8) as pool:
        right = list(pool.map(work, range(4000), chunksize=50))

    assert all(right)


@every_flow
def test_the_machine_knows_the_actions_of_the_table_and_no_others(flow: Flow) -> None:
    assert set(flow._machine.events) == {action.key for action in flow.actions.values() if action.routes}


@every_flow
def test_every_guard_and_condition_is_a_function_and_never_a_name(flow: Flow) -> None:
    for action in flow.actions.values():
        asked = [*action.guards, *(route.when for route in action.routes), *(need.when for need in action.needs)]
        assert all(one is None or callable(one) for one in asked)
    for event in flow._machine.events.values():
        for transition in (one for found in event.transitions.values() for one in found):
            assert all(callable(condition.func) for condition in transition.conditions)
            assert transition.before == transition.after == transition.prepare == []


def test_text_in_the_place_of_a_condition_is_never_imported() -> None:
    start, end = State("a", "甲", "", Clock.RUNS, frozenset({"clerk"})), State("b", "乙", "", Clock.STOPPED)
    route = Route("a", "b", "tests.support.layers.breaches")  # type: ignore[arg-type]
    sys.modules.pop("tests.support.layers", None)
    flow = Flow("trap", "", (start, end), (Action("go", "走", (route,)),), initial="a")

    with pytest.raises(TypeError, match="not callable"):
        flow.decide("a", "go", somebody())

    assert "tests.support.layers" not in sys.modules
