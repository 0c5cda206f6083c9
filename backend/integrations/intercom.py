"""Intercom: signatures by HMAC-SHA1, and the dialects of its API's versions (1.x, 2.x, plain text from 2.15 on).

A webhook carries the conversation and, in `conversation_parts`, what is new in it. All times are epoch seconds.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.errors import Unauthenticated
from backend.integrations.facts import Assigned, Fact, Ignored, Reopened, Resolved
from backend.integrations.intercom_parts import said
from backend.integrations.json_reading import digest_of, key_in, line_in, moment_in, object_in, objects_in
from backend.integrations.shared_secret import is_vouched

SIGNATURE = "x-hub-signature"
_BEGINS = {"conversation.user.created", "conversation.admin.single.created"}
_GOES_ON = {"conversation.user.replied", "conversation.admin.replied", "conversation.operator.replied"}
_ASSIGNS = {"conversation.admin.assigned", "conversation.admin.open.assigned"}
_CLOSES = {"conversation.admin.closed", "conversation.deleted"}
_OPENS = {"conversation.admin.opened"}
_OURS = _BEGINS | _GOES_ON | _ASSIGNS | _CLOSES | _OPENS
_NOT_OURS = {
    "ping": "a ping, which only asks whether somebody listens",
    "conversation.admin.noted": "a private note, which the customer does not see",
    "conversation.admin.snoozed": "snoozed, which changes nothing here",
    "conversation.admin.unsnoozed": "unsnoozed, which changes nothing here",
    "conversation.priority.updated": "another priority, which changes nothing here",
    "conversation.rating.added": "a rating, which changes nothing here",
    "conversation.contact.attached": "another person in the conversation, which changes nothing here",
}


class Intercom:
    """See `platforms.Platform`."""

    name = "intercom"
    title = "Intercom"
    secret_name = "intercom_client_secret"
    kept_headers = (SIGNATURE,)

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
        """HMAC-SHA1 over the raw body by the app's client secret, as `sha1=` and hex. No time is signed."""
        if not is_vouched(raw, headers.get(SIGNATURE, ""), secret, "sha1"):
            raise Unauthenticated(
                "X-Hub-Signature is not a signature (sha1=...) of this body by the Intercom app whose client secret was"
                " set.",
                code="SIGNATURE_INVALID",
            )

    def dedup_key(self, headers: Mapping[str, str], body: dict[str, Any]) -> str:
        """The notification's id, the same in every try. A ping has none, so it is what it holds beside its tries."""
        if id := line_in(body, "id"):
            return digest_of("notification", id)
        return digest_of("unnamed", body.get("topic"), body.get("created_at"), body.get("data"))

    def conversation_of(self, body: dict[str, Any]) -> str:
        """Where only something about a conversation is told (that it was deleted, say), it is not called `id`."""
        if not line_in(body, "topic").startswith("conversation."):
            return ""
        item = object_in(body, "data", "item")
        return key_in(item, "conversation_id") or key_in(item, "id")

    def read(self, body: dict[str, Any]) -> list[Fact]:
        topic = line_in(body, "topic")
        if topic not in _OURS:
            return [Ignored(_why_not(topic))]
        if not (conversation_id := self.conversation_of(body)):
            return [Ignored("names no conversation")]
        item = object_in(body, "data", "item")
        parts = objects_in(object_in(item, "conversation_parts"), "conversation_parts")
        facts = [said(part, item, conversation_id) for part in parts]
        if topic in _BEGINS:
            first = object_in(item, "source") or object_in(item, "conversation_message")
            facts.insert(
                0, said({"part_type": "comment", "created_at": item.get("created_at")} | first, item, conversation_id)
            )
        last = parts[-1] if parts else {}
        at = moment_in(last, "created_at") or moment_in(body, "created_at") or moment_in(item, "updated_at")
        if topic in _ASSIGNS:
            facts.append(_assignment(last, item, conversation_id, at))
        elif topic in _CLOSES:
            facts.append(Resolved(conversation_id, at))
        elif topic in _OPENS:
            facts.append(Reopened(conversation_id, at))
        return facts or [Ignored("a reply without content")]


def _why_not(topic: str) -> str:
    if topic.startswith("ticket."):
        return "a ticket, not a conversation"
    return _NOT_OURS.get(topic) or (f"unknown topic {topic[:64]!r}" if topic else "no topic")


def _assignment(part: dict[str, Any], item: dict[str, Any], conversation_id: str, at: datetime | None) -> Fact:
    """To whom: as the part says, else `assignee` (1.x), else `admin_assignee_id` (2.x), where 0 and null mean nobody."""
    to = object_in(part, "assigned_to") or object_in(item, "assignee")
    kind = line_in(to, "type")
    if not to:
        to = {"id": item.get("admin_assignee_id")}
        is_to_team = _id_in(to, "id") == "" and _id_in(item, "team_assignee_id") != ""
    else:
        is_to_team = kind == "team"
    if is_to_team:
        return Ignored("assigned to a team, not to a person")
    agent_id = "" if kind == "nobody_admin" else _id_in(to, "id")
    return Assigned(conversation_id, agent_id or None, at, line_in(to, "name")[:200], line_in(to, "email")[:200])


def _id_in(value: dict[str, Any], name: str) -> str:
    found = key_in(value, name)
    return "" if found == "0" else found
