"""keys and retention

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IN_USE = "SELECT (SELECT count(*) FROM stored_file) + (SELECT count(*) FROM master_key WHERE chain_sealed IS NOT NULL)"


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "master_key",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("covers_last", BIG, server_default="0", nullable=False),
        sa.Column("covers_purge", BIG, server_default="0", nullable=False),
        sa.Column("covers_count", BIG, server_default="0", nullable=False),
        sa.Column("covers_mac", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("chain_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("covers_last >= 0", name=op.f("ck_master_key_covers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_master_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_master_key_key_id")),
    )
    op.create_table(
        "stored_file",
        sa.Column("attachment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_stored_file_attachment_id_attachment"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("name", name=op.f("uq_stored_file_name")),
    )
    op.create_table(
        "backup_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_backup_run_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
    )


def downgrade() -> None:
    """Go one step back; refused where the keys of sealed files or of older entries would be lost with these tables."""
    if not op.get_context().as_sql and op.get_bind().exec_driver_sql(_IN_USE).scalar_one():
        message = "已有加密附件或更换过密钥，退回旧结构会丢失打开它们的密钥；请从备份恢复"
        raise RuntimeError(message)
    for table in ("backup_run", "stored_file", "master_key"):
        op.drop_table(table)
