"""Published rule sets. Nothing is overwritten: publishing adds a version, rolling back publishes an old one again."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json


class RuleSetVersion(Identified, BusinessOwned, Base):
    """One version of a business's rules of one kind. The newest is in force; the shipped document is version 1."""

    __tablename__ = "rule_set_versions"
    __table_args__ = (UniqueConstraint("business_id", "kind", "version"),)

    kind: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(200))
    published_by: Mapped[str | None] = mapped_column(String(36))
    published_at: Mapped[datetime]


class Forgotten(BusinessOwned, Base):
    """How much of something that is kept for a time was forgotten, the last night and in all."""

    __tablename__ = "forgotten"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    last_at: Mapped[datetime]
    last_count: Mapped[int]
    total: Mapped[int]
