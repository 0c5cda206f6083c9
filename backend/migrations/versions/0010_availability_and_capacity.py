"""Add availability and capacity of members, and indexes of what waits for an owner."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "server_processes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_processes")),
    )
    op.create_table(
        "member_connections",
        sa.Column("process_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_connections_member_id_members")),
        sa.PrimaryKeyConstraint("process_id", "member_id", name=op.f("pk_member_connections")),
    )
    with op.batch_alter_table("member_connections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_connections_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_member_connections_member_id"), ["member_id"], unique=False)

    with op.batch_alter_table("incidences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_agent_id", sa.String(length=36), nullable=True))
        batch_op.create_index(
            "ix_incidences_ownerless",
            ["business_id", "queue_rank", "id"],
            unique=False,
            sqlite_where=sa.text("agent_id IS NULL AND status = 'OPEN'"),
            postgresql_where=sa.text("agent_id IS NULL AND status = 'OPEN'"),
        )
        batch_op.create_index(
            "ix_incidences_ownerless_sla",
            ["business_id", "sla_rank", "id"],
            unique=False,
            sqlite_where=sa.text("agent_id IS NULL AND status = 'OPEN'"),
            postgresql_where=sa.text("agent_id IS NULL AND status = 'OPEN'"),
        )

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("languages", rows.Json(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("skills", rows.Json(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("capacity", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("availability", sa.String(length=8), nullable=False, server_default="OFFLINE"))
        batch_op.add_column(sa.Column("availability_since", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("is_away", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("away_reason", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("back_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("gone_since", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"))
