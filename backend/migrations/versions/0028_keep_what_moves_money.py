"""Keep what moves money."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "balances",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("read_at", rows.Instant(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balances")),
        sa.UniqueConstraint("business_id", "currency", name=op.f("uq_balances_business_id_currency")),
    )
    with op.batch_alter_table("balances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_balances_business_id"), ["business_id"], unique=False)

    op.create_table(
        "charges",
        sa.Column("stripe_charge_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("read_at", rows.Instant(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint("business_id", "stripe_charge_id", name=op.f("uq_charges_business_id_stripe_charge_id")),
    )
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charges_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_charges_created", ["business_id", "created_at"], unique=False)

    op.create_table(
        "metric_snapshots",
        sa.Column("taken_at", rows.Instant(), nullable=False),
        sa.Column("period_start", rows.Instant(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("revenue_total", sa.BigInteger(), nullable=False),
        sa.Column("revenue_volatility", sa.Double(), nullable=True),
        sa.Column("chargeback_ratio", sa.Double(), nullable=True),
        sa.Column("payout_reliability", sa.Double(), nullable=True),
        sa.Column("average_transaction_size", sa.BigInteger(), nullable=True),
        sa.Column("transaction_count", sa.BigInteger(), nullable=False),
        sa.Column("refund_total", sa.BigInteger(), nullable=False),
        sa.Column("revenue_net", sa.BigInteger(), nullable=False),
        sa.Column("others", rows.JsonText(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_snapshots")),
        sa.UniqueConstraint("business_id", "taken_at", name=op.f("uq_metric_snapshots_business_id_taken_at")),
    )
    with op.batch_alter_table("metric_snapshots", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_metric_snapshots_business_id"), ["business_id"], unique=False)

    op.create_table(
        "payouts",
        sa.Column("stripe_payout_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("arrives_at", rows.Instant(), nullable=False),
        sa.Column("paid_at", rows.Instant(), nullable=True),
        sa.Column("read_at", rows.Instant(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("business_id", "stripe_payout_id", name=op.f("uq_payouts_business_id_stripe_payout_id")),
    )
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.create_index("ix_payouts_arrives", ["business_id", "arrives_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_payouts_business_id"), ["business_id"], unique=False)

    op.create_table(
        "readiness_scores",
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("facts", rows.JsonText(), nullable=False),
        sa.Column("factors", rows.JsonText(), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("calculated_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readiness_scores")),
    )
    with op.batch_alter_table("readiness_scores", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_readiness_scores_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_readiness_scores_latest", ["business_id", "calculated_at"], unique=False)

    op.create_table(
        "recommendations",
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("impact", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.Column("decided_at", rows.Instant(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("told_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendations")),
    )
    with op.batch_alter_table("recommendations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recommendations_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_recommendations_list", ["business_id", "impact", "id"], unique=False)
        batch_op.create_index(
            "ix_recommendations_pending",
            ["business_id", "rule"],
            unique=True,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )

    op.create_table(
        "refunds",
        sa.Column("stripe_refund_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_charge_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("read_at", rows.Instant(), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("business_id", "stripe_refund_id", name=op.f("uq_refunds_business_id_stripe_refund_id")),
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refunds_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_refunds_charge", ["business_id", "stripe_charge_id"], unique=False)
        batch_op.create_index("ix_refunds_created", ["business_id", "created_at"], unique=False)

    op.create_table(
        "stripe_connectings",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=False),
        sa.Column("used_at", rows.Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_connectings")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_stripe_connectings_fingerprint")),
    )
    with op.batch_alter_table("stripe_connectings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stripe_connectings_business_id"), ["business_id"], unique=False)

    op.create_table(
        "takings_days",
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("charges", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("chargebacks", sa.BigInteger(), nullable=False),
        sa.Column("charged_back", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takings_days")),
        sa.UniqueConstraint(
            "business_id", "zone", "day", "currency", name=op.f("uq_takings_days_business_id_zone_day_currency")
        ),
    )
    with op.batch_alter_table("takings_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_takings_days_business_id"), ["business_id"], unique=False)

    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.create_index("ix_disputes_created", ["business_id", "created_at"], unique=False)
