"""The kinds of systems that can be connected, and what each needs to be told: forms and checks are made of this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Type = Literal["text", "secret", "address", "number", "choices", "pairs", "mapping"]
Family = Literal["chat", "crm", "support", "payment", "webhook"]


@dataclass(frozen=True)
class Needed:
    """One thing to be told. `name` is its name on the wire; `missing` says in words that a connection cannot do
    without it. `choices` are what `choices` may name, and the left sides of `pairs` where those are given."""

    name: str
    label: str
    type: Type
    help: str = ""
    missing: str = ""
    choices: tuple[str, ...] = ()
    usual: str = ""
    """What it is for nearly everybody."""


@dataclass(frozen=True)
class Kind:
    """`is_synced`: it is read every quarter of an hour. `hears`: it sends us webhooks. `is_many`: by their names, there
    may be several."""

    name: str
    title: str
    family: Family
    about: str
    needs: tuple[Needed, ...]
    is_synced: bool = False
    hears: bool = False
    is_many: bool = False

    def missing(self, config: Mapping[str, Any], held: Mapping[str, Any]) -> list[str]:
        """What must still be set before it can be called, in words. `held` are the credentials, by wire name."""
        return [one.missing for one in self.needs if one.missing and not (config.get(one.name) or held.get(one.name))]

    def takes(self, name: str) -> bool:
        """Whether it can be told this."""
        return any(one.name == name for one in self.needs)


LEVELS = ("SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR")
SENDS = ("messages", "context", "properties", "assignee", "status")


def _address(example: str, *, is_usual: bool = False) -> Needed:
    help = f"Of its API, {'as a rule' if is_usual else 'such as'} {example}."
    return Needed("baseUrl", "Address", "address", help, "the address of its API", usual=example if is_usual else "")


def _token(label: str) -> Needed:
    return Needed("token", label[:1].upper() + label[1:], "secret", "Kept sealed, and never shown.", f"its {label}")


_HEARD = Needed("webhookSecret", "Webhook secret", "secret", "What its webhooks are checked with; kept sealed.")
_PACE = Needed("perMinute", "Requests a minute", "number", "How many it may get from one process of ours.")
_AGENT = Needed(
    "agentId", "Agent", "text", "Its id of whom our messages are written by.", "the agent that messages are written by"
)
_CHAT = (
    Needed("agents", "Agents", "pairs", "Its id of an agent = the e-mail address of a member."),
    Needed("groups", "Groups", "pairs", "Level = its group (or team) for cases that are handed up.", choices=LEVELS),
    Needed("sends", "Is told", "choices", "What of a case is carried there.", choices=SENDS),
    _PACE,
)
_NUDGED = Needed(
    "webhookSecret",
    "Webhook secret",
    "secret",
    "Of its app or webhook, kept sealed: what it tells of is read at once then, not within a quarter of an hour.",
)
WEBHOOK, INBOX = "webhook", "inbox"
_MAPPING = Needed("mapping", "Mapping", "mapping", "How its records become customers' fields, signals and cases.")

KINDS: tuple[Kind, ...] = (
    Kind(
        "freshchat",
        "Freshchat",
        "chat",
        "Conversations, both ways.",
        (_address("https://acme.freshchat.com/v2"), _token("API token"), _AGENT, _HEARD, *_CHAT),
        is_synced=True,
        hears=True,
    ),
    Kind(
        "intercom",
        "Intercom",
        "chat",
        "Conversations, both ways.",
        (_address("https://api.intercom.io", is_usual=True), _token("access token"), _AGENT, _HEARD, *_CHAT),
        is_synced=True,
        hears=True,
    ),
    Kind(
        "chatwoot",
        "Chatwoot",
        "chat",
        "Conversations, both ways.",
        (
            _address("https://chat.acme.com"),
            _token("agent's access token"),
            Needed("accountId", "Account", "text", "The account's number.", "the account's number"),
            _HEARD,
            *_CHAT,
        ),
        is_synced=True,
        hears=True,
    ),
    Kind(
        WEBHOOK,
        "Webhook",
        "webhook",
        "Told what happens here, signed.",
        (
            Needed("baseUrl", "Address", "address", "Where it is posted to.", "the address"),
            Needed(
                "webhookSecret", "Secret", "secret", "Signs it as Standard Webhooks has it; made when none is given."
            ),
            Needed("events", "Events", "choices", "incidence.opened, all of incidence.*, or * for everything."),
            _PACE,
        ),
        is_many=True,
    ),
    Kind(
        INBOX,
        "Inbox",
        "webhook",
        "Takes signed webhooks of any system.",
        (
            Needed(
                "webhookSecret",
                "Secret",
                "secret",
                "They are signed with it as Standard Webhooks has it; made when none is given.",
            ),
            _MAPPING,
        ),
        hears=True,
        is_many=True,
    ),
    Kind(
        "hubspot",
        "HubSpot",
        "crm",
        "Contacts become customers.",
        (_address("https://api.hubapi.com", is_usual=True), _token("private app's token"), _NUDGED, _MAPPING, _PACE),
        is_synced=True,
        hears=True,
    ),
    Kind(
        "zendesk",
        "Zendesk",
        "support",
        "Tickets count for the risk.",
        (
            _address("https://acme.zendesk.com"),
            Needed(
                "agentId", "E-mail", "text", "Of the admin whose API token it is.", "the e-mail of the token's admin"
            ),
            _token("API token"),
            _NUDGED,
            _MAPPING,
            _PACE,
        ),
        is_synced=True,
        hears=True,
    ),
    Kind(
        "razorpay",
        "Razorpay",
        "payment",
        "Failed payments count for the risk.",
        (
            _address("https://api.razorpay.com", is_usual=True),
            Needed("accountId", "Key id", "text", "Begins with rzp_.", "the id of its key"),
            _token("key's secret"),
            _HEARD,
            _MAPPING,
            _PACE,
        ),
        is_synced=True,
        hears=True,
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
