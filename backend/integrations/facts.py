"""What a chat platform tells us, in our words. Every platform's webhooks become these.

`occurred_at` is when it happened by the platform's clock (UTC), or None when the webhook does not say.
All text has been cleaned. Ids are the platform's own, opaque, 128 characters at most.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CustomerMessage:
    """The customer wrote. `handle` is what the platform calls the customer; `external_id` what the app calls them."""

    conversation_id: str
    message_id: str
    handle: str
    text: str
    occurred_at: datetime | None
    name: str = ""
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """Somebody on our side, a bot included, wrote to the customer. `agent_id` is the platform's, "" for a bot.

    Not every platform tells an agent's name and e-mail address.
    """

    conversation_id: str
    message_id: str
    agent_id: str
    text: str
    occurred_at: datetime | None
    agent_name: str = ""
    agent_email: str = ""


@dataclass(frozen=True, slots=True)
class Assigned:
    """The conversation was given to an agent, by the platform's id; None: taken from its agent."""

    conversation_id: str
    agent_id: str | None
    occurred_at: datetime | None
    agent_name: str = ""
    agent_email: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The conversation was closed."""

    conversation_id: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reopened:
    """A closed conversation was opened again."""

    conversation_id: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for us; `reason` says why, in words for an admin."""

    reason: str


Conversational = CustomerMessage | AgentMessage | Assigned | Resolved | Reopened
Fact = Conversational | Ignored
