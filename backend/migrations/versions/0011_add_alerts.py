"""Add alerts."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("incidence_id", sa.String(length=36), nullable=True),
        sa.Column("message", sa.String(length=400), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("at", rows.Instant(), nullable=False),
        sa.Column("read_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["incidence_id"], ["incidences.id"], name=op.f("fk_alerts_incidence_id_incidences")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_alerts_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alerts_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_alerts_incidence", ["business_id", "incidence_id", "kind"], unique=False)
        batch_op.create_index("ix_alerts_member", ["business_id", "member_id", "at", "id"], unique=False)

    op.create_table(
        "alert_causes",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_causes_alert_id_alerts")),
        sa.PrimaryKeyConstraint("business_id", "member_id", "seq", name=op.f("pk_alert_causes")),
    )
    with op.batch_alter_table("alert_causes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_causes_alert_id"), ["alert_id"], unique=False)
