"""Add notifications."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("rule_kind", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.Column("visit_started_at", rows.Instant(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("offered_at", rows.Instant(), nullable=False),
        sa.Column("seen_at", rows.Instant(), nullable=True),
        sa.Column("decided_at", rows.Instant(), nullable=True),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_notifications_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["incidence_id"], ["incidences.id"], name=op.f("fk_notifications_incidence_id_incidences")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notifications_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_notifications_customer", ["business_id", "customer_id", "seq"], unique=False)
