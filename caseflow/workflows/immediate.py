"""即办件: received, accepted, closed; or all of it at one sitting."""

from __future__ import annotations

from caseflow.rules.flow import Action, Effect, Flow, Route
from caseflow.workflows import common
from caseflow.workflows.guards import materials_complete
from caseflow.workflows.sideroads import side_roads

OPEN = (*common.BEFORE_ACCEPTANCE, common.ACCEPTED)

CLOSE_ON_THE_SPOT = Action(
    "close_on_the_spot",
    "当场办结",
    (Route("received", "closed"),),
    effect=Effect.STOP,
    guards=(materials_complete,),
    needs=(common.COMPLETE, common.GENUINE, common.LAWFUL, common.CONDITIONS, common.RESULT),
    paper="acceptance",
)

FLOW = Flow(
    "immediate",
    "即办件流程",
    (*OPEN, common.SUSPENDED, common.CLOSED, *common.OTHER_ENDS),
    (
        common.REGISTER,
        common.RECEIVE_MATERIAL,
        CLOSE_ON_THE_SPOT,
        common.ACCEPT,
        common.ACCEPT_DEFERRED,
        common.SUPPLEMENT_NOTICE,
        common.SUPPLEMENT,
        common.DECLINE,
        common.closing(common.ACCEPTED, needs=(common.LAWFUL, common.CONDITIONS, common.RESULT)),
        *side_roads([*OPEN, common.SUSPENDED], [common.ACCEPTED], [common.CLOSED, common.DECLINED], extendable=False),
        *common.people([*OPEN, common.SUSPENDED]),
        *common.ways_out([*OPEN, common.SUSPENDED]),
    ),
)
