"""Know when a refund was last looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("charge_look", sa.BigInteger(), nullable=False, server_default="0"))
