"""What is history: which tables keep their rows, what of a row may still change, and what is left of a purged case.

The database refuses the rest by triggers (revision 0003) and, on PostgreSQL, by the rights of the application's role.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.store.base import Base, Big
from caseflow.store.models import CaseRow, DeadlineRow, PersonRow, StaffRow
from caseflow.store.office_models import OrderRow
from caseflow.store.seal import Chainer


class PurgeRow(Base):
    """The tombstone of a case whose time of keeping is over: what it was, and the head its history had. Never changed.

    Inserting it opens the way for the rows of the case to go; a transaction that leaves the case cannot commit.
    """

    __tablename__ = "purge"
    __table_args__ = (
        UniqueConstraint("bureau", "case_id"),
        UniqueConstraint("number"),
        CheckConstraint("events >= 1", name="events"),
        CheckConstraint("kept_until >= ended_on", name="kept_until"),
        CheckConstraint("purged_on > kept_until", name="purged_on"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    number: Mapped[str]
    item_key: Mapped[str]
    ended_on: Mapped[date]
    retention: Mapped[str]
    kept_until: Mapped[date]
    events: Mapped[int]
    chain: Mapped[str]
    removed: Mapped[dict[str, Any]]
    purged_on: Mapped[date]
    purged_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    by_name: Mapped[str]
    mac: Mapped[str]


class PurgedEventRow(Base):
    """What is left of an event that was purged, under its own row id: its link, so that the seals still hold."""

    __tablename__ = "purged_event"
    __table_args__ = (
        ForeignKeyConstraint(["bureau", "case_id"], ["purge.bureau", "purge.case_id"], ondelete="RESTRICT"),
        UniqueConstraint("bureau", "case_id", "seq"),
    )
    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    bureau: Mapped[str]
    case_id: Mapped[int] = mapped_column(Big)
    seq: Mapped[int]
    chain: Mapped[str]


class PurgingRow(Base):
    """A case that is being purged in this very transaction; `never` refers to a row that cannot exist."""

    __tablename__ = "purging"
    __table_args__ = (
        CheckConstraint("case_id > 0", name="case_id"),
        CheckConstraint("never = 0", name="never"),
        ForeignKeyConstraint(
            ["bureau", "never"], ["purging.bureau", "purging.case_id"], deferrable=True, initially="DEFERRED"
        ),
    )
    bureau: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(Big, primary_key=True)
    never: Mapped[int] = mapped_column(Big, server_default="0")


def _but(row: type[Base], *fixed: str) -> tuple[str, ...]:
    return tuple(name for name in row.__table__.columns.keys() if name not in fixed)  # noqa: SIM118 - a collection


_CASE: Final = ("id", "bureau", "case_id")

KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "event": (),
    "access": (),
    "order_word": (),
    "rating": (),
    "staff_change": (),
    "sign_in": (),
    "edition": ("current", "synced_at"),
    "calendar_day": ("retired_at",),
    "paper": ("fields", "printed", "voided_at", "void_reason"),
    "payment": ("returned_on", "return_reason"),
    "attachment": ("removed_at", "remove_reason"),
    "broken_word": ("id_index", "cleared_on"),
    "pause": ("to_on",),
    "absence": ("cancelled_at",),
    "supervision_order": _but(OrderRow, *_CASE, "follows", "level", "cause", "issued_by", "issued_on"),
    "deadline": _but(DeadlineRow, *_CASE, "kind"),
    "person": _but(PersonRow, *_CASE),
    "staff": _but(StaffRow, "id", "created_at"),
    "cases": _but(
        CaseRow,
        *("id", "bureau", "number", "query_code", "request_key", "edition_id", "item_key", "item_name", "flow"),
    ),
}
"""The tables whose rows stay, each with the columns that may change after a row was written."""

READ_ONLY: Final = frozenset({"purge", "purged_event", "purging", "alembic_version"})
"""What the application only reads: the owner of the database purges and migrates."""

TOLD: Final = tuple(column.name for column in PurgeRow.__table__.columns if column.name not in {"id", "mac"})
"""The columns of a tombstone that its MAC covers."""


def tombstone_mac(keys: Chainer, tombstone: Any) -> str:
    """The MAC over everything a tombstone says, a row or a mapping; only the installation that purged can make it."""
    told = {
        name: _plain(tombstone[name] if isinstance(tombstone, Mapping) else getattr(tombstone, name)) for name in TOLD
    }
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return keys.mac(b"purge", text.encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
