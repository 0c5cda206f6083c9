"""Remember how Stripe was looked at."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("stripe_dispute_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_charge_id", sa.String(length=255), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("subscription_id", sa.String(length=36), nullable=True),
        sa.Column("invoice_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("read_at", rows.Instant(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_disputes_customer_id_customers")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_disputes_invoice_id_invoices")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_disputes_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("business_id", "stripe_dispute_id", name=op.f("uq_disputes_business_id_stripe_dispute_id")),
    )
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disputes_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disputes_invoice_id"), ["invoice_id"], unique=False)
        batch_op.create_index("ix_disputes_subscription", ["business_id", "subscription_id"], unique=False)

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("look", sa.BigInteger(), nullable=False, server_default="0"))

    with op.batch_alter_table("stripe_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("synced_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("relist", rows.JsonText(), nullable=True))
        batch_op.add_column(sa.Column("looks", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("missing_scopes", rows.Json(), nullable=True))

    with op.batch_alter_table("stripe_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("object_kind", sa.String(length=16), nullable=True))

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("look", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("gone_at", rows.Instant(), nullable=True))
        batch_op.create_index("ix_subscriptions_look", ["business_id", "look"], unique=False)
        batch_op.create_index("ix_subscriptions_mrr", ["business_id", "mrr", "id"], unique=False)
        batch_op.create_index("ix_subscriptions_renewal", ["business_id", "current_period_end", "id"], unique=False)
