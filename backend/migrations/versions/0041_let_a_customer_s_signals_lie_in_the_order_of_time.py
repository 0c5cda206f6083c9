"""Let a customer's signals lie in the order of time, and index the ids of those only that were told one.

On SQLite the table is made anew: some seconds for each million of signals.
"""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0041"
down_revision = "0040"

_KEY = ("business_id", "customer_id", "occurred_at", "id")
_BEFORE = "business_id, customer_id, id, type, value, flow, screen, properties, occurred_at, received_at"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
    else:
        op.drop_index("ix_signals_times", "signals")
        op.add_column("signals", sa.Column("is_told", sa.Boolean(), nullable=False, server_default=sa.true()))
        op.drop_constraint("pk_signals", "signals", type_="primary")
        op.create_primary_key("pk_signals", "signals", list(_KEY))
    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_signals_told",
            ["business_id", "customer_id", "id"],
            unique=True,
            sqlite_where=sa.text("is_told = 1"),
            postgresql_where=sa.text("is_told"),
        )


def _made_anew() -> None:
    op.rename_table("signals", "signals_before")
    op.create_table(
        "signals",
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("occurred_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("flow", sa.String(length=128), nullable=True),
        sa.Column("screen", sa.String(length=128), nullable=True),
        sa.Column("properties", rows.Json(), nullable=True),
        sa.Column("received_at", rows.Instant(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_signals_customer_id_customers")),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_signals")),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO signals ({_BEFORE}) SELECT {_BEFORE} FROM signals_before ORDER BY {', '.join(_KEY)}")
    op.drop_table("signals_before")
    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_signals_orders",
            ["business_id", "received_at"],
            unique=False,
            sqlite_where=sa.text("type = 'order_placed'"),
            postgresql_where=sa.text("type = 'order_placed'"),
        )
