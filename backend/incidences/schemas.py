"""Wire types of incidences, of escalations and of the channel router."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from backend.client.query import label_of
from backend.core.text import Body, JsonList, JsonObject, Key, Line
from backend.core.wire import Amount, Change, UtcInstant, Wire
from backend.customers.schemas import CustomerBrief

Stage = Literal["PRE_ORDER", "POST_ORDER"]
Channel = Literal["IN_APP_CHAT", "CALL", "WHATSAPP"]
Trigger = Literal["USER_INITIATED", "SYSTEM_INITIATED"]
Status = Literal["OPEN", "WAITING", "SNOOZED", "CLOSED"]
Outcome = Literal["RESOLVED", "DROPPED", "CONVERTED"]
OrderImpact = Literal["PLACED", "MODIFIED", "LOST"]
View = Literal["mine", "unassigned", "all", "sla_risk", "high_friction", "high_churn", "escalated", "snoozed", "closed"]
Sort = Literal["queue", "sla", "updated", "created", "value", "friction"]
SlaTarget = Literal["first_response", "next_response", "resolution"]
SlaState = Literal["NONE", "ON_TRACK", "AT_RISK", "BREACHED", "PAUSED", "MET", "MISSED"]
Level = Literal["SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR"]
EscalationReason = Literal["HIGH_VALUE", "SYSTEM_BUG", "POLICY_EXCEPTION", "EMOTIONAL", "UNRESOLVED"]
EscalationStatus = Literal["OPEN", "ACKNOWLEDGED", "RETURNED", "RESOLVED"]
EventType = Annotated[Key, Field(max_length=32)]
Label = Annotated[str, Field(max_length=64), AfterValidator(label_of)]
Labels = Annotated[list[Label], Field(max_length=30)]
Seq = Annotated[int, Field(ge=0, le=2**53)]


class IncidenceOpen(Wire):
    """A new case. `userId` is the customer's external id; an unknown one makes the customer."""

    user_id: Key
    stage: Stage
    channel: Channel
    trigger: Trigger
    order_id: Key | None = None
    order_value: Amount | None = None
    event_type: EventType | None = None
    app_screen: Key | None = None
    user_inputs: JsonObject = {}
    selected_items: JsonList = []
    issue_category: Annotated[Key, Field(max_length=64)] | None = None
    summary: Line | None = None


class LastMessage(Wire):
    text: str
    """The first 140 characters."""
    by: Literal["customer", "agent"]
    at: UtcInstant


class EscalationBrief(Wire):
    """The escalation of a case that is not over, as its case carries it; level and id stand beside it."""

    reason: EscalationReason
    status: EscalationStatus
    raised_by: str | None
    """A member's id; None when it climbed by itself."""
    raised_at: UtcInstant
    acknowledged_by: str | None
    acknowledged_at: UtcInstant | None
    next_climb_at: UtcInstant | None
    note: str | None


class SlaPolicy(Wire):
    """The rule that promises the targets, why it holds, and the version of the policy."""

    rule: str | None
    text: str
    version: int


class CaseRef(Wire):
    incidence_id: str
    ref: str


class IncidenceRead(Wire):
    """An incidence as lists, the feed and the workspace show it."""

    incidence_id: str
    ref: str
    """`INC-1042`: what people call it."""
    version: int
    user_id: str
    customer: CustomerBrief
    order_id: str | None
    stage: Stage
    channel: Channel
    trigger: Trigger
    status: Status
    outcome: Outcome | None
    priority: int
    summary: str
    app_screen: str | None
    user_inputs: dict[str, Any]
    selected_items: list[Any]
    event_type: str | None
    order_value: float | int | None
    currency: str
    issue_category: str | None
    root_cause: str | None
    resolution_type: str | None
    time_to_resolve: int | None
    order_impact: OrderImpact | None
    agent_id: str | None
    agent_name: str | None
    allowed_channels: list[str]
    routing: dict[str, Any]
    is_self_serve: bool
    auto_escalate_at: UtcInstant | None
    escalation_level: Level | None
    escalation_id: str | None
    escalation: EscalationBrief | None
    friction_score: int | None
    churn_score: int | None = None
    """The customer's risk of leaving as it was calculated last, 0 to 100."""
    platform: str | None
    last_seq: int
    last_message_seq: int
    last_message: LastMessage | None
    waiting_since: UtcInstant | None
    first_response_at: UtcInstant | None
    snoozed_until: UtcInstant | None
    sla_state: SlaState
    """PAUSED while we wait for the customer; MET or MISSED once it is closed; NONE without targets."""
    sla_target: SlaTarget | None
    sla_due_at: UtcInstant | None
    """The nearest of the three below; instants that have passed were missed. None while no clock runs."""
    sla_risk_at: UtcInstant | None
    """From when on it is at risk."""
    first_response_due_at: UtcInstant | None
    next_response_due_at: UtcInstant | None
    resolution_due_at: UtcInstant | None
    sla_breached_at: UtcInstant | None
    """When a target was first missed; it stays when the case is answered after all."""
    sla_breached: list[SlaTarget]
    """The targets that were missed."""
    sla_policy: SlaPolicy | None
    reopen_count: int
    labels: list[str]
    watcher_ids: list[str]
    """Members who want to hear of it, beside the one who has it."""
    merged_into: CaseRef | None
    """The case that it is part of; it is closed then, without an outcome."""
    merged_from: list[CaseRef]
    """The cases whose stories are part of its own."""
    created_at: UtcInstant
    updated_at: UtcInstant
    resolved_at: UtcInstant | None


