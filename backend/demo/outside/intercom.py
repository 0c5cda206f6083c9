"""Intercom's webhooks as it sends them: bodies in each of its dialects, signed. For the demo and the tests."""

import hashlib
import hmac
import html
import json
from datetime import datetime
from typing import Any, Literal

from backend.core.ids import new_id
from backend.demo.outside.freshchat import Webhook

Dialect = Literal["1.4", "2.14", "2.15"]
"""The version that the app was set to: 1.x, 2.x, and 2.x whose parts are plain text."""


class IntercomDouble:
    """One Intercom app. Instants are aware; ids are Intercom's."""

    def __init__(self, client_secret: str = "", dialect: Dialect = "2.14") -> None:
        self.client_secret = client_secret or f"{new_id()}{new_id()}"
        self.dialect: Dialect = dialect

    def signed(self, body: bytes) -> Webhook:
        """Any body with the headers that vouch for it."""
        signature = hmac.new(self.client_secret.encode(), body, hashlib.sha1).hexdigest()
        return body, {"Content-Type": "application/json", "X-Hub-Signature": f"sha1={signature}"}

    def ping(self, *, at: datetime) -> Webhook:
        """What it sends after the address was saved: the only notification without an id."""
        return self.notification("ping", {"type": "ping", "message": "something something interzen"}, at=at, id=None)

    def user_created(
        self,
        conversation_id: str,
        text: str,
        *,
        user_id: str,
        at: datetime,
        message_id: str | None = None,
        name: str | None = None,
        external_id: str | None = None,
    ) -> Webhook:
        """The customer began a conversation. `external_id` is what the app calls them."""
        author = {"type": "user", "id": user_id, "name": name, "email": ""}
        message = {"id": message_id or new_id(), "body": self.html(text), "author": author, "attachments": []}
        item = self.conversation(conversation_id, user_id=user_id, external_id=external_id, at=at)
        if self.dialect == "1.4":
            del author["name"], author["email"]
            item["user"]["name"] = name
            item["conversation_message"] = {"type": "conversation_message", "subject": "", **message}
        else:
            item["source"] = {"type": "conversation", "delivered_as": "customer_initiated", "subject": "", **message}
        return self.notification("conversation.user.created", item, at=at)

    def replied(
        self,
        conversation_id: str,
        text: str,
        *,
        user_id: str,
        at: datetime,
        message_id: str | None = None,
        admin_id: str | None = None,
        topic: str = "",
        **part: Any,
    ) -> Webhook:
        """A reply by the customer `user_id`, or with `admin_id` by that colleague to them; `part` changes its part."""
        author = {"type": "admin", "id": admin_id} if admin_id else {"type": "user", "id": user_id}
        body = text if self.dialect == "2.15" else self.html(text)
        topic = topic or f"conversation.{author['type']}.replied"
        values = {"id": message_id or new_id(), "part_type": "comment", "body": body, "author": author} | part
        return self._with_part(topic, conversation_id, values, at=at, user_id=user_id)

    def assigned(self, conversation_id: str, *, admin_id: str | None, at: datetime, **to: str) -> Webhook:
        """Given to a colleague; None: taken from them. `to` adds to who it is (name, email)."""
        someone = {"type": "admin", "id": admin_id, **to} if admin_id else {"type": "nobody_admin", "id": None}
        part = {"part_type": "assignment", "body": None, "assigned_to": someone}
        item = {"assignee": someone} if self.dialect == "1.4" else {"admin_assignee_id": admin_id}
        return self._with_part("conversation.admin.assigned", conversation_id, part, at=at, **item)

    def closed(self, conversation_id: str, *, at: datetime, body: str | None = None) -> Webhook:
        """Closed by a colleague, who may have said something with it."""
        return self._with_part(
            "conversation.admin.closed", conversation_id, {"part_type": "close", "body": body}, at=at
        )

    def opened(self, conversation_id: str, *, at: datetime) -> Webhook:
        """Opened again by a colleague."""
        return self._with_part("conversation.admin.opened", conversation_id, {"part_type": "open", "body": None}, at=at)

    def deleted(self, conversation_id: str, *, at: datetime) -> Webhook:
        """Deleted: nothing but the id is told, and not as `id`."""
        item = {"type": "conversation", "conversation_id": conversation_id}
        return self.notification("conversation.deleted", item, at=at)

    def html(self, text: str) -> str:
        """A text as a customer's words come in HTML."""
        return f'<p class="no-margin">{html.escape(text, quote=False)}</p>'

    def conversation(
        self, conversation_id: str, *, at: datetime, user_id: str = "u1", external_id: str | None = None
    ) -> dict[str, Any]:
        """The item of a notification: a conversation with nothing new in it."""
        seconds = int(at.timestamp())
        item: dict[str, Any] = {"type": "conversation", "id": conversation_id, "created_at": seconds}
        item |= {"updated_at": seconds, "open": True, "read": False, "conversation_parts": {"conversation_parts": []}}
        if self.dialect == "1.4":
            item["user"] = {"type": "user", "id": user_id, "user_id": external_id, "name": None, "email": ""}
            item["assignee"] = {"type": "nobody_admin", "id": None}
            return item
        contact = {"type": "contact", "id": user_id, "external_id": external_id}
        item["contacts"] = {"type": "contact.list", "contacts": [contact]}
        item |= {"admin_assignee_id": None, "team_assignee_id": None, "state": "open", "waiting_since": seconds}
        item["statistics"] = {"type": "conversation_statistics", "last_admin_reply_at": at.isoformat()}
        return item

    def notification(self, topic: str, item: dict[str, Any], *, at: datetime, id: str | None = "") -> Webhook:
        """A webhook about `item`; its id is made when none is given, and null for None."""
        body = {
            "type": "notification_event",
            "app_id": "a1b2c3d4",
            "data": {"type": "notification_event_data", "item": item},
            "id": f"notif_{new_id()}" if id == "" else id,
            "topic": topic,
            "delivery_attempts": 1,
            "first_sent_at": int(at.timestamp()),
            "created_at": int(at.timestamp()),
        }
        written = json.dumps(body, ensure_ascii=False)
        for character in "<>&":  # as its JSON library does: who serialises again gets other bytes
            written = written.replace(character, f"\\u{ord(character):04x}")
        return self.signed(written.encode())

    def _with_part(
        self, topic: str, conversation_id: str, part: dict[str, Any], *, at: datetime, user_id: str = "u1", **item: Any
    ) -> Webhook:
        values = {"type": "conversation_part", "id": new_id(), "created_at": int(at.timestamp()), "attachments": []}
        values |= {"author": {"type": "admin", "id": "99"}, "assigned_to": None, **part}
        conversation = self.conversation(conversation_id, at=at, user_id=user_id) | item
        conversation["conversation_parts"] = {"type": "conversation_part.list", "conversation_parts": [values]}
        return self.notification(topic, conversation, at=at)
