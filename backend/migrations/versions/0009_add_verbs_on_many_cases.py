"""Add verbs on many cases."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "bulks",
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("args", rows.Json(), nullable=False),
        sa.Column("chosen", rows.Json(), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("undone", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("finished_at", rows.Instant(), nullable=True),
        sa.Column("undone_at", rows.Instant(), nullable=True),
        sa.Column("undone_by", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_bulks_member_id_members")),
        sa.ForeignKeyConstraint(["undone_by"], ["members.id"], name=op.f("fk_bulks_undone_by_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulks")),
    )
    with op.batch_alter_table("bulks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulks_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_bulks_newest", ["business_id", "id"], unique=False)

    op.create_table(
        "bulk_rows",
        sa.Column("bulk_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("why", sa.String(length=300), nullable=True),
        sa.Column("changes", rows.Json(), nullable=True),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulks.id"], name=op.f("fk_bulk_rows_bulk_id_bulks")),
        sa.ForeignKeyConstraint(["incidence_id"], ["incidences.id"], name=op.f("fk_bulk_rows_incidence_id_incidences")),
        sa.PrimaryKeyConstraint("bulk_id", "place", name=op.f("pk_bulk_rows")),
    )
    with op.batch_alter_table("bulk_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_rows_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_bulk_rows_state", ["bulk_id", "state", "place"], unique=False)
