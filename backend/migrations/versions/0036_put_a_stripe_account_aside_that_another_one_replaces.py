"""Put a Stripe account aside that another one replaces."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "stripe_former_accounts",
        sa.Column("stripe_account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("connected_at", rows.Instant(), nullable=False),
        sa.Column("left_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_former_accounts")),
        sa.UniqueConstraint(
            "business_id", "stripe_account_id", name=op.f("uq_stripe_former_accounts_business_id_stripe_account_id")
        ),
    )
    with op.batch_alter_table("stripe_former_accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stripe_former_accounts_business_id"), ["business_id"], unique=False)

    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_account", sa.String(length=64), nullable=True))

    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_account", sa.String(length=64), nullable=True))

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_account", sa.String(length=64), nullable=True))

    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_account", sa.String(length=64), nullable=True))

    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_account", sa.String(length=64), nullable=True))

    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_account", sa.String(length=64), nullable=True))

    with op.batch_alter_table("stripe_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(length=200), nullable=True))

    with op.batch_alter_table("stripe_connectings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account_id", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("account_name", sa.String(length=200), nullable=True))

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_account", sa.String(length=64), nullable=True))
