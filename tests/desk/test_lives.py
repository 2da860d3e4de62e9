"""Random lives: whatever staff do, the history explains the case. CASEFLOW_LIVES sets how many (a few in CI)."""

from __future__ import annotations

import os
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from caseflow.desk.intake import CaseRef
from caseflow.desk.people import Party
from caseflow.desk.upkeep import sweep
from caseflow.errors import BadInput, Refused
from caseflow.identity import IdKind
from caseflow.rules.checklist import LineState, Mark, Receipt
from caseflow.rules.clock import Clocks, Limit, Pause, left, read, used
from caseflow.rules.flow import Choice, Need
from caseflow.store.db import reading
from caseflow.store.facts import CaseState
from caseflow.store.journal import START, Entry, link
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, PaperRow
from tests.desk.test_sideroads import ITEMS
from tests.support.office import MORNING, Office, open_office

LIVES = int(os.environ.get("CASEFLOW_LIVES", "25"))
KEYS = (
    "deferral-case",
    "transfer-continuation",
    "inpatient-reimbursement",
    "assessed",
    "long-term-residence",
    "lapse-accepts",
)
RARE = ("withdraw", "terminate", "decline", "refuse", "break_off", "release", "assign", "claim", "consent", "suspend")
WORKERS = ("clerk", "reviewer", "checker", "approver", "cashier", "supervisor", "second")


def _value(need: Need, office: Office, case: CaseState, draw: st.DataObject) -> str:
    if need.kind == "tick":
        return "on"
    if need.choices:
        return draw.draw(st.sampled_from(need.choices), label=need.key)
    if need.kind == "number":
        return str(draw.draw(st.integers(1, 7), label=need.key))
    if need.kind == "date":
        return (office.now.date() + timedelta(days=draw.draw(st.integers(-2, 6), label=need.key))).isoformat()
    if need.kind == "staff":
        return str(office.staff[draw.draw(st.sampled_from(WORKERS), label=need.key)].id)
    if need.kind == "lines":
        return draw.draw(st.sampled_from(["报销 100.00", "报销 50000.00\n护理 0.01"]), label=need.key)
    if need.key == "paper_number":
        return _some_paper(office, case)
    return "记录"


def _some_paper(office: Office, case: CaseState) -> str:
    with reading(office.engine) as session:
        query = select(PaperRow.number).where(PaperRow.case_id == case.record.id, PaperRow.voided_at.is_(None))
        return session.execute(query.order_by(PaperRow.id.desc()).limit(1)).scalar_one()


def _weight(choice: Choice) -> int:
    """Most lives go forward; few end early, and few are spent on handing the case around."""
    rare = (
        "withdraw",
        "terminate",
        "decline",
        "refuse",
        "break_off",
        "release",
        "assign",
        "claim",
        "consent",
        "correct",
    )
    return 1 if choice.action.key in (*rare, "correct_late", "receive_material") else 6


