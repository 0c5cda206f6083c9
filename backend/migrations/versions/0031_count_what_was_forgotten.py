"""Count what was forgotten."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "forgotten",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("last_at", rows.Instant(), nullable=False),
        sa.Column("last_count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "name", name=op.f("pk_forgotten")),
    )
