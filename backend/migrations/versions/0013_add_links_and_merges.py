"""Add links and merges."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "incidence_links",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_id", sa.String(length=36), nullable=False),
        sa.Column("to_id", sa.String(length=36), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=True),
        sa.Column("made_at", rows.Instant(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("ended_at", rows.Instant(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("data", rows.Json(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["ended_by"], ["members.id"], name=op.f("fk_incidence_links_ended_by_members")),
        sa.ForeignKeyConstraint(["from_id"], ["incidences.id"], name=op.f("fk_incidence_links_from_id_incidences")),
        sa.ForeignKeyConstraint(["made_by"], ["members.id"], name=op.f("fk_incidence_links_made_by_members")),
        sa.ForeignKeyConstraint(["to_id"], ["incidences.id"], name=op.f("fk_incidence_links_to_id_incidences")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidence_links")),
    )
    with op.batch_alter_table("incidence_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incidence_links_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incidence_links_from_id"), ["from_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incidence_links_to_id"), ["to_id"], unique=False)

    with op.batch_alter_table("incidences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into", rows.Json(), nullable=True))
        batch_op.add_column(sa.Column("merged_from", rows.Json(), server_default="[]", nullable=False))
