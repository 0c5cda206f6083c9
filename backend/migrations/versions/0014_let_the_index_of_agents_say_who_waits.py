"""Let the index of agents say who waits."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    with op.batch_alter_table("incidences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incidences_agent"))
        batch_op.create_index(
            "ix_incidences_agent", ["business_id", "agent_id", "status", "waiting_since"], unique=False
        )
