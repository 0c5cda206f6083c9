"""Wire types of interventions."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from backend.core.text import Key, clean
from backend.core.wire import Change, Page, UtcInstant, Wire

Type = Literal["call", "email", "message", "meeting", "offer", "training", "payment", "other"]
Status = Literal["open", "active", "completed", "cancelled"]
Priority = Literal["low", "medium", "high"]
Outcome = Literal["helped", "no_change", "not_reached", "lost"]
Origin = Literal["RISK", "PLAYBOOK", "HAND"]
Order = Literal["due", "created"]
Horizon = Literal["30", "90"]
State = Literal["open", "active", "completed", "cancelled", "unfinished"]

_lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
AnyType = Annotated[Type, _lower]
AnyPriority = Annotated[Priority, _lower]
AnyStatus = Annotated[Status, _lower]
AnyOutcome = Annotated[Outcome, _lower]


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("give the zone too, such as a Z at the end")
    return value


Due = Annotated[UtcInstant, AfterValidator(_zoned)]
Words = Annotated[str, Field(max_length=4_000), AfterValidator(clean), AfterValidator(str.strip)]


class InterventionRead(Wire):
    """An intervention, with its customer and whose it is by name."""

    id: str
    version: int
    customer_id: str
    user_id: str
    """The customer's external id."""
    customer_name: str
    type: Type
    status: Status
    priority: Priority
    assignee_id: str | None
    assignee_name: str | None
    description: str
    next_action: str
    notes: str
    due_date: UtcInstant | None
    outcome: Outcome | None
    origin: Origin
    cause_id: str | None
    """A risk score, or a playbook's execution."""
    cause: dict[str, Any]
    created_by: str | None
    created_at: UtcInstant
    updated_at: UtcInstant
    completed_at: UtcInstant | None


class InterventionCreate(Wire):
    """An intervention for a customer (our id or the external one). With `fromRisk` it takes their risk as it is now:
    what is not given is filled from the factors, the level and the suggested action."""

    customer_id: Key
    from_risk: bool = False
    type: AnyType | None = None
    priority: AnyPriority | None = None
    status: Annotated[Literal["open", "active"], _lower] = "open"
    assignee_id: Key | None = None
    """A member's id, or `me`."""
    description: Words = ""
    next_action: Words = ""
    notes: Words = ""
    due_date: Due | None = None


class InterventionChange(Change):
    """The fields given. An outcome belongs to one that is completed, now or before."""

    type: AnyType | None = None
    status: AnyStatus | None = None
    priority: AnyPriority | None = None
    assignee_id: Key | None = None
    """A member's id, or `me`; null is nobody."""
    description: Words | None = None
    next_action: Words | None = None
    notes: Words | None = None
    due_date: Due | None = None
    outcome: AnyOutcome | None = None


class InterventionPage(Page[InterventionRead]):
    """A page of interventions, with how many are unfinished, and how many of those overdue, in all."""

    unfinished: int
    overdue: int


class Effect(Wire):
    """Of one measure: its change in customers who got an intervention, against customers alike who got none."""

    measure: Literal["risk", "revenue"]
    label: str
    unit: str
    """points, or the currency."""
    state: Literal["known", "not_enough", "none"]
    words: str
    helped: int
    alike: int
    """How many customers of each were compared."""
    need: int
    """Of each, before a difference means something."""
    pending: int
    """Customers who got one so lately that it is not known yet."""
    unmatched: int
    """Customers who got one and have nobody alike."""
    helped_before: float | None = None
    helped_after: float | None = None
    alike_before: float | None = None
    alike_after: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    definition: str


class Effects(Wire):
    """Whether interventions helped, `horizon` days after they began."""

    horizon: int
    first: UtcInstant
    """Interventions that began since then."""
    measures: list[Effect]
