"""定点协议: assessed, publicised, negotiated, signed (国家医保局令第2号、第3号)."""

from __future__ import annotations

from caseflow.rules.flow import Action, Clock, Effect, Flow, Need, Route, State
from caseflow.workflows import common
from caseflow.workflows.guards import nothing_deferred, separate_duties
from caseflow.workflows.sideroads import side_roads

ASSESSING = State("assessing", "评估中", "审核", Clock.RUNS, common.REVIEWER, duty="review")
PUBLICISING = State("publicising", "公示中", "审核", Clock.RUNS, common.REVIEWER, duty="review")
NEGOTIATING = State("negotiating", "协商中", "审核", Clock.RUNS, common.REVIEWER, duty="review")
SIGNING = State("signing", "签约中", "审核", Clock.RUNS, common.APPROVER, duty="authorise")
REVIEW = (ASSESSING, PUBLICISING, NEGOTIATING, SIGNING)
OPEN = (*common.BEFORE_ACCEPTANCE, common.ACCEPTED, *REVIEW)

ASSESS = Action(
    "assess",
    "评估合格",
    (Route("assessing", "publicising"),),
    guards=(separate_duties,),
    needs=(common.LAWFUL, common.CONDITIONS, common.OPINION),
    decides=True,
)
PUBLICISE = Action(
    "publicise",
    "公示无异议",
    (Route("publicising", "negotiating"),),
    guards=(separate_duties,),
    needs=(Need("publicised", "公示的时间和载体", longest=200),),
    decides=True,
)
NEGOTIATE = Action(
    "negotiate",
    "协商一致",
    (Route("negotiating", "signing"),),
    guards=(separate_duties,),
    needs=(common.OPINION,),
    decides=True,
)
BREAK_OFF = Action(
    "break_off",
    "协商不成",
    (Route("negotiating", "terminated"), Route("signing", "terminated")),
    effect=Effect.STOP,
    guards=(separate_duties,),
    needs=(common.REASON,),
    decides=True,
)
SIGN = Action(
    "sign",
    "签订协议",
    (Route("signing", "closed"),),
    effect=Effect.STOP,
    guards=(separate_duties, nothing_deferred),
    needs=(Need("agreement", "协议编号", longest=64), common.RESULT, common.LATE_REASON),
    decides=True,
    paper="completion",
)

FLOW = Flow(
    "designation",
    "定点协议流程",
    (*OPEN, common.SUSPENDED, common.CLOSED, common.REFUSED, *common.OTHER_ENDS),
    (
        common.REGISTER,
        common.RECEIVE_MATERIAL,
        common.ACCEPT,
        common.ACCEPT_DEFERRED,
        common.SUPPLEMENT_NOTICE,
        common.SUPPLEMENT,
        common.DECLINE,
        common.handing_over(ASSESSING),
        ASSESS,
        PUBLICISE,
        NEGOTIATE,
        SIGN,
        BREAK_OFF,
        common.refusing(REVIEW),
        common.sending_back(
            [
                (ASSESSING, common.ACCEPTED),
                (PUBLICISING, ASSESSING),
                (NEGOTIATING, PUBLICISING),
                (SIGNING, NEGOTIATING),
            ],
        ),
        *side_roads(
            [*OPEN, common.SUSPENDED], [common.ACCEPTED, *REVIEW], [common.CLOSED, common.REFUSED, common.DECLINED]
        ),
        *common.people([*OPEN, common.SUSPENDED]),
        *common.ways_out([*OPEN, common.SUSPENDED]),
    ),
)
