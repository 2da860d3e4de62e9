"""变更记录: who changed what about accounts, sections, windows, items handled and absences, with old and new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert

from caseflow.errors import NotAllowed
from caseflow.house import Actor, system
from caseflow.rules.flow import ROLES
from caseflow.rules.policy import holds
from caseflow.store.office_models import StaffChangeRow

ADMINISTRATOR: Final = "administrator"

Changed = tuple[str, str, str]
"""What was changed, its old and its new words."""


def note(
    session: Connection,
    by: Actor | None,
    bureau: str,
    action: str,
    changed: Sequence[Changed],
    now: datetime,
    staff_id: int | None = None,
) -> None:
    """Write one entry; by nobody of the staff it is 系统's or, with a name, that of who sits at the machine."""
    maker = by or system(bureau)
    row = {
        "bureau": bureau,
        "staff_id": staff_id,
        "by_id": maker.id or None,
        "by_name": maker.name,
        "at": now,
        "action": action,
        "detail": {"changed": [list(one) for one in changed]},
    }
    session.execute(insert(StaffChangeRow).values(row))


def administrator(by: Actor) -> None:
    """NotAllowed unless this person keeps the office of the bureau: sections, windows, items handled, absences."""
    if not holds(by.roles, "keep_office"):
        raise NotAllowed("只有系统管理员可以改动科室、窗口、经办事项和不在岗。")


def security(by: Actor) -> None:
    """NotAllowed unless this person keeps the accounts of the bureau."""
    if not holds(by.roles, "keep_accounts"):
        raise NotAllowed("只有安全管理员可以改动账号。")


def role_words(roles: Iterable[str]) -> str:
    """The roles in their own words and order."""
    held = set(roles)
    return "、".join(text for role, text in ROLES.items() if role in held)
