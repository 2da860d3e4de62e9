"""The tables. Dates are Beijing days; instants are stored in UTC; money in fen; states are text.

Every row of a case carries its bureau, so that the schema can be sharded by it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.store.base import Base, Big

__all__ = ["Base"]


_OPEN: dict[str, Any] = {"sqlite_where": text("is_open = 1"), "postgresql_where": text("is_open = 1")}
_ENDED = text("ended_on IS NOT NULL")


class EditionRow(Base):
    """An item as it was synced, by digest: what runs is the edition, and a case keeps its own."""

    __tablename__ = "edition"
    __table_args__ = (
        UniqueConstraint("bureau", "item_key", "digest"),
        Index(
            "uq_edition_current",
            "bureau",
            "item_key",
            unique=True,
            sqlite_where=text("current = 1"),
            postgresql_where=text("current = 1"),
        ),
        CheckConstraint("current IN (0, 1)", name="current"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    item_key: Mapped[str]
    digest: Mapped[str]
    definition: Mapped[str]
    current: Mapped[int]
    synced_at: Mapped[datetime]


class StaffRow(Base):
    """A member of staff of one bureau; `number` is unique in the whole installation."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("active IN (0, 1)", name="active"),
        CheckConstraint("failures >= 0", name="failures"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    number: Mapped[str]
    name: Mapped[str]
    section: Mapped[str] = mapped_column(server_default=text("''"))
    password_hash: Mapped[str]
    active: Mapped[int]
    must_change: Mapped[int]
    failures: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    window: Mapped[str] = mapped_column(server_default=text("''"))
    created_at: Mapped[datetime]


class StaffRoleRow(Base):
    """The roles of a member of staff."""

    __tablename__ = "staff_role"
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class SessionRow(Base):
    """A signed-in browser: only the digest of its token is kept; a row revoked is a session ended.

    While `pending`, the password was right and the second factor is still to come: nobody is signed in by it.
    """

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_staff_id", "staff_id"),)
    digest: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    window: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(server_default=text("''"))
    pending: Mapped[int] = mapped_column(server_default="0")


class CaseRow(Base):
    """One case. The facts are stored; `promised_due`, `statutory_due` and `provisional` are derived from them."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("query_code"),
        UniqueConstraint("bureau", "request_key"),
        UniqueConstraint("bureau", "id"),
        CheckConstraint("is_open IN (0, 1)", name="is_open"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("extend >= 0", name="extend"),
        CheckConstraint("(is_open = 1) = (ended_on IS NULL)", name="ended"),
        CheckConstraint("accepted_on IS NULL OR accepted_on >= received_on", name="accepted"),
        CheckConstraint("amount_fen IS NULL OR amount_fen >= 0", name="amount"),
        # Everything the lists of open cases count, filter and order by: they never have to touch the rows themselves.
        Index(
            "ix_cases_open_list",
            *("bureau", "promised_due", "statutory_due", "state", "handler_id", "item_key", "channel", "received_on"),
            *("promised_n", "promised_unit", "statutory_n", "statutory_unit", "extend", "applicant_initials"),
            *("is_open", "id"),
            **_OPEN,
        ),
        Index("ix_cases_open_law", "bureau", "statutory_due", "promised_due", "id", **_OPEN),
        Index("ix_cases_open_handler", "bureau", "handler_id", "id", **_OPEN),
        Index("ix_cases_received", "bureau", "received_on", "id"),
        Index("ix_cases_ended", "bureau", "ended_on", "id", sqlite_where=_ENDED, postgresql_where=_ENDED),
        Index(
            "ix_cases_item_ended",
            "bureau",
            "item_key",
            "ended_on",
            "id",
            sqlite_where=_ENDED,
            postgresql_where=_ENDED,
        ),
        Index("ix_cases_applicant_phone", "bureau", "applicant_phone"),
        Index("ix_cases_applicant_index", "bureau", "applicant_index"),
        Index(
            "ix_cases_applicant_name",
            *("bureau", "applicant_name", "id"),
            postgresql_ops={"applicant_name": "text_pattern_ops"},
        ),
        Index(
            "ix_cases_applicant_initials",
            *("bureau", "applicant_initials", "id"),
            postgresql_ops={"applicant_initials": "text_pattern_ops"},
        ),
        Index("ix_cases_applicant_last4", "bureau", "applicant_last4"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    number: Mapped[str]
    query_code: Mapped[str]
    request_key: Mapped[str]
    version: Mapped[int]
    chain: Mapped[str]
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    item_key: Mapped[str]
    item_name: Mapped[str]
    flow: Mapped[str]
    state: Mapped[str]
    is_open: Mapped[int]
    return_to: Mapped[str] = mapped_column(server_default=text("''"))
    channel: Mapped[str]
    window: Mapped[str] = mapped_column(server_default=text("''"))
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    state_since: Mapped[date]
    received_at: Mapped[datetime]
    received_on: Mapped[date]
    supplemented_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    served_on: Mapped[date | None]
    extend: Mapped[int] = mapped_column(server_default="0")
    promised_n: Mapped[int | None]
    promised_unit: Mapped[str | None]
    statutory_n: Mapped[int | None]
    statutory_unit: Mapped[str | None]
    promised_due: Mapped[date | None]
    statutory_due: Mapped[date | None]
    provisional: Mapped[int]
    calendar_revision: Mapped[str]
    answers: Mapped[dict[str, Any]]
    fields: Mapped[dict[str, Any]]
    amount_fen: Mapped[int | None] = mapped_column(Big)
    note: Mapped[str] = mapped_column(server_default=text("''"))
    applicant_name: Mapped[str]
    applicant_initials: Mapped[str]
    applicant_last4: Mapped[str]
    applicant_index: Mapped[str]
    applicant_phone: Mapped[str] = mapped_column(server_default=text("''"))


def of_case() -> ForeignKeyConstraint:
    """The reference of a case's rows to their case, bureau included."""
    return ForeignKeyConstraint(["bureau", "case_id"], ["cases.bureau", "cases.id"], ondelete="RESTRICT")


class PersonRow(Base):
    """An applicant, agent or person concerned; the number is sealed, found by its blind index."""

    __tablename__ = "person"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "case_id", "part", "place"),
        CheckConstraint("part IN ('applicant', 'agent', 'concerned')", name="part"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    part: Mapped[str]
    place: Mapped[int]
    name: Mapped[str]
    initials: Mapped[str]
    id_kind: Mapped[str]
    id_sealed: Mapped[bytes]
    id_index: Mapped[str]
    id_last4: Mapped[str]
    phone: Mapped[str] = mapped_column(server_default=text("''"))
    relation: Mapped[str] = mapped_column(server_default=text("''"))
    authorisation: Mapped[str] = mapped_column(server_default=text("''"))


class MaterialRow(Base):
    """What was received for one material line of a case."""

    __tablename__ = "case_material"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "case_id", "material"),
        CheckConstraint("mark IN ('none', 'received', 'missing', 'faulty', 'deferred')", name="mark"),
        CheckConstraint("originals >= 0 AND copies >= 0", name="counts"),
        CheckConstraint("mark <> 'faulty' OR fault <> ''", name="fault"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    material: Mapped[str]
    mark: Mapped[str]
    option: Mapped[str] = mapped_column(server_default=text("''"))
    originals: Mapped[int]
    copies: Mapped[int]
    fault: Mapped[str] = mapped_column(server_default=text("''"))
    complete: Mapped[int | None]
    genuine: Mapped[int | None]
    received_on: Mapped[date | None]
    marked_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))