class IncidenceChange(Change):
    """A change; fields left out stay. An outcome closes it; status OPEN on a closed one reopens it."""

    status: Status | None = None
    outcome: Outcome | None = None
    agent_id: Key | None = None
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    summary: Line | None = None
    order_id: Key | None = None
    order_value: Amount | None = None
    event_type: EventType | None = None
    app_screen: Key | None = None
    user_inputs: JsonObject | None = None
    selected_items: JsonList | None = None
    issue_category: Annotated[Key, Field(max_length=64)] | None = None
    root_cause: Line | None = None
    resolution_type: Annotated[Key, Field(max_length=64)] | None = None
    order_impact: OrderImpact | None = None
    snoozed_until: UtcInstant | None = None
    labels: Labels | None = None
    """All that it shall have."""
    reason: Line | None = None


class LabelsChange(Wire):
    """Labels to put on a case, and labels to take off it. With a version, it must be the one on screen."""

    add: Labels = []
    remove: Labels = []
    version: Annotated[int, Field(ge=1)] | None = None


class LabelCount(Wire):
    label: str
    count: int
    """Cases that are not closed and have it."""


class LabelCounts(Wire):
    items: list[LabelCount]


class Take(Wire):
    """A claim. With a version, it must be the one on screen."""

    version: Annotated[int, Field(ge=1)] | None = None


class MessageSend(Wire):
    """A message to the customer. `lastSeenSeq` is the newest seq of the incidence that the writer saw."""

    text: Body
    last_seen_seq: Seq


class NoteAdd(Wire):
    """A note among ourselves."""

    text: Body


class TimelineEntry(Wire):
    """One event of the timeline, as /live sends it."""

    kind: Literal["event"] = "event"
    seq: int
    id: str
    type: str
    subject: dict[str, str]
    incidence_id: str | None
    customer_id: str | None
    actor: dict[str, str | None]
    at: UtcInstant
    recorded_at: UtcInstant
    data: dict[str, Any] | None
    state: dict[str, Any] | None


class Posted(Wire):
    """What a message or note answers: the incidence after it, and its entry's seq."""

    incidence: IncidenceRead
    seq: int
    id: str
    unknown_mentions: list[str] = []
    """Names after an @ in a note that mean no member, or several."""


class RouteRequest(Wire):
    order_value: Decimal = Field(ge=0, le=Decimal("1e12"), allow_inf_nan=False)
    event_type: EventType | None = None


class AutoEscalation(Wire):
    after_seconds: int


class RouteVerdict(Wire):
    channels: list[str]
    auto_escalation: AutoEscalation | None
    rule: str
    rule_version: int
    reason: str


class ChannelEscalate(Wire):
    incidence_id: Key
    reason: Line
    version: Annotated[int, Field(ge=1)] | None = None


class EscalationTrigger(Wire):
    """A case to hand up. With a version, it must be the one on screen."""

    incidence_id: Key
    reason: EscalationReason
    note: Line | None = None
    version: Annotated[int, Field(ge=1)] | None = None


class EscalationNote(Wire):
    """What to say with it, if anything. With a version, the case must be the one on screen."""

    note: Line | None = None
    version: Annotated[int, Field(ge=1)] | None = None


class Taker(Wire):
    member_id: str
    name: str
    role: str


class EscalationRead(Wire):
    """A case handed up, with the case as it is now."""

    escalation_id: str
    incidence_id: str
    ref: str
    level: Level
    reason: EscalationReason
    status: EscalationStatus
    raised_by: str | None
    """A member's id; None when it climbed by itself."""
    raised_at: UtcInstant
    acknowledged_by: str | None
    acknowledged_at: UtcInstant | None
    ended_at: UtcInstant | None
    next_climb_at: UtcInstant | None
    note: str | None
    rule: str
    rule_version: int
    takers: list[Taker]
    """The members who may acknowledge it."""
    incidence: IncidenceRead
