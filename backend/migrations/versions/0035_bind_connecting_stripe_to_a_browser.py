"""Bind connecting Stripe to a browser."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    with op.batch_alter_table("stripe_connectings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sign_in_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("browser", sa.String(length=64), nullable=True))
