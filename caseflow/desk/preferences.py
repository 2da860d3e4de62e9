"""What a person keeps for oneself: lists under a name, and how the pages should look."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from caseflow.errors import BadInput, Fault, NotFound
from caseflow.house import Actor
from caseflow.rules.entries import text_fault
from caseflow.store.models import StaffRow
from caseflow.store.office_models import PreferenceRow, SavedViewRow

KEYS: Final = "keys"
"""The preference that holds whether the keys of the pages act; KEYS_OFF where they do not."""

KEYS_OFF: Final = "off"
MOST_VIEWS: Final = 20
LONGEST_NAME: Final = 20
LONGEST_QUERY: Final = 600
LONGEST_VALUE: Final = 600


def save_view(session: Connection, actor: Actor, name: str, query: str, now: datetime) -> int:
    """Keep a list under a new name; the id. BadInput for a name that is taken or unfit, or one list too many."""
    alone(session, actor)
    wanted = _fit_name(session, actor, name)
    if len(query) > LONGEST_QUERY:
        raise BadInput([Fault("name", "筛选条件过长，不能保存")])
    held = session.execute(select(func.count()).where(SavedViewRow.staff_id == actor.id)).scalar_one()
    if held >= MOST_VIEWS:
        raise BadInput([Fault("name", f"最多保存 {MOST_VIEWS} 个视图，请先删除不用的")])
    row = {"staff_id": actor.id, "name": wanted, "query": query, "created_at": now}
    return session.execute(insert(SavedViewRow).values(row).returning(SavedViewRow.id)).scalar_one()


def rename_view(session: Connection, actor: Actor, view_id: int, name: str) -> None:
    """Another name for one's own list; BadInput where it is taken or unfit, NotFound for somebody else's list."""
    alone(session, actor)
    wanted = _fit_name(session, actor, name, own=view_id)
    changed = update(SavedViewRow).where(SavedViewRow.id == view_id, SavedViewRow.staff_id == actor.id)
    if session.execute(changed.values(name=wanted)).rowcount != 1:
        raise NotFound("没有这个视图")


def delete_view(session: Connection, actor: Actor, view_id: int) -> None:
    """Forget one's own list; NotFound for somebody else's."""
    gone = delete(SavedViewRow).where(SavedViewRow.id == view_id, SavedViewRow.staff_id == actor.id)
    if session.execute(gone).rowcount != 1:
        raise NotFound("没有这个视图")


def set_preference(session: Connection, actor: Actor, name: str, value: str) -> None:
    """Keep how a person likes something; an empty value forgets it."""
    if len(value) > LONGEST_VALUE:
        raise BadInput([Fault(name, "内容过长，不能保存")])
    alone(session, actor)
    session.execute(delete(PreferenceRow).where(PreferenceRow.staff_id == actor.id, PreferenceRow.name == name))
    if value:
        session.execute(insert(PreferenceRow).values(staff_id=actor.id, name=name, value=value))


def alone(session: Connection, actor: Actor) -> None:
    """Two windows of one person write one after the other."""
    session.execute(select(StaffRow.id).where(StaffRow.id == actor.id).with_for_update())


def _fit_name(session: Connection, actor: Actor, name: str, own: int = 0) -> str:
    wanted = " ".join(name.split())
    fault = text_fault("视图名称", wanted, LONGEST_NAME) if wanted else Fault("name", "请填写视图名称")
    if fault is not None:
        raise BadInput([Fault("name", fault.text)])
    taken = select(SavedViewRow.id).where(
        SavedViewRow.staff_id == actor.id, SavedViewRow.name == wanted, SavedViewRow.id != own
    )
    if session.execute(taken).first() is not None:
        raise BadInput([Fault("name", f"已有名为“{wanted}”的视图，请换一个名称")])
    return wanted
