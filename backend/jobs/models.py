"""The jobs' own tables in the app's database; the job library keeps its workflows elsewhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json


class PendingJob(BusinessOwned, Base):
    """A job written in the transaction that wanted it, until the relay hands it over. Its id makes that happen once.

    A failed attempt comes back here as the next one, due after its backoff; `last_attempt` is set by a replay.
    """

    __tablename__ = "pending_jobs"
    __table_args__ = (Index("ix_pending_jobs_due_at", "due_at"), Index("ix_pending_jobs_key", "business_id", "key"))

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    job: Mapped[str] = mapped_column(String(128))
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    due_at: Mapped[datetime]
    key: Mapped[str | None] = mapped_column(String(128))
    request_id: Mapped[str] = mapped_column(String(64), default="")
    attempt: Mapped[int] = mapped_column(Integer, default=1)
    last_attempt: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)


class DeadLetter(Identified, BusinessOwned, Base):
    """A job that failed for good, kept until somebody replays it. One per job id, however often it is recorded."""

    __tablename__ = "dead_letters"

    job_id: Mapped[str] = mapped_column(String(128), unique=True)
    job: Mapped[str] = mapped_column(String(128))
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    error: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[datetime]
    replayed_at: Mapped[datetime | None]
    request_id: Mapped[str] = mapped_column(String(64), default="")


class Executor(Base):
    """A process that runs jobs. `beats` counts up while it lives; `place` is where `pid` means something."""

    __tablename__ = "executors"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    beat_at: Mapped[datetime]
    beats: Mapped[int]
    place: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]


class CronTick(Base):
    """The last instant at which a schedule ran; moving it forward is what makes a tick run once."""

    __tablename__ = "cron_ticks"

    job: Mapped[str] = mapped_column(String(128), primary_key=True)
    cron: Mapped[str] = mapped_column(String(128), primary_key=True)
    ticked_at: Mapped[datetime]
