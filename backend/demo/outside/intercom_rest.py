"""A double of Intercom's REST API, version 2.14."""

import html
from typing import Any

from backend.core.clock import Clock
from backend.demo.outside.freshchat import Webhook
from backend.demo.outside.intercom import IntercomDouble
from backend.demo.outside.talks import Line, Refusal, RestDouble, Talk


class IntercomRest(RestDouble):
    """See `RestDouble`."""

    page = 50

    def __init__(self, clock: Clock, webhooks: IntercomDouble, **account: Any) -> None:
        super().__init__(clock, **{"agent_id": "9900", **account})
        self.webhooks = webhooks

    def said(self, talk: Talk, line: Line) -> Webhook:
        about: dict[str, Any] = {"user_id": talk.customer, "at": line.at, "message_id": line.id}
        if line.is_note:
            about |= {"topic": "conversation.admin.noted", "part_type": "note"}
        if line.agent_id:
            return self.webhooks.replied(talk.id, line.text, admin_id=line.agent_id, **about)
        if line is talk.lines[0]:
            about |= {"name": talk.name or None, "external_id": talk.external_id or None}
            return self.webhooks.user_created(talk.id, line.text, **about)
        return self.webhooks.replied(talk.id, line.text, **about)

    def resolved(self, talk: Talk) -> Webhook:
        return self.webhooks.closed(talk.id, at=talk.updated_at or self.clock.now())

    def reopened(self, talk: Talk) -> Webhook:
        return self.webhooks.opened(talk.id, at=talk.updated_at or self.clock.now())

    def assigned(self, talk: Talk) -> Webhook:
        email = next((email for email, id in self.agents.items() if id == talk.agent_id), None)
        to: dict[str, Any] = {"email": email} if email else {}
        return self.webhooks.assigned(talk.id, admin_id=talk.agent_id, at=talk.updated_at or self.clock.now(), **to)

    def is_known(self, headers: Any) -> bool:
        return bool(headers.get("authorization") == f"Bearer {self.token}" and headers.get("intercom-version"))

    def answer(self, method: str, path: str, query: Any, body: dict[str, Any]) -> Any:
        parts = path.strip("/").split("/")
        if parts[-1] == "admins":
            return {"type": "admin.list", "admins": [{"id": id, "email": email} for email, id in self.agents.items()]}
        if parts[-1] == "search":
            return self._search(body)
        if parts[-1] == "reply":
            if body.get("type") != "admin" or body.get("admin_id") != self.agent_id:
                raise Refusal(400, "admin_id must be an admin's")
            text = html.unescape(body["body"].replace("<br>", "\n"))
            self.write(parts[-2], text, is_note=body["message_type"] == "note")
            return self._item(self.talk(parts[-2]))
        if parts[-1] == "parts":
            self._part(parts[-2], body)
            return self._item(self.talk(parts[-2]))
        talk = self.talk(parts[-1])
        if method == "PUT":
            talk.properties |= body.get("custom_attributes", {})
        return self._item(talk, is_plain=query.get("display_as") == "plaintext")

    def _part(self, id: str, body: dict[str, Any]) -> None:
        match body.get("message_type"), body.get("type"):
            case "close", _:
                self.set_resolved(id, True)
            case "open", _:
                self.set_resolved(id, False)
            case "assignment", "team":
                self.talk(id).group_id = body["assignee_id"]
            case "assignment", "admin":
                self.give(id, None if body["assignee_id"] == "0" else body["assignee_id"])
            case _:
                raise Refusal(400, "unknown part")

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        since, wanted = body["query"]["value"], body["pagination"]
        found = [talk for talk in self.talks.values() if int((talk.updated_at or self.clock.now()).timestamp()) > since]
        place = int(wanted.get("starting_after") or 0)
        following = place + self.page
        pages = {"next": {"starting_after": str(following)}} if following < len(found) else {}
        return {"conversations": [{"id": talk.id} for talk in found[place:following]], "pages": pages}

    def _item(self, talk: Talk, *, is_plain: bool = False) -> dict[str, Any]:
        first = talk.lines[0] if talk.lines else None
        contact = {"type": "contact", "id": talk.customer, "external_id": talk.external_id or None}
        item: dict[str, Any] = {
            "type": "conversation",
            "id": talk.id,
            "created_at": int(first.at.timestamp()) if first else None,
            "updated_at": (talk.updated_at or self.clock.now()).timestamp(),
            "state": "closed" if talk.is_resolved else "open",
            "open": not talk.is_resolved,
            "admin_assignee_id": int(talk.agent_id) if talk.agent_id else None,
            "team_assignee_id": talk.group_id,
            "contacts": {"contacts": [contact]},
            "custom_attributes": talk.properties,
        }
        if first:
            item["source"] = self._said(talk, first, is_plain)
        item["conversation_parts"] = {"conversation_parts": [self._said(talk, x, is_plain) for x in talk.lines[1:]]}
        return item

    def _said(self, talk: Talk, line: Line, is_plain: bool) -> dict[str, Any]:
        return {
            "id": line.id,
            "part_type": "note" if line.is_note else "comment",
            "body": line.text if is_plain else f"<p>{html.escape(line.text, quote=False)}</p>".replace("\n", "<br>"),
            "created_at": int(line.at.timestamp()),
            "author": {"type": "admin" if line.agent_id else "user", "id": line.agent_id or talk.customer},
        }
