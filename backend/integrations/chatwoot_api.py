"""Chatwoot's application API, version 1. Ids are small numbers; the account's is in every address.

A message is not given a `source_id` of ours, though one would be kept: Chatwoot takes a message that has one for a
message that came from the channel, and does not deliver it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from backend.core.outside import Rest
from backend.integrations.chatwoot_messages import said
from backend.integrations.facts import Fact
from backend.integrations.json_reading import key_in, line_in, moment_in, object_in, objects_in
from backend.integrations.plain_text import plain
from backend.integrations.spoken import Changed, Said, Standing

_PAGES_AT_MOST = 20
_OUTGOING = ("1", "outgoing")
_PRIORITIES = {1: "urgent", 2: "high", 3: "medium", 4: "low"}


class ChatwootAccount:
    """See `accounts.Account`. Who writes is whose token it is."""

    def __init__(self, rest: Rest, account_id: str) -> None:
        self._rest, self._base = rest, f"/api/v1/accounts/{quote(account_id, safe='')}"

    async def say(self, conversation_id: str, text: str, *, customer: str, is_note: bool) -> Said | None:
        body = {"content": text, "message_type": "outgoing", "private": is_note}
        answer = await self._rest.call("POST", f"{self._path(conversation_id)}/messages", body)
        return _said(answer.body) if key_in(answer.body, "id") else None

    async def said(self, conversation_id: str) -> Sequence[Said]:
        messages = await self._messages(conversation_id, pages=3)
        return [_said(message) for message in messages if line_in(message, "message_type") in _OUTGOING]

    async def standing(self, conversation_id: str) -> Standing:
        body = (await self._rest.get(self._path(conversation_id))).body
        agent = object_in(body, "meta", "assignee")
        return Standing(
            conversation_id,
            line_in(body, "status") == "resolved",
            key_in(agent, "id") or None,
            key_in(object_in(body, "meta", "team"), "id") or None,
            moment_in(body, "updated_at") or moment_in(body, "last_activity_at"),
            line_in(agent, "name")[:200],
            line_in(agent, "email")[:200],
        )

    async def resolve(self, conversation_id: str) -> None:
        await self._rest.call("POST", f"{self._path(conversation_id)}/toggle_status", {"status": "resolved"})

    async def reopen(self, conversation_id: str) -> None:
        await self._rest.call("POST", f"{self._path(conversation_id)}/toggle_status", {"status": "open"})

    async def assign(self, conversation_id: str, agent_id: str | None, group_id: str | None) -> None:
        """One address takes an agent or a team, and a team's rules may choose an agent: the agent comes last."""
        path = f"{self._path(conversation_id)}/assignments"
        if group_id:
            await self._rest.call("POST", path, {"team_id": _number(group_id)})
        await self._rest.call("POST", path, {"assignee_id": _number(agent_id) if agent_id else None})

    async def set_properties(self, conversation_id: str, properties: dict[str, Any]) -> None:
        path = self._path(conversation_id)
        await self._rest.call("POST", f"{path}/custom_attributes", {"custom_attributes": properties})
        if priority := _PRIORITIES.get(properties.get("holdfast_priority", 0)):
            await self._rest.call("POST", f"{path}/toggle_priority", {"priority": priority})

    async def agents(self) -> dict[str, str]:
        agents = objects_in((await self._rest.get(f"{self._base}/agents")).body, "items")
        return {line_in(agent, "email").lower(): key_in(agent, "id") for agent in agents}

    async def changed(self, since: datetime, known: Sequence[str], cursor: str | None) -> Changed:
        """Its list has the latest activity first, so it is read until something older comes."""
        page = int(cursor) if cursor and cursor.isdecimal() else 1
        query = {"status": "all", "assignee_type": "all", "sort_by": "last_activity_at_desc", "page": page}
        answer = await self._rest.get(f"{self._base}/conversations", **query)
        found = objects_in(object_in(answer.body, "data"), "payload")
        recent = [one for one in found if _at(one) is None or (_at(one) or since) >= since]
        has_more = bool(found) and len(recent) == len(found)
        return Changed([key_in(one, "id") for one in recent], str(page + 1) if has_more else None)

    async def facts(self, conversation_id: str) -> Sequence[Fact]:
        conversation = (await self._rest.get(self._path(conversation_id))).body
        messages = await self._messages(conversation_id, pages=_PAGES_AT_MOST)
        return [said(message, conversation, conversation_id) for message in messages]

    async def _messages(self, conversation_id: str, *, pages: int) -> list[dict[str, Any]]:
        """The newest messages: the last page first, then those before its first message."""
        found: list[dict[str, Any]] = []
        before = None
        for _ in range(pages):
            answer = await self._rest.get(f"{self._path(conversation_id)}/messages", before=before)
            messages = objects_in(answer.body, "payload")
            found += messages
            oldest = min((int(key_in(message, "id") or 0) for message in messages), default=0)
            if not messages or oldest == before or oldest == 0:
                break
            before = oldest
        return found

    def _path(self, conversation_id: str) -> str:
        return f"{self._base}/conversations/{quote(conversation_id, safe='')}"


def _at(conversation: dict[str, Any]) -> datetime | None:
    return moment_in(conversation, "last_activity_at") or moment_in(conversation, "updated_at")


def _said(message: dict[str, Any]) -> Said:
    return Said(
        key_in(message, "id"),
        plain(message.get("content")),
        moment_in(message, "created_at"),
        key_in(object_in(message, "sender"), "id"),
        message.get("private") is True,
    )


def _number(id: str) -> int | str:
    return int(id) if id.isdecimal() else id
