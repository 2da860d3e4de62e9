"""Signing in as a machine: whatever is tried in whatever order, what locks, opens and is taken is foretold."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from caseflow.desk import passwords, second_factor, sessions, signing_in, staff
from caseflow.desk.signing_in import CODE, ENROL, SignIn
from caseflow.errors import NotSignedIn
from caseflow.rules.totp import step_at
from caseflow.store.db import writing
from tests.desk.test_signing_in import HOUSE, MINUTE, NOW, PASSWORD, enrol, give, hire, who
from tests.support.signing import enter, shown

ADDRESSES = count()


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords.stand_in.cache_clear()


class Door(RuleBasedStateMachine):
    """One account and one address; the model knows when it is locked, what it holds and which codes are used."""

    engine: Engine

    @initialize(supervisor=st.booleans())
    def open(self, supervisor: bool) -> None:
        self.number = hire(self.engine, "supervisor" if supervisor else "clerk")
        self.address = f"2001:db8::{next(ADDRESSES):x}"
        self.now, self.failures, self.locked_until, self.active = NOW, 0, NOW - MINUTE, True
        self.must, self.secret, self.codes, self.last_step = supervisor, "", [], 0
        self.whole, self.half, self.half_until, self.whole_until = "", "", NOW, NOW

    @property
    def locked(self) -> bool:
        return self.now < self.locked_until

    def fail(self) -> None:
        self.failures += 1
        if self.failures >= 5:
            self.failures, self.locked_until = 0, self.now + 15 * MINUTE

    def arrive(self, found: SignIn) -> None:
        assert found.token
        assert not found.due
        assert who(self.engine, found.token, self.now) == self.number
        self.failures, self.half, self.whole = 0, "", found.token
        self.whole_until = self.now + 30 * MINUTE

    @rule(minutes=st.sampled_from([1, 4, 14, 15, 31]))
    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        assert bool(who(self.engine, self.whole, self.now)) == bool(self.whole and self.now < self.whole_until)

    @rule()
    def wrong_password(self) -> None:
        found = enter(self.engine, HOUSE, self.number, "wrong-password", self.now, address=self.address)
        before = self.locked
        if not before:
            self.fail()
        assert found.token is None
        assert ("锁定" in found.text) == (before or self.locked)

    @rule()
    def right_password(self) -> None:
        found = enter(self.engine, HOUSE, self.number, PASSWORD, self.now, address=self.address)
        if self.locked:
            assert found.token is None
        elif not self.active:
            self.fail()
            assert found.token is None
        elif self.secret or self.must:
            assert found.due == (CODE if self.secret else ENROL)
            assert who(self.engine, found.token, self.now) == ""
            self.half, self.half_until = found.token or "", self.now + 10 * MINUTE
        else:
            self.arrive(found)

    @precondition(lambda self: self.half and self.secret)
    @rule(what=st.sampled_from(["shown", "next", "stale", "wrong", "recovery", "used recovery"]))
    def second_step(self, what: str) -> None:
        step = step_at(self.now) + {"next": 1, "stale": -2}.get(what, 0)
        code = shown(self.secret, self.now + (step - step_at(self.now)) * timedelta(seconds=30))
        code = {"wrong": "x", "recovery": self.codes[-1], "used recovery": "abcd-" * 6}.get(what, code)
        if not self.active or self.now >= self.half_until:
            with pytest.raises(NotSignedIn):
                give(self.engine, self.half, code, self.now, self.address)
            return
        found = give(self.engine, self.half, code, self.now, self.address)
        if self.locked:
            assert found.token is None
            self.half = ""
        elif what == "recovery" or (what in ("shown", "next") and step > self.last_step):
            self.last_step = self.last_step if what == "recovery" else step
            assert who(self.engine, self.half, self.now) == ""
            self.arrive(found)
        else:
            self.fail()
            assert (found.token is None) == self.locked
            self.half = "" if self.locked else self.half

    @precondition(lambda self: self.active and not self.secret and not self.must)
    @rule()
    def enrols(self) -> None:
        self.secret, codes = enrol(self.engine, self.number, self.now)
        self.codes, self.last_step = list(codes), step_at(self.now)

    @precondition(lambda self: self.half and not self.secret and self.active and self.now < self.half_until)
    @rule()
    def enrols_halfway(self) -> None:
        with writing(self.engine) as session:
            actor = sessions.signed_in(session, self.half, self.now).actor
            offer = second_factor.offer(HOUSE.keys, actor, self.now)
            code = shown(offer.text, self.now)
            found, codes = signing_in.enrol(session, HOUSE, self.half, offer.ticket, code, self.address, self.now)
        self.secret, self.codes, self.last_step = offer.text, list(codes), step_at(self.now)
        self.locked_until = self.now
        self.arrive(found)

    @rule()
    def unlocked(self) -> None:
        with writing(self.engine) as session:
            staff.unlock(session, self.number, self.now)
        self.failures, self.locked_until = 0, self.now

    @precondition(lambda self: self.secret)
    @rule()
    def factor_reset(self) -> None:
        with writing(self.engine) as session:
            staff.reset_second_factor(session, self.number, self.now)
        self.secret, self.codes, self.whole, self.half = "", [], "", ""

    @rule()
    def disabled_or_enabled(self) -> None:
        with writing(self.engine) as session:
            (staff.disable if self.active else staff.enable)(session, self.number, self.now)
        if self.active:
            self.whole = self.half = ""
        else:
            self.failures, self.locked_until = 0, self.now
        self.active = not self.active


def test_whatever_is_tried_in_whatever_order_is_answered_as_foretold(engine: Engine) -> None:
    machine = type("DoorHere", (Door,), {"engine": engine})

    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=20, deadline=None))
