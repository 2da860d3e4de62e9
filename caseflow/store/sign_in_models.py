"""What signing in keeps beside accounts and sessions: failures, second factors, past passwords, the 登录记录."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.store.base import Base, Big


class SignInTallyRow(Base):
    """Failed sign-ins of an address, or of a number there is no account of; `key` is a blind index of either."""

    __tablename__ = "sign_in_tally"
    __table_args__ = (
        Index("ix_sign_in_tally_touched_at", "touched_at"),
        CheckConstraint("failures >= 0", name="failures"),
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
    touched_at: Mapped[datetime]


class SecondFactorRow(Base):
    """The sealed secret of somebody's authenticator; `last_step` is the step of the last code taken."""

    __tablename__ = "second_factor"
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True)
    sealed: Mapped[bytes]
    made_at: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(Big, server_default="0")


class RecoveryCodeRow(Base):
    """A code for the day the authenticator is lost: only its digest, and whether it was used."""

    __tablename__ = "recovery_code"
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class PastPasswordRow(Base):
    """A password somebody had or has, the present one newest: what its age is counted from."""

    __tablename__ = "past_password"
    __table_args__ = (Index("ix_past_password_staff_id", "staff_id", "set_at"),)
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    password_hash: Mapped[str]
    set_at: Mapped[datetime]


class SignInRow(Base):
    """One entry of the 登录记录. A number without account is not kept: people type their password there."""

    __tablename__ = "sign_in"
    __table_args__ = (
        Index("ix_sign_in_bureau", "bureau", "id"),
        Index("ix_sign_in_staff_id", "staff_id", "id"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    at: Mapped[datetime]
    bureau: Mapped[str] = mapped_column(server_default=text("''"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    address: Mapped[str] = mapped_column(server_default=text("''"))
    outcome: Mapped[str]
