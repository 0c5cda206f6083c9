"""Add billing and retention."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "flows",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("document", rows.JsonText(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("activated_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flows")),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_flows_business_id_name")),
    )
    with op.batch_alter_table("flows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flows_business_id"), ["business_id"], unique=False)

    op.create_table(
        "offer_arms",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("segment", sa.String(length=120), nullable=False),
        sa.Column("offer", sa.String(length=60), nullable=False),
        sa.Column("wins", sa.Double(), nullable=False),
        sa.Column("losses", sa.Double(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "segment", "offer", name=op.f("pk_offer_arms")),
    )
    op.create_table(
        "plans",
        sa.Column("stripe_price_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_product_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("interval", sa.String(length=8), nullable=False),
        sa.Column("interval_count", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("business_id", "stripe_price_id", name=op.f("uq_plans_business_id_stripe_price_id")),
    )
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plans_business_id"), ["business_id"], unique=False)

    op.create_table(
        "stripe_accounts",
        sa.Column("stripe_account_id", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("connected_at", rows.Instant(), nullable=False),
        sa.Column("disconnected_at", rows.Instant(), nullable=True),
        sa.Column("events_read_until", rows.Instant(), nullable=True),
        sa.Column("relisted_at", rows.Instant(), nullable=True),
        sa.Column("answered_at", rows.Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failed_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_accounts")),
        sa.UniqueConstraint("business_id", name=op.f("uq_stripe_accounts_business_id")),
    )
    with op.batch_alter_table("stripe_accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stripe_accounts_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stripe_accounts_stripe_account_id"), ["stripe_account_id"], unique=False)

    op.create_table(
        "stripe_events",
        sa.Column("stripe_account_id", sa.String(length=64), nullable=False),
        sa.Column("stripe_event_id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("api_version", sa.String(length=40), nullable=True),
        sa.Column("occurred_at", rows.Instant(), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", rows.Instant(), nullable=False),
        sa.Column("came_by", sa.String(length=8), nullable=False),
        sa.Column("processed_at", rows.Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_events")),
        sa.UniqueConstraint(
            "business_id",
            "stripe_account_id",
            "stripe_event_id",
            name=op.f("uq_stripe_events_business_id_stripe_account_id_stripe_event_id"),
        ),
    )
    with op.batch_alter_table("stripe_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stripe_events_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_stripe_events_object", ["business_id", "object_id"], unique=False)
        batch_op.create_index("ix_stripe_events_open", ["business_id", "processed_at"], unique=False)

    op.create_table(
        "flow_versions",
        sa.Column("flow_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("document", rows.JsonText(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=True),
        sa.Column("at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name=op.f("fk_flow_versions_flow_id_flows")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_versions")),
        sa.UniqueConstraint(
            "business_id", "flow_id", "number", name=op.f("uq_flow_versions_business_id_flow_id_number")
        ),
    )
    with op.batch_alter_table("flow_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flow_versions_business_id"), ["business_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("stripe_subscription_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_item_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("interval", sa.String(length=8), nullable=False),
        sa.Column("interval_count", sa.BigInteger(), nullable=False),
        sa.Column("mrr", sa.BigInteger(), nullable=False),
        sa.Column("started_at", rows.Instant(), nullable=False),
        sa.Column("current_period_start", rows.Instant(), nullable=True),
        sa.Column("current_period_end", rows.Instant(), nullable=True),
        sa.Column("trial_end", rows.Instant(), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("cancel_at", rows.Instant(), nullable=True),
        sa.Column("canceled_at", rows.Instant(), nullable=True),
        sa.Column("ended_at", rows.Instant(), nullable=True),
        sa.Column("cancellation_reason", sa.String(length=40), nullable=True),
        sa.Column("cancellation_feedback", sa.String(length=40), nullable=True),
        sa.Column("paused_behavior", sa.String(length=24), nullable=True),
        sa.Column("resumes_at", rows.Instant(), nullable=True),
        sa.Column("discount_percent", sa.Double(), nullable=True),
        sa.Column("discount_amount", sa.BigInteger(), nullable=True),
        sa.Column("discount_ends_at", rows.Instant(), nullable=True),
        sa.Column("discounts", rows.Json(), nullable=False),
        sa.Column("stripe_schedule_id", sa.String(length=255), nullable=True),
        sa.Column("scheduled_plan_id", sa.String(length=36), nullable=True),
        sa.Column("scheduled_at", rows.Instant(), nullable=True),
        sa.Column("collection_method", sa.String(length=24), nullable=False),
        sa.Column("billing_mode", sa.String(length=16), nullable=False),
        sa.Column("is_disputed", sa.Boolean(), nullable=False),
        sa.Column("has_unpaid_invoice", sa.Boolean(), nullable=False),
        sa.Column("payment_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("read_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_subscriptions_customer_id_customers")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_subscriptions_plan_id_plans")),
        sa.ForeignKeyConstraint(
            ["scheduled_plan_id"], ["plans.id"], name=op.f("fk_subscriptions_scheduled_plan_id_plans")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "business_id", "stripe_subscription_id", name=op.f("uq_subscriptions_business_id_stripe_subscription_id")
        ),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_subscriptions_customer", ["business_id", "customer_id"], unique=False)
        batch_op.create_index("ix_subscriptions_list", ["business_id", "status", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscriptions_stripe_customer_id"), ["stripe_customer_id"], unique=False)

    op.create_table(
        "invoices",
        sa.Column("stripe_invoice_id", sa.String(length=255), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("subscription_id", sa.String(length=36), nullable=True),
        sa.Column("stripe_charge_id", sa.String(length=255), nullable=True),
        sa.Column("stripe_payment_intent_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("billing_reason", sa.String(length=40), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("amount_paid", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("disputed", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("due_at", rows.Instant(), nullable=True),
        sa.Column("paid_at", rows.Instant(), nullable=True),
        sa.Column("period_start", rows.Instant(), nullable=True),
        sa.Column("period_end", rows.Instant(), nullable=True),
        sa.Column("read_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoices_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_invoices_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("business_id", "stripe_invoice_id", name=op.f("uq_invoices_business_id_stripe_invoice_id")),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoices_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_invoices_paid", ["business_id", "paid_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoices_stripe_charge_id"), ["stripe_charge_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_invoices_stripe_payment_intent_id"), ["stripe_payment_intent_id"], unique=False
        )
        batch_op.create_index("ix_invoices_subscription", ["business_id", "subscription_id", "paid_at"], unique=False)

    op.create_table(
        "retention_runs",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("flow_id", sa.String(length=36), nullable=True),
        sa.Column("flow_version", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("started_by", sa.String(length=36), nullable=True),
        sa.Column("assigned_group", sa.String(length=8), nullable=False),
        sa.Column("holdout_share", sa.Double(), nullable=False),
        sa.Column("facts", rows.Json(), nullable=False),
        sa.Column("flow_rule", sa.String(length=128), nullable=True),
        sa.Column("rule_version", sa.BigInteger(), nullable=True),
        sa.Column("segment", sa.String(length=120), nullable=False),
        sa.Column("ranking", rows.JsonText(), nullable=False),
        sa.Column("refused", rows.JsonText(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("follow_up", sa.String(length=40), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("mrr", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("accepted_offer", sa.String(length=40), nullable=True),
        sa.Column("change_id", sa.String(length=36), nullable=True),
        sa.Column("started_at", rows.Instant(), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=False),
        sa.Column("decided_at", rows.Instant(), nullable=True),
        sa.Column("superseded_by", sa.String(length=36), nullable=True),
        sa.Column("ranking_seed", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_retention_runs_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name=op.f("fk_retention_runs_flow_id_flows")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_retention_runs_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    with op.batch_alter_table("retention_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_retention_runs_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_retention_runs_customer", ["business_id", "customer_id"], unique=False)
        batch_op.create_index("ix_retention_runs_list", ["business_id", "started_at", "id"], unique=False)
        batch_op.create_index("ix_retention_runs_open", ["business_id", "outcome", "expires_at"], unique=False)
        batch_op.create_index(
            "ix_retention_runs_subscription", ["business_id", "subscription_id", "started_at"], unique=False
        )

    op.create_table(
        "subscription_changes",
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("params", rows.JsonText(), nullable=False),
        sa.Column("preview", rows.JsonText(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("before", rows.JsonText(), nullable=True),
        sa.Column("wanted", rows.JsonText(), nullable=True),
        sa.Column("after", rows.JsonText(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=True),
        sa.Column("asked_at", rows.Instant(), nullable=False),
        sa.Column("called_at", rows.Instant(), nullable=True),
        sa.Column("settled_at", rows.Instant(), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_subscription_changes_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_changes_subscription_id_subscriptions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_changes")),
        sa.UniqueConstraint(
            "business_id", "idempotency_key", name=op.f("uq_subscription_changes_business_id_idempotency_key")
        ),
    )
    with op.batch_alter_table("subscription_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_changes_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_subscription_changes_open", ["business_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscription_changes_run_id"), ["run_id"], unique=False)
        batch_op.create_index(
            "ix_subscription_changes_subscription", ["business_id", "subscription_id", "id"], unique=False
        )

    op.create_table(
        "offer_events",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("payment_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("offer_type", sa.String(length=40), nullable=False),
        sa.Column("params", rows.Json(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column("propensity", sa.Double(), nullable=True),
        sa.Column("at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_offer_events_customer_id_customers")),
        sa.ForeignKeyConstraint(["run_id"], ["retention_runs.id"], name=op.f("fk_offer_events_run_id_retention_runs")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_offer_events_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_events")),
        sa.UniqueConstraint(
            "business_id",
            "run_id",
            "kind",
            "step",
            "offer_type",
            name=op.f("uq_offer_events_business_id_run_id_kind_step_offer_type"),
        ),
    )
    with op.batch_alter_table("offer_events", schema=None) as batch_op:
        batch_op.create_index("ix_offer_events_at", ["business_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_events_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_offer_events_customer", ["business_id", "customer_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_events_payment_fingerprint"), ["payment_fingerprint"], unique=False)

    op.create_table(
        "run_rewards",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("net_paid", sa.BigInteger(), nullable=False),
        sa.Column("list_price", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("pause_cost", sa.BigInteger(), nullable=False),
        sa.Column("is_win", sa.Boolean(), nullable=True),
        sa.Column("counted_at", rows.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["retention_runs.id"], name=op.f("fk_run_rewards_run_id_retention_runs")),
        sa.PrimaryKeyConstraint("business_id", "run_id", "days", name=op.f("pk_run_rewards")),
    )
