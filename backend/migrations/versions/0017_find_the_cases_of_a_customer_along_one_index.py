"""Find the cases of a customer along one index."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    with op.batch_alter_table("incidences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incidences_customer_id"))
        batch_op.create_index("ix_incidences_customer", ["business_id", "customer_id", "id"], unique=False)
