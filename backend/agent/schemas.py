"""Wire types of the agent's view."""

from typing import Any

from backend.core.wire import UtcInstant, Wire
from backend.customers.schemas import CustomerRead
from backend.incidences.schemas import IncidenceRead, Outcome, Status, TimelineEntry


class Next(Wire):
    """The best next incidence, claimed, and why it is; or none left."""

    incidence: IncidenceRead | None
    reasons: list[str]


class ActionVerdict(Wire):
    """What the agent may do, before the key is pressed."""

    type: str
    allowed: bool
    reason: str | None = None


class OrderContext(Wire):
    cart_items: list[Any]
    guest_count: int | None
    event_date: str | None
    event_type: str | None
    selected_platter: Any
    estimated_value: float | int | None
    currency: str


class AppState(Wire):
    current_screen: str | None
    previous_screens: list[str]
    items_viewed: int
    items_added: int
    last_activity: UtcInstant | None
    session_duration: int
    """Seconds."""


class FrictionPanel(Wire):
    score: int
    reasons: list[dict[str, Any]]
    """{rule, points, text}, most points first."""
    trend: list[int]
    rule_version: int
    as_of: UtcInstant | None


class PreviousIncidence(Wire):
    incidence_id: str
    ref: str
    summary: str
    status: Status
    outcome: Outcome | None
    created_at: UtcInstant


class Dashboard(Wire):
    """All that an agent needs to understand a case at a glance, in one answer."""

    incidence: IncidenceRead
    user_details: CustomerRead
    order_context: OrderContext
    app_state: AppState
    friction: FrictionPanel
    previous_incidences: list[PreviousIncidence]
    actions: list[ActionVerdict]
    timeline: list[TimelineEntry]
    as_of: int
