"""The states and actions that every flow shares: the way in, the people, the ways out."""

from __future__ import annotations

from collections.abc import Iterable

from caseflow.rules.flow import HANDLING_ROLES, Action, Clock, Effect, Facts, Need, Route, State
from caseflow.workflows.guards import (
    held_by_actor,
    materials_complete,
    nothing_deferred,
    nothing_overlooked,
    notice_in_time,
    questions_answered,
    separate_duties,
    some_deferred,
    something_unmet,
    unclaimed,
    word_kept,
)

CLERK = frozenset({"clerk"})
REVIEWER = frozenset({"reviewer"})
CHECKER = frozenset({"checker"})
APPROVER = frozenset({"approver"})
CASHIER = frozenset({"cashier"})
SUPERVISOR = frozenset({"supervisor"})
OFFICERS = HANDLING_ROLES - CASHIER

RECEIVED = State("received", "已收件", "申请", Clock.NOTICE, CLERK, duty="accept")
SUPPLEMENTING = State("supplementing", "待补正", "申请", Clock.SUPPLEMENT, CLERK, duty="accept")
ACCEPTED = State("accepted", "已受理", "受理", Clock.RUNS, CLERK)
REVIEWING = State("reviewing", "审核中", "审核", Clock.RUNS, REVIEWER, duty="review")
SUSPENDED = State("suspended", "停表（特别程序）", "审核", Clock.PAUSED, OFFICERS)
APPROVED = State("approved", "审核通过", "审核", Clock.RUNS, CLERK)
CLOSED = State("closed", "已办结", "办结", Clock.STOPPED, decision=True)
REFUSED = State("refused", "审核不通过", "办结", Clock.STOPPED, decision=True)
DECLINED = State("declined", "不予受理", "办结", Clock.STOPPED)
WITHDRAWN = State("withdrawn", "已撤回", "办结", Clock.STOPPED)
TERMINATED = State("terminated", "已终止", "办结", Clock.STOPPED)
BEFORE_ACCEPTANCE = (RECEIVED, SUPPLEMENTING)
OTHER_ENDS = (DECLINED, WITHDRAWN, TERMINATED)

TERMINATIONS = ("逾期未补正", "容缺材料逾期未补", "申请人死亡或单位注销", "无法继续办理")
CHECKS = ("齐全完整", "真实有效", "合法合规", "符合办理条件")
REASON = Need("reason", "理由", "long_text")
OPINION = Need("opinion", "办理意见", "long_text")
RESULT = Need("result", "办理结果", "long_text")
WHY = Need("reason", "理由", "long_text", required=False)
BASIS = Need("basis", "依据", required=False)
COMPLETE = Need("complete", "材料齐全完整", "tick")
GENUINE = Need("genuine", "材料真实有效", "tick")
LAWFUL = Need("lawful", "材料合法合规", "tick")
CONDITIONS = Need("conditions", "符合办理条件", "tick")
RECEIVER = Need("receiver", "接收人", "staff", required=False)


def _late(facts: Facts) -> bool:
    return facts.late


LATE_REASON = Need("late_reason", "超期原因（将向申请人公开说明）", "long_text", when=_late)

