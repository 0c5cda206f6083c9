"""Predict who leaves."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "churn_models",
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("model", rows.JsonText(), nullable=True),
        sa.Column("report", rows.JsonText(), nullable=False),
        sa.Column("trained_at", rows.Instant(), nullable=False),
        sa.Column("activated_at", rows.Instant(), nullable=True),
        sa.Column("drift", rows.Json(), nullable=True),
        sa.Column("drift_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_churn_models")),
        sa.UniqueConstraint("business_id", "target", "number", name=op.f("uq_churn_models_business_id_target_number")),
    )
    with op.batch_alter_table("churn_models", schema=None) as batch_op:
        batch_op.create_index(
            "ix_churn_models_active",
            ["business_id", "target"],
            unique=True,
            sqlite_where=sa.text("is_active"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(batch_op.f("ix_churn_models_business_id"), ["business_id"], unique=False)

    op.create_table(
        "churn_predictions",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("voluntary", sa.Double(), nullable=True),
        sa.Column("involuntary", sa.Double(), nullable=True),
        sa.Column("causes", rows.Json(), nullable=False),
        sa.Column("model", rows.Json(), nullable=False),
        sa.Column("predicted_at", rows.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_churn_predictions_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("business_id", "customer_id", name=op.f("pk_churn_predictions")),
    )
    with op.batch_alter_table("churn_predictions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_churn_predictions_probability", ["business_id", "probability", "customer_id"], unique=False
        )
