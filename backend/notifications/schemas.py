"""Wire types of notifications."""

from typing import Annotated, Literal

from pydantic import Field

from backend.core.text import Key
from backend.core.wire import UtcInstant, Wire

NotificationState = Literal["OFFERED", "SEEN", "DISMISSED", "ACCEPTED", "EXPIRED"]
Reason = Literal["NOT_IN_APP", "SUPPRESSED", "ALREADY_PROMPTED", "NO_RULE_FIRES"]
Seconds = Annotated[int, Field(ge=0, le=366 * 86_400)]


class NotificationRead(Wire):
    """Help that was offered. EXPIRED: the visit ended before the customer said yes or no."""

    id: str
    user_id: str
    cause: str
    action: str
    text: str
    state: NotificationState
    rule_kind: str
    rule: str
    rule_version: int
    why: str
    visit_started_at: UtcInstant | None
    offered_at: UtcInstant
    seen_at: UtcInstant | None
    decided_at: UtcInstant | None
    incidence_id: str | None
    """The case that accepting it led to."""
    seq: int


class NotificationPage(Wire):
    """What is new since `after`, the oldest first, and the `after` to ask with next."""

    items: list[NotificationRead]
    to_show: list[str]
    """Ids of those of the visit that nobody has shown yet; none while the customer is left alone."""
    after: int


class NotificationTrigger(Wire):
    user_id: Key
    cause: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")] | None = None


class TriggerAnswer(Wire):
    """The help that is offered now, or why none is."""

    notification: NotificationRead | None = None
    reason: Reason | None = None


class Suppress(Wire):
    """No more help for `seconds` (as the rules say, when not given; 0 ends it). Without `notificationId`, whatever
    the customer has not decided about is dismissed."""

    seconds: Seconds | None = None
    notification_id: Key | None = None


class Suppressed(Wire):
    user_id: str
    suppressed_until: UtcInstant
    dismissed: list[str]
    """Ids."""
