"""Plays the demo's plan through the real desk functions, day by day, each step by the person whose role it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import Connection, Engine

from caseflow.cli.demo_courses import Brings
from caseflow.cli.demo_fields import Paperwork, deferred, faulty, paperwork, spoiled, statement
from caseflow.cli.demo_parties import Parties, parties
from caseflow.cli.demo_people import Crowd
from caseflow.cli.demo_plan import Move, PlannedCase
from caseflow.cli.demo_scans import scan
from caseflow.cli.demo_staff import Crew
from caseflow.cli.demo_words import (
    ANSWERS,
    CORRECTION_REASON,
    DECIDED,
    LATE_REASON,
    MISTAKE_REASON,
    OPINIONS,
    ORDERS,
    RATINGS,
    REMOVAL_REASON,
    ROLE_OF,
    TICKS,
    TOLD,
)
from caseflow.desk.attachments import attach, detach
from caseflow.desk.carrying import carry_over
from caseflow.desk.correcting import correct
from caseflow.desk.handling import advance
from caseflow.desk.intake import Application, CaseRef, register
from caseflow.desk.issuing import mark_printed
from caseflow.desk.order_paper import order_paper
from caseflow.desk.rating import rate
from caseflow.desk.supervision import accept_order, answer_order, issue_order, return_order, withdraw_order
from caseflow.errors import Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.item import Item
from caseflow.store.db import writing
from caseflow.views.casefile import load_paper
from caseflow.views.orders import Thread, load_thread

_MARKING: Final = ("receive_material", "supplement", "receive_deferred")
_DEFERRED_FOR: Final = 5
"""Working days after which a deferred line must be there."""

_ENDS_WITHIN: Final = 3
"""Working days in which the answer to an order promises the end."""


@dataclass(slots=True)
class Running:
    """A case on its way: its row, its papers, and the person of each role who handles it.

    `later` are the lines that came in after registration.
    """

    planned: PlannedCase
    paper: Paperwork
    receipts: dict[str, Receipt]
    team: dict[str, Actor]
    id: int = 0
    version: int = 0
    state: str = ""
    applicant: str = ""
    paper_id: int = 0
    attachment_id: int = 0
    order_id: int = 0
    later: set[str] = field(default_factory=set)

    @property
    def bureau(self) -> str:
        """The bureau that handles it."""
        return self.planned.item.bureau


@dataclass(slots=True)
class Player:
    """Plays planned cases; the same `Random` gives the same people, materials and opinions. `files` takes the scans."""

    engine: Engine
    house: House
    crew: Crew
    random: Random
    now: datetime
    files: Path
    crowd: Crowd = field(init=False)
    left_behind: Counter[tuple[str, str]] = field(init=False, default_factory=Counter)

    def __post_init__(self) -> None:
        self.crowd = Crowd(self.random, beijing_day(self.now) - timedelta(days=400))

    def play(self, cases: Sequence[PlannedCase], played: Callable[[int], None]) -> Counter[tuple[str, str]]:
        """Take every step in the order of time, one transaction a day; the cases by (bureau, state)."""
        running = {one.number: self._ready(one) for one in cases}
        steps = sorted(
            ((move.at, one.number, n, move) for one in cases for n, move in enumerate(one.moves)),
            key=lambda step: step[:3],
        )
        for _, day in groupby(steps, key=lambda step: step[0].date()):
            of_day = list(day)
            with writing(self.engine) as session:
                for _, number, _, move in of_day:
                    _PLAYED.get(move.action, _advance)(self, session, running[number], move)
            played(len(of_day))
        return self.left_behind + Counter((one.bureau, one.state) for one in running.values())

    def _ready(self, planned: PlannedCase) -> Running:
        item, course = planned.item, planned.course
        begun = planned.moves[0].at.date()
        promised = course.brings is Brings.PROMISED
        paper = paperwork(item, self.random, self.crowd, begun, large=course.large, promised=promised)
        held = {role: people for (bureau, role), people in self.crew.items() if bureau == item.bureau}
        team = {role: self.random.choice(people) for role, people in held.items()}
        return Running(planned, paper, self._brought(planned, paper), team)

    def _brought(self, planned: PlannedCase, paper: Paperwork) -> dict[str, Receipt]:
        if planned.course.brings is Brings.SPOILED:
            return spoiled(paper, self.random)
        return deferred(paper, planned.item) if planned.course.brings is Brings.DEFERRED else dict(paper.receipts)


def _register(player: Player, session: Connection, case: Running, move: Move) -> None:
    """收件: under the wrong item where the course has one."""
    right = case.planned.item
    people = parties(right, case.paper, player.crowd, player.random)
    case.applicant = people.applicant.name
    wrong = case.planned.mistaken
    if wrong is None:
        application = _application(case, right, case.paper, case.receipts, people)
    else:
        paper = paperwork(wrong, player.random, player.crowd, move.at.date())
        application = _application(case, wrong, paper, paper.receipts, people)
    _stands(case, register(session, player.house, case.team["clerk"], application, move.at))


def _application(
    case: Running, item: Item, paper: Paperwork, receipts: Mapping[str, Receipt], people: Parties
) -> Application:
    return Application(
        item_key=item.key,
        applicant=people.applicant,
        agent=people.agent,
        concerned=people.concerned,
        request_key=f"demo-{case.planned.number}",
        channel="window" if "window" in item.channels else "online",
        answers=paper.answers,
        fields=paper.fields,
        receipts=receipts,
    )


def _stands(case: Running, made: CaseRef) -> None:
    case.id, case.version, case.state = made.id, made.version, "received"


def _carry(player: Player, session: Connection, case: Running, move: Move) -> None:
    """录入错误: what was registered is withdrawn, its data goes on under the right item."""
    entries = (case.paper.answers, case.paper.fields, case.receipts, MISTAKE_REASON)
    key = f"demo-{case.planned.number}-right"
    old = (player.house, case.team["clerk"], case.id, case.version)
    made = carry_over(session, *old, case.planned.item.key, *entries, key, move.at)
    player.left_behind[case.bureau, "withdrawn"] += 1
    _stands(case, made)


def _advance(player: Player, session: Connection, case: Running, move: Move) -> None:
    """Any step of the flow."""
    details = _details(player, session, case, move)
    receipts = _handed_in(player, case, move) if move.action in _MARKING else None
    actor = _actor(case, move)
    step = (session, player.house, actor, case.id, case.version, move.action)
    try:
        done = advance(*step, details, move.at, receipts)
    except Refused as error:
        if {refusal.code for refusal in error.refusals} != {"need_late_reason"}:
            raise
        done = advance(*step, {**details, "late_reason": LATE_REASON}, move.at, receipts)
    case.version, case.state = done.version, done.state
    case.paper_id = done.paper_id or case.paper_id
    case.receipts |= receipts or {}
    case.later |= set(receipts or {})


def _actor(case: Running, move: Move) -> Actor:
    return case.team[move.role or ROLE_OF.get(move.action, "clerk")]


def _details(player: Player, session: Connection, case: Running, move: Move) -> dict[str, str]:
    """What the form would hold; the flow takes what it asks for."""
    said = TOLD.get(f"{move.action}={move.variant}", TOLD.get(move.action, {}))
    own = _OWN_ENTRIES.get(move.action, _nothing_more)(player, session, case, move)
    return {**TICKS, "opinion": player.random.choice(OPINIONS), **said, **own}


def _handed_in(player: Player, case: Running, move: Move) -> dict[str, Receipt]:
    """The lines that were missing, faulty or deferred, now as they should be; or a fault found in one that was not."""
    if move.variant != "fault":
        return {key: case.paper.receipts[key] for key, held in case.receipts.items() if held.mark is not Mark.RECEIVED}
    good = next(key for key, held in case.receipts.items() if held.mark is Mark.RECEIVED and key not in case.later)
    return {good: faulty(player.random)}


def _nothing_more(_player: Player, _session: Connection, _case: Running, _move: Move) -> dict[str, str]:
    return {}


def _statement(player: Player, _session: Connection, case: Running, _move: Move) -> dict[str, str]:
    planned = case.planned
    large = planned.course.large
    return {"statement": statement(planned.item.key, case.paper.fields, player.random, large=large)}


def _receiver(player: Player, _session: Connection, case: Running, move: Move) -> dict[str, str]:
    """A named reviewer; in `open` variants, and else now and then, nobody: the case waits to be claimed."""
    if move.variant == "open" or player.random.random() >= 0.7:  # noqa: PLR2004 - the rest wait to be claimed
        return {}
    return {"receiver": str(case.team["reviewer"].id)}


def _successor(player: Player, _session: Connection, case: Running, move: Move) -> dict[str, str]:
    """A colleague of the role the variant names takes the case over, where there is one."""
    held = player.crew[case.bureau, move.variant]
    others = [one for one in held if one != case.team[move.variant]]
    case.team[move.variant] = player.random.choice(others or held)
    return {"receiver": str(case.team[move.variant].id)}


def _last_day(player: Player, _session: Connection, case: Running, move: Move) -> dict[str, str]:
    calendar = player.house.catalogue.calendar_of(case.bureau)
    return {"defer_until": calendar.add(move.at.date(), _DEFERRED_FOR).isoformat()}


def _service(_player: Player, session: Connection, case: Running, move: Move) -> dict[str, str]:
    clerk = case.team["clerk"]
    number = load_paper(session, clerk, case.paper_id).fields["number"]
    who = {"recipient": case.applicant, "servers": clerk.name}
    return {"paper_number": number, "served_on": move.at.date().isoformat(), **who}


_OWN_ENTRIES: Final[Mapping[str, Callable[[Player, Connection, Running, Move], dict[str, str]]]] = {
    "approve": _statement,
    "hand_over": _receiver,
    "assign": _successor,
    "accept_deferred": _last_day,
    "serve": _service,
}
"""Entries that depend on the case, by action."""


def _rate(player: Player, session: Connection, case: Running, move: Move) -> None:
    """评价, by the applicant."""
    case.version = rate(session, player.house, case.bureau, case.id, *RATINGS[move.variant], move.at).version


def _correct(player: Player, session: Connection, case: Running, move: Move) -> None:
    """更正 of a mistyped telephone."""
    changes = {"applicant.phone": f"1390990{player.random.randrange(10_000):04d}"}
    row = (player.house, _actor(case, move), case.id, case.version)
    case.version = correct(session, *row, changes, CORRECTION_REASON, move.at)


def _attach(player: Player, session: Connection, case: Running, move: Move) -> None:
    """A scan of the first line."""
    line = next(iter(case.paper.receipts))
    row = (player.house, player.files, _actor(case, move), case.id, case.version)
    made = attach(session, *row, (line, f"扫描件{case.version}.png", scan(player.random)), move.at)
    case.version, case.attachment_id = made.version, made.id


def _detach(player: Player, session: Connection, case: Running, move: Move) -> None:
    """The last scan is taken away again."""
    row = (player.house, _actor(case, move), case.id, case.version)
    case.version = detach(session, *row, case.attachment_id, REMOVAL_REASON, move.at)


def _order(player: Player, session: Connection, case: Running, move: Move) -> None:
    """督办 of whoever holds the case."""
    level, cause, role, words = ORDERS[move.variant]
    row = (player.house, _actor(case, move), case.id, case.version)
    made = issue_order(session, *row, level, cause, words, case.team[role].id, move.at)
    case.version, case.order_id = made.version, made.id


def _thread(player: Player, session: Connection, case: Running, move: Move) -> Thread:
    """The order as its page shows it."""
    calendar = player.house.catalogue.calendar_of(case.bureau)
    return load_thread(session, calendar, case.team["supervisor"], case.order_id, move.at.date())


def _answer(player: Player, session: Connection, case: Running, move: Move) -> None:
    """The answer, by whoever owes it by now."""
    owes = _thread(player, session, case, move).order.to_id
    actor = next(one for held in player.crew.values() for one in held if one.id == owes)
    until = player.house.catalogue.calendar_of(case.bureau).add(move.at.date(), _ENDS_WITHIN)
    case.version = answer_order(session, player.house, actor, case.order_id, *ANSWERS[move.variant], until, move.at)


_VERDICTS: Final = {"accept_order": accept_order, "return_order": return_order, "withdraw_order": withdraw_order}


def _decide(player: Player, session: Connection, case: Running, move: Move) -> None:
    """认可, 退回 or 撤销 of an order."""
    seen = _thread(player, session, case, move).seen
    row = (player.house, _actor(case, move), case.order_id, seen, DECIDED[move.action], move.at)
    case.version = _VERDICTS[move.action](session, *row)


def _print_order(player: Player, session: Connection, case: Running, move: Move) -> None:
    """督办单."""
    actor = _actor(case, move)
    mark_printed(session, actor, order_paper(session, player.house, actor, case.order_id, move.at))


_PLAYED: Final[Mapping[str, Callable[[Player, Connection, Running, Move], None]]] = {
    "register": _register,
    "carry": _carry,
    "rate": _rate,
    "correct": _correct,
    "correct_late": _correct,
    "attach": _attach,
    "detach": _detach,
    "order": _order,
    "answer_order": _answer,
    "print_order": _print_order,
    **dict.fromkeys(_VERDICTS, _decide),
}
"""Steps that have a desk function of their own; every other name in a route is an action of the flow."""
