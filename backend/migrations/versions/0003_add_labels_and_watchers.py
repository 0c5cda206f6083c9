"""Add labels and watchers."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("incidences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("labels", rows.Json(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("watcher_ids", rows.Json(), server_default="[]", nullable=False))
