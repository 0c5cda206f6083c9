"""Let API keys be for pages."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origins", rows.Json(), nullable=True))
