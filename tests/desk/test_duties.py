"""People with several roles try everything on one case, with every trick of who holds it: the duties stay apart.

Claimed, released, assigned, handed over, stood in for, sent back, corrected; roles changed and accounts disabled in
between; a supervisor who also handles. What counts is the history at the end. CASEFLOW_LIVES asks for more lives.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations, pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from caseflow.desk import accounts, sessions
from caseflow.desk.correcting import correct
from caseflow.desk.handling import advance
from caseflow.desk.office import Away, add_absence, cancel_absence
from caseflow.errors import CaseflowError, NotSignedIn, Refused
from caseflow.house import Actor
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.flow import Action, Need
from caseflow.rules.past import CONSENTS
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.facts import CaseState, load_case
from caseflow.store.models import EventRow, StaffRow
from caseflow.store.office_models import AbsenceRow
from caseflow.workflows import FLOWS
from caseflow.workflows.guards import DUTIES
from tests.support.databases import SqliteDatabases
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, CHECK, HAND_OVER, PAY, SETTLE, SMALL

LIVES = max(2, int(os.environ.get("CASEFLOW_LIVES", "0")) // 4)
TRIES = 60
EVERYTHING = ("clerk", "reviewer", "checker", "approver", "cashier")
CREW = {
    "one": EVERYTHING,
    "two": EVERYTHING,
    "three": EVERYTHING,
    "four": ("reviewer", "checker", "supervisor"),
    "five": (*EVERYTHING, "supervisor"),
    "six": ("checker", "approver", "cashier"),
}
LOOKERS = ("auditor", "administrator", "security", "audit")
ITEMS = ("inpatient-reimbursement", "transfer-continuation")
ENDS = {"withdraw", "terminate", "decline", "refuse"}
"""Not tried: a life that ends early shows nothing."""

ROAD = {
    "accept",
    "hand_over",
    "approve",
    "check",
    "authorise",
    "settle_statement",
    "pay",
    "pay_again",
    "return_payment",
}
ROAD |= {"resume", "supplement", "close"}

WORDS = {"tick": "on", "number": "2", "lines": "住院费用报销 50000.01\n护理费 1.00", "date": "2026-03-20"}


@dataclass
class Life:
    """One case, and what anybody may try with it."""

    office: Office
    dice: Random
    ref: Any
    tokens: dict[str, str]

    def actor(self, who: str) -> Actor | None:
        """The person as the door knows them: by a running session, else by signing in; None where neither goes."""
        office = self.office
        with writing(office.engine) as session:
            try:
                return sessions.session_actor(session, self.tokens.get(who, ""), office.now, office.house.sign_in)
            except NotSignedIn:
                staff_id = office.staff[who].id
                if not session.execute(select(StaffRow.active).where(StaffRow.id == staff_id)).scalar_one():
                    return None
                self.tokens[who] = sessions.open_session(session, staff_id, "", office.now)
                return sessions.session_actor(session, self.tokens[who], office.now, office.house.sign_in)

    def forward(self) -> None:
        """A step on the road by the first for whom it is open; where it is to nobody, the case changes hands."""
        for wanted in (ROAD, {"claim", "assign"}):
            for who in self.dice.sample(tuple(CREW), len(CREW)):
                actor = self.actor(who)
                ways = [one for one in self.open_to(actor) if one.key in wanted] if actor else []
                if actor and ways:
                    self.take(actor, self.dice.choice(ways).key)
                    return

    def anything(self) -> None:
        """Somebody takes any step that is open to them, or tries one that is not."""
        who = self.dice.choice((*CREW, *LOOKERS))
        actor = self.actor(who)
        if actor is not None:
            every = list(FLOWS["payment"].actions.values())
            ways = self.open_to(actor) if self.dice.random() < 0.7 else []
            self.take(actor, self.dice.choice(ways or every).key)

    def open_to(self, actor: Actor) -> list[Action]:
        case = self.case(actor)
        return [one.action for one in case.flow.open_actions(case.state.key, case.facts) if not one.closed]

    def case(self, actor: Actor) -> CaseState:
        with reading(self.office.engine) as session:
            return load_case(session, self.office.house, actor, self.ref.id, self.office.now.date())

    def take(self, actor: Actor, key: str) -> None:
        """One step as the door takes it, in a transaction of its own."""
        office, case = self.office, self.case(actor)
        known = case.flow.actions.get(key)
        if key in ENDS or known is None:
            return
        with writing(office.engine) as session:
            about = (session, office.house, actor, self.ref.id, case.record.version)
            if key.startswith("correct"):
                correct(*about, {"applicant.phone": f"139{self.dice.randrange(10**8):08d}"}, "笔误", office.now)
                return
            details = {need.key: self.word(need) for need in known.needs}
            advance(*about, key, details, office.now, self.receipts(case, key))

    def word(self, need: Need) -> str:
        if need.kind == "staff":
            return str(self.office.staff[self.dice.choice(tuple(CREW))].id)
        return self.dice.choice(need.choices) if need.choices else WORDS.get(need.kind, "记录")

    def receipts(self, case: CaseState, action: str) -> dict[str, Receipt] | None:
        if action != "supplement":
            return None
        return {line.material.key: Receipt(Mark.RECEIVED, originals=1) for line in case.checklist.unmet}

    # --- what the office does around it

    def roles(self) -> None:
        """Somebody gets other roles; whoever kept the old session is out."""
        who = self.dice.choice(tuple(CREW))
        some = tuple(self.dice.sample(EVERYTHING, self.dice.randint(1, 5))) + self.dice.choice([(), ("supervisor",)])
        with writing(self.office.engine) as session:
            accounts.set_roles(session, self.office.staff["security"], self.number(who), some, self.office.now)

    def off_and_on(self) -> None:
        """An account is disabled with cases in hand, or comes back."""
        keeper, number = self.office.staff["security"], self.number(self.dice.choice(tuple(CREW)))
        with writing(self.office.engine) as session:
            if self.dice.random() < 0.4:
                accounts.disable(session, keeper, number, self.office.now, held_known=True)
            else:
                accounts.enable(session, keeper, number, self.office.now)

    def away(self) -> None:
        """Somebody is away from today on with somebody in their place, or comes back early."""
        keeper, now = self.office.staff["administrator"], self.office.now
        one, other = (self.number(who) for who in self.dice.sample(tuple(CREW), 2))
        with writing(self.office.engine) as session:
            ids = list(session.execute(select(AbsenceRow.id).where(AbsenceRow.cancelled_at.is_(None))).scalars())
            if ids and self.dice.random() < 0.5:
                cancel_absence(session, keeper, self.dice.choice(ids), now)
            else:
                add_absence(session, keeper, Away(one, now.date(), now.date() + timedelta(days=1), other), now)

    def number(self, who: str) -> str:
        return self.office.staff[who].number

    def tomorrow(self) -> None:
        self.office.sleep(1)
        self.tokens.clear()

    def live(self) -> None:
        """Many tries; what is refused is refused, and nothing else goes wrong."""
        around: list[Callable[[], None]] = [self.roles, self.off_and_on, self.away, self.tomorrow]
        for _ in range(TRIES):
            try:
                self.dice.choices([self.forward, self.anything, *around], [10, 6, 0.5, 1, 1, 1])[0]()
            except CaseflowError:
                continue


def lead(office: Office, seed: int) -> list[Any]:
    """One life of a case from its registration, and its history."""
    dice = Random(seed)
    ref = office.register(dice.choice(ITEMS), by=dice.choice(("one", "two", "three")))
    Life(office, dice, ref, {}).live()
    with reading(office.engine) as session:
        columns = (EventRow.action, EventRow.duty, EventRow.actor_id, EventRow.detail)
        return list(session.execute(select(*columns).where(EventRow.case_id == ref.id).order_by(EventRow.seq)).all())


def by_duty(history: list[Any]) -> list[set[int]]:
    """Who did each duty, in the order of the duties, without those that nobody did."""
    people = [{event.actor_id for event in history if event.duty == duty} for duty in DUTIES]
    return [some for some in people if some]


def joined(history: list[Any], duties: str) -> bool:
    """Whether somebody did two duties that must be apart."""
    done = by_duty(history)
    return any(one & other for one, other in (pairwise(done) if duties == "small" else combinations(done, 2)))


def decided_about_own(history: list[Any]) -> list[str]:
    """What a supervisor decided about a case of their own, or acted upon by their own consent."""
    wrong, decided, asker = [], set[int](), None
    given: dict[str, int] = {}
    uses = {"supplement_notice": "二次告知", "correct_late": CONSENTS["late_correction"]}
    for event in history:
        if event.action in ("grant_extension", "reject_extension", "consent"):
            wrong += [event.action] if event.actor_id in decided | {asker} - {None} else []
        if event.action == "consent":
            given[event.detail["kind"]] = event.actor_id
        if event.actor_id == given.get(uses.get(event.action, "")):
            wrong.append(event.action)
        asker = event.actor_id if event.action == "ask_extension" else asker
        decided |= {event.actor_id} if event.duty else set()
    return wrong


def small(office: Office) -> Office:
    """The same office as a small bureau."""
    catalogue = office.house.catalogue
    bureaus = {**catalogue.bureaus, office.bureau: replace(catalogue.bureau(office.bureau), duties="small")}
    office.house = replace(office.house, catalogue=replace(catalogue, bureaus=bureaus))
    return office


@pytest.mark.parametrize("duties", ["full", "small"])
def test_the_history_of_no_case_joins_what_must_be_apart(engine: Engine, duties: str) -> None:
    office = open_office(engine, extra=CREW)
    office = small(office) if duties == "small" else office
    lookers = {office.staff[who].id for who in LOOKERS}

    histories = [lead(office, seed) for seed in range(LIVES if engine.dialect.name == "sqlite" else 1)]

    for history in histories:
        assert not joined(history, duties)
        assert decided_about_own(history) == []
        assert not lookers & {event.actor_id for event in history}
    assert {event.duty for history in histories for event in history} >= {"accept", "review"}


def test_without_the_guard_the_same_lives_join_them(
    sqlite_databases: SqliteDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    for flow in FLOWS.values():
        for key, action in list(flow.actions.items()):
            guards = tuple(guard for guard in action.guards if guard.__name__ != "separate_duties")
            monkeypatch.setitem(flow.actions, key, replace(action, guards=guards))
    with sqlite_databases.fresh() as url:
        engine = create_engine_for(url)
        office = open_office(engine, extra=CREW)

        found = any(joined(lead(office, seed), "full") for seed in range(20))

        engine.dispose()
    assert found


# --- the two tricks, told plainly


def test_who_consented_cannot_use_the_consent_not_even_after_giving_the_case_away_and_back(engine: Engine) -> None:
    office = open_office(engine, extra={"chief": ("clerk", "supervisor")})
    ref = office.register("transfer-continuation", by="chief")
    office.sleep(20)
    decline = {"kind": "不属职权", "reason": "应向参保地申请"}
    consent = {"kind": CONSENTS["after_lapse"], "reason": "申请人已同意"}
    with pytest.raises(Refused, match="自己经办的办件，须由其他主管同意"):
        office.act(ref, "chief", "consent", **consent)

    office.act(ref, "chief", "release")
    office.act(ref, "chief", "consent", **consent)
    office.act(ref, "chief", "claim")

    with pytest.raises(Refused, match="须主管同意"):
        office.act(ref, "chief", "decline", **decline)
    office.act(ref, "chief", "release")
    assert office.act(ref, "clerk", "decline", **decline).state == "declined"


def test_who_reviewed_a_payment_does_not_pay_it_a_second_time(engine: Engine) -> None:
    office = open_office(engine, extra={"both": ("reviewer", "cashier")})
    ref = office.register("inpatient-reimbursement")
    reviewed = [
        (("both" if by == "reviewer" else by), *rest)
        for by, *rest in (ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL))
    ]
    for by, action, details in (*reviewed, CHECK, SETTLE, PAY):
        office.act(ref, by, action, **details)
    office.act(ref, "both", "return_payment", reason="账号有误")

    with pytest.raises(Refused, match="您已办理本件的审核，不能再办理拨付"):
        office.act(ref, "both", "pay_again", reference="P2026-002")

    assert office.act(ref, "cashier", "pay_again", reference="P2026-002").state == "closed"
