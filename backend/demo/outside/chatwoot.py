"""Chatwoot's webhooks as it sends them, signed. For the demo and the tests."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from backend.core.clock import Clock
from backend.core.ids import new_id
from backend.demo.outside.freshchat import Webhook


class ChatwootDouble:
    """One webhook of a Chatwoot account, which signs the time of its `clock`. Conversations and people are numbers."""

    def __init__(self, clock: Clock, secret: str = "") -> None:
        self.clock, self.secret = clock, secret or f"{new_id()}{new_id()}"

    def signed(self, body: bytes, *, delivery: str | None = None, timestamp: str | None = None) -> Webhook:
        """Any body with the headers that vouch for it; the timestamp is the clock's in seconds when none is given."""
        timestamp = timestamp or str(int(self.clock.now().timestamp()))
        signature = hmac.new(self.secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return body, {
            "Content-Type": "application/json",
            "X-Chatwoot-Signature": f"sha256={signature}",
            "X-Chatwoot-Timestamp": timestamp,
            "X-Chatwoot-Delivery": delivery or new_id(),
        }

    def event(self, event: str, body: dict[str, Any]) -> Webhook:
        """Any event as it is written."""
        written = json.dumps(body | {"event": event}, ensure_ascii=False)
        for character in "<>&":  # as Rails does: who serialises again gets other bytes
            written = written.replace(character, f"\\u{ord(character):04x}")
        return self.signed(written.encode())

    def message(
        self,
        conversation_id: int,
        text: str | None,
        *,
        at: datetime,
        contact_id: int = 7,
        message_id: int = 1,
        agent_id: int | None = None,
        event: str = "message_created",
        name: str = "",
        identifier: str | None = None,
        **changes: Any,
    ) -> Webhook:
        """A message by a contact, or with `agent_id` by that agent to them; `identifier` is what the app calls them."""
        contact = {"id": contact_id, "name": name, "email": None, "identifier": identifier}
        agent = {"id": agent_id, "name": name, "email": f"agent{agent_id}@example.com", "type": "user"}
        body = {
            "id": message_id,
            "content": text,
            "created_at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message_type": "incoming" if agent_id is None else "outgoing",
            "content_type": "text",
            "content_attributes": {},
            "private": False,
            "sender": contact if agent_id is None else agent,
            "conversation": self.conversation(conversation_id, at=at, contact_id=contact_id),
            "account": {"id": 1, "name": "Acme"},
        }
        return self.event(event, body | changes)

    def conversation(self, conversation_id: int, *, at: datetime, contact_id: int = 7, **more: Any) -> dict[str, Any]:
        """A conversation as webhooks show it: times in epoch seconds, the id that agents see."""
        return {
            "id": conversation_id,
            "inbox_id": 3,
            "messages": [],
            "meta": {"sender": {"id": contact_id, "name": "", "type": "contact"}, "assignee": None},
            "status": "open",
            "created_at": int(at.timestamp()),
            "timestamp": int(at.timestamp()),
            "updated_at": at.timestamp(),
            **more,
        }

    def status_changed(self, conversation_id: int, before: str, after: str, *, at: datetime) -> Webhook:
        """Its status went from one to another (open, pending, snoozed or resolved)."""
        changed = [{"updated_at": _when(at)}, {"status": {"previous_value": before, "current_value": after}}]
        body = self.conversation(conversation_id, at=at, status=after, changed_attributes=changed)
        return self.event("conversation_status_changed", body)

    def assigned(self, conversation_id: int, agent_id: int | None, *, at: datetime, **agent: Any) -> Webhook:
        """Given to an agent (`agent` adds name and e-mail address); None: taken from theirs."""
        changed = [{"assignee_id": {"previous_value": None, "current_value": agent_id}}, {"updated_at": _when(at)}]
        body = self.conversation(conversation_id, at=at, changed_attributes=changed)
        body["meta"]["assignee"] = {"id": agent_id, "type": "user", **agent} if agent_id is not None else None
        return self.event("conversation_updated", body)


def _when(at: datetime) -> dict[str, str]:
    return {"previous_value": "2026-01-01T00:00:00.000Z", "current_value": at.isoformat()}
