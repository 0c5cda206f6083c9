"""Wire types of alerts."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

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
    "RISK_CHANGED",
    "CHURN_CROSSED",
    "PAYMENT_FAILED",
    "PLAYBOOK_FAILED",
    "INTEGRATION_FAILING",
    "PLAYBOOK",
]
Severity = Literal["info", "warning", "danger"]


class AlertRead(Wire):
    """One alert of the member who asks. Reference, summary and customer are those of its case as it is now."""

    id: str
    kind: Kind
    severity: Severity
    message: str
    incidence_id: str | None
    customer_id: str | None
    """Whom the newest cause is about, when there is no case."""
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


def _zone(value: str) -> str:
    from zoneinfo import available_timezones

    if value not in available_timezones():
        raise ValueError("is no IANA time zone, such as Asia/Kolkata")
    return value


_Clock = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]


class AlertTimes(Wire):
    """When a member is told outside. Between `quietFrom` and `quietTo` (both empty: never) only of what is loud."""

    zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)]
    quiet_from: _Clock
    quiet_to: _Clock
    digest_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if bool(self.quiet_from) != bool(self.quiet_to):
            raise ValueError("quietFrom and quietTo are both set, or both empty")
        return self


class AlertDelivery(Wire):
    """What became of an alert at one place outside. WAITING is not written yet: it is gathered, throttled, or held for the
    digest until `at`; NOBODY was there any more. `count` of its causes went that way."""

    way: Literal["EMAIL", "SLACK", "TEAMS"]
    place: str
    state: Literal["WAITING", "PENDING", "SENDING", "SENT", "FAILED", "NOBODY"]
    count: int
    at: UtcInstant
    error: str | None
    letter_id: str | None
