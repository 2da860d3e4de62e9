"""承诺件 without money: received, accepted, reviewed by another person, closed."""

from __future__ import annotations

from caseflow.rules.flow import Action, Flow, Route
from caseflow.workflows import common
from caseflow.workflows.guards import nothing_deferred, separate_duties
from caseflow.workflows.sideroads import side_roads

OPEN = (*common.BEFORE_ACCEPTANCE, common.ACCEPTED, common.REVIEWING, common.APPROVED)

APPROVE = Action(
    "approve",
    "审核通过",
    (Route("reviewing", "approved"),),
    guards=(separate_duties, nothing_deferred),
    needs=(common.LAWFUL, common.CONDITIONS, common.OPINION),
    decides=True,
)

FLOW = Flow(
    "standard",
    "承诺件流程",
    (*OPEN, common.SUSPENDED, common.CLOSED, common.REFUSED, *common.OTHER_ENDS),
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
        common.refusing([common.REVIEWING]),
        common.sending_back([(common.REVIEWING, common.ACCEPTED)]),
        common.closing(common.APPROVED),
        *side_roads(
            [*OPEN, common.SUSPENDED],
            [common.ACCEPTED, common.REVIEWING, common.APPROVED],
            [common.CLOSED, common.REFUSED, common.DECLINED],
        ),
        *common.people([*OPEN, common.SUSPENDED]),
        *common.ways_out([*OPEN, common.SUSPENDED]),
    ),
)
