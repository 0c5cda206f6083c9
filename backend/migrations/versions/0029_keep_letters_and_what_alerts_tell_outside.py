"""Keep letters and what alerts tell outside."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "alert_items",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("destination", sa.String(length=36), nullable=False),
        sa.Column("stage", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("channel_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("at", rows.Instant(), nullable=False),
        sa.Column("due_at", rows.Instant(), nullable=False),
        sa.Column("sent_at", rows.Instant(), nullable=True),
        sa.Column("letter_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "seq", "destination", "stage", name=op.f("pk_alert_items")),
    )
    with op.batch_alter_table("alert_items", schema=None) as batch_op:
        batch_op.create_index("ix_alert_items_customer", ["business_id", "customer_id"], unique=False)
        batch_op.create_index(
            "ix_alert_items_waiting", ["business_id", "destination", "sent_at", "due_at"], unique=False
        )

    op.create_table(
        "alert_state",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_alert_state")),
    )
    op.create_table(
        "delivery_channels",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("hint", sa.String(length=500), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("answered_at", rows.Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failed_at", rows.Instant(), nullable=True),
        sa.Column("paused_until", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_channels")),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_delivery_channels_business_id_name")),
    )
    with op.batch_alter_table("delivery_channels", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_channels_business_id"), ["business_id"], unique=False)

    op.create_table(
        "letters",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("channel_id", sa.String(length=36), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("due_at", rows.Instant(), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=True),
        sa.Column("held_by", sa.String(length=128), nullable=True),
        sa.Column("held_until", rows.Instant(), nullable=True),
        sa.Column("settled_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("business_id", "cause", name=op.f("uq_letters_business_id_cause")),
    )
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letters_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_letters_channel_id"), ["channel_id"], unique=False)
        batch_op.create_index("ix_letters_created_at", ["business_id", "created_at", "id"], unique=False)

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_id", sa.String(length=36), nullable=True))
