"""What a flow refuses: unknown steps, roles, holders, duties, entries; and every reason at once."""

from __future__ import annotations

from datetime import date
from itertools import combinations, product

import pytest

from caseflow.errors import Refusal
from caseflow.rules.flow import ROLES, Clock, Facts, Flow, Need, State, Step
from caseflow.workflows import FLOWS
from caseflow.workflows.guards import DUTIES, DUTY_TEXT, separate_duties
from tests.support.deciding import ME, OTHER, TODAY, WALKED, codes, decide, filled, somebody

every_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)


@every_flow
@pytest.mark.parametrize("action", ["to_approved", "to_closed", "may_accept", "", "os.getcwd", "x" * 10_000])
def test_an_action_that_the_flow_does_not_have_is_refused(flow: Flow, action: str) -> None:
    decided = flow.decide("received", action, somebody())

    assert codes(decided) == ["unknown_action"]
    assert len(str(decided[0])) < 100 if isinstance(decided, tuple) else False


@every_flow
def test_every_action_is_refused_in_a_state_that_does_not_offer_it(flow: Flow) -> None:
    for state in (*flow.states, "nowhere", ""):
        offered = {choice.action.key for choice in flow.open_actions(state, somebody())}
        for action in set(flow.actions) - offered:
            assert codes(decide(flow, state, action)) == ["wrong_state"]


@every_flow
def test_without_the_role_nothing_is_done_and_the_refusal_names_who_may(flow: Flow) -> None:
    for step in WALKED[flow.key]:
        may = step.action.roles or step.source.roles
        decided = decide(flow, step.source.key, step.action.key, roles=frozenset(ROLES) - may)

        assert not isinstance(decided, Step)
        told = next(refusal for refusal in decided if refusal.code == "role")
        assert all(ROLES[role] in told.text for role in may)


@every_flow
def test_auditor_and_administrator_may_take_no_step(flow: Flow) -> None:
    for state, action in product(flow.states, flow.actions):
        decided = decide(flow, state, action, roles=frozenset({"auditor", "administrator"}))

        assert {"role", "wrong_state"} & set(codes(decided))


@every_flow
def test_a_case_that_another_holds_is_left_to_them(flow: Flow) -> None:
    for step in WALKED[flow.key]:
        decided = decide(flow, step.source.key, step.action.key, handler=OTHER, handler_name="阿依古丽")

        if not step.action.anyone:
            assert "others_case" in codes(decided)
            assert "阿依古丽" in str(decided)


@every_flow
def test_a_case_of_somebody_away_is_as_unclaimed_to_who_stands_in_and_to_nobody_else(flow: Flow) -> None:
    for step in WALKED[flow.key]:
        mine = decide(flow, step.source.key, step.action.key, handler=OTHER, stand_in_for=frozenset({OTHER}))
        third = decide(flow, step.source.key, step.action.key, handler=OTHER, stand_in_for=frozenset({OTHER + 1}))

        assert isinstance(mine, Step) or "others_case" not in codes(mine)
        assert step.action.anyone or "others_case" in codes(third)


@every_flow
def test_a_case_nobody_holds_is_left_to_those_who_handle_its_item(flow: Flow) -> None:
    for step in WALKED[flow.key]:
        free = decide(flow, step.source.key, step.action.key, handler=None, handles=False)
        held = decide(flow, step.source.key, step.action.key, handler=ME, handles=False)

        assert step.action.anyone or codes(free)[:1] == ["not_handled"]
        assert isinstance(held, Step) or "not_handled" not in codes(held)


def test_to_claim_takes_the_items_and_a_stand_in_does_not_ask_for_them() -> None:
    flow = FLOWS["standard"]

    assert codes(decide(flow, "reviewing", "claim", handler=None, handles=False)) == ["not_handled"]
    assert isinstance(decide(flow, "reviewing", "claim", handler=None), Step)
    stood = decide(flow, "reviewing", "claim", handler=OTHER, stand_in_for=frozenset({OTHER}), handles=False)
    assert isinstance(stood, Step)


def test_separation_of_duties_counts_the_stand_in_who_acts() -> None:
    changes = {"handler": OTHER, "stand_in_for": frozenset({OTHER}), "acts": {"accept": frozenset({ME})}}

    decided = decide(FLOWS["standard"], "reviewing", "approve", **changes)

    assert codes(decided) == ["duties"]


def test_every_reason_is_given_at_once() -> None:
    facts = Facts(ME, frozenset({"clerk"}), TODAY, handler=OTHER, acts={"accept": frozenset({ME})})

    decided = FLOWS["standard"].decide("reviewing", "approve", facts)

    assert codes(decided) == ["role", "others_case", "duties", "need_lawful", "need_conditions", "need_opinion"]


