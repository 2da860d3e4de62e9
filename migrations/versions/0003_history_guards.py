"""history guards

Revision 0003, after 0002.

What has happened can be added to and neither changed nor removed, by whatever means a connection has short of dropping
the triggers. One way leads out, for cases whose time of keeping is over: a row of `purge` that tells the truth about
a case opens it (`purging`), the case's rows may go, and with the row of the case it closes. A transaction that opens it
and leaves the case cannot commit: `purging` refers to a row that cannot exist, and that is looked at only then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.keeping import Trigger, differs, fixed, once, settle_search_path, stays

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CASE = "OLD.case_id"
_ORDER_CASE = "(SELECT o.case_id FROM supervision_order o WHERE o.bureau = OLD.bureau AND o.id = OLD.order_id)"

_KEPT = (
    # Nothing of these ever changes.
    fixed("event"),
    *stays("event", _CASE),
    fixed("access"),
    *stays("access", _CASE),
    fixed("order_word"),
    *stays("order_word", _ORDER_CASE),
    fixed("rating"),
    *stays("rating", _CASE),
    fixed("staff_change"),
    *stays("staff_change"),
    # Of these only what the product writes later.
    fixed("edition", "id", "bureau", "item_key", "digest", "definition"),
    *stays("edition"),
    fixed("calendar_day", "id", "layer", "day", "off", "name", "source", "publishes", "entered_by", "entered_at"),
    once("calendar_day", "retired_at"),
    *stays("calendar_day"),
    fixed("paper", "id", "bureau", "case_id", "kind", "year", "serial", "number", "issued_at", "issued_by"),
    once("paper", "voided_at", "void_reason"),
    *stays("paper", _CASE),
    fixed("payment", "id", "bureau", "case_id", "place", "reference", "amount_fen", "paid_on", "paid_by"),
    once("payment", "returned_on", "return_reason"),
    *stays("payment", _CASE),
    fixed(
        "attachment",
        *("id", "bureau", "case_id", "material", "name", "kind", "size", "sha256", "added_by", "added_at"),
    ),
    once("attachment", "removed_at", "remove_reason"),
    *stays("attachment", _CASE),
    fixed("broken_word", "id", "bureau", "case_id", "kind", "noted_on", "noted_by", "note"),
    once("broken_word", "cleared_on"),
    *stays("broken_word", _CASE),
    fixed("pause", "id", "bureau", "case_id", "kind", "basis", "reason", "expected_days", "excluded", "from_on"),
    once("pause", "to_on"),
    *stays("pause", _CASE),
    fixed(
        "absence",
        *("id", "bureau", "staff_id", "from_on", "to_on", "stand_in_id", "note", "entered_by", "entered_at"),
    ),
    once("absence", "cancelled_at"),
    *stays("absence"),
    fixed("supervision_order", "id", "bureau", "case_id", "follows", "level", "cause", "issued_by", "issued_on"),
    once("supervision_order", "closed_on", "outcome"),
    *stays("supervision_order", _CASE),
    # These change, but no row goes to another case, and none goes away.
    fixed("deadline", "id", "bureau", "case_id", "kind"),
    *stays("deadline", _CASE),
    fixed("person", "id", "bureau", "case_id"),
    *stays("person", _CASE),
    fixed("staff", "id", "created_at"),
    *stays("staff"),
    fixed(
        "cases",
        *("id", "bureau", "number", "query_code", "request_key", "edition_id", "item_key", "item_name", "flow"),
    ),
    *stays("cases", "OLD.id"),
    fixed("purge"),
    *stays("purge"),
    fixed("purged_event"),
    *stays("purged_event"),
)

_PAPER_FIELDS = Trigger(
    "paper_fields",
    "BEFORE UPDATE",
    "paper",
    # An order's form is filled in as it is answered; every other paper stays as it was issued.
    "CAST(OLD.fields AS TEXT) <> CAST(NEW.fields AS TEXT) AND (OLD.kind <> 'order' OR OLD.voided_at IS NOT NULL)",
    "paper：文书内容制发后不能更改",
)

_NOT_TOLD = (
    "NOT EXISTS (SELECT 1 FROM event e WHERE e.bureau = NEW.bureau AND e.case_id = NEW.id AND e.seq = NEW.version "
    "AND e.chain = NEW.chain AND e.to_state = NEW.state)"
)

_HEADS = (
    Trigger(
        "event_order",
        "BEFORE INSERT",
        "event",
        "NEW.seq <> 1 + (SELECT coalesce(max(e.seq), 0) FROM event e "
        "WHERE e.bureau = NEW.bureau AND e.case_id = NEW.case_id) "
        # INSERT OR REPLACE on SQLite would take the row away without asking the other triggers.
        "OR EXISTS (SELECT 1 FROM event e WHERE e.id = NEW.id)",
        "event：办理记录只能接在最后一条之后",
    ),
    Trigger(
        "cases_head",
        "BEFORE UPDATE",
        "cases",
        " AND ".join((differs("version", "chain", "state"), f"(NEW.version < OLD.version OR {_NOT_TOLD})")),
        "cases：环节和版本应与最后一条办理记录一致",
    ),
)

_THE_WAY = (
    Trigger(
        "purge_true",
        "BEFORE INSERT",
        "purge",
        "NOT EXISTS (SELECT 1 FROM cases c WHERE c.bureau = NEW.bureau AND c.id = NEW.case_id AND c.is_open = 0 "
        "AND c.number = NEW.number AND c.item_key = NEW.item_key AND c.ended_on = NEW.ended_on "
        "AND c.version = NEW.events AND c.chain = NEW.chain)",
        "purge：与办件登记不一致，或办件尚未办结",
    ),
    Trigger(
        "purge_opens",
        "AFTER INSERT",
        "purge",
        then="INSERT INTO purging (bureau, case_id) VALUES (NEW.bureau, NEW.case_id)",
    ),
    Trigger(
        "purging_true",
        "BEFORE INSERT",
        "purging",
        "NOT EXISTS (SELECT 1 FROM purge g WHERE g.bureau = NEW.bureau AND g.case_id = NEW.case_id)",
        "purging：没有销毁登记",
    ),
    fixed("purging"),
    Trigger(
        "purging_stays",
        "BEFORE DELETE",
        "purging",
        "EXISTS (SELECT 1 FROM cases c WHERE c.bureau = OLD.bureau AND c.id = OLD.case_id)",
        "purging：办件还没有销毁",
    ),
    Trigger(
        "event_leaves",
        "AFTER DELETE",
        "event",
        then="INSERT INTO purged_event (id, bureau, case_id, seq, chain) "
        "VALUES (OLD.id, OLD.bureau, OLD.case_id, OLD.seq, OLD.chain)",
    ),
    Trigger(
        "purged_event_true",
        "BEFORE INSERT",
        "purged_event",
        "NOT EXISTS (SELECT 1 FROM purging p WHERE p.bureau = NEW.bureau AND p.case_id = NEW.case_id)",
        "purged_event：没有销毁登记",
    ),
    Trigger(
        "cases_close_the_way",
        "AFTER DELETE",
        "cases",
        then="DELETE FROM purging WHERE bureau = OLD.bureau AND case_id = OLD.id",
    ),
)

# SQLite gives the number of the newest row again once that row is gone; seals and tombstones name rows by number.
_NEWEST = tuple(
    Trigger(
        f"{table}_newest",
        "BEFORE DELETE",
        table,
        f"OLD.id = (SELECT max(n.id) FROM {table} n)",  # noqa: S608 - one of the two names below
        f"{table}：最新一条不能删除，其编号会被重复使用",
    )
    for table in ("event", "cases")
)


def _triggers() -> tuple[Trigger, ...]:
    newest = _NEWEST if op.get_context().dialect.name == "sqlite" else ()
    return (*_KEPT, _PAPER_FIELDS, *_HEADS, *_THE_WAY, *newest)


def upgrade() -> None:
    """Go one step forward."""
    _create_tables()
    settle_search_path()
    for trigger in _triggers():
        trigger.make()


def _create_tables() -> None:
    op.create_table(
        "purge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("kept_until", sa.Date(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("purged_on", sa.Date(), nullable=False),
        sa.Column("purged_at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.CheckConstraint("events >= 1", name=op.f("ck_purge_events")),
        sa.CheckConstraint("kept_until >= ended_on", name=op.f("ck_purge_kept_until")),
        sa.CheckConstraint("purged_on > kept_until", name=op.f("ck_purge_purged_on")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_purge_by_id_staff"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge")),
        sa.UniqueConstraint("bureau", "case_id", name=op.f("uq_purge_bureau_case_id")),
        sa.UniqueConstraint("number", name=op.f("uq_purge_number")),
    )
    op.create_table(
        "purged_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bureau", "case_id"],
            ["purge.bureau", "purge.case_id"],
            name=op.f("fk_purged_event_bureau_case_id_purge"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purged_event")),
        sa.UniqueConstraint("bureau", "case_id", "seq", name=op.f("uq_purged_event_bureau_case_id_seq")),
    )
    op.create_table(
        "purging",
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "never", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default=sa.text("0"), nullable=False
        ),
        sa.CheckConstraint("case_id > 0", name=op.f("ck_purging_case_id")),
        sa.CheckConstraint("never = 0", name=op.f("ck_purging_never")),
        sa.ForeignKeyConstraint(
            ["bureau", "never"],
            ["purging.bureau", "purging.case_id"],
            name=op.f("fk_purging_bureau_never_purging"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("bureau", "case_id", name=op.f("pk_purging")),
    )


def downgrade() -> None:
    """Go one step back; refused where cases were purged: without their tombstones every seal over them is broken."""
    if not op.get_context().as_sql and op.get_bind().exec_driver_sql("SELECT count(*) FROM purge").scalar_one():
        message = "已有办件到期销毁，退回旧结构会丢失销毁登记，封存将无法核对；请从备份恢复"
        raise RuntimeError(message)
    for trigger in reversed(_triggers()):
        trigger.drop()
    op.drop_table("purging")
    op.drop_table("purged_event")
    op.drop_table("purge")
