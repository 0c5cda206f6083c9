"""Add webhooks, readings and imports."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("header", rows.Json(), nullable=False),
        sa.Column("encoding", sa.String(length=16), nullable=False),
        sa.Column("separator", sa.String(length=1), nullable=False),
        sa.Column("columns", rows.Json(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("started_at", rows.Instant(), nullable=True),
        sa.Column("ended_at", rows.Instant(), nullable=True),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imports_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_imports_created", ["business_id", "created_at"], unique=False)

    op.create_table(
        "sync_runs",
        sa.Column("integration_id", sa.String(length=36), nullable=False),
        sa.Column("began_at", rows.Instant(), nullable=False),
        sa.Column("ended_at", rows.Instant(), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("problems", rows.Json(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    with op.batch_alter_table("sync_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sync_runs_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_sync_runs_integration", ["business_id", "integration_id", "began_at"], unique=False)

    op.create_table(
        "webhook_posts",
        sa.Column("integration_id", sa.String(length=36), nullable=False),
        sa.Column("cause", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("payload", rows.JsonText(), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", rows.Instant(), nullable=False),
        sa.Column("held_until", rows.Instant(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("wanted_at", rows.Instant(), nullable=False),
        sa.Column("settled_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_posts")),
        sa.UniqueConstraint(
            "business_id", "integration_id", "cause", name=op.f("uq_webhook_posts_business_id_integration_id_cause")
        ),
    )
    with op.batch_alter_table("webhook_posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_posts_business_id"), ["business_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_webhook_posts_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_webhook_posts_due", ["business_id", "integration_id", "state", "due_at"], unique=False
        )

    op.create_table(
        "import_parts",
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", rows.JsonText(), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_parts_import_id_imports")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_parts")),
    )
    with op.batch_alter_table("import_parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_parts_business_id"), ["business_id"], unique=False)

    op.create_table(
        "import_refusals",
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cells", rows.JsonText(), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_refusals_import_id_imports")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_refusals")),
    )
    with op.batch_alter_table("import_refusals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_refusals_business_id"), ["business_id"], unique=False)

    with op.batch_alter_table("integrations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("told_seq", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("stopped_at", rows.Instant(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_integrations_business_id_platform"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_integrations_business_id_platform_name"), ["business_id", "platform", "name"]
        )

    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("integration_id", sa.String(length=36), nullable=True))
        batch_op.create_index(batch_op.f("ix_webhook_deliveries_integration_id"), ["integration_id"], unique=False)
