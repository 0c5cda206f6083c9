"""Freshchat's REST API, version 2. It has no list of conversations: a sweep reads back those that we know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from backend.core.outside import Rest
from backend.integrations.facts import Fact
from backend.integrations.freshchat import said_in
from backend.integrations.freshchat_parts import worded
from backend.integrations.json_reading import instant_in, key_in, line_in, objects_in
from backend.integrations.spoken import Changed, Said, Standing

_PAGE = 50
_PAGES_AT_MOST = 20
_KNOWN_AT_ONCE = 50
_NOTES = ("private", "note")


class FreshchatAccount:
    """See `accounts.Account`."""

    def __init__(self, rest: Rest, agent_id: str) -> None:
        self._rest, self._agent_id = rest, agent_id

    async def say(self, conversation_id: str, text: str, *, customer: str, is_note: bool) -> Said | None:
        """202 means that it is queued, and has no id yet."""
        body = {
            "message_parts": [{"text": {"content": text}}],
            "message_type": "private" if is_note else "normal",
            "actor_type": "agent",
            "actor_id": self._agent_id,
        }
        answer = await self._rest.call("POST", f"{_path(conversation_id)}/messages", body | {"user_id": customer})
        if answer.status == 202 or not key_in(answer.body, "id"):
            return None
        at = instant_in(answer.body, "created_time") or answer.at
        return Said(key_in(answer.body, "id"), text, at, self._agent_id, is_note)

    async def said(self, conversation_id: str) -> Sequence[Said]:
        messages = await self._messages(conversation_id, pages=2)
        return [
            Said(
                key_in(message, "id"),
                worded(message),
                instant_in(message, "created_time"),
                key_in(message, "actor_id"),
                line_in(message, "message_type").lower() in _NOTES,
            )
            for message in messages
            if line_in(message, "actor_type").lower() == "agent"
        ]

    async def standing(self, conversation_id: str) -> Standing:
        answer = await self._rest.get(_path(conversation_id))
        return Standing(
            conversation_id,
            line_in(answer.body, "status").lower() == "resolved",
            key_in(answer.body, "assigned_agent_id") or None,
            key_in(answer.body, "assigned_group_id") or None,
            instant_in(answer.body, "updated_time") or answer.at,
        )

    async def resolve(self, conversation_id: str) -> None:
        await self._rest.call("PUT", _path(conversation_id), {"status": "resolved"})

    async def reopen(self, conversation_id: str) -> None:
        await self._rest.call("PUT", _path(conversation_id), {"status": "reopened"})

    async def assign(self, conversation_id: str, agent_id: str | None, group_id: str | None) -> None:
        """A space takes it from its agent: Freshchat refuses the empty text."""
        body = {"assigned_agent_id": agent_id or " "}
        if group_id:
            body["assigned_group_id"] = group_id
        if agent_id:
            body["status"] = "assigned"
        await self._rest.call("PUT", _path(conversation_id), body)

    async def set_properties(self, conversation_id: str, properties: dict[str, Any]) -> None:
        named = {f"cf_{name}": value for name, value in properties.items()}
        await self._rest.call("PUT", _path(conversation_id), {"properties": named})

    async def agents(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for page in range(1, _PAGES_AT_MOST + 1):
            answer = await self._rest.get("/agents", page=page, items_per_page=_PAGE)
            agents = objects_in(answer.body, "agents")
            found |= {line_in(agent, "email").lower(): key_in(agent, "id") for agent in agents}
            if len(agents) < _PAGE:
                break
        return found

    async def changed(self, since: datetime, known: Sequence[str], cursor: str | None) -> Changed:
        place = int(cursor) if cursor and cursor.isdecimal() else 0
        following = place + _KNOWN_AT_ONCE
        return Changed(known[place:following], str(following) if following < len(known) else None)

    async def facts(self, conversation_id: str) -> Sequence[Fact]:
        messages = await self._messages(conversation_id, pages=_PAGES_AT_MOST)
        return [said_in(message, conversation_id, {}) for message in messages]

    async def _messages(self, conversation_id: str, *, pages: int) -> list[dict[str, Any]]:
        """The newest messages, whichever way round they come."""
        found: list[dict[str, Any]] = []
        for page in range(1, pages + 1):
            path = f"{_path(conversation_id)}/messages"
            messages = objects_in((await self._rest.get(path, page=page, items_per_page=_PAGE)).body, "messages")
            found += messages
            if len(messages) < _PAGE:
                break
        return found


def _path(conversation_id: str) -> str:
    return f"/conversations/{quote(conversation_id, safe='')}"
