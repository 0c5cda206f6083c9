"""Intercom's REST API, version 2.14. Bodies are HTML; a conversation comes whole, with its parts."""

import html
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from backend.core.outside import Rest
from backend.integrations.facts import Fact
from backend.integrations.intercom_parts import said
from backend.integrations.json_reading import key_in, line_in, moment_in, object_in, objects_in
from backend.integrations.plain_text import plain
from backend.integrations.spoken import Changed, Said, Standing, same_words

_PAGE = 50
_NOBODY = ("", "0")


class IntercomAccount:
    """See `accounts.Account`."""

    def __init__(self, rest: Rest, agent_id: str) -> None:
        self._rest, self._agent_id = rest, agent_id

    async def say(self, conversation_id: str, text: str, *, customer: str, is_note: bool) -> Said | None:
        """The answer is the conversation; ours is the newest part with these words."""
        body = {"message_type": "note" if is_note else "comment", "type": "admin", "admin_id": self._agent_id}
        body["body"] = html.escape(text, quote=False).replace("\n", "<br>")
        answer = await self._rest.call("POST", f"{_path(conversation_id)}/reply", body)
        ours = [one for one in _by_us(answer.body) if one.is_note == is_note and same_words(one.text, text)]
        return max(ours, key=lambda one: one.at.timestamp() if one.at else 0.0) if ours else None

    async def said(self, conversation_id: str) -> Sequence[Said]:
        return _by_us(await self._whole(conversation_id))

    async def standing(self, conversation_id: str) -> Standing:
        item = await self._whole(conversation_id)
        agent, team = key_in(item, "admin_assignee_id"), key_in(item, "team_assignee_id")
        is_resolved = line_in(item, "state") == "closed" or item.get("open") is False
        return Standing(
            conversation_id,
            is_resolved,
            None if agent in _NOBODY else agent,
            None if team in _NOBODY else team,
            moment_in(item, "updated_at"),
        )

    async def resolve(self, conversation_id: str) -> None:
        await self._part(conversation_id, {"message_type": "close", "type": "admin"})

    async def reopen(self, conversation_id: str) -> None:
        await self._part(conversation_id, {"message_type": "open", "type": "admin"})

    async def assign(self, conversation_id: str, agent_id: str | None, group_id: str | None) -> None:
        """Whoever is named last has it: an agent after their team, but nobody before the team."""
        to = [("admin", agent_id or "0")] if group_id is None else [("team", group_id), ("admin", agent_id or "0")]
        for kind, id in to if agent_id else reversed(to):
            await self._part(conversation_id, {"message_type": "assignment", "type": kind, "assignee_id": id})

    async def set_properties(self, conversation_id: str, properties: dict[str, Any]) -> None:
        await self._rest.call("PUT", _path(conversation_id), {"custom_attributes": properties})

    async def agents(self) -> dict[str, str]:
        admins = objects_in((await self._rest.get("/admins")).body, "admins")
        return {line_in(admin, "email").lower(): key_in(admin, "id") for admin in admins}

    async def changed(self, since: datetime, known: Sequence[str], cursor: str | None) -> Changed:
        """Its search finds by whole seconds, and `>` is strict."""
        newer = {"field": "updated_at", "operator": ">", "value": int(since.timestamp()) - 1}
        body = {"query": newer, "pagination": {"per_page": _PAGE, "starting_after": cursor}}
        answer = await self._rest.call("POST", "/conversations/search", body, is_reading=True)
        ids = [key_in(item, "id") for item in objects_in(answer.body, "conversations")]
        following = line_in(object_in(answer.body, "pages", "next"), "starting_after")
        return Changed([id for id in ids if id], following or None)

    async def facts(self, conversation_id: str) -> Sequence[Fact]:
        item = await self._whole(conversation_id)
        first = {"part_type": "comment", "created_at": item.get("created_at")} | object_in(item, "source")
        return [said(part, item, conversation_id) for part in [first, *_parts(item)]]

    async def _whole(self, conversation_id: str) -> dict[str, Any]:
        return (await self._rest.get(_path(conversation_id), display_as="plaintext")).body

    async def _part(self, conversation_id: str, body: dict[str, Any]) -> None:
        await self._rest.call("POST", f"{_path(conversation_id)}/parts", body | {"admin_id": self._agent_id})


def _path(conversation_id: str) -> str:
    return f"/conversations/{quote(conversation_id, safe='')}"


def _parts(item: dict[str, Any]) -> list[dict[str, Any]]:
    return objects_in(object_in(item, "conversation_parts"), "conversation_parts")


def _by_us(item: dict[str, Any]) -> list[Said]:
    return [
        Said(
            key_in(part, "id"),
            plain(part.get("body")),
            moment_in(part, "created_at"),
            key_in(object_in(part, "author"), "id"),
            line_in(part, "part_type") == "note",
        )
        for part in _parts(item)
        if line_in(object_in(part, "author"), "type") == "admin" and part.get("body")
    ]
