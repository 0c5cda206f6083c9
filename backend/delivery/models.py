"""The channels of a business, and every message that was to leave by one."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Versioned


class Channel(Identified, BusinessOwned, Versioned, Base):
    """A way out. `sealed` holds the address (see `core.sealing`), which opens it; `hint` is what may be shown of it."""

    __tablename__ = "delivery_channels"
    __table_args__ = (UniqueConstraint("business_id", "name"),)

    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    """When a message last went out."""
    error: Mapped[str | None] = mapped_column(Text)
    """What went wrong last, in words; None when all has gone well since."""
    failed_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    """The other side asked to be left alone until then."""
    stopped_at: Mapped[datetime | None]
    """Since when nothing is to leave by it."""


class Letter(Identified, BusinessOwned, Base):
    """One message to one address or channel. The cause makes sure that nothing is written twice.

    PENDING waits for `due_at`, SENDING is held by a job until `held_until`; SENT and FAILED are over, until somebody
    wants a failed one tried again. The words of a `sealed` one are known to nobody, and gone once it is over.

    One to a customer (`customer_id`) must not come twice: when nobody knows whether it went, it is not sent again by
    itself.
    """

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("business_id", "cause"),
        Index("ix_letters_created_at", "business_id", "created_at", "id"),
    )

    kind: Mapped[str] = mapped_column(String(8))
    channel_id: Mapped[str | None] = mapped_column(String(36), index=True)
    """None: whichever channel of its kind there is when it goes."""
    recipient: Mapped[str | None] = mapped_column(String(254))
    """An e-mail address; None is the channel's own."""
    customer_id: Mapped[str | None] = mapped_column(String(36), index=True)
    """Whom it is written to, when it is no member of staff."""
    sender: Mapped[str] = mapped_column(String(200), default="")
    """The name it is sent under; empty is ours."""
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    held_by: Mapped[str | None] = mapped_column(String(128))
    held_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
