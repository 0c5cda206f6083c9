"""Invite people and prove who they are."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "outside_attempts",
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=True),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=False),
        sa.Column("used_at", rows.Instant(), nullable=True),
        sa.Column("failure", sa.String(length=300), nullable=True),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("collected_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_attempts")),
        sa.UniqueConstraint("state", name=op.f("uq_outside_attempts_state")),
    )
    op.create_table(
        "password_resets",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=False),
        sa.Column("used_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_password_resets_fingerprint")),
    )
    with op.batch_alter_table("password_resets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_resets_email"), ["email"], unique=False)

    op.create_table(
        "outside_accounts",
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_outside_accounts_user_id_users")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_outside_accounts")),
    )
    with op.batch_alter_table("outside_accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outside_accounts_user_id"), ["user_id"], unique=False)

    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("used_at", rows.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "fingerprint", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("confirmed_at", rows.Instant(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", rows.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "invitations",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("sent_at", rows.Instant(), nullable=False),
        sa.Column("expires_at", rows.Instant(), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("accepted_at", rows.Instant(), nullable=True),
        sa.Column("revoked_at", rows.Instant(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["invited_by"], ["members.id"], name=op.f("fk_invitations_invited_by_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_invitations_fingerprint")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_invitations_email", ["business_id", "email"], unique=False)

    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_used_at", rows.Instant(), nullable=True))
        batch_op.add_column(sa.Column("address", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("agent", sa.String(length=200), nullable=True))

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email_proven_at", rows.Instant(), nullable=True))
