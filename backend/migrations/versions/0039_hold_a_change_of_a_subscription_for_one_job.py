"""Hold a change of a subscription for one job."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    with op.batch_alter_table("subscription_changes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_by", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("held_until", rows.Instant(), nullable=True))
