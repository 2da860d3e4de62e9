"""The tables of the side roads: payments, promises broken, attachments, ratings, messages, calendar days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.store.base import Base, Big
from caseflow.store.models import of_case


class PaymentRow(Base):
    """One remittance of a case; a returned one is followed by the next."""

    __tablename__ = "payment"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "case_id", "place"),
        Index(
            "uq_payment_standing",
            "bureau",
            "case_id",
            unique=True,
            sqlite_where=text("returned_on IS NULL"),
            postgresql_where=text("returned_on IS NULL"),
        ),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("returned_on IS NULL OR return_reason <> ''", name="returned"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    place: Mapped[int]
    reference: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(Big)
    paid_on: Mapped[date]
    paid_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    returned_on: Mapped[date | None]
    return_reason: Mapped[str] = mapped_column(server_default=text("''"))


class BrokenWordRow(Base):
    """A commitment an applicant did not keep: found by the blind index, refused a deferral until it is cleared."""

    __tablename__ = "broken_word"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "case_id", "kind"),
        Index("ix_broken_word", "bureau", "id_index"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    id_index: Mapped[str]
    kind: Mapped[str]
    noted_on: Mapped[date]
    noted_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    note: Mapped[str]
    cleared_on: Mapped[date | None]


class AttachmentRow(Base):
    """A scan of one material line; its bytes lie outside the web root under their SHA-256."""

    __tablename__ = "attachment"
    __table_args__ = (
        of_case(),
        Index("ix_attachment_case", "bureau", "case_id"),
        CheckConstraint("kind IN ('pdf', 'jpeg', 'png')", name="kind"),
        CheckConstraint("size > 0", name="size"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    material: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    added_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    remove_reason: Mapped[str] = mapped_column(server_default=text("''"))


class RatingRow(Base):
    """好差评 of an ended case: grade 5 (非常满意) to 1 (非常不满意); 2 and 1 are bad and open a follow-up."""

    __tablename__ = "rating"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "case_id"),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    grade: Mapped[int]
    words: Mapped[str]
    rated_at: Mapped[datetime]


class OutboxRow(Base):
    """A message to be sent outside; written in the transaction of its cause, sent by the worker, at least once."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("bureau", "once"),
        Index(
            "ix_outbox_waiting",
            "next_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
        CheckConstraint("channel IN ('email', 'sms')", name="channel"),
        CheckConstraint("attempts >= 0", name="attempts"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int | None] = mapped_column(Big)
    channel: Mapped[str]
    to_sealed: Mapped[bytes]
    kind: Mapped[str]
    fields: Mapped[dict[str, Any]]
    once: Mapped[str]
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    attempts: Mapped[int]
    done_at: Mapped[datetime | None]
    gave_up: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str] = mapped_column(server_default=text("''"))


class MessageRow(Base):
    """A message inside the application to one member of staff; `once` keeps it from being written twice."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("bureau", "staff_id", "once"),
        Index(
            "ix_message_unread",
            "staff_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    case_id: Mapped[int | None] = mapped_column(Big)
    kind: Mapped[str]
    text: Mapped[str]
    once: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class CalendarDayRow(Base):
    """A day entered for a layer after release: over the packaged layers, never changed, only retired by the next."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        Index(
            "uq_calendar_day_standing",
            "layer",
            "day",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
        CheckConstraint("off IN (0, 1)", name="off"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    layer: Mapped[str]
    day: Mapped[date]
    off: Mapped[int]
    name: Mapped[str]
    source: Mapped[str]
    publishes: Mapped[int]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class PublicAttemptRow(Base):
    """How often an address or a query code was tried in one stretch of time; `key` is a blind index of either."""

    __tablename__ = "public_attempt"
    __table_args__ = (
        Index("ix_public_attempt_window_start", "window_start"),
        CheckConstraint("count >= 0", name="count"),
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class AccessRow(Base):
    """A look at a full number: who, which person, why."""

    __tablename__ = "access"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    at: Mapped[datetime]
    reason: Mapped[str]