class PauseRow(Base):
    """A special procedure: where `excluded`, the days after `from_on` up to and including `to_on` do not count."""

    __tablename__ = "pause"
    __table_args__ = (
        of_case(),
        Index(
            "uq_pause_open",
            "bureau",
            "case_id",
            unique=True,
            sqlite_where=text("to_on IS NULL"),
            postgresql_where=text("to_on IS NULL"),
        ),
        Index("ix_pause_case", "bureau", "case_id"),
        CheckConstraint("excluded IN (0, 1)", name="excluded"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="order"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    kind: Mapped[str]
    basis: Mapped[str]
    reason: Mapped[str]
    expected_days: Mapped[int]
    excluded: Mapped[int]
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class DeadlineRow(Base):
    """Something that falls due beside the two limits; overdue is `due_on < today` while neither stopped nor lapsed."""

    __tablename__ = "deadline"
    __table_args__ = (
        of_case(),
        Index(
            "ix_deadline_open",
            "bureau",
            "due_on",
            sqlite_where=text("stopped_on IS NULL"),
            postgresql_where=text("stopped_on IS NULL"),
        ),
        Index(
            "ix_deadline_kind",
            *("bureau", "kind", "due_on", "case_id"),
            sqlite_where=text("stopped_on IS NULL"),
            postgresql_where=text("stopped_on IS NULL"),
        ),
        Index(
            "uq_deadline_running",
            "bureau",
            "case_id",
            "kind",
            unique=True,
            sqlite_where=text("stopped_on IS NULL"),
            postgresql_where=text("stopped_on IS NULL"),
        ),
        CheckConstraint(
            "kind IN ('notice', 'supplement', 'stage', 'suspension', 'deferral', 'commitment', 'serve', 'repay', "
            "'order_reply', 'call_back', 'rectify')",
            name="kind",
        ),
        CheckConstraint("limit_n >= 0", name="limit_n"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    kind: Mapped[str]
    started_on: Mapped[date]
    limit_n: Mapped[int]
    limit_unit: Mapped[str]
    due_on: Mapped[date]
    provisional: Mapped[int]
    lapsed_on: Mapped[date | None]
    stopped_on: Mapped[date | None]


class StatementRow(Base):
    """One line of a payment statement, in fen."""

    __tablename__ = "statement_line"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "case_id", "place"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    place: Mapped[int]
    label: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(Big)


class EventRow(Base):
    """One step of a case's history, chained to the one before by HMAC."""

    __tablename__ = "event"
    __table_args__ = (of_case(), UniqueConstraint("bureau", "case_id", "seq"), CheckConstraint("seq >= 1", name="seq"))
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    seq: Mapped[int]
    at: Mapped[datetime]
    on_day: Mapped[date]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    actor_name: Mapped[str]
    action: Mapped[str]
    duty: Mapped[str] = mapped_column(server_default=text("''"))
    from_state: Mapped[str]
    to_state: Mapped[str]
    detail: Mapped[dict[str, Any]]
    chain: Mapped[str]


class PaperRow(Base):
    """An issued paper with the fields it was printed from; the number is never reused, also when void."""

    __tablename__ = "paper"
    __table_args__ = (
        of_case(),
        UniqueConstraint("bureau", "kind", "year", "serial"),
        Index("ix_paper_case", "bureau", "case_id"),
        CheckConstraint("serial >= 1", name="serial"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    kind: Mapped[str]
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str]
    issued_at: Mapped[datetime]
    issued_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    fields: Mapped[dict[str, Any]]
    printed: Mapped[int] = mapped_column(server_default="0")
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(server_default=text("''"))


class CounterRow(Base):
    """The last serial given, per bureau, kind and period: gapless, because it moves in the transaction that uses it."""

    __tablename__ = "counter"
    bureau: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
