"""${message}

Revision ${up_revision}, after ${down_revision or "nothing"}.
"""

# The policy for every migration:
# - One step forward, and a way down for the operator who must go back (docs/decisions/0013): it drops what this
#   revision made and nothing else. A mistake is mended by the next revision, a disaster by the backup.
# - The shape of tables only. Rules about data live in caseflow/rules and caseflow/desk; if rows must change,
#   a numbered command of the desk changes them, with a history entry, after the migration.
# - Tables and types are spelled out here and never imported from caseflow.store.models: a revision is history.
# - Nothing is dropped or rebuilt with batch_alter_table on SQLite: a batch drops triggers and, where cascades are
#   on, rows. Add columns that may be empty or have a server default; leave old ones where they are.
# - Triggers are made again by the revision that touches their table, for both databases (migrations/keeping.py).
# - Afterwards `alembic upgrade head` and `alembic check` must be quiet on SQLite and on PostgreSQL (.ci/run does it).

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Go one step forward."""
    ${upgrades if upgrades else "raise NotImplementedError"}


def downgrade() -> None:
    """Go one step back."""
    ${downgrades if downgrades else "raise NotImplementedError"}
