"""A double of Chatwoot's application API, version 1."""

from typing import Any

from backend.core.clock import Clock
from backend.demo.outside.chatwoot import ChatwootDouble
from backend.demo.outside.freshchat import Webhook
from backend.demo.outside.talks import Line, Refusal, RestDouble, Talk


class ChatwootRest(RestDouble):
    """See `RestDouble`. Conversations, messages and people are numbers."""

    def __init__(self, clock: Clock, webhooks: ChatwootDouble, **account: Any) -> None:
        super().__init__(clock, **{"agent_id": "99", **account})
        self.webhooks = webhooks

    def said(self, talk: Talk, line: Line) -> Webhook:
        return self.webhooks.message(
            int(talk.id),
            line.text,
            at=line.at,
            contact_id=int(talk.customer),
            message_id=int(line.id),
            agent_id=int(line.agent_id) if line.agent_id else None,
            identifier=talk.external_id or None,
            private=line.is_note,
        )

    def resolved(self, talk: Talk) -> Webhook:
        return self.webhooks.status_changed(int(talk.id), "open", "resolved", at=talk.updated_at or self.clock.now())

    def reopened(self, talk: Talk) -> Webhook:
        return self.webhooks.status_changed(int(talk.id), "resolved", "open", at=talk.updated_at or self.clock.now())

    def assigned(self, talk: Talk) -> Webhook:
        agent_id = int(talk.agent_id) if talk.agent_id else None
        email = next((email for email, id in self.agents.items() if id == talk.agent_id), "")
        return self.webhooks.assigned(int(talk.id), agent_id, at=talk.updated_at or self.clock.now(), email=email)

    def is_known(self, headers: Any) -> bool:
        return bool(headers.get("api_access_token") == self.token)

    def answer(self, method: str, path: str, query: Any, body: dict[str, Any]) -> Any:
        parts = path.strip("/").split("/")
        if parts[-1] == "agents":
            return [{"id": int(id), "email": email} for email, id in self.agents.items()]
        if parts[-1] == "conversations":
            page = int(query.get("page", 1)) - 1
            newest = sorted(self.talks.values(), key=lambda talk: talk.updated_at or self.clock.now(), reverse=True)
            shown = newest[page * self.page : (page + 1) * self.page]
            return {"data": {"payload": [self._conversation(talk) for talk in shown]}}
        if parts[-2] == "conversations":
            return self._conversation(self.talk(parts[-1]))
        return self._act(parts[-2], parts[-1], method, query, body)

    def _act(self, id: str, what: str, method: str, query: Any, body: dict[str, Any]) -> Any:
        talk = self.talk(id)
        match what:
            case "messages" if method == "POST":
                return self._message(talk, self.write(id, body["content"], is_note=body["private"]))
            case "messages":
                before = int(query.get("before") or 10**12)
                lines = [line for line in talk.lines if int(line.id) < before][-self.page :]
                return {"payload": [self._message(talk, line) for line in lines]}
            case "toggle_status":
                self.set_resolved(id, body["status"] == "resolved")
                return {"payload": {"success": True, "current_status": body["status"]}}
            case "assignments" if "team_id" in body:
                talk.group_id = str(body["team_id"])
                return {"id": body["team_id"]}
            case "assignments":
                self.give(id, str(body["assignee_id"]) if body["assignee_id"] else None)
                return {"id": body["assignee_id"]}
            case "custom_attributes":
                talk.properties |= body["custom_attributes"]
                return {"custom_attributes": talk.properties}
            case "toggle_priority":
                talk.properties["priority"] = body["priority"]
                return {}
        raise Refusal(404, "no such address")

    def _conversation(self, talk: Talk) -> dict[str, Any]:
        at = talk.updated_at or self.clock.now()
        email = next((email for email, id in self.agents.items() if id == talk.agent_id), "")
        agent = {"id": int(talk.agent_id), "email": email} if talk.agent_id else None
        sender = {"id": int(talk.customer), "identifier": talk.external_id or None}
        team = {"id": int(talk.group_id)} if talk.group_id else None
        return {
            "id": int(talk.id),
            "status": "resolved" if talk.is_resolved else "open",
            "meta": {"assignee": agent, "sender": sender, "team": team},
            "last_activity_at": int(at.timestamp()),
            "updated_at": at.timestamp(),
            "custom_attributes": talk.properties,
        }

    def _message(self, talk: Talk, line: Line) -> dict[str, Any]:
        contact = {"id": int(talk.customer), "identifier": talk.external_id or None}
        agent = {"id": int(line.agent_id or 0), "type": "user"}
        return {
            "id": int(line.id),
            "content": line.text,
            "message_type": 1 if line.agent_id else 0,
            "private": line.is_note,
            "created_at": int(line.at.timestamp()),
            "sender": agent if line.agent_id else contact,
        }
