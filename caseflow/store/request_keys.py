"""The table of requests that were answered: the same form or request sent twice acts once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.store.base import Base


class RequestKeyRow(Base):
    """A request that took effect, written in the transaction of its effect; kept for some days.

    `digest` is of the key and of who sent it, `body` of what was sent with it; `answer` is JSON and holds nothing
    personal: what the page that answers is made of.
    """

    __tablename__ = "request_key"
    __table_args__ = (Index("ix_request_key_at", "at"),)
    digest: Mapped[str] = mapped_column(primary_key=True)
    bureau: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    body: Mapped[str]
    answer: Mapped[str]
    at: Mapped[datetime]
