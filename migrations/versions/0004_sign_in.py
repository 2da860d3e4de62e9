"""sign in

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.keeping import fixed, settle_search_path, stays

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Who signed in, from where and with what outcome is history like any other.
_KEPT = (fixed("sign_in"), *stays("sign_in"))

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go one step forward."""
    op.add_column("session", sa.Column("address", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("session", sa.Column("pending", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "sign_in_tally",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=True),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.Column("touched_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_sign_in_tally_failures")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_tally")),
    )
    op.create_index("ix_sign_in_tally_touched_at", "sign_in_tally", ["touched_at"], unique=False)
    op.create_table(
        "second_factor",
        sa.Column("staff_id", _BIG, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("last_step", _BIG, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_second_factor_staff_id_staff"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("staff_id", _BIG, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id_staff"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("staff_id", "digest", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "past_password",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("staff_id", _BIG, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_past_password_staff_id_staff"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_password")),
    )
    op.create_index("ix_past_password_staff_id", "past_password", ["staff_id", "set_at"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("bureau", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("staff_id", _BIG, nullable=True),
        sa.Column("address", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_sign_in_staff_id_staff"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    op.create_index("ix_sign_in_bureau", "sign_in", ["bureau", "id"], unique=False)
    op.create_index("ix_sign_in_staff_id", "sign_in", ["staff_id", "id"], unique=False)
    settle_search_path()
    for trigger in _KEPT:
        trigger.make()


def downgrade() -> None:
    """Go one step back."""
    for trigger in _KEPT:
        trigger.drop()
    for table in ("sign_in", "past_password", "recovery_code", "second_factor", "sign_in_tally"):
        op.drop_table(table)
    # Half signed in is not signed in: the release before knows no such sessions.
    op.execute("DELETE FROM session WHERE pending = 1")
    op.drop_column("session", "pending")
    op.drop_column("session", "address")
