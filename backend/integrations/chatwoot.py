"""Chatwoot: signatures by HMAC-SHA256 over a time and the body; what changed comes as a list of changed attributes.

Messages tell their time in ISO 8601, conversations in epoch seconds. Ids are small numbers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.errors import Unauthenticated
from backend.integrations.chatwoot_messages import said
from backend.integrations.facts import Assigned, Fact, Ignored, Reopened, Resolved
from backend.integrations.json_reading import digest_of, key_in, line_in, moment_in, object_in, objects_in
from backend.integrations.shared_secret import is_vouched

SIGNATURE = "x-chatwoot-signature"
TIMESTAMP = "x-chatwoot-timestamp"
DELIVERY = "x-chatwoot-delivery"
TOLERANCE_SECONDS = 300
"""How old or how far ahead a signed time may be; Chatwoot signs a new one in every try."""
_NOT_OURS = {
    "conversation_typing_on": "somebody is typing",
    "conversation_typing_off": "somebody stopped typing",
    "contact_created": "a contact, not a conversation",
    "contact_updated": "a contact, not a conversation",
    "webwidget_triggered": "the chat was opened, and nothing was said",
}


class Chatwoot:
    """See `platforms.Platform`."""

    name = "chatwoot"
    title = "Chatwoot"
    secret_name = "chatwoot_webhook_secret"
    kept_headers = (SIGNATURE, TIMESTAMP, DELIVERY)

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
        """HMAC-SHA256 over `<timestamp>.<raw body>`, as `sha256=` and hex; the timestamp within 300 s of `now`."""
        signed_at = headers.get(TIMESTAMP, "")
        if not is_vouched(signed_at.encode() + b"." + raw, headers.get(SIGNATURE, ""), secret, "sha256"):
            raise Unauthenticated(
                "X-Chatwoot-Signature is not a signature (sha256=...) of X-Chatwoot-Timestamp and this body by the"
                " Chatwoot webhook whose secret was set.",
                code="SIGNATURE_INVALID",
            )
        at = moment_in({"at": signed_at}, "at") if signed_at.isdecimal() else None
        if at is None or abs((now - at).total_seconds()) > TOLERANCE_SECONDS:
            raise Unauthenticated(
                f"X-Chatwoot-Timestamp is more than {TOLERANCE_SECONDS} seconds from this server's clock. If this is no"
                " replay, one of the two clocks is wrong.",
                code="SIGNATURE_EXPIRED",
            )

    def dedup_key(self, headers: Mapping[str, str], body: dict[str, Any]) -> str:
        """The delivery's id, the same in every try; without it the body, whose own id may be the conversation's."""
        delivery = headers.get(DELIVERY, "").strip()
        return digest_of("delivery", delivery) if delivery else digest_of("body", body)

    def conversation_of(self, body: dict[str, Any]) -> str:
        """The number that agents see too (the display id)."""
        event = line_in(body, "event")
        if event in ("conversation_created", "conversation_updated", "conversation_status_changed"):
            return key_in(body, "id")
        return key_in(object_in(body, "conversation"), "id") or key_in(body, "conversation_id")

    def read(self, body: dict[str, Any]) -> list[Fact]:
        event, conversation_id = line_in(body, "event"), self.conversation_of(body)
        known = _READ.get(event)
        if known is None:
            return [Ignored(_NOT_OURS.get(event) or (f"unknown event {event[:64]!r}" if event else "no event"))]
        return known(body, conversation_id) if conversation_id else [Ignored("names no conversation")]


def _message(body: dict[str, Any], conversation_id: str) -> list[Fact]:
    return [said(body, object_in(body, "conversation"), conversation_id)]


def _created(body: dict[str, Any], conversation_id: str) -> list[Fact]:
    """The first message is in it, and comes as a message too: it is told once."""
    facts = [said(message, body, conversation_id) for message in objects_in(body, "messages")]
    if agent_id := key_in(object_in(body, "meta", "assignee"), "id"):
        facts.append(_assigned(agent_id, body, conversation_id, moment_in(body, "created_at")))
    return facts or [Ignored("a conversation in which nothing was said yet")]


def _changed(body: dict[str, Any], conversation_id: str) -> list[Fact]:
    """A status or an assignee that changed. When is told by `updated_at`, best by the one that this change wrote."""
    changes = {name: change for entry in objects_in(body, "changed_attributes") for name, change in entry.items()}
    at = (
        moment_in(object_in(changes, "updated_at"), "current_value")
        or moment_in(body, "updated_at")
        or moment_in(body, "timestamp")
    )
    facts: list[Fact] = []
    if line_in(body, "event") == "conversation_status_changed" or "status" in changes:
        before = line_in(object_in(changes, "status"), "previous_value")
        after = line_in(object_in(changes, "status"), "current_value") or line_in(body, "status")
        if after == "resolved":
            facts.append(Resolved(conversation_id, at))
        elif after == "open" or before == "resolved":
            facts.append(Reopened(conversation_id, at))
        else:
            facts.append(Ignored(f"status {after[:32]!r}, which changes nothing here"))
    if "assignee_id" in changes:
        agent_id = key_in(object_in(changes, "assignee_id"), "current_value")
        facts.append(_assigned(agent_id, body, conversation_id, at))
    elif "team_id" in changes:
        facts.append(Ignored("assigned to a team, not to a person"))
    return facts or [Ignored("neither its status nor its assignee changed")]


def _assigned(agent_id: str, body: dict[str, Any], conversation_id: str, at: datetime | None) -> Assigned:
    """`meta` is as it was when the webhook was made, which may be after the change."""
    agent = object_in(body, "meta", "assignee")
    agent = agent if key_in(agent, "id") == agent_id else {}
    return Assigned(conversation_id, agent_id or None, at, line_in(agent, "name")[:200], line_in(agent, "email")[:200])


_READ = {
    "message_created": _message,
    "message_updated": _message,
    "conversation_created": _created,
    "conversation_updated": _changed,
    "conversation_status_changed": _changed,
}
