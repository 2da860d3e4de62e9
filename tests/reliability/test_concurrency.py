"""Sixteen at once. CASEFLOW_ROUNDS=1000 runs the long form."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest

from caseflow.desk.intake import Application, register
from caseflow.errors import CaseflowError
from caseflow.store.db import writing
from tests.reliability.books import audit
from tests.support.office import Office
from tests.support.roads import ACCEPT
from tests.web.counter import Counter as Browser
from tests.web.counter import Door, number_of

AT_ONCE = 16
ROUNDS = int(os.environ.get("CASEFLOW_ROUNDS", "6"))
TRANSFER = "transfer-continuation"


def all_at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each of sixteen gets who begin together."""
    gate = Barrier(AT_ONCE)

    def begin(n: int) -> Any:
        gate.wait()
        return work(n)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(begin, range(AT_ONCE)))


@pytest.fixture
def browsers(door: Door) -> list[Browser]:
    """Sixteen windows in which the clerk is signed in."""
    return [door.clerk for _ in range(AT_ONCE)]


def accepted(office: Office) -> str:
    """The number of a case that may be handed over."""
    ref = office.register(TRANSFER)
    office.act_on(ref, *ACCEPT)
    return ref.number


def form_of(clerk: Browser, number: str) -> dict[str, str]:
    return clerk.fields(clerk.get(f"/cases/{number}"), f"/cases/{number}/hand_over")


def test_of_sixteen_forms_for_one_step_one_is_taken_and_fifteen_are_told(
    door: Door, office: Office, browsers: list[Browser]
) -> None:
    numbers = [accepted(office) for _ in range(ROUNDS)]

    for number in numbers:
        form = form_of(browsers[0], number)
        statuses = all_at_once(
            lambda n, number=number, form=form: (
                browsers[n].send(f"/cases/{number}/hand_over", form | {"request_key": f"{number}-{n}"}).status_code
            )
        )
        assert Counter(statuses) == {303: 1, 409: 15}

    assert audit(office.engine, office.house).clean


def test_one_form_sent_sixteen_times_at_once_acts_once_and_is_answered_alike(
    door: Door, office: Office, browsers: list[Browser]
) -> None:
    numbers = [accepted(office) for _ in range(ROUNDS)]

    for number in numbers:
        form = form_of(browsers[0], number)
        answers = all_at_once(lambda n, number=number, form=form: browsers[n].send(f"/cases/{number}/hand_over", form))
        assert {(one.status_code, one.headers["Location"]) for one in answers} == {(303, f"/cases/{number}")}

    assert audit(office.engine, office.house).clean


def test_one_registration_sent_sixteen_times_at_once_is_one_case(
    door: Door, office: Office, browsers: list[Browser]
) -> None:
    form = browsers[0].register_to(3, TRANSFER) | {"go": "submit", "decision": "receive_only"}

    numbers = {number_of(page) for page in all_at_once(lambda n: browsers[n].send("/register", form))}

    assert len(numbers) == 1
    assert audit(office.engine, office.house).clean


def test_numbers_have_no_gap_under_sixteen_writers_of_whom_some_fail(office: Office) -> None:
    applications = [[office.application(TRANSFER) for _ in range(3)] for _ in range(AT_ONCE)]

    def write(n: int) -> int:
        return sum(keep(application, kept=(n + k) % 3 != 0) for k, application in enumerate(applications[n]))

    def keep(application: Application, *, kept: bool) -> bool:
        with suppress(Abandoned), writing(office.engine) as session:
            register(session, office.house, office.staff["clerk"], application, office.now)
            if not kept:
                raise Abandoned
        return kept

    registered = sum(all_at_once(write))

    books = audit(office.engine, office.house)
    assert books.clean
    assert registered == AT_ONCE * 2


class Abandoned(CaseflowError):
    """Somebody thinks better of it after the numbers were drawn."""


def test_sixteen_desks_on_one_case_leave_one_straight_history(office: Office) -> None:
    ref = office.register(TRANSFER)

    def take(_n: int) -> bool:
        try:
            office.act_on(ref, *ACCEPT, version=1)
        except CaseflowError:
            return False
        return True

    assert sum(all_at_once(take)) == 1
    assert office.history(ref) == ["register", "accept"]
