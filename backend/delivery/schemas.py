"""Wire types of delivery."""

from typing import Annotated, Literal

from pydantic import Field

from backend.core.text import Line
from backend.core.wire import Change, Page, UtcInstant, Wire

ChannelKind = Literal["EMAIL", "SLACK", "TEAMS"]
LetterState = Literal["PENDING", "SENDING", "SENT", "FAILED"]


class ChannelAdd(Wire):
    """A way out. `address` is kept sealed and never shown: the webhook of Slack or Teams, or a mail server as
    `smtp://user:password@host:587?from=us@example.com&to=team@example.com`."""

    kind: ChannelKind
    name: Line
    address: Annotated[str, Field(min_length=1, max_length=2_000)]


class ChannelChange(Change):
    """What is given is changed. `isStopped` stops it, or lets it go on; another address is another channel."""

    name: Line | None = None
    is_stopped: bool | None = None


class ChannelRead(Wire):
    """A channel and how it does. The numbers are those of the last 30 days; `rate` is sent / (sent + failed)."""

    id: str | None
    """None: it is set for the whole installation."""
    kind: ChannelKind
    name: str
    hint: str
    created_at: UtcInstant | None
    answered_at: UtcInstant | None
    error: str | None
    failed_at: UtcInstant | None
    paused_until: UtcInstant | None
    stopped_at: UtcInstant | None
    """Since when nothing is to leave by it."""
    version: int
    sent: int
    failed: int
    waiting: int
    rate: float | None
    """None as long as nothing is over."""


class LetterRead(Wire):
    """A message that left, or was to. Its words are shown in full only one by one."""

    id: str
    kind: ChannelKind
    channel_id: str | None
    channel: str
    """Its name."""
    recipient: str | None
    """Masked when it is a customer's."""
    customer_id: str | None
    """Whom it is written to, when it is no member of staff."""
    subject: str
    state: LetterState
    attempts: int
    error: str | None
    created_at: UtcInstant
    due_at: UtcInstant
    settled_at: UtcInstant | None


class LetterShown(LetterRead):
    """The same with its words; None of one that is nobody's business."""

    text: str | None


class LetterPage(Page[LetterRead]):
    """A page of letters, the newest first."""


class LetterAccepted(Wire):
    """It goes out now; `id` is the letter to watch."""

    id: str
