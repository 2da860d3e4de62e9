"""Plays the demo's plan through the real desk functions, day by day, each step by the person whose role it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from random import Random
from typing import Final

from sqlalchemy import Connection, Engine

from caseflow.cli.demo_fields import Paperwork, paperwork, spoiled, statement
from caseflow.cli.demo_parties import parties
from caseflow.cli.demo_people import Crowd
from caseflow.cli.demo_plan import Move, PlannedCase
from caseflow.cli.demo_staff import Crew
from caseflow.desk.handling import advance
from caseflow.desk.intake import Application, register
from caseflow.errors import Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import writing

ROLE_OF: Final[Mapping[str, str]] = {
    "approve": "reviewer",
    "refuse": "reviewer",
    "suspend": "reviewer",
    "resume": "reviewer",
    "send_back": "reviewer",
    "assess": "reviewer",
    "publicise": "reviewer",
    "negotiate": "reviewer",
    "break_off": "reviewer",
    "check": "checker",
    "authorise": "approver",
    "sign": "approver",
    "pay": "cashier",
    "return_payment": "cashier",
    "pay_again": "cashier",
}
"""Who usually takes an action; every other action is a clerk's."""

_TICKS: Final = {"complete": "on", "genuine": "on", "lawful": "on", "conditions": "on", "confirmed": "on"}
_OPINIONS: Final = ("材料齐全，符合办理条件，同意。", "经核对，原件与系统信息一致。", "符合政策规定，建议通过。")
_LATE_REASON: Final = "就诊医院票据核验回函较晚，已向申请人电话说明。"
_TOLD: Final[Mapping[str, Mapping[str, str]]] = {
    "close_on_the_spot": {"result": "已在医保信息平台办理完毕，即时生效。"},
    "close": {"result": "已在医保信息平台办理完毕，并通知申请人。"},
    "decline": {"kind": "不属职权", "reason": "参保地不在本机关管辖范围。", "agency": "参保地医疗保障经办机构"},
    "refuse": {"failed": "符合办理条件", "opinion": "所附材料不能证明符合办理条件。", "basis": "本事项办理条件"},
    "send_back": {"reason": "票据金额与清单不一致，请核对后再送。"},
    "suspend": {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "10", "reason": "需医疗专家鉴定诊断依据。"},
    "resume": {"reason": "鉴定意见已收到。"},
    "ask_extension": {"days": "3", "reason": "就诊地医疗机构正在核实费用。"},
    "grant_extension": {"opinion": "同意延期，请及时告知申请人。"},
    "return_payment": {"reason": "收款账号与户名不符。"},
    "pay_again": {"reference": "20260420000107"},
    "withdraw": {"kind": "申请人撤回", "reason": "申请人表示暂不办理。"},
    "terminate": {"kind": "逾期未补正", "reason": "补正期限届满，未提交补正材料。"},
    "publicise": {"publicised": "在市人民政府网站公示7日，无异议"},
    "break_off": {"reason": "双方就信息系统接入要求未能达成一致。"},
    "sign": {"agreement": "2026-DD-018", "result": "已签订定点协议，自下月起生效。"},
    "pay": {"reference": "20260417000823", "result": "已拨付至申请人银行账户。"},
}


@dataclass(slots=True)
class Running:
    """A case on its way: its row, and the person of each role who handles it."""

    planned: PlannedCase
    paper: Paperwork
    receipts: Mapping[str, Receipt]
    team: Mapping[str, Actor]
    id: int = 0
    version: int = 0
    state: str = ""


@dataclass(slots=True)
class Player:
    """Plays planned cases; the same `Random` gives the same people, materials and opinions."""

    engine: Engine
    house: House
    crew: Crew
    random: Random
    now: datetime
    crowd: Crowd = field(init=False)

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
                    self._take(session, running[number], move)
            played(len(of_day))
        return Counter((one.planned.item.bureau, one.state) for one in running.values())

    def _ready(self, planned: PlannedCase) -> Running:
        item = planned.item
        begun = planned.moves[0].at.date()
        paper = paperwork(item, self.random, self.crowd, begun, large=planned.course.large)
        receipts = spoiled(paper, self.random) if planned.course.spoiled else paper.receipts
        held = {role: people for (bureau, role), people in self.crew.items() if bureau == item.bureau}
        return Running(planned, paper, receipts, {role: self.random.choice(people) for role, people in held.items()})

    def _take(self, session: Connection, case: Running, move: Move) -> None:
        if move.action == "register":
            self._register(session, case, move)
        else:
            self._advance(session, case, move)

    def _register(self, session: Connection, case: Running, move: Move) -> None:
        item = case.planned.item
        people = parties(item, case.paper, self.crowd, self.random)
        application = Application(
            item_key=item.key,
            applicant=people.applicant,
            agent=people.agent,
            concerned=people.concerned,
            request_key=f"demo-{case.planned.number}",
            channel="window" if "window" in item.channels else "online",
            answers=case.paper.answers,
            fields=case.paper.fields,
            receipts=case.receipts,
        )
        made = register(session, self.house, case.team["clerk"], application, move.at)
        case.id, case.version, case.state = made.id, made.version, "received"

    def _advance(self, session: Connection, case: Running, move: Move) -> None:
        details = self._details(case, move)
        receipts = _supplemented(case) if move.action == "supplement" else None
        actor = case.team[move.role or ROLE_OF.get(move.action, "clerk")]
        step = (session, self.house, actor, case.id, case.version, move.action)
        try:
            done = advance(*step, details, move.at, receipts)
        except Refused as error:
            if {refusal.code for refusal in error.refusals} != {"need_late_reason"}:
                raise
            done = advance(*step, {**details, "late_reason": _LATE_REASON}, move.at, receipts)
        case.version, case.state = done.version, done.state

    def _details(self, case: Running, move: Move) -> dict[str, str]:
        """What the form would hold; the flow takes what it asks for."""
        details = {**_TICKS, "opinion": self.random.choice(_OPINIONS), **_TOLD.get(move.action, {})}
        if move.action == "approve":
            details["statement"] = statement(
                case.planned.item.key, case.paper.fields, self.random, large=case.planned.course.large
            )
        if move.action == "hand_over" and self.random.random() < 0.7:  # noqa: PLR2004 - the rest wait to be claimed
            details["receiver"] = str(case.team["reviewer"].id)
        return details


def _supplemented(case: Running) -> dict[str, Receipt]:
    """The lines that were missing or faulty, now as they should be."""
    return {key: case.paper.receipts[key] for key, held in case.receipts.items() if held.mark is not Mark.RECEIVED}
