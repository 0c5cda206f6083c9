"""Wire types of webhooks, connections and outgoing calls."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from backend.core.text import Key, OptionalLine, clean_line
from backend.core.wire import UtcInstant, Wire
from backend.integrations.address import api_address
from backend.integrations.mapping import RecordMap

KindName = Literal["freshchat", "intercom", "chatwoot", "webhook", "inbox", "hubspot", "zendesk", "razorpay"]
Sends = Literal["messages", "context", "properties", "assignee", "status"]
Level = Literal["SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR"]
OutgoingState = Literal["QUEUED", "SENDING", "UNKNOWN", "SENT", "FAILED"]
OutgoingKind = Literal["MESSAGE", "NOTE", "PROPERTIES", "ASSIGN", "STATUS"]
Address = Annotated[str, Field(max_length=200), AfterValidator(api_address)]
Secret = Annotated[str, Field(max_length=8_192)]
Token = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8_192, pattern="^[!-~]*$")]
"""It travels in a header, where another character fails in every call."""
Name = Annotated[str, StringConstraints(max_length=64), AfterValidator(clean_line)]
EventPattern = Annotated[str, Field(max_length=64, pattern=r"^(\*|[a-z_]+\.(\*|[a-z_]+))$")]
PostState = Literal["QUEUED", "SENDING", "SENT", "DEAD"]
ShortKeys = Annotated[dict[Key, Key], Field(max_length=1_000)]


class Received(Wire):
    """What a platform is answered: whether the webhook was taken, or known already."""

    accepted: bool
    duplicate: bool


class IntegrationConfig(Wire):
    """How to speak to another system. What of it a kind needs is told by its `KindRead`.

    `agents` maps the platform's agent ids to e-mail addresses of members, `groups` levels of escalation to the
    platform's groups (or teams). `agent_id` is whom our messages are written by. `sends` is what is carried there.
    `events` are the events that a webhook endpoint is told: `incidence.opened`, `incidence.*`, or `*` for all.
    `mapping` says how records become ours; without one the shipped one of the kind holds.
    """

    base_url: Address = ""
    account_id: Annotated[str, Field(max_length=64, pattern=r"^[\w-]*$")] = ""
    agent_id: OptionalLine = ""
    agents: ShortKeys = {}
    groups: dict[Level, Key] = {}
    per_minute: Annotated[int, Field(ge=1, le=10_000)] = 300
    """Requests a minute that this account may get from one process of ours."""
    sends: list[Sends] = ["messages", "context", "properties", "assignee", "status"]
    events: Annotated[list[EventPattern], Field(max_length=100)] = []
    mapping: RecordMap | None = None


class IntegrationAdd(IntegrationConfig):
    """A connection. `token` and `webhookSecret` are kept sealed and never shown. `name` tells apart what there may be
    several of."""

    platform: KindName
    name: Name = ""
    token: Token = ""
    webhook_secret: Secret = ""


class IntegrationChange(Wire):
    """What is given is changed. Another `baseUrl` needs the token again: it is only for who it was given for.

    `isStopped` stops it, or lets it go on. Another `webhookSecret` of an endpoint is the second one for a day, so that
    whoever checks its signatures can change over."""

    name: Name | None = None
    is_stopped: bool | None = None
    base_url: Address | None = None
    account_id: Annotated[str, Field(max_length=64, pattern=r"^[\w-]*$")] | None = None
    agent_id: OptionalLine | None = None
    agents: ShortKeys | None = None
    groups: dict[Level, Key] | None = None
    per_minute: Annotated[int, Field(ge=1, le=10_000)] | None = None
    sends: list[Sends] | None = None
    events: Annotated[list[EventPattern], Field(max_length=100)] | None = None
    mapping: RecordMap | None = None
    """null puts the shipped one back."""
    token: Token | None = None
    webhook_secret: Secret | None = None


class SyncCounts(Wire):
    """What one reading read, changed and refused."""

    id: str
    began_at: UtcInstant
    ended_at: UtcInstant | None
    read: int
    changed: int
    refused: int
    error: str | None


class Refusal(Wire):
    """A record of which something could not be used, and what."""

    record: str
    reason: str


class SyncRunRead(SyncCounts):
    """One reading of what changed. `problems` are of the first records of which something was refused."""

    problems: list[Refusal]


class IntegrationRead(IntegrationConfig):
    """A connection and how it does. `missing` says what an admin must still set before we can write to the platform."""

    id: str
    platform: str
    name: str
    title: str
    has_token: bool
    has_webhook_secret: bool
    missing: list[str]
    webhook_path: str
    created_at: UtcInstant
    answered_at: UtcInstant | None
    error: str | None
    failed_at: UtcInstant | None
    paused_until: UtcInstant | None
    swept_at: UtcInstant | None
    stopped_at: UtcInstant | None = None
    outgoing: dict[str, int]
    """How many calls are in each state that is not over, and FAILED; of an endpoint its posts, and DEAD."""
    last_run: SyncCounts | None = None
    """The newest reading of its records."""
    failing_deliveries: int
    """Webhooks that could not be applied so far."""


class IntegrationMade(IntegrationRead):
    """A new connection. `webhookSecret` is what was made for a webhook endpoint: it is shown this once."""

    webhook_secret: str | None = None


class NeededRead(Wire):
    """One thing that a kind needs to be told, or may be. `name` is its name in IntegrationAdd."""

    name: str
    label: str
    type: Literal["text", "secret", "address", "number", "choices", "pairs", "mapping"]
    help: str
    is_required: bool
    usual: str
    """What it is for nearly everybody; "" where there is no such thing."""
    choices: list[str]


class KindRead(Wire):
    """A kind of system that can be connected, with all that a form for it needs."""

    name: str
    title: str
    family: Literal["chat", "crm", "support", "payment", "webhook"]
    about: str
    needs: list[NeededRead]
    is_synced: bool
    hears: bool
    is_many: bool


class PostRead(Wire):
    """A webhook to an endpoint of ours. `id` is its `webhook-id`; `status` what was answered last, if anything was."""

    id: str
    integration_id: str
    type: str
    seq: int | None
    """Of the event that it tells of."""
    state: PostState
    tries: int
    status: int | None
    milliseconds: int | None
    error: str | None
    due_at: UtcInstant
    created_at: UtcInstant
    settled_at: UtcInstant | None


class ReplayAsked(Wire):
    """Which posts: those of a state that were made since an instant."""

    state: Literal["DEAD", "SENT"] = "DEAD"
    since: UtcInstant | None = None


class Replayed(Wire):
    """How many posts are sent again."""

    count: int


class Tested(Wire):
    """Whether a connection works, and what the other side said."""

    ok: bool
    said: str


class ArrivalRead(Wire):
    """A webhook that came. `outcome` is null until a job has looked."""

    id: str
    platform: str
    received_at: UtcInstant
    processed_at: UtcInstant | None
    outcome: str | None
    attempts: int
    error: str | None


class SyncAccepted(Wire):
    """A sweep begins now."""

    id: str


class OutgoingRead(Wire):
    """Something that was to be done on a platform."""

    id: str
    incidence_id: str
    seq: int
    """Of the event that wanted it; of a message, the message's."""
    kind: OutgoingKind
    state: OutgoingState
    platform: str
    tries: int
    error: str | None
    due_at: UtcInstant
    created_at: UtcInstant
    settled_at: UtcInstant | None
