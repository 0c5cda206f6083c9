"""Add outgoing calls to platforms."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "outgoing_calls",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=128), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("doubt", sa.String(length=16), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("due_at", rows.Instant(), nullable=False),
        sa.Column("held_by", sa.String(length=128), nullable=True),
        sa.Column("held_until", rows.Instant(), nullable=True),
        sa.Column("first_tried_at", rows.Instant(), nullable=True),
        sa.Column("vendor_id", sa.String(length=128), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("settled_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["incidence_id"], ["incidences.id"], name=op.f("fk_outgoing_calls_incidence_id_incidences")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_calls")),
        sa.UniqueConstraint(
            "business_id",
            "seq",
            "kind",
            "conversation_id",
            name=op.f("uq_outgoing_calls_business_id_seq_kind_conversation_id"),
        ),
    )
    with op.batch_alter_table("outgoing_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outgoing_calls_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_outgoing_calls_incidence", ["incidence_id"], unique=False)
        batch_op.create_index(
            "ix_outgoing_calls_open", ["business_id", "state", "platform", "conversation_id"], unique=False
        )

    with op.batch_alter_table("conversation_marks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("value", sa.String(length=128), nullable=True))

    with op.batch_alter_table("integrations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("answered_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("error", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("failed_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("paused_until", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("swept_until", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("sweep_cursor", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("swept_at", rows.Instant(), nullable=True))

    with op.batch_alter_table("told_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("occurred_at", rows.Instant(), nullable=True))
