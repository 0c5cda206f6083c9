"""Know by which key a Stripe account was known."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    with op.batch_alter_table("stripe_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key_mark", sa.String(length=16), nullable=True))
