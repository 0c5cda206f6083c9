"""Add interventions."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "interventions",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("assignee_id", sa.String(length=36), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("due_at", rows.Instant(), nullable=True),
        sa.Column("reminded_for", rows.Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("cause_id", sa.String(length=36), nullable=True),
        sa.Column("cause", rows.JsonText(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.Column("completed_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["members.id"], name=op.f("fk_interventions_assignee_id_members")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_interventions_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interventions")),
    )
    with op.batch_alter_table("interventions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interventions_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_interventions_cause_id"), ["cause_id"], unique=False)
        batch_op.create_index("ix_interventions_customer", ["business_id", "customer_id", "id"], unique=False)
        batch_op.create_index("ix_interventions_due", ["business_id", "due_at", "id"], unique=False)
