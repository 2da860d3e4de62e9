"""Who is on duty for a case, as conditions: who handles its item, who is away, who stands in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from caseflow.store.models import CaseRow, StaffRow
from caseflow.store.office_models import AbsenceRow, StaffItemRow

Id = int | InstrumentedAttribute[int]


def handles(staff_id: Id, item_key: str | InstrumentedAttribute[str] = CaseRow.item_key) -> ColumnElement[bool]:
    """Whether this person handles the item: every item where none is ticked."""
    ticked = exists().where(StaffItemRow.staff_id == staff_id)
    this = exists().where(StaffItemRow.staff_id == staff_id, StaffItemRow.item_key == item_key)
    return or_(~ticked, this)


def away_on(day: date) -> ColumnElement[bool]:
    """An absence that stands on this day."""
    return and_(AbsenceRow.from_on <= day, AbsenceRow.to_on >= day, AbsenceRow.cancelled_at.is_(None))


def stood_for(staff_id: int, day: date) -> Select[int]:
    """Those for whom this person stands in on this day."""
    return select(AbsenceRow.staff_id).where(AbsenceRow.stand_in_id == staff_id, away_on(day))


def answers_for(session: Connection, staff_id: int, owner_id: int, day: date) -> bool:
    """Whether what this owner owes can be answered by this person: their own, or standing in for them that day."""
    return staff_id == owner_id or owner_id in set(session.execute(stood_for(staff_id, day)).scalars())


def absence_columns() -> tuple[ColumnElement[date], ColumnElement[date], ColumnElement[str]]:
    """Of an absence: from_on, to_on and the name of the stand_in."""
    name = select(StaffRow.name).where(StaffRow.id == AbsenceRow.stand_in_id).correlate(AbsenceRow).scalar_subquery()
    return AbsenceRow.from_on.label("from_on"), AbsenceRow.to_on.label("to_on"), name.label("stand_in")


def offered(staff_id: int, day: date) -> ColumnElement[bool]:
    """The cases that wait for this person among those the roles allow.

    Unclaimed ones of an item the person handles, and those of somebody away that day for whom the person stands in.
    """
    ticked = select(StaffItemRow.item_key).where(StaffItemRow.staff_id == staff_id)
    waits = and_(CaseRow.handler_id.is_(None), or_(~ticked.exists(), CaseRow.item_key.in_(ticked)))
    return or_(waits, CaseRow.handler_id.in_(stood_for(staff_id, day)))


def away_words(from_on: date, to_on: date, stand_in: str) -> str:
    """11-24 至 11-28 不在岗，代岗：某某."""
    days = f"{from_on:%m-%d}" if from_on == to_on else f"{from_on:%m-%d} 至 {to_on:%m-%d}"
    return f"{days} 不在岗，" + (f"代岗：{stand_in}" if stand_in else "无人代岗")
