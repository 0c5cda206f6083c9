"""Keep saved views."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("filter", sa.String(length=200), nullable=False),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_saved_views_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("business_id", "member_id", "name", name=op.f("uq_saved_views_business_id_member_id_name")),
    )
    with op.batch_alter_table("saved_views", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_views_business_id"), ["business_id"], unique=False)
