"""Add macros."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "macros",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("steps", rows.Json(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.Column("deleted_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["members.id"], name=op.f("fk_macros_owner_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macros")),
    )
    with op.batch_alter_table("macros", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_macros_business_id"), ["business_id"], unique=False)
