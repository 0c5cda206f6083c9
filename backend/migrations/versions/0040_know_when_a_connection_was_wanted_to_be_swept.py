"""Know when a connection was wanted to be swept."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    with op.batch_alter_table("integrations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wanted_at", rows.Instant(), nullable=True))
