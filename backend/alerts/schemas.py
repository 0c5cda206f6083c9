"""Wire types of alerts."""

from typing import Literal

from backend.core.wire import Page, UtcInstant, Wire

Kind = Literal[
    "ESCALATED",
    "ESCALATION_ANSWERED",
    "APPROVAL_REQUESTED",
    "APPROVAL_DECIDED",
    "SLA_WARNED",
    "SLA_BREACHED",
    "ASSIGNED",
    "MENTIONED",
    "WATCHED",
    "SUBSCRIPTION_CHANGE",
    "INTERVENTION_OVERDUE",
]
Severity = Literal["info", "warning", "danger"]


class AlertRead(Wire):
    """One alert of the member who asks. Reference, summary and customer are those of its case as it is now."""

    id: str
    kind: Kind
    severity: Severity
    message: str
    incidence_id: str | None
    ref: str | None
    summary: str | None
    customer_name: str | None
    count: int
    created_at: UtcInstant
    at: UtcInstant
    read: bool
    read_at: UtcInstant | None


class AlertPage(Page[AlertRead]):
    """A page of alerts, and how many are unread in all."""

    unread: int


class AllRead(Wire):
    """How many were unread."""

    read: int


class Muted(Wire):
    """The kinds that a member wants to hear nothing of."""

    kinds: list[Kind]
