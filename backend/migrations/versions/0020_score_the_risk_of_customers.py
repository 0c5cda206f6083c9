"""Score the risk of customers."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "customer_risks",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("factors", rows.Json(), nullable=False),
        sa.Column("suggested_action", sa.String(length=200), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("calculated_at", rows.Instant(), nullable=False),
        sa.Column("level_since", rows.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_risks_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("business_id", "customer_id", name=op.f("pk_customer_risks")),
    )
    with op.batch_alter_table("customer_risks", schema=None) as batch_op:
        batch_op.create_index("ix_customer_risks_score", ["business_id", "score", "customer_id"], unique=False)

    op.create_table(
        "risk_scores",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("factors", rows.Json(), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("calculated_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_risk_scores_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_scores")),
    )
    with op.batch_alter_table("risk_scores", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_scores_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_risk_scores_customer", ["business_id", "customer_id", "id"], unique=False)

    with op.batch_alter_table("contexts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("activity", rows.Json(), nullable=True))
