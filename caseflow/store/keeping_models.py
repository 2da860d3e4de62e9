"""The tables of safe keeping: the master keys this database was sealed with, sealed files, and the backups made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseflow.store.base import Base, Big


class MasterKeyRow(Base):
    """A master key of this database, by its name; the newest is in force.

    A rotation vouches under its new chain key for every event up to `covers_last` and for the tombstones up to
    `covers_purge` being all there were. `chain_sealed` is the chain key of a
    retired master, sealed under the one in force: entries of its time are checked with it, nothing is written with it.
    """

    __tablename__ = "master_key"
    __table_args__ = (UniqueConstraint("key_id"), CheckConstraint("covers_last >= 0", name="covers"))
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    key_id: Mapped[str]
    since: Mapped[datetime]
    covers_last: Mapped[int] = mapped_column(Big, server_default="0")
    covers_purge: Mapped[int] = mapped_column(Big, server_default="0")
    covers_count: Mapped[int] = mapped_column(Big, server_default="0")
    covers_mac: Mapped[str] = mapped_column(server_default=text("''"))
    chain_sealed: Mapped[bytes | None]


class StoredFileRow(Base):
    """Where an attachment's sealed bytes lie and the key they are sealed with; an attachment without one is plain."""

    __tablename__ = "stored_file"
    __table_args__ = (UniqueConstraint("name"),)
    attachment_id: Mapped[int] = mapped_column(
        Big, ForeignKey("attachment.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    name: Mapped[str]
    key_sealed: Mapped[bytes]


class BackupRow(Base):
    """A backup that was finished: when, how large, and the digest of the archive."""

    __tablename__ = "backup_run"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    at: Mapped[datetime]
    size: Mapped[int] = mapped_column(Big)
    sha256: Mapped[str]
