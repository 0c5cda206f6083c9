"""Wire types of the agent's view, of what agents do, and of approvals."""

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.core.text import JsonObject, Line
from backend.core.wire import Change, UtcInstant, Wire
from backend.customers.schemas import CustomerRead
from backend.identity.schemas import MemberRead
from backend.incidences.link_schemas import LinkRead
from backend.incidences.schemas import IncidenceRead, Outcome, SlaState, SlaTarget, Status, TimelineEntry

ActionType = Literal[
    "APPLY_DISCOUNT",
    "MODIFY_ORDER",
    "REASSIGN",
    "ESCALATE",
    "CLOSE_RESOLVED",
    "CLOSE_DROPPED",
    "CLARIFY_MENU",
    "REASSURE",
    "COMPARE_PACKAGES",
    "HELP_COMPLETE_ORDER",
    "CUSTOM_PRICING",
    "OFF_CATALOG_ITEM",
    "MANUAL_DISCOUNT_OVER_LIMIT",
    "UPSELL",
    "RESTART_JOURNEY",
    "OVERRIDE_PRICING",
    "OFF_SYSTEM_PROMISE",
]
"""The dashboard's six, then what the cx rules know beside them."""
ApprovalStatus = Literal["PENDING", "APPROVED", "DENIED", "EXPIRED", "USED", "WITHDRAWN"]


class NextAsk(Wire):
    """`force`: also beyond what one can have, which is then on record."""

    force: bool = False


class Next(Wire):
    """The best next incidence, claimed, and why it is; or none left. `load` is what one has then."""

    incidence: IncidenceRead | None
    reasons: list[str]
    load: int
    capacity: int


class FloorMember(Wire):
    member: MemberRead
    load: int
    """Open cases that are awake."""
    capacity: int
    waiting: int
    """In how many of them the customer waits for us."""
    oldest_waiting_since: UtcInstant | None
    closed_last_hour: int


class Unassigned(Wire):
    waiting: int
    oldest_waiting_since: UtcInstant | None
    why: str
    """Why it stays there; empty when somebody is there to take it."""


class Due(Wire):
    """A deadline of a case, and what is due."""

    incidence_id: str
    ref: str
    target: str
    due_at: UtcInstant
    priority: int
    agent_name: str | None
    summary: str


class LastHour(Wire):
    opened: int
    answered: int
    """For the first time."""
    closed: int


class Floor(Wire):
    """Everybody who works here and everything that waits, at one moment."""

    as_of: int
    at: UtcInstant
    members: list[FloorMember]
    unassigned: Unassigned
    due: list[Due]
    """The nearest deadlines, those that passed first."""
    last_hour: LastHour
    is_automatic: bool
    refuses_unavailable: bool
    grace_seconds: int


class ParamRead(Wire):
    """One parameter of an action, as a form asks for it."""

    name: str
    kind: str
    """percent, money, count, date, items, member, choice or text."""
    label: str
    required: bool
    choices: list[str] = []


class ActionVerdict(Wire):
    """What the agent may do, before the key is pressed."""

    type: ActionType
    allowed: bool
    """It may be done as it is; of a discount, there is room for one."""
    needs_approval: bool = False
    """It may be asked for: a supervisor decides."""
    reason: str | None = None
    rule: str | None = None
    rule_version: int | None = None
    when: str | None = None
    """The rule's condition in words, with its numbers."""
    params: list[ParamRead] = []


class ActionAsk(Change):
    """An action to carry out on a case. `version` is the case's, as it was on screen."""

    type: ActionType
    params: JsonObject = {}


class ActionAnswer(Wire):
    """An action that was carried out: the case after it, and the rule that allowed it."""

    allowed: Literal[True] = True
    incidence: IncidenceRead
    rule: str
    rule_version: int
    reason: str


class DiscountRead(Wire):
    """A discount that was given. Amounts are in major units."""

    amount: float | int
    percent: float | None
    given_by: str
    given_at: UtcInstant
    approval_id: str | None


class ApprovalRead(Wire):
    """A request that a supervisor decides."""

    approval_id: str
    version: int
    incidence_id: str
    ref: str
    customer_name: str
    action: ActionType
    params: dict[str, Any]
    digest: str
    diff: list[str]
    """What is done when it is approved, in words; while it is pending, with the case as it is now."""
    changes: list[str]
    """What has changed in the case since it was asked for, in words."""
    reason: str
    rule: str
    rule_version: int
    status: ApprovalStatus
    requested_by: str
    requested_by_name: str
    requested_at: UtcInstant
    incidence_version: int
    """When it was asked for."""
    incidence_version_now: int
    """When this was read, or when the event happened that carries it; so it is with `diff` and `changes`."""
    expires_at: UtcInstant
    decided_by: str | None
    decided_by_name: str | None
    decided_at: UtcInstant | None
    note: str | None
    failure: str | None
    """Why it was not carried out, or ended by itself."""


class ApprovalDecision(Change):
    """`version` is the approval's. When the case has changed since, `incidence_version` says that this was seen."""

    incidence_version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    note: Line | None = None


class OrderContext(Wire):
    cart_items: list[Any]
    guest_count: int | None
    event_date: str | None
    event_type: str | None
    selected_platter: Any
    estimated_value: float | int | None
    currency: str
    discounts: list[DiscountRead]
    """Of the order, the oldest first."""


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


class SlaClock(Wire):
    """One target of a case. `seconds` and `usedSeconds` are of business time; no seconds promise nothing."""

    target: SlaTarget
    seconds: int | None
    used_seconds: float
    is_paused: bool
    is_breached: bool
    due_at: UtcInstant | None
    risk_at: UtcInstant | None


class SlaBreach(Wire):
    target: SlaTarget
    due_at: UtcInstant
    breached_at: UtcInstant
    """When it was over; later than `dueAt` when another policy moved the target into the past."""
    rule: str | None
    rule_version: int


class SlaPanel(Wire):
    """What a case was promised. `countsFrom` is the next opening while the business is closed, None while it is open."""

    state: SlaState
    target: SlaTarget | None
    due_at: UtcInstant | None
    rule: str | None
    text: str
    rule_version: int
    time_zone: str
    counts_from: UtcInstant | None
    targets: list[SlaClock]
    breaches: list[SlaBreach]


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
    sla: SlaPanel | None
    """None for a case that never had a clock."""
    previous_incidences: list[PreviousIncidence]
    links: list[LinkRead]
    actions: list[ActionVerdict]
    approvals: list[ApprovalRead]
    """What was asked for in this case and is not decided yet."""
    timeline: list[TimelineEntry]
    as_of: int
