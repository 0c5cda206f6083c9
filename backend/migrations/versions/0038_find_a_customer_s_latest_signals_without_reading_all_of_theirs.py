"""Find a customer's latest signals without reading all of theirs."""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.create_index("ix_signals_times", ["business_id", "customer_id", "occurred_at", "id"], unique=False)
