"""The conditions of the flows: each returns the reason why not, or None."""

from __future__ import annotations

from caseflow.errors import Refusal
from caseflow.rules.checklist import LineState
from caseflow.rules.flow import Facts, State

DUTIES = ("accept", "review", "check", "authorise", "pay")
DUTY_TEXT = {"accept": "受理", "review": "审核", "check": "复核", "authorise": "审批", "pay": "拨付"}


def separate_duties(here: State, facts: Facts) -> Refusal | None:
    """Who accepts does not review, check, authorise or pay the same case; in a small bureau only neighbours differ."""
    others = [duty for duty in DUTIES if duty != here.duty and facts.acts.get(duty)]
    if facts.duties == "small":
        others = _neighbours(here.duty, others)
    done = [DUTY_TEXT[duty] for duty in others if facts.actor in facts.acts[duty]]
    if not done:
        return None
    return Refusal("duties", f"您已办理本件的{'、'.join(done)}，不能再办理{DUTY_TEXT[here.duty]}", "岗位分离")


def _neighbours(duty: str, performed: list[str]) -> list[str]:
    place = DUTIES.index(duty)
    before = [other for other in performed if DUTIES.index(other) < place]
    after = [other for other in performed if DUTIES.index(other) > place]
    return before[-1:] + after[:1]


def materials_complete(_here: State, facts: Facts) -> Refusal | None:
    """Every line that applies is met and every question that decides a line is answered."""
    checklist = facts.checklist
    if checklist is None or checklist.complete:
        return None
    asked = [f"未回答“{question.question}”" for question in checklist.questions]
    unmet = [
        f"“{line.material.name}”{'不符' if line.state is LineState.FAULTY else '未提交'}" for line in checklist.unmet
    ]
    return Refusal("incomplete", "材料不齐全：" + "；".join(asked + unmet), "行政许可法第三十二条")


def something_unmet(_here: State, facts: Facts) -> Refusal | None:
    """A one-time notice needs something to name."""
    checklist = facts.checklist
    if checklist is None or checklist.unmet:
        return None
    return Refusal("nothing_unmet", "没有缺少或不符的材料，不需要一次性告知")


def questions_answered(_here: State, facts: Facts) -> Refusal | None:
    """Once means once: a notice waits until every question that decides a line is answered."""
    checklist = facts.checklist
    if checklist is None or not checklist.questions:
        return None
    asked = "、".join(f"“{question.question}”" for question in checklist.questions)
    return Refusal("open_questions", f"先回答{asked}，才能一次告知全部内容", "行政许可法第三十二条")


def unclaimed(_here: State, facts: Facts) -> Refusal | None:
    """Only a case that nobody holds can be claimed."""
    if facts.handler is None:
        return None
    if facts.handler == facts.actor:
        return Refusal("own_case", "本件已由您经办")
    return Refusal("others_case", f"本件已由{facts.handler_name or '他人'}经办")


def held_by_actor(_here: State, facts: Facts) -> Refusal | None:
    """Only who holds a case can give it back."""
    if facts.handler == facts.actor:
        return None
    return Refusal("not_held", "本件不由您经办，不能释放")
