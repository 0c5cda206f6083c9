"""What was asked and answered, of whom it was, and the documents that answers are found in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, JsonText


class Conversation(Identified, BusinessOwned, Base):
    """What one member asked, and was answered. Nobody else sees it."""

    __tablename__ = "copilot_conversations"
    __table_args__ = (Index("ix_copilot_conversations_mine", "business_id", "member_id", "updated_at", "id"),)

    member_id: Mapped[str] = mapped_column(String(36))
    title: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Message(Identified, BusinessOwned, Base):
    """A question, or an answer with what it was made of."""

    __tablename__ = "copilot_messages"
    __table_args__ = (UniqueConstraint("conversation_id", "place"),)

    conversation_id: Mapped[str] = mapped_column(ForeignKey("copilot_conversations.id", ondelete="CASCADE"))
    place: Mapped[int]
    """Counts from 0 in its conversation."""
    role: Mapped[str] = mapped_column(String(8))
    """member or copilot."""
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str | None] = mapped_column(String(120))
    """The model that answered; None for a person, and for what was answered without one."""
    calls: Mapped[list[dict[str, Any]]] = mapped_column(JsonText, default=list)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JsonText, default=list)
    proposals: Mapped[list[dict[str, Any]]] = mapped_column(JsonText, default=list)
    is_whole: Mapped[bool] = mapped_column(default=True)
    """False when it broke off."""
    created_at: Mapped[datetime]


class Subject(BusinessOwned, Base):
    """A customer whom a conversation speaks of: it goes when they are erased."""

    __tablename__ = "copilot_subjects"
    __table_args__ = (Index("ix_copilot_subjects_customer", "business_id", "customer_id"),)

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("copilot_conversations.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[str] = mapped_column(String(36), primary_key=True)


class Document(Identified, BusinessOwned, Base):
    """Something the business knows, in writing."""

    __tablename__ = "knowledge_documents"

    title: Mapped[str] = mapped_column(String(200))
    source: Mapped[str | None] = mapped_column(String(500))
    """Where it came from: a file's name or an address."""
    format: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the text as it came."""
    size: Mapped[int]
    """Characters of it."""
    added_by: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime]


class Chunk(Identified, BusinessOwned, Base):
    """A piece of a document, as long as an answer is: what is found, and cited."""

    __tablename__ = "knowledge_chunks"
    __table_args__ = (UniqueConstraint("document_id", "place"),)

    document_id: Mapped[str] = mapped_column(ForeignKey("knowledge_documents.id", ondelete="CASCADE"))
    place: Mapped[int]
    heading: Mapped[str] = mapped_column(String(300))
    """The headings it stands under, the outermost first."""
    text: Mapped[str] = mapped_column(Text)
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Its embedding: 32-bit floats of length 1 in all, little-endian; None until a model has made one."""
    vector_model: Mapped[str | None] = mapped_column(String(120))
