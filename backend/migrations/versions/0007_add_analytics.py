"""Add analytics."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "analytics_daily",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("metric", sa.String(length=32), nullable=False),
        sa.Column("dimension", sa.String(length=64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("spread", rows.Json(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "day", "metric", "dimension", name=op.f("pk_analytics_daily")),
    )
    op.create_table(
        "analytics_state",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("orders_at", rows.Instant(), nullable=True),
        sa.Column("recent_orders", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("rolled_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_analytics_state")),
    )
    op.create_table(
        "friction_reports",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("body", rows.Json(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friction_reports")),
        sa.UniqueConstraint("business_id", "week", name=op.f("uq_friction_reports_business_id_week")),
    )
    with op.batch_alter_table("friction_reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_friction_reports_business_id"), ["business_id"], unique=False)

    op.create_table(
        "milestones",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=176), nullable=False),
        sa.Column("at", rows.Instant(), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("screen", sa.String(length=128), nullable=True),
        sa.Column("is_self_serve", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("handled", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("is_converted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "kind", "source", name=op.f("pk_milestones")),
    )
    with op.batch_alter_table("milestones", schema=None) as batch_op:
        batch_op.create_index("ix_milestones_at", ["business_id", "kind", "at"], unique=False)
        batch_op.create_index("ix_milestones_customer", ["business_id", "customer_id"], unique=False)
        batch_op.create_index("ix_milestones_incidence", ["business_id", "incidence_id"], unique=False)

    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_signals_orders",
            ["business_id", "received_at"],
            unique=False,
            sqlite_where=sa.text("type = 'order_placed'"),
            postgresql_where=sa.text("type = 'order_placed'"),
        )