def test_a_closed_button_says_why_and_an_open_one_has_no_reason() -> None:
    choices = FLOWS["standard"].open_actions("reviewing", somebody(acts={"accept": frozenset({ME})}))

    closed = {choice.action.key: [refusal.code for refusal in choice.closed] for choice in choices}
    assert closed["approve"] == ["duties"]
    assert closed["send_back"] == []


@pytest.mark.parametrize(("done", "now"), list(product(DUTIES, DUTIES)))
def test_in_a_full_bureau_nobody_takes_two_duties_of_one_case(done: str, now: str) -> None:
    refusal = separate_duties(State("s", "", "", Clock.RUNS, duty=now), somebody(acts={done: frozenset({ME})}))

    assert (refusal is None) is (done == now)
    if refusal:
        assert refusal.text == f"您已办理本件的{DUTY_TEXT[done]}，不能再办理{DUTY_TEXT[now]}"
        assert refusal.basis == "岗位分离"


@pytest.mark.parametrize(("done", "now"), list(product(DUTIES, DUTIES)))
def test_in_a_small_bureau_only_neighbouring_duties_need_two_people(done: str, now: str) -> None:
    others = [duty for duty in DUTIES if duty not in {done, now}]
    for performed in (subset for n in range(4) for subset in combinations(others, n)):
        acts = {duty: frozenset({OTHER}) for duty in performed} | {done: frozenset({ME})}
        low, high = sorted((DUTIES.index(done), DUTIES.index(now)))
        between = any(low < DUTIES.index(duty) < high for duty in performed)

        refusal = separate_duties(State("s", "", "", Clock.RUNS, duty=now), somebody(duties="small", acts=acts))

        assert (refusal is None) is (done == now or between)


DECIDING = [
    (flow.key, action.key, route.source)
    for flow in FLOWS.values()
    for action in flow.actions.values()
    for route in action.routes
    if action.decides and flow.states[route.source].duty != "accept"
]


@pytest.mark.parametrize(("flow", "action", "source"), DECIDING)
def test_every_decision_after_acceptance_is_kept_from_who_accepted(flow: str, action: str, source: str) -> None:
    decided = decide(FLOWS[flow], source, action, acts={"accept": frozenset({ME})}, returned=True)

    assert codes(decided) == ["duties"]


@pytest.mark.parametrize("done", ["accept", "review", "check", "authorise"])
def test_who_decided_anything_about_a_payment_does_not_pay_it(done: str) -> None:
    assert codes(decide(FLOWS["payment"], "paying", "pay", acts={done: frozenset({ME, OTHER})})) == ["duties"]


def test_an_immediate_item_may_be_done_by_one_person_at_one_sitting() -> None:
    decided = decide(FLOWS["immediate"], "accepted", "close", acts={"accept": frozenset({ME})})

    assert isinstance(decided, Step)


@pytest.mark.parametrize(
    ("due", "asked"), [(date(2026, 3, 1), True), (date(2026, 3, 2), False), (date(2026, 3, 3), False), (None, False)]
)
def test_closing_late_asks_for_the_reason_and_closing_in_time_does_not(due: date | None, asked: bool) -> None:
    decided = decide(FLOWS["standard"], "approved", "close", promised_due=due, details={"result": "已办理"})

    assert (not isinstance(decided, Step)) is asked
    if asked:
        assert codes(decided) == ["need_late_reason"]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("days", "", "请填写：预计工作日数"),
        ("days", "0", "预计工作日数应为 1 到 999 的整数"),
        ("days", "-3", "预计工作日数应为 1 到 999 的整数"),
        ("days", "1000", "预计工作日数应为 1 到 999 的整数"),
        ("days", "３", "预计工作日数应为 1 到 999 的整数"),
        ("days", "9" * 10_000, "预计工作日数应为 1 到 999 的整数"),
        ("kind", "休假", "特别程序种类只能选：听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审、受理后补充材料"),
        ("basis", "依" * 201, "依据不能超过 200 字"),
        ("reason", " \n ", "请填写：理由"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_with_its_label(key: str, value: str, text: str) -> None:
    details = filled(FLOWS["standard"].actions["suspend"]) | {key: value}

    decided = decide(FLOWS["standard"], "reviewing", "suspend", details=details)

    assert decided == (Refusal(f"need_{key}", text),)


@pytest.mark.parametrize("value", ["", "off", "true", "ON"])
def test_only_a_tick_is_a_tick(value: str) -> None:
    decided = decide(FLOWS["standard"], "received", "accept", details={"complete": value, "genuine": "on"})

    assert decided == (Refusal("need_complete", "请勾选：材料齐全完整"),)


def test_an_entry_is_asked_for_only_where_its_condition_holds() -> None:
    need = Need("note", "说明", when=lambda facts: facts.late)

    assert not need.asked(somebody(promised_due=TODAY))
    assert need.asked(somebody(promised_due=date(2026, 2, 27)))
    assert need.asked(somebody(statutory_due=date(2026, 2, 27)))
