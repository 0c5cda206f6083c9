"""Freshchat: signatures by RSA, no event ids, and three dialects of one body (2018, 2019 to 2021, 2022)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.errors import Unauthenticated, Unavailable
from backend.integrations.facts import AgentMessage, Assigned, CustomerMessage, Fact, Ignored, Reopened, Resolved
from backend.integrations.freshchat_parts import worded
from backend.integrations.json_reading import digest_of, instant_in, key_in, line_in, object_in
from backend.integrations.rsa_key import is_signed, public_key

SIGNATURE = "x-freshchat-signature"
_CONVERSATION_UNDER = {
    "conversation_assignment": "assignment",
    "conversation_resolution": "resolve",
    "conversation_reopen": "reopen",
}
_NOT_FOR_THE_CUSTOMER = {"private", "note"}


class Freshchat:
    """See `platforms.Platform`."""

    name = "freshchat"
    title = "Freshchat"
    secret_name = "freshchat_public_key"
    kept_headers = (SIGNATURE, "x-freshchat-payload-version", "x-retry-count")

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
        """RSASSA-PKCS1-v1_5 with SHA-256 over the raw body, in base64. No time is signed."""
        try:
            key = public_key(secret)
        except ValueError as error:
            raise Unavailable(
                f"The Freshchat public key that was set is {error}, so no webhook can be trusted. An admin must copy it"
                " again from Freshchat: Admin, Webhooks, Authentication.",
                code="WEBHOOK_KEY_INVALID",
            ) from error
        if not is_signed(raw, headers.get(SIGNATURE, ""), key):
            raise Unauthenticated(
                "X-Freshchat-Signature is not a signature of this body by the Freshchat account whose key was set.",
                code="SIGNATURE_INVALID",
            )

    def dedup_key(self, headers: Mapping[str, str], body: dict[str, Any]) -> str:
        """Of a message, its id. Else (action, conversation, time, actor): Freshchat sends no event id."""
        action = line_in(body, "action")
        message_id = line_in(object_in(body, "data", "message"), "id")
        if action == "message_create" and message_id:
            return digest_of("message", message_id)
        facts = [
            self.conversation_of(body),
            line_in(body, "action_time"),
            line_in(object_in(body, "actor"), "actor_id"),
        ]
        return digest_of("action", action, *facts) if action and all(facts[:2]) else digest_of("body", body)

    def conversation_of(self, body: dict[str, Any]) -> str:
        """Its id is opaque, though that of 2018 is made of the app's, the user's and the channel's."""
        under = _CONVERSATION_UNDER.get(line_in(body, "action"))
        if under is None:
            return key_in(object_in(body, "data", "message"), "conversation_id")
        return key_in(object_in(body, "data", under, "conversation"), "conversation_id")

    def read(self, body: dict[str, Any]) -> list[Fact]:
        return [_read(body, self.conversation_of(body))]


def _read(body: dict[str, Any], conversation_id: str) -> Fact:
    action = line_in(body, "action")
    if action != "message_create" and action not in _CONVERSATION_UNDER:
        return Ignored(f"unknown action {action[:64]!r}" if action else "no action")
    at = instant_in(body, "action_time")
    if not conversation_id:
        return Ignored("names no conversation")
    match action:
        case "conversation_resolution":
            return Resolved(conversation_id, at)
        case "conversation_reopen":
            return Reopened(conversation_id, at)
        case "conversation_assignment":
            return _assignment(object_in(body, "data", "assignment"), conversation_id, body)
    return said_in(object_in(body, "data", "message"), conversation_id, body)


def _assignment(assignment: dict[str, Any], conversation_id: str, body: dict[str, Any]) -> Fact:
    """Empty text as an agent's id means none."""
    to = assignment if "to_agent_id" in assignment else object_in(assignment, "conversation")
    agent_id = key_in(to, "to_agent_id") or key_in(to, "assigned_agent_id")
    if not agent_id and not key_in(assignment, "from_agent_id"):
        return Ignored("assigned to a group, not to a person")
    return Assigned(conversation_id, agent_id or None, instant_in(body, "action_time"))


def said_in(message: dict[str, Any], conversation_id: str, body: dict[str, Any]) -> Fact:
    """What a message tells; `body` is the webhook's it came in, {} when it was read back."""
    actor = object_in(body, "actor")
    by = (line_in(message, "actor_type") or line_in(actor, "actor_type")).lower()
    actor_id = key_in(message, "actor_id") or key_in(actor, "actor_id")
    message_id = key_in(message, "id")
    at = instant_in(message, "created_time") or instant_in(body, "action_time")
    if line_in(message, "message_type").lower() in _NOT_FOR_THE_CUSTOMER or message.get("botsPrivateNote") is True:
        return Ignored("a private note, which the customer does not see")
    if not message_id:
        return Ignored("a message without an id")
    text = worded(message)
    if not text:
        return Ignored("a message without content")
    if by in ("agent", "bot"):
        return AgentMessage(conversation_id, message_id, actor_id if by == "agent" else "", text, at)
    if by != "user":
        return Ignored(f"a message by {by[:32]!r}, who is neither customer nor agent")
    handle = key_in(message, "user_id") or actor_id
    if not handle:
        return Ignored("a customer's message that does not name the customer")
    user = object_in(message, "user")
    name = " ".join(part for part in (line_in(user, "first_name"), line_in(user, "last_name")) if part)
    return CustomerMessage(
        conversation_id, message_id, handle, text, at, name[:200], key_in(user, "reference_id") or None
    )
