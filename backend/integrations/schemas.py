"""Wire types of webhooks, connections and outgoing calls."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from backend.core.text import Key, OptionalLine
from backend.core.wire import UtcInstant, Wire
from backend.integrations.address import api_address

PlatformName = Literal["freshchat", "intercom", "chatwoot"]
Sends = Literal["messages", "context", "properties", "assignee", "status"]
Level = Literal["SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR"]
OutgoingState = Literal["QUEUED", "SENDING", "UNKNOWN", "SENT", "FAILED"]
OutgoingKind = Literal["MESSAGE", "NOTE", "PROPERTIES", "ASSIGN", "STATUS"]
Address = Annotated[str, Field(max_length=200), AfterValidator(api_address)]
Secret = Annotated[str, Field(max_length=8_192)]
Token = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8_192, pattern="^[!-~]*$")]
"""It travels in a header, where another character fails in every call."""
ShortKeys = Annotated[dict[Key, Key], Field(max_length=1_000)]


class Received(Wire):
    """What a platform is answered: whether the webhook was taken, or known already."""

    accepted: bool
    duplicate: bool


class IntegrationConfig(Wire):
    """How to speak to a platform.

    `agents` maps the platform's agent ids to e-mail addresses of members, `groups` levels of escalation to the
    platform's groups (or teams). `agent_id` is whom our messages are written by. `sends` is what is carried there.
    """

    base_url: Address = ""
    account_id: Annotated[str, Field(max_length=64, pattern=r"^[\w-]*$")] = ""
    agent_id: OptionalLine = ""
    agents: ShortKeys = {}
    groups: dict[Level, Key] = {}
    per_minute: Annotated[int, Field(ge=1, le=10_000)] = 300
    """Requests a minute that this account may get from one process of ours."""
    sends: list[Sends] = ["messages", "context", "properties", "assignee", "status"]


class IntegrationAdd(IntegrationConfig):
    """A connection. `token` and `webhookSecret` are kept sealed and never shown."""

    platform: PlatformName
    token: Token = ""
    webhook_secret: Secret = ""


class IntegrationChange(Wire):
    """What is given is changed. Another `baseUrl` needs the token again: it is only for who it was given for."""

    base_url: Address | None = None
    account_id: Annotated[str, Field(max_length=64, pattern=r"^[\w-]*$")] | None = None
    agent_id: OptionalLine | None = None
    agents: ShortKeys | None = None
    groups: dict[Level, Key] | None = None
    per_minute: Annotated[int, Field(ge=1, le=10_000)] | None = None
    sends: list[Sends] | None = None
    token: Token | None = None
    webhook_secret: Secret | None = None


class IntegrationRead(IntegrationConfig):
    """A connection and how it does. `missing` says what an admin must still set before we can write to the platform."""

    id: str
    platform: str
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
    outgoing: dict[str, int]
    """How many calls are in each state that is not over, and FAILED."""
    failing_deliveries: int
    """Webhooks that could not be applied so far."""


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
