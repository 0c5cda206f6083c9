"""Add playbooks."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "playbook_trigger_places",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_playbook_trigger_places")),
    )
    op.create_table(
        "playbooks",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("description", sa.String(length=400), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("document", rows.JsonText(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbooks")),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_playbooks_business_id_name")),
    )
    with op.batch_alter_table("playbooks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_playbooks_business_id"), ["business_id"], unique=False)

    op.create_table(
        "playbook_executions",
        sa.Column("playbook_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("document", rows.JsonText(), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.Column("started_by", sa.String(length=36), nullable=True),
        sa.Column("started_at", rows.Instant(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("step_id", sa.String(length=40), nullable=True),
        sa.Column("next_at", rows.Instant(), nullable=True),
        sa.Column("ended_at", rows.Instant(), nullable=True),
        sa.Column("ended_how", sa.String(length=400), nullable=False),
        sa.Column("is_success", sa.Boolean(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_playbook_executions_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["incidence_id"], ["incidences.id"], name=op.f("fk_playbook_executions_incidence_id_incidences")
        ),
        sa.ForeignKeyConstraint(
            ["playbook_id"], ["playbooks.id"], name=op.f("fk_playbook_executions_playbook_id_playbooks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbook_executions")),
        sa.UniqueConstraint("business_id", "playbook_id", "customer_id", "cause", name="uq_playbook_executions_cause"),
    )
    with op.batch_alter_table("playbook_executions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_playbook_executions_business_id"), ["business_id"], unique=False)
        batch_op.create_index(
            "ix_playbook_executions_customer", ["business_id", "customer_id", "started_at"], unique=False
        )
        batch_op.create_index("ix_playbook_executions_list", ["business_id", "started_at", "id"], unique=False)
        batch_op.create_index(
            "ix_playbook_executions_one_open",
            ["business_id", "playbook_id", "customer_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "ix_playbook_executions_playbook", ["business_id", "playbook_id", "started_at"], unique=False
        )

    op.create_table(
        "playbook_steps",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("execution_id", sa.String(length=36), nullable=False),
        sa.Column("step_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", rows.Instant(), nullable=False),
        sa.Column("done_at", rows.Instant(), nullable=True),
        sa.Column("told", sa.String(length=400), nullable=False),
        sa.Column("result", rows.Json(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["playbook_executions.id"],
            name=op.f("fk_playbook_steps_execution_id_playbook_executions"),
        ),
        sa.PrimaryKeyConstraint("business_id", "execution_id", "step_id", name=op.f("pk_playbook_steps")),
    )
