"""Add the clocks of service levels."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("incidences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sla", rows.Json(), nullable=True))
        batch_op.add_column(sa.Column("first_response_due_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("next_response_due_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("resolution_due_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("sla_due_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("sla_target", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("sla_risk_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("sla_breached_at", rows.Instant(), nullable=True))
        batch_op.add_column(
            sa.Column("sla_rank", sa.BigInteger(), server_default="9000000000000000000", nullable=False)
        )
        batch_op.create_index("ix_incidences_sla", ["business_id", "sla_rank", "id"], unique=False)
