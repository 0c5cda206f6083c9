"""Stop channels, write to customers and look at their past by days."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email_opt_out", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("delivery_channels", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stopped_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))

    with op.batch_alter_table("interventions", schema=None) as batch_op:
        batch_op.create_index("ix_interventions_begun", ["business_id", "created_at"], unique=False)

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index("ix_invoices_customer", ["business_id", "customer_id", "paid_at"], unique=False)

    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("sender", sa.String(length=200), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_letters_customer_id"), ["customer_id"], unique=False)
