"""Who may do what at the doors: each right with the roles that hold it. Routes, buttons and the API read this table.

What may be done to a case in its state is said by the flow (`caseflow.rules.flow`): a right opens the door, the flow
decides the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from caseflow.rules.flow import HANDLING_ROLES, ROLES

CLERK: Final = frozenset({"clerk"})
SUPERVISOR: Final = frozenset({"supervisor"})
AUDITOR: Final = frozenset({"auditor"})
ADMINISTRATOR: Final = frozenset({"administrator"})
SECURITY: Final = frozenset({"security"})
AUDIT: Final = frozenset({"audit"})

STAFF: Final = "staff"
"""The right of everybody who is signed in."""


@dataclass(frozen=True, slots=True)
class Right:
    """Something people may do, in their own words, and the roles that may."""

    label: str
    roles: frozenset[str]


RIGHTS: Final[Mapping[str, Right]] = {
    STAFF: Right("本人的密码、消息、设置，事项目录、工作日历和帮助", frozenset(ROLES)),
    "see_cases": Right("查看本单位的办件、文书、附件和督办", HANDLING_ROLES | SUPERVISOR | AUDITOR),
    "act_on_cases": Right("在办件上办理、更正、打印，反馈督办", HANDLING_ROLES | SUPERVISOR),
    "handle_cases": Right("经办：领取、退回待领取，收到督办", HANDLING_ROLES),
    "register": Right("收件登记、转登记、未提交的登记", CLERK),
    "hand_over": Right("成批转下一环节", CLERK),
    "oversee": Right("看超期、预计超期、看板、报表、清单和更正", SUPERVISOR | AUDITOR),
    "supervise": Right("指派、督办、审核督办反馈", SUPERVISOR),
    "see_accounts": Right("看人员和账号", SECURITY | AUDIT),
    "keep_accounts": Right("新增、停用账号，改角色，重置密码，解除锁定", SECURITY),
    "see_office": Right("看科室、窗口、经办事项和不在岗", ADMINISTRATOR | SECURITY | AUDIT | AUDITOR),
    "keep_office": Right("改科室、窗口、经办事项和不在岗", ADMINISTRATOR),
    "keep_calendar": Right("录入放假和上班", ADMINISTRATOR),
    "see_changes": Right("看变更记录", ADMINISTRATOR | SECURITY | AUDIT),
    "see_logs": Right("看登录记录和查看记录", AUDIT),
}
"""An auditor changes nothing and an administrator sees no case: no right joins the two sides."""


def holds(roles: Iterable[str], right: str) -> bool:
    """Whether one of these roles has the right; KeyError for a right that is not in the table."""
    return not RIGHTS[right].roles.isdisjoint(roles)
