"""Connections to other systems, the inbox of their webhooks, and what of each conversation has been told."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json


class Integration(Identified, BusinessOwned, Base):
    """A business's connection to a platform. `config` holds the platform's secret under its `secret_name`, and `agents`,
    which maps the platform's agent ids to the e-mail addresses of members."""

    __tablename__ = "integrations"
    __table_args__ = (UniqueConstraint("business_id", "platform"),)

    platform: Mapped[str] = mapped_column(String(32))
    config: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime]


class WebhookDelivery(Identified, BusinessOwned, Base):
    """A webhook as it came, kept before it was understood. The unique key decides which of two deliveries is first.

    `outcome` is None until a job has looked, then `applied`, `ignored`, `waiting` (its conversation is not known yet)
    or `expired` (and never became so). `processed_at` is None as long as it may still be applied.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("business_id", "platform", "dedup_key"),
        Index("ix_webhook_deliveries_waiting", "business_id", "platform", "conversation_id", "outcome"),
    )

    platform: Mapped[str] = mapped_column(String(32))
    dedup_key: Mapped[str] = mapped_column(String(128))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, Any]] = mapped_column(Json)
    received_at: Mapped[datetime]
    conversation_id: Mapped[str | None] = mapped_column(String(128))
    processed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)


class ConversationMark(BusinessOwned, Base):
    """The newest instant at which a conversation's `aspect` (assignment, status or message) was told of.

    It is kept by the platform's clock and compared with facts of the platform only, so that no drift between its clock
    and ours ever makes a customer's message look answered.
    """

    __tablename__ = "conversation_marks"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    aspect: Mapped[str] = mapped_column(String(16), primary_key=True)
    occurred_at: Mapped[datetime]


class ToldMessage(BusinessOwned, Base):
    """A message of a conversation that is in its incidence's timeline. The key makes sure that it is there once."""

    __tablename__ = "told_messages"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(128), primary_key=True)
