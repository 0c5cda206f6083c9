"""A double of Freshchat's REST API, version 2."""

from typing import Any

from backend.core.clock import Clock
from backend.core.ids import new_id
from backend.demo.outside.freshchat import FreshchatDouble, Webhook
from backend.demo.outside.talks import Line, Refusal, RestDouble, Talk


class FreshchatRest(RestDouble):
    """See `RestDouble`. Served under any prefix that ends before `/conversations` and `/agents`."""

    page = 50

    def __init__(self, clock: Clock, webhooks: FreshchatDouble, **account: Any) -> None:
        super().__init__(clock, **{"agent_id": "fc-agent-0", **account})
        self.webhooks = webhooks

    def new_id(self) -> str:
        return f"msg-{new_id()}"

    def said(self, talk: Talk, line: Line) -> Webhook:
        user = {"first_name": talk.name, "last_name": "", "reference_id": talk.external_id}
        return self.webhooks.message_create(
            talk.id,
            line.text,
            user_id=talk.customer,
            at=line.at,
            message_id=line.id,
            agent_id=line.agent_id or None,
            message_type="private" if line.is_note else None,
            user=user if talk.external_id else None,
        )

    def resolved(self, talk: Talk) -> Webhook:
        return self.webhooks.conversation_resolution(talk.id, agent_id=self.agent_id, at=talk.updated_at or self._now)

    def reopened(self, talk: Talk) -> Webhook:
        return self.webhooks.conversation_reopen(talk.id, user_id=talk.customer, at=talk.updated_at or self._now)

    def assigned(self, talk: Talk) -> Webhook:
        return self.webhooks.conversation_assignment(
            talk.id,
            to_agent_id=talk.agent_id or "",
            from_agent_id="" if talk.agent_id else self.agent_id,
            to_group_id=talk.group_id or "",
            at=talk.updated_at or self._now,
        )

    @property
    def _now(self) -> Any:
        return self.clock.now()

    def is_known(self, headers: Any) -> bool:
        return bool(headers.get("authorization") == f"Bearer {self.token}")

    def answer(self, method: str, path: str, query: Any, body: dict[str, Any]) -> Any:
        parts = path.strip("/").split("/")
        page = int(query.get("page", 1)) - 1
        if parts[-1] == "agents":
            agents = [{"id": id, "email": email} for email, id in self.agents.items()]
            return {"agents": agents[page * self.page : (page + 1) * self.page]}
        if parts[-1] == "messages" and method == "POST":
            if body.get("actor_id") != self.agent_id or not body.get("user_id"):
                raise Refusal(400, "actor_id and user_id must be those of an agent and of the conversation's user")
            is_note = body.get("message_type") == "private"
            text = "\n".join(part["text"]["content"] for part in body["message_parts"])
            return self._message(self.talk(parts[-2]), self.write(parts[-2], text, is_note=is_note))
        if parts[-1] == "messages":
            talk = self.talk(parts[-2])
            newest_first = talk.lines[::-1][page * self.page : (page + 1) * self.page]
            return {"messages": [self._message(talk, line) for line in newest_first]}
        talk = self.talk(parts[-1])
        if method == "PUT":
            self._put(talk, body)
        return {
            "conversation_id": talk.id,
            "status": "resolved" if talk.is_resolved else "assigned" if talk.agent_id else "new",
            "assigned_agent_id": talk.agent_id or "",
            "assigned_group_id": talk.group_id or "",
            "properties": talk.properties,
            "updated_time": (talk.updated_at or self._now).isoformat(),
        }

    def _put(self, talk: Talk, body: dict[str, Any]) -> None:
        talk.properties |= body.get("properties", {})
        if "assigned_agent_id" in body:
            self.give(talk.id, body["assigned_agent_id"].strip() or None, body.get("assigned_group_id"))
        if body.get("status") in ("resolved", "reopened"):
            self.set_resolved(talk.id, body["status"] == "resolved")

    def _message(self, talk: Talk, line: Line) -> dict[str, Any]:
        return {
            "id": line.id,
            "conversation_id": talk.id,
            "message_parts": [{"text": {"content": line.text}}],
            "message_type": "private" if line.is_note else "normal",
            "actor_type": "agent" if line.agent_id else "user",
            "actor_id": line.agent_id or talk.customer,
            "user_id": talk.customer,
            "created_time": line.at.isoformat(),
        }
