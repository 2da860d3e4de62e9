"""What a case meets beside the straight road: stopped clocks, more time, promises to keep, service, consent."""

from __future__ import annotations

from collections.abc import Iterable

from caseflow.rules.flow import Action, Effect, Facts, Need, Route, State
from caseflow.rules.past import CONSENTS
from caseflow.workflows.common import CLERK, OFFICERS, REASON, SUPERVISOR
from caseflow.workflows.guards import (
    before_the_limit,
    call_back_due,
    commitment_lapsed,
    commitment_open,
    deferral_open,
    extension_asked,
    late_correction_consented,
    not_own_case,
    not_own_request,
    not_yet_extended,
    rectify_due,
)

SPECIAL_KINDS = ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审", "受理后补充材料")
EXCLUDED, INCLUDED = "不计入办理时限", "计入办理时限"
WAYS = ("直接送达", "留置送达", "邮寄送达", "电子送达", "公告送达")


def _returns_to(key: str) -> Route:
    def remembered(facts: Facts) -> bool:
        return facts.return_to == key

    return Route("suspended", key, remembered)


def suspending(states: Iterable[State]) -> tuple[Action, Action]:
    """停表 and 恢复 of the states in which a special procedure may begin (行政许可法第四十五条)."""
    keys = [state.key for state in states]
    suspend = Action(
        "suspend",
        "停表（特别程序）",
        tuple(Route(key, "suspended") for key in keys),
        effect=Effect.PAUSE,
        needs=(
            Need("kind", "特别程序种类", "choice", SPECIAL_KINDS),
            Need("basis", "依据", longest=200),
            Need("days", "预计工作日数", "number"),
            Need("excluded", "所需时间（不选即不计入办理时限）", "choice", (EXCLUDED, INCLUDED), required=False),
            REASON,
        ),
        paper="special",
    )
    resume = Action(
        "resume", "恢复计时", tuple(_returns_to(key) for key in keys), effect=Effect.RESUME, needs=(REASON,)
    )
    return suspend, resume


def extending(states: Iterable[State]) -> tuple[Action, ...]:
    """申请延期, 同意延期, 不同意延期: once, in time, decided by a supervisor (行政许可法第四十二条)."""
    here = tuple(Route(state.key) for state in states)
    decided = (extension_asked, not_own_request)
    return (
        Action(
            "ask_extension",
            "申请延期",
            here,
            guards=(before_the_limit, not_yet_extended),
            needs=(Need("days", "延期工作日数", "number"), REASON),
        ),
        Action(
            "grant_extension",
            "同意延期",
            here,
            SUPERVISOR,
            effect=Effect.EXTEND,
            guards=(*decided, before_the_limit),
            needs=(Need("opinion", "审批意见", "long_text"),),
            paper="extension",
            anyone=True,
        ),
        Action("reject_extension", "不同意延期", here, SUPERVISOR, guards=decided, needs=(REASON,), anyone=True),
    )


def promising(states: Iterable[State]) -> tuple[Action, ...]:
    """收到容缺材料 while the case runs; 承诺补齐 and 承诺未履行 also after completion."""
    running = tuple(Route(state.key) for state in states)
    ever = (*running, Route("closed"))
    kept = Need("handed_in", "补齐的材料", "long_text")
    return (
        Action("receive_deferred", "收到容缺材料", running, CLERK, guards=(deferral_open,), anyone=True),
        Action("keep_commitment", "承诺材料已补齐", ever, CLERK, guards=(commitment_open,), needs=(kept,), anyone=True),
        Action(
            "break_commitment",
            "承诺未履行",
            ever,
            CLERK,
            guards=(commitment_open, commitment_lapsed),
            needs=(REASON,),
            anyone=True,
        ),
    )


def afterwards(ends: tuple[State, ...], decided: Iterable[State]) -> tuple[Action, ...]:
    """送达 of a result, 更正 once the decision is made, and the follow-up of a bad grade."""
    serve = Action(
        "serve",
        "送达",
        tuple(Route(state.key) for state in ends),
        CLERK,
        needs=(
            Need("paper_number", "送达的文书编号", longest=64),
            Need("way", "送达方式", "choice", WAYS),
            Need("served_on", "送达日期", "date"),
            Need("place", "送达地点", longest=200),
            Need("recipient", "收件人", longest=100),
            Need("servers", "送达人", longest=100),
        ),
        paper="service",
        anyone=True,
    )
    late = Action(
        "correct_late",
        "决定后更正",
        tuple(Route(state.key) for state in decided),
        OFFICERS,
        guards=(late_correction_consented,),
        needs=(REASON,),
        anyone=True,
    )
    return serve, late, *following_up(ends)


def following_up(ends: Iterable[State]) -> tuple[Action, Action]:
    """差评回访 and 差评整改 of a bad grade, in this order (国办发〔2019〕51号)."""
    here = tuple(Route(state.key) for state in ends)
    roles = CLERK | SUPERVISOR
    told = Need("text", "经过和结果", "long_text")
    return (
        Action("call_back", "差评回访", here, roles, guards=(call_back_due,), needs=(told,), anyone=True),
        Action("rectify", "差评整改", here, roles, guards=(rectify_due,), needs=(told,), anyone=True),
    )


def consenting(states: Iterable[State]) -> Action:
    """主管同意: the supervisor's reason that some steps need."""
    needs = (Need("kind", "同意的事项", "choice", tuple(CONSENTS.values())), REASON)
    return Action(
        "consent",
        "主管同意",
        tuple(Route(state.key) for state in states),
        SUPERVISOR,
        guards=(not_own_case,),
        needs=needs,
        anyone=True,
    )


def side_roads(
    open_states: Iterable[State], pausable: Iterable[State], ends: Iterable[State], *, extendable: bool = True
) -> tuple[Action, ...]:
    """Every side road of a flow: `pausable` states run after acceptance, `ends` have a result to serve."""
    here, running, results = tuple(open_states), tuple(pausable), tuple(ends)
    decided = (*(state for state in here if state.key in ("approved", "paying")), *results)
    return (
        *suspending(running),
        *(extending(running) if extendable else ()),
        *promising((*running, *(state for state in here if state.key == "paying"))),
        *afterwards(results, [state for state in decided if state.key != "declined"]),
        consenting((*here, *(state for state in results if state.key != "declined"))),
    )
