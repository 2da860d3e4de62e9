"""The tables of the office: supervision orders, sections and windows, who handles what, absences, views and drafts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.store.base import Base, Big
from caseflow.store.models import of_case

_RUNNING = text("closed_on IS NULL")


def _of_order(column: str) -> ForeignKeyConstraint:
    """A reference to an order of the same bureau."""
    return ForeignKeyConstraint(
        ["bureau", column], ["supervision_order.bureau", "supervision_order.id"], ondelete="RESTRICT"
    )


class OrderRow(Base):
    """A supervision order about one case; at most one runs at a time, and an escalation follows the one before.

    `level` 1 提醒, 2 黄牌, 3 红牌; `answer_by` is the last day for an answer, `closed_on` and `outcome` its end.
    """

    __tablename__ = "supervision_order"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "id"),
        _of_order("follows"),
        Index(
            "uq_supervision_order_running",
            "bureau",
            "case_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index("ix_supervision_order_case", "bureau", "case_id"),
        Index("ix_supervision_order_to", "to_id", "answer_by", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index("ix_supervision_order_issued", "bureau", "issued_on"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        CheckConstraint("days_over >= 0", name="days_over"),
        CheckConstraint("answer_by >= issued_on", name="answer_by"),
        CheckConstraint("outcome IN ('', 'accepted', 'withdrawn', 'escalated', 'ended')", name="outcome"),
        CheckConstraint("(closed_on IS NULL) = (outcome = '')", name="closed"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    follows: Mapped[int | None] = mapped_column(Big)
    level: Mapped[int]
    cause: Mapped[str]
    days_over: Mapped[int]
    to_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    issued_on: Mapped[date]
    answer_by: Mapped[date]
    answered_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(server_default=text("''"))


class OrderWordRow(Base):
    """One word in the thread of an order, never changed: what was ordered, answered and decided, and by whom."""

    __tablename__ = "order_word"
    __table_args__ = (
        _of_order("order_id"),
        Index("ix_order_word_order", "bureau", "order_id"),
        CheckConstraint(
            "kind IN ('issue', 'answer', 'return', 'accept', 'withdraw', 'escalate', 'transfer', 'end')",
            name="kind",
        ),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    order_id: Mapped[int] = mapped_column(Big)
    kind: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    staff_name: Mapped[str]
    detail: Mapped[dict[str, Any]]


class SectionRow(Base):
    """A section (科室) of a bureau; a closed one takes nobody new."""

    __tablename__ = "section"
    __table_args__ = (UniqueConstraint("bureau", "name"), CheckConstraint("active IN (0, 1)", name="active"))
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    name: Mapped[str]
    active: Mapped[int] = mapped_column(server_default="1")


class WindowRow(Base):
    """A counter (窗口) of a bureau, in a section or in none."""

    __tablename__ = "service_window"
    __table_args__ = (UniqueConstraint("bureau", "name"), CheckConstraint("active IN (0, 1)", name="active"))
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    name: Mapped[str]
    section: Mapped[str] = mapped_column(server_default=text("''"))
    active: Mapped[int] = mapped_column(server_default="1")


class StaffItemRow(Base):
    """An item a member of staff handles; who has no row here handles every item that the roles allow."""

    __tablename__ = "staff_item"
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True)
    item_key: Mapped[str] = mapped_column(primary_key=True)


class AbsenceRow(Base):
    """Days on which somebody is away, both included, and who stands in."""

    __tablename__ = "absence"
    __table_args__ = (
        Index("ix_absence_staff", "staff_id", "to_on"),
        CheckConstraint("to_on >= from_on", name="order"),
        CheckConstraint("stand_in_id IS NULL OR stand_in_id <> staff_id", name="stand_in"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    entered_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    entered_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]


class StaffChangeRow(Base):
    """What an administrator changed about accounts, sections, windows, items handled or absences; never changed."""

    __tablename__ = "staff_change"
    __table_args__ = (Index("ix_staff_change_bureau", "bureau", "id"),)
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]


class SavedViewRow(Base):
    """A list as somebody keeps it under a name: the query of its address."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    name: Mapped[str]
    query: Mapped[str]
    created_at: Mapped[datetime]


class PreferenceRow(Base):
    """How somebody likes the pages: columns shown, keys on or off."""

    __tablename__ = "preference"
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class DraftRow(Base):
    """A form somebody has not sent yet, sealed, so that an idle lock loses nothing; one per person and form."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_saved_at", "saved_at"),)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    saved_at: Mapped[datetime]