REGISTER = Action("register", "收件登记", (), CLERK)
RECEIVE_MATERIAL = Action("receive_material", "核对材料", (Route("received"), Route("supplementing")))
SUPPLEMENT_NOTICE = Action(
    "supplement_notice",
    "一次性告知",
    (Route("received", "supplementing"),),
    effect=Effect.STOP_NOTICE,
    guards=(questions_answered, something_unmet, nothing_overlooked, notice_in_time),
    paper="notice",
)
SUPPLEMENT = Action(
    "supplement",
    "收到补正材料",
    (Route("supplementing", "received"),),
    effect=Effect.RESTART_NOTICE,
)
ACCEPT = Action(
    "accept",
    "受理",
    (Route("received", "accepted"),),
    effect=Effect.START,
    guards=(materials_complete,),
    needs=(COMPLETE, GENUINE),
    decides=True,
    paper="acceptance",
)
ACCEPT_DEFERRED = Action(
    "accept_deferred",
    "容缺受理",
    (Route("received", "accepted", paper="deferral"),),
    effect=Effect.START,
    guards=(some_deferred, word_kept),
    needs=(
        Need("genuine", "已收材料真实有效", "tick"),
        Need("signed", "申请人已签署容缺承诺书", "tick"),
        Need("defer_until", "容缺材料最迟补齐日期", "date"),
    ),
    decides=True,
    paper="acceptance",
)
DECLINE = Action(
    "decline",
    "不予受理",
    (Route("received", "declined"), Route("supplementing", "declined")),
    effect=Effect.STOP,
    guards=(notice_in_time,),
    paper="decline",
    needs=(
        Need("kind", "不予受理情形", "choice", ("不需办理", "不属职权", "不符合条件", "补正不合格")),
        REASON,
        BASIS,
        Need("agency", "应向哪个机关申请", required=False),
    ),
    decides=True,
)


def closing(source: State, *, needs: tuple[Need, ...] = (RESULT,)) -> Action:
    """办结 from a state."""
    roles = CLERK | REVIEWER
    return Action(
        "close",
        "办结",
        (Route(source.key, "closed"),),
        roles,
        effect=Effect.STOP,
        guards=(nothing_deferred,),
        needs=(*needs, LATE_REASON),
        anyone=True,
        paper="completion",
    )


def handing_over(target: State) -> Action:
    """转审核: to a named receiver, or left for whoever handles the next state."""
    return Action(
        "hand_over",
        f"转{target.label.removesuffix('中')}",
        (Route("accepted", target.key),),
        needs=(RECEIVER, WHY),
        paper="transfer",
    )


def refusing(states: Iterable[State]) -> Action:
    """审核不通过 from a state of review: a decision, with the check that failed."""
    return Action(
        "refuse",
        "审核不通过",
        tuple(Route(state.key, "refused") for state in states),
        effect=Effect.STOP,
        guards=(separate_duties,),
        needs=(Need("failed", "未通过的审查", "choice", CHECKS), OPINION, BASIS, LATE_REASON),
        decides=True,
        paper="refusal",
    )


def sending_back(steps: Iterable[tuple[State, State]]) -> Action:
    """退回上一环节: one state back, the clocks run on."""
    routes = tuple(Route(source.key, target.key) for source, target in steps)
    return Action("send_back", "退回上一环节", routes, needs=(REASON,))


def people(states: Iterable[State]) -> tuple[Action, ...]:
    """领取, 释放, 指派, 更正: no change of state."""
    here = tuple(Route(state.key) for state in states)
    until_decision = tuple(Route(state.key) for state in states if state.key not in ("approved", "paying", "suspended"))
    return (
        Action("claim", "领取", here, guards=(unclaimed,), anyone=True),
        Action("release", "释放", here, guards=(held_by_actor,), needs=(WHY,), anyone=True),
        Action("assign", "指派", here, SUPERVISOR, needs=(Need("receiver", "经办人", "staff"), REASON), anyone=True),
        Action("correct", "更正", until_decision, needs=(REASON,)),
    )


def ways_out(states: Iterable[State]) -> tuple[Action, Action]:
    """撤回 (the applicant's wish, before payment) and 终止 (with its kind and reason)."""
    open_states = list(states)
    withdraw = Action(
        "withdraw",
        "撤回",
        tuple(Route(state.key, "withdrawn") for state in open_states if state.key != "paying"),
        CLERK,
        effect=Effect.STOP,
        needs=(Need("kind", "撤回情形", "choice", ("申请人撤回", "录入错误")), REASON),
        anyone=True,
    )
    terminate = Action(
        "terminate",
        "终止",
        tuple(Route(state.key, "terminated") for state in open_states),
        effect=Effect.STOP,
        needs=(Need("kind", "终止情形", "choice", TERMINATIONS), REASON),
    )
    return withdraw, terminate