class Lives(RuleBasedStateMachine):
    """One case at a time, in an office that goes on."""

    office: Office
    ref: CaseRef

    @initialize(key=st.sampled_from(KEYS), missing=st.booleans())
    def register(self, key: str, *, missing: bool) -> None:
        self.office.now = MORNING
        number = f"E{next(self.office.keys):08d}"
        application = self.office.application(key, applicant=Party("买买提·艾合买提", IdKind.PASSPORT, number))
        receipts = dict(application.receipts)
        if missing:
            receipts[next(iter(receipts))] = Receipt(Mark.MISSING)
        self.ref = self.office.register(key, applicant=application.applicant, receipts=receipts)

    @rule(days=st.integers(1, 30))
    def time_passes(self, days: int) -> None:
        self.office.sleep(days)

    @rule()
    def the_sweep_runs_twice(self) -> None:
        sweep(self.office.engine, self.office.house, self.office.now)

        assert sweep(self.office.engine, self.office.house, self.office.now).total == 0

    @rule(steps=st.integers(1, 5), draw=st.data())
    def the_case_moves_on(self, steps: int, draw: st.DataObject) -> None:
        for _ in range(steps):
            ways = [(by, choice) for by in WORKERS for choice in self._open(by) for _ in range(_weight(choice))]
            if not ways:
                return
            by, choice = draw.draw(st.sampled_from(ways), label="step")
            self._take(by, self.office.case(self.ref, by), choice, draw)

    def _open(self, by: str) -> list[Choice]:
        case = self.office.case(self.ref, by)
        choices = case.flow.open_actions(case.state.key, case.facts)
        return [choice for choice in choices if not choice.closed and not choice.action.key.startswith("correct")]

    @rule(by=st.sampled_from(WORKERS), draw=st.data())
    def somebody_tries_what_is_closed(self, by: str, draw: st.DataObject) -> None:
        case = self.office.case(self.ref, by)
        action = draw.draw(st.sampled_from(sorted(case.flow.actions)), label="action")
        known = [
            c for c in case.flow.open_actions(case.state.key, case.facts) if c.action.key == action and not c.closed
        ]
        if known:
            return
        before = self.office.history(self.ref)

        with pytest.raises(Refused):
            self.office.act(self.ref, by, action)

        assert self.office.history(self.ref) == before

    def _take(self, by: str, case: CaseState, choice: Choice, draw: st.DataObject) -> None:
        needs = [need for need in choice.action.needs if need.asked(case.facts)]
        details = {need.key: _value(need, self.office, case, draw) for need in needs}
        receipts = self._receipts(case, choice.action.key, draw)
        try:
            self.office.act_on(self.ref, by, choice.action.key, details, receipts=receipts)
        except (Refused, BadInput):
            assert self.office.case(self.ref, by).record == case.record

    def _receipts(self, case: CaseState, action: str, draw: st.DataObject) -> dict[str, Receipt] | None:
        if action not in ("receive_material", "supplement", "receive_deferred"):
            return None
        states = (
            (LineState.DEFERRED,)
            if action == "receive_deferred"
            else (LineState.MISSING, LineState.FAULTY, LineState.MET)
        )
        lines = [line for line in case.checklist.lines if line.state in states]
        marks = [Receipt(Mark.RECEIVED, originals=1)]
        if action == "receive_material":
            marks += [Receipt(Mark.FAULTY, fault="不清楚"), Receipt(Mark.MISSING), Receipt(Mark.DEFERRED)]
        return {line.material.key: draw.draw(st.sampled_from(marks), label=line.material.key) for line in lines}

    @invariant()
    def the_history_explains_the_case(self) -> None:
        if not hasattr(self, "ref"):
            return
        case = self.office.case(self.ref)
        events = self._events()

        assert [event.seq for event in events] == list(range(1, case.record.version + 1))
        assert events[-1].to_state == case.record.state
        assert all(a.to_state == b.from_state for a, b in pairwise(events))
        self._chain_holds(case, events)
        self._dates_follow(case, events)

    def _events(self) -> list[Entry]:
        with reading(self.office.engine) as session:
            rows = session.execute(
                select(EventRow.__table__).where(EventRow.case_id == self.ref.id).order_by(EventRow.seq)
            ).all()
        self.chains = [row.chain for row in rows]
        return [Entry(**{name: getattr(row, name) for name in Entry.__slots__}) for row in rows]

    def _chain_holds(self, case: CaseState, events: list[Entry]) -> None:
        before = START
        for event, chain in zip(events, self.chains, strict=True):
            before = link(self.office.house.keys, before, event)
            assert before == chain
        assert case.record.chain == before

    def _dates_follow(self, case: CaseState, events: list[Entry]) -> None:
        """Both due dates, computed again from what the history tells alone."""
        record = case.record
        accepted = _accepted_on(events, record.accepted_on)
        assert accepted == record.accepted_on
        if accepted is None or not record.is_open:
            return
        clocks = Clocks(accepted, record.promised, record.statutory, _pauses(events), _extended(events))
        calendar = self.office.house.catalogue.calendar_of("shawan")
        reading_today = read(calendar, clocks, self.office.now.date())
        assert (record.promised_due, record.statutory_due) == (reading_today.promised_due, reading_today.statutory_due)
        for limit in (record.promised, record.statutory):
            if limit is not None:
                _used_and_left_make_the_limit(self.office, clocks, limit)

    @invariant()
    def an_ended_case_runs_no_clock(self) -> None:
        if not hasattr(self, "ref"):
            return
        with reading(self.office.engine) as session:
            is_open, ended = session.execute(
                select(CaseRow.is_open, CaseRow.ended_on).where(CaseRow.id == self.ref.id)
            ).one()
            running = select(DeadlineRow.kind).where(
                DeadlineRow.case_id == self.ref.id, DeadlineRow.stopped_on.is_(None)
            )
            kinds = set(session.execute(running).scalars())
        assert (ended is None) == bool(is_open)
        assert is_open or kinds <= {"commitment", "repay", "serve"}

    def teardown(self) -> None:
        with reading(self.office.engine) as session:
            query = select(PaperRow.kind, PaperRow.serial).order_by(PaperRow.kind, PaperRow.serial)
            serials: dict[str, list[int]] = {}
            for kind, serial in session.execute(query):
                serials.setdefault(kind, []).append(serial)
        for numbers in serials.values():
            assert numbers == list(range(1, len(numbers) + 1))


def _accepted_on(events: list[Entry], stored: date | None) -> date | None:
    told = [date.fromisoformat(event.detail["accepted_on"]) for event in events if "accepted_on" in event.detail]
    lapsed = any(event.action == "lapse" and event.to_state != event.from_state for event in events)
    return stored if lapsed else (told[-1] if told else None)


def _pauses(events: list[Entry]) -> tuple[Pause, ...]:
    pauses: list[Pause] = []
    counted_out = False
    for event in events:
        if event.action == "suspend":
            counted_out = event.detail["excluded"] == "不计入办理时限"
            pauses += [Pause(event.on_day, None)] if counted_out else []
        elif event.from_state == "suspended" != event.to_state and counted_out:
            pauses[-1] = Pause(pauses[-1].start, event.on_day)
    return tuple(pauses)


def _extended(events: list[Entry]) -> int:
    return sum(int(event.detail["days"]) for event in events if event.action == "grant_extension")


def _used_and_left_make_the_limit(office: Office, clocks: Clocks, limit: Limit) -> None:
    calendar, today = office.house.catalogue.calendar_of("shawan"), office.now.date()
    assert clocks.start is not None
    spent = used(calendar, clocks.start, today, clocks.pauses)
    assert spent + left(calendar, clocks.start, limit, clocks.pauses, clocks.extend, today) == limit.n + clocks.extend


def test_every_life_is_explained_by_its_history(engine: Engine) -> None:
    office = open_office(engine, extra={"second": ("clerk", "reviewer", "checker")}, items=ITEMS)
    here = type("LivesHere", (Lives,), {"office": office})

    run_state_machine_as_test(
        here,
        settings=settings(
            max_examples=LIVES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
