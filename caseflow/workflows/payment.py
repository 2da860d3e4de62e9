"""Money: reviewed, checked by a second person, above the threshold authorised, statement signed, paid."""

from __future__ import annotations

from dataclasses import replace

from caseflow.rules.flow import Action, Clock, Effect, Facts, Flow, Need, Route, State
from caseflow.workflows import common
from caseflow.workflows.guards import nothing_deferred, paid_and_not_returned, returned, separate_duties
from caseflow.workflows.sideroads import side_roads

CHECKING = State("checking", "复核中", "审核", Clock.RUNS, common.CHECKER, duty="check")
APPROVING = State("approving", "审批中", "审核", Clock.RUNS, common.APPROVER, duty="authorise")
PAYING = State("paying", "待拨付", "办结", Clock.RUNS, common.CASHIER, duty="pay")
CLOSED = replace(common.CLOSED, duty="pay")
"""What came back is paid once more from here."""

REVIEW = (common.REVIEWING, CHECKING, APPROVING)
OPEN = (*common.BEFORE_ACCEPTANCE, common.ACCEPTED, *REVIEW, common.APPROVED, PAYING)


def _above_threshold(facts: Facts) -> bool:
    return facts.amount is not None and facts.threshold is not None and facts.amount > facts.threshold


def _within_threshold(facts: Facts) -> bool:
    return not _above_threshold(facts)


REFERENCE = Need("reference", "支付凭证号", longest=64)

APPROVE = Action(
    "approve",
    "审核通过",
    (Route("reviewing", "checking"),),
    guards=(separate_duties,),
    needs=(common.LAWFUL, common.CONDITIONS, Need("statement", "待遇支付明细", "lines", longest=5000), common.OPINION),
    decides=True,
)
CHECK = Action(
    "check",
    "复核通过",
    (
        Route("checking", "approving", _above_threshold),
        Route("checking", "approved", _within_threshold, paper="statement"),
    ),
    guards=(separate_duties,),
    needs=(common.OPINION,),
    decides=True,
)
AUTHORISE = Action(
    "authorise",
    "审批同意",
    (Route("approving", "approved", paper="statement"),),
    guards=(separate_duties,),
    needs=(common.OPINION,),
    decides=True,
)
SETTLE_STATEMENT = Action(
    "settle_statement",
    "明细表签字确认",
    (Route("approved", "paying"),),
    guards=(nothing_deferred,),
    needs=(Need("confirmed", "申请人已核对明细并签字", "tick"),),
)
PAY = Action(
    "pay",
    "确认拨付",
    (Route("paying", "closed"),),
    effect=Effect.STOP,
    guards=(separate_duties, nothing_deferred),
    needs=(REFERENCE, common.RESULT, common.LATE_REASON),
    decides=True,
    paper="completion",
)
RETURN_PAYMENT = Action(
    "return_payment",
    "登记退汇",
    (Route("closed"),),
    common.CASHIER,
    guards=(paid_and_not_returned,),
    needs=(common.REASON,),
    anyone=True,
)
PAY_AGAIN = Action(
    "pay_again",
    "重新拨付",
    (Route("closed"),),
    common.CASHIER,
    guards=(returned, separate_duties),
    needs=(REFERENCE,),
    decides=True,
    anyone=True,
)

FLOW = Flow(
    "payment",
    "待遇支付流程",
    (*OPEN, common.SUSPENDED, CLOSED, common.REFUSED, *common.OTHER_ENDS),
    (
        common.REGISTER,
        common.RECEIVE_MATERIAL,
        common.ACCEPT,
        common.ACCEPT_DEFERRED,
        common.SUPPLEMENT_NOTICE,
        common.SUPPLEMENT,
        common.DECLINE,
        common.handing_over(common.REVIEWING),
        APPROVE,
        CHECK,
        AUTHORISE,
        SETTLE_STATEMENT,
        PAY,
        RETURN_PAYMENT,
        PAY_AGAIN,
        common.refusing(REVIEW),
        common.sending_back(
            [(common.REVIEWING, common.ACCEPTED), (CHECKING, common.REVIEWING), (APPROVING, CHECKING)],
        ),
        *side_roads(
            [*OPEN, common.SUSPENDED],
            [common.ACCEPTED, *REVIEW, common.APPROVED],
            [CLOSED, common.REFUSED, common.DECLINED],
        ),
        *common.people([*OPEN, common.SUSPENDED]),
        *common.ways_out([*OPEN, common.SUSPENDED]),
    ),
)
