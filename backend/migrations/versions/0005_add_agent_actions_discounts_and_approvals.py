"""Add agent actions, discounts and approvals."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "agent_actions",
        sa.Column("incidence_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("facts", rows.Json(), nullable=False),
        sa.Column("at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["incidence_id"], ["incidences.id"], name=op.f("fk_agent_actions_incidence_id_incidences")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_agent_actions_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_actions")),
    )
    with op.batch_alter_table("agent_actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_actions_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agent_actions_incidence_id"), ["incidence_id"], unique=False)
        batch_op.create_index("ix_agent_actions_latest", ["business_id", "id"], unique=False)

    op.create_table(
        "approvals",
        sa.Column("incidence_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("params", rows.JsonText(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("incidence_version", sa.BigInteger(), nullable=False),
        sa.Column("grounds", rows.Json(), nullable=False),
        sa.Column("diff", rows.Json(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.String(length=36), nullable=False),
        sa.Column("requested_at", rows.Instant(), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", rows.Instant(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("failure", sa.String(length=400), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_approvals_decided_by_members")),
        sa.ForeignKeyConstraint(["incidence_id"], ["incidences.id"], name=op.f("fk_approvals_incidence_id_incidences")),
        sa.ForeignKeyConstraint(["requested_by"], ["members.id"], name=op.f("fk_approvals_requested_by_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approvals_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approvals_incidence_id"), ["incidence_id"], unique=False)
        batch_op.create_index("ix_approvals_list", ["business_id", "status", "requested_at", "id"], unique=False)

    op.create_table(
        "discounts",
        sa.Column("incidence_id", sa.String(length=36), nullable=False),
        sa.Column("order_id", sa.String(length=128), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Double(), nullable=True),
        sa.Column("given_by", sa.String(length=36), nullable=False),
        sa.Column("given_at", rows.Instant(), nullable=False),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["given_by"], ["members.id"], name=op.f("fk_discounts_given_by_members")),
        sa.ForeignKeyConstraint(["incidence_id"], ["incidences.id"], name=op.f("fk_discounts_incidence_id_incidences")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discounts")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_discounts_approval_id")),
    )
    with op.batch_alter_table("discounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_discounts_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_discounts_incidence_id"), ["incidence_id"], unique=False)
        batch_op.create_index("ix_discounts_order", ["business_id", "order_id"], unique=False)
