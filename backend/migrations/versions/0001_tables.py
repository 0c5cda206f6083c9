"""Tables."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("scopes", rows.Json(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("last_used_at", rows.Instant(), nullable=True),
        sa.Column("revoked_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_api_keys_fingerprint")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_business_id"), ["business_id"], unique=False)

    op.create_table(
        "businesses",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_businesses")),
    )
    op.create_table(
        "conversation_marks",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=128), nullable=False),
        sa.Column("aspect", sa.String(length=16), nullable=False),
        sa.Column("occurred_at", rows.Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "business_id", "platform", "conversation_id", "aspect", name=op.f("pk_conversation_marks")
        ),
    )
    op.create_table(
        "cron_ticks",
        sa.Column("job", sa.String(length=128), nullable=False),
        sa.Column("cron", sa.String(length=128), nullable=False),
        sa.Column("ticked_at", rows.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("job", "cron", name=op.f("pk_cron_ticks")),
    )
    op.create_table(
        "customers",
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("past_order_count", sa.BigInteger(), nullable=False),
        sa.Column("last_order_date", sa.Date(), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("erased_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("business_id", "external_id", name=op.f("uq_customers_business_id_external_id")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_business_id"), ["business_id"], unique=False)

    op.create_table(
        "dead_letters",
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("job", sa.String(length=128), nullable=False),
        sa.Column("args", rows.Json(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_at", rows.Instant(), nullable=False),
        sa.Column("replayed_at", rows.Instant(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
        sa.UniqueConstraint("job_id", name=op.f("uq_dead_letters_job_id")),
    )
    with op.batch_alter_table("dead_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dead_letters_business_id"), ["business_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("occurred_at", rows.Instant(), nullable=False),
        sa.Column("recorded_at", rows.Instant(), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "seq", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_customer", ["business_id", "customer_id", "seq"], unique=False)
        batch_op.create_index("ix_events_incidence", ["business_id", "incidence_id", "seq"], unique=False)
        batch_op.create_index("ix_events_recorded_at", ["business_id", "recorded_at"], unique=False)

    op.create_table(
        "executors",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("beat_at", rows.Instant(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executors")),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("answer", rows.Json(), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_table(
        "integrations",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("config", rows.Json(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        sa.UniqueConstraint("business_id", "platform", name=op.f("uq_integrations_business_id_platform")),
    )
    with op.batch_alter_table("integrations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_integrations_business_id"), ["business_id"], unique=False)

    op.create_table(
        "pending_jobs",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("job", sa.String(length=128), nullable=False),
        sa.Column("args", rows.Json(), nullable=False),
        sa.Column("due_at", rows.Instant(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("last_attempt", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_jobs")),
    )
    with op.batch_alter_table("pending_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pending_jobs_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_pending_jobs_due_at", ["due_at"], unique=False)
        batch_op.create_index("ix_pending_jobs_key", ["business_id", "key"], unique=False)

    op.create_table(
        "rule_set_versions",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("document", rows.Json(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("published_by", sa.String(length=36), nullable=True),
        sa.Column("published_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set_versions")),
        sa.UniqueConstraint(
            "business_id", "kind", "version", name=op.f("uq_rule_set_versions_business_id_kind_version")
        ),
    )
    with op.batch_alter_table("rule_set_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_set_versions_business_id"), ["business_id"], unique=False)

    op.create_table(
        "told_messages",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=128), nullable=False),
        sa.Column("message_id", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint(
            "business_id", "platform", "conversation_id", "message_id", name=op.f("pk_told_messages")
        ),
    )
    op.create_table(
        "users",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("avatar_url", sa.String(length=500), nullable=True),
        sa.Column("password_hash", sa.String(length=60), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("dedup_key", sa.String(length=128), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", rows.Json(), nullable=False),
        sa.Column("received_at", rows.Instant(), nullable=False),
        sa.Column("conversation_id", sa.String(length=128), nullable=True),
        sa.Column("processed_at", rows.Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "business_id", "platform", "dedup_key", name=op.f("uq_webhook_deliveries_business_id_platform_dedup_key")
        ),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_deliveries_business_id"), ["business_id"], unique=False)
        batch_op.create_index(
            "ix_webhook_deliveries_waiting", ["business_id", "platform", "conversation_id", "outcome"], unique=False
        )

    op.create_table(
        "contexts",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("started_at", rows.Instant(), nullable=True),
        sa.Column("last_activity", rows.Instant(), nullable=True),
        sa.Column("ends_at", rows.Instant(), nullable=True),
        sa.Column("screen", sa.String(length=128), nullable=True),
        sa.Column("previous_screens", rows.Json(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("visit", rows.Json(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("score", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("suppressed_until", rows.Instant(), nullable=True),
        sa.Column("cart_items", rows.Json(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("selected_platter", rows.Json(), nullable=True),
        sa.Column("guest_count", sa.BigInteger(), nullable=True),
        sa.Column("event_date", sa.Date(), nullable=True),
        sa.Column("event_type", sa.String(length=128), nullable=True),
        sa.Column("estimated_value", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_contexts_customer_id_customers")),
        sa.PrimaryKeyConstraint("business_id", "customer_id", name=op.f("pk_contexts")),
    )
    with op.batch_alter_table("contexts", schema=None) as batch_op:
        batch_op.create_index("ix_contexts_last_activity", ["business_id", "last_activity"], unique=False)

    op.create_table(
        "customer_handles",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("handle", sa.String(length=128), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_handles_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("business_id", "platform", "handle", name=op.f("pk_customer_handles")),
    )
    with op.batch_alter_table("customer_handles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_handles_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "event_bodies",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", rows.JsonText(), nullable=True),
        sa.Column("state", rows.JsonText(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id", "seq"],
            ["events.business_id", "events.seq"],
            name=op.f("fk_event_bodies_business_id_seq_events"),
        ),
        sa.PrimaryKeyConstraint("business_id", "seq", name=op.f("pk_event_bodies")),
    )
    op.create_table(
        "members",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("preferences", rows.Json(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("removed_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("business_id", "user_id", name=op.f("uq_members_business_id_user_id")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_user_id"), ["user_id"], unique=False)

    op.create_table(
        "signals",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("flow", sa.String(length=128), nullable=True),
        sa.Column("screen", sa.String(length=128), nullable=True),
        sa.Column("properties", rows.Json(), nullable=True),
        sa.Column("occurred_at", rows.Instant(), nullable=False),
        sa.Column("received_at", rows.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_signals_customer_id_customers")),
        sa.PrimaryKeyConstraint("business_id", "customer_id", "id", name=op.f("pk_signals")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incidences",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("order_id", sa.String(length=128), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("trigger", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("app_screen", sa.String(length=128), nullable=True),
        sa.Column("user_inputs", rows.Json(), nullable=False),
        sa.Column("selected_items", rows.Json(), nullable=False),
        sa.Column("event_type", sa.String(length=32), nullable=True),
        sa.Column("order_value", sa.BigInteger(), nullable=True),
        sa.Column("issue_category", sa.String(length=64), nullable=True),
        sa.Column("root_cause", sa.String(length=200), nullable=True),
        sa.Column("resolution_type", sa.String(length=64), nullable=True),
        sa.Column("time_to_resolve", sa.BigInteger(), nullable=True),
        sa.Column("order_impact", sa.String(length=16), nullable=True),
        sa.Column("agent_id", sa.String(length=36), nullable=True),
        sa.Column("allowed_channels", rows.Json(), nullable=False),
        sa.Column("routing", rows.Json(), nullable=False),
        sa.Column("is_self_serve", sa.Boolean(), nullable=False),
        sa.Column("auto_escalate_at", rows.Instant(), nullable=True),
        sa.Column("climb_at", rows.Instant(), nullable=True),
        sa.Column("escalation_level", sa.String(length=16), nullable=True),
        sa.Column("escalation_id", sa.String(length=36), nullable=True),
        sa.Column("friction_score", sa.BigInteger(), nullable=True),
        sa.Column("platform", sa.String(length=32), nullable=True),
        sa.Column("queue_rank", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_message_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_message", rows.Json(), nullable=True),
        sa.Column("waiting_since", rows.Instant(), nullable=True),
        sa.Column("first_response_at", rows.Instant(), nullable=True),
        sa.Column("snoozed_until", rows.Instant(), nullable=True),
        sa.Column("reopen_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.Column("resolved_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["members.id"], name=op.f("fk_incidences_agent_id_members")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_incidences_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidences")),
        sa.UniqueConstraint("business_id", "number", name=op.f("uq_incidences_business_id_number")),
    )
    with op.batch_alter_table("incidences", schema=None) as batch_op:
        batch_op.create_index("ix_incidences_agent", ["business_id", "agent_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_incidences_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incidences_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_incidences_order", ["business_id", "order_id"], unique=False)
        batch_op.create_index("ix_incidences_queue", ["business_id", "queue_rank", "id"], unique=False)
        batch_op.create_index("ix_incidences_updated", ["business_id", "updated_at", "id"], unique=False)

    op.create_table(
        "sign_ins",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("ended_at", rows.Instant(), nullable=True),
        sa.Column("ended_because", sa.String(length=64), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_sign_ins_member_id_members")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_ins_user_id"), ["user_id"], unique=False)

    op.create_table(
        "conversations",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=128), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["incidence_id"], ["incidences.id"], name=op.f("fk_conversations_incidence_id_incidences")
        ),
        sa.PrimaryKeyConstraint("business_id", "platform", "conversation_id", name=op.f("pk_conversations")),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversations_incidence_id"), ["incidence_id"], unique=False)

    op.create_table(
        "escalations",
        sa.Column("incidence_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("raised_by", sa.String(length=36), nullable=True),
        sa.Column("raised_at", rows.Instant(), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=36), nullable=True),
        sa.Column("acknowledged_at", rows.Instant(), nullable=True),
        sa.Column("ended_at", rows.Instant(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("next_climb_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["members.id"], name=op.f("fk_escalations_acknowledged_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["incidence_id"], ["incidences.id"], name=op.f("fk_escalations_incidence_id_incidences")
        ),
        sa.ForeignKeyConstraint(["raised_by"], ["members.id"], name=op.f("fk_escalations_raised_by_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
    )
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_escalations_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_escalations_incidence_id"), ["incidence_id"], unique=False)
        batch_op.create_index("ix_escalations_queue", ["business_id", "ended_at", "raised_at"], unique=False)

    op.create_table(
        "refresh_tokens",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("sign_in_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=False),
        sa.Column("used_at", rows.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_ins.id"], name=op.f("fk_refresh_tokens_sign_in_id_sign_ins")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_refresh_tokens")),
    )
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_refresh_tokens_sign_in", ["sign_in_id"], unique=False)
