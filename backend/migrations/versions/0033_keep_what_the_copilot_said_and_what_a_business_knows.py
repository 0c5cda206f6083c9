"""Keep what the copilot said and what a business knows."""

import sqlalchemy as sa
from alembic import op

from backend.core import rows

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "copilot_conversations",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("updated_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copilot_conversations")),
    )
    with op.batch_alter_table("copilot_conversations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_copilot_conversations_business_id"), ["business_id"], unique=False)
        batch_op.create_index(
            "ix_copilot_conversations_mine", ["business_id", "member_id", "updated_at", "id"], unique=False
        )

    op.create_table(
        "knowledge_documents",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_documents")),
    )
    with op.batch_alter_table("knowledge_documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_knowledge_documents_business_id"), ["business_id"], unique=False)

    op.create_table(
        "copilot_messages",
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=True),
        sa.Column("calls", rows.JsonText(), nullable=False),
        sa.Column("citations", rows.JsonText(), nullable=False),
        sa.Column("proposals", rows.JsonText(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("created_at", rows.Instant(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["copilot_conversations.id"],
            name=op.f("fk_copilot_messages_conversation_id_copilot_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copilot_messages")),
        sa.UniqueConstraint("conversation_id", "place", name=op.f("uq_copilot_messages_conversation_id_place")),
    )
    with op.batch_alter_table("copilot_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_copilot_messages_business_id"), ["business_id"], unique=False)

    op.create_table(
        "copilot_subjects",
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["copilot_conversations.id"],
            name=op.f("fk_copilot_subjects_conversation_id_copilot_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "customer_id", name=op.f("pk_copilot_subjects")),
    )
    with op.batch_alter_table("copilot_subjects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_copilot_subjects_business_id"), ["business_id"], unique=False)
        batch_op.create_index("ix_copilot_subjects_customer", ["business_id", "customer_id"], unique=False)

    op.create_table(
        "knowledge_chunks",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("heading", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("vector_model", sa.String(length=120), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("business_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["knowledge_documents.id"],
            name=op.f("fk_knowledge_chunks_document_id_knowledge_documents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_chunks")),
        sa.UniqueConstraint("document_id", "place", name=op.f("uq_knowledge_chunks_document_id_place")),
    )
    with op.batch_alter_table("knowledge_chunks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_knowledge_chunks_business_id"), ["business_id"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE knowledge_words USING fts5("
            "business_id UNINDEXED, chunk_id UNINDEXED, heading, text, tokenize='porter unicode61')"
        )
    else:
        op.execute(
            "CREATE TABLE knowledge_words (business_id varchar(36) NOT NULL, chunk_id varchar(36) PRIMARY KEY "
            "REFERENCES knowledge_chunks (id) ON DELETE CASCADE, words tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX knowledge_words_found ON knowledge_words USING gin (words)")
        op.execute("CREATE INDEX knowledge_words_business ON knowledge_words (business_id)")
