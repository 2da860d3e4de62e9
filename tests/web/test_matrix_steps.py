"""Every step at the web door: each action in each state by each role, against the table of tests/test_policy_steps.py.

A step is taken back after its answer, so that every cell meets the same case.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from flask import Response
from flask.testing import FlaskClient
from sqlalchemy import Engine

from caseflow.desk.intake import CaseRef
from caseflow.errors import BadInput, CaseflowError, Refused
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import create_engine_for, writing
from caseflow.workflows import FLOWS
from tests.support.databases import SqliteDatabases
from tests.support.deciding import LETTERS, filled
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, CHECK, DECLINE, HAND_OVER, LARGE, PAY, REFUSE, SETTLE, WITHDRAW
from tests.test_policy_steps import WHO, offered
from tests.web.counter import Counter, open_door

ITEM = "inpatient-reimbursement"
_PAUSE = {"kind": "鉴定", "basis": "规程", "days": "5", "reason": "需鉴定"}
_REVIEWING = [ACCEPT, HAND_OVER]
_CHECKING = [*_REVIEWING, ("reviewer", "approve", LARGE)]
_APPROVED = [*_CHECKING, CHECK, ("approver", "authorise", {"opinion": "同意"})]
ROADS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "received": [],
    "supplementing": [("clerk", "supplement_notice", {})],
    "accepted": [ACCEPT],
    "reviewing": _REVIEWING,
    "checking": _CHECKING,
    "approving": [*_CHECKING, CHECK],
    "approved": _APPROVED,
    "paying": [*_APPROVED, SETTLE],
    "suspended": [ACCEPT, ("clerk", "suspend", _PAUSE)],
    "closed": [*_APPROVED, SETTLE, PAY],
    "refused": [*_REVIEWING, ("reviewer", "refuse", REFUSE)],
    "declined": [DECLINE],
    "withdrawn": [WITHDRAW],
    "terminated": [("clerk", "terminate", {"kind": "无法继续办理", "reason": "单位已注销"})],
}


class TakenBack(Exception):
    """The transaction of a cell is not kept."""


def bring(office: Office, state: str) -> CaseRef:
    """A case of a payment in this state."""
    application = office.application(ITEM)
    receipts = dict(application.receipts)
    if state == "supplementing":
        receipts[next(iter(receipts))] = Receipt(Mark.MISSING)
    ref = office.register(ITEM, receipts=receipts)
    for by, action, details in ROADS[state]:
        office.act(ref, by, action, **details)
    assert office.case(ref).state.key == state
    return ref


def codes(_number: str, _item: object, _action: str, _draft: object, error: CaseflowError) -> Response:
    """The refusal in place of the whole page: its codes."""
    told = [refusal.code for refusal in error.refusals] if isinstance(error, Refused) else [type(error).__name__]
    return Response(" ".join(told), 422 if isinstance(error, BadInput) else 409)


def wrong_cells(office: Office, browsers: dict[str, FlaskClient], state: str) -> tuple[int, int, list[tuple[str, ...]]]:
    """How many cells of this state there are, how many steps could be taken, and what is not as the table says."""
    ref, flow = bring(office, state), FLOWS["payment"]
    version = str(office.case(ref).record.version)
    table = offered(WHO["payment"][state])
    taken, wrong = 0, []
    # 更正 has an address of its own, which takes no step by itself.
    actions = {key: who for key, who in table.items() if key != "correct"} or {"accept": "", "pay": ""}
    for action, who in actions.items():
        entries = {f"need.{action}.{key}": text for key, text in filled(flow.actions[action]).items()}
        for letter, browser in browsers.items():
            form = entries | {"version": version, "confirmed": "on"}
            answer = browser.post(f"/cases/{ref.number}/{action}", data=form)
            by_role = answer.status_code == 403 if letter in "ua" else "role" in answer.text.split()
            none = not table and answer.text == "wrong_state"
            taken += answer.status_code == 303
            wrong += [] if none or by_role is (letter not in who) else [(state, action, letter, answer.text[:80])]
    return len(actions) * len(browsers), taken, wrong


@pytest.fixture
def taking_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[Engine], None]:
    """Make the case page's transactions be rolled back once the step was taken."""

    def install(engine: Engine) -> None:
        def once(work: Callable[[Any], Any]) -> None:
            with suppress(TakenBack), writing(engine) as session:
                work(session)
                raise TakenBack

        monkeypatch.setattr("web.cases.once", once)
        monkeypatch.setattr("web.cases._refused", codes)

    return install


def try_all(engine: Engine, states: list[str]) -> tuple[int, int, list[tuple[str, ...]]]:
    office = open_office(engine)
    app = open_door(office)
    browsers = {letter: Counter.of(app, office, LETTERS[letter]).client for letter in "crkpmsua"}
    found = [wrong_cells(office, browsers, state) for state in states]
    return sum(one[0] for one in found), sum(one[1] for one in found), [cell for one in found for cell in one[2]]


def test_every_step_of_a_payment_is_open_to_the_roles_of_the_table(
    sqlite_databases: SqliteDatabases, taking_back: Callable[[Engine], None]
) -> None:
    with sqlite_databases.fresh() as url:
        engine = create_engine_for(url)
        taking_back(engine)

        tried, taken, wrong = try_all(engine, list(ROADS))

        engine.dispose()
    assert wrong == []
    assert tried > 900
    assert taken > 60


def test_some_states_are_alike_on_every_database(engine: Engine, taking_back: Callable[[Engine], None]) -> None:
    taking_back(engine)

    _, taken, wrong = try_all(engine, ["reviewing", "paying"])

    assert wrong == []
    assert taken > 10


def test_the_states_are_those_of_the_table() -> None:
    assert set(ROADS) == set(WHO["payment"])
