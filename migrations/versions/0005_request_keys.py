"""request keys

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of requests that were answered."""
    op.create_table(
        "request_key",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_request_key_staff_id_staff", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("digest", name="pk_request_key"),
    )
    op.create_index("ix_request_key_at", "request_key", ["at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("request_key")
