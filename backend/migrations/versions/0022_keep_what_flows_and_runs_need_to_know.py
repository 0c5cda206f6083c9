"""Keep what flows and runs need to know."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("region", sa.String(length=16), nullable=True))

    with op.batch_alter_table("flows", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=False))
        batch_op.add_column(sa.Column("active_number", sa.Integer(), nullable=True))

    with op.batch_alter_table("retention_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assigned_at", rows.Instant(), nullable=False))
        batch_op.add_column(sa.Column("limits", rows.Json(), nullable=False))
        batch_op.add_column(sa.Column("wants_cancel", sa.Boolean(), nullable=False))
        batch_op.add_column(sa.Column("revenue_saved", sa.BigInteger(), nullable=False))
        batch_op.add_column(sa.Column("message", sa.String(length=400), nullable=False))
        batch_op.create_index(
            "ix_retention_runs_one_open",
            ["business_id", "subscription_id"],
            unique=True,
            sqlite_where=sa.text("outcome IS NULL"),
            postgresql_where=sa.text("outcome IS NULL"),
        )
