"""The copilot, and the documents it knows."""

from collections.abc import AsyncIterator
from typing import Any

from backend.client.noun import Noun
from backend.copilot import schemas as s
from backend.core.wire import Page


class Copilot(Noun):
    def chat(self, body: s.ChatAsked) -> AsyncIterator[dict[str, Any]]:
        """The parts of the answer as they come: each has a `type`."""
        return self.transport.lines("POST", "/api/copilot/chat", body)

    async def conversations(self, **query: Any) -> Page[s.ConversationBrief]:
        """`limit, cursor`."""
        return await self.transport.call("GET", "/api/copilot/conversations", Page[s.ConversationBrief], **query)

    async def conversation(self, id: str) -> s.ConversationRead:
        path = "/api/copilot/conversations/{conversation_id}"
        return await self.transport.call("GET", path, s.ConversationRead, conversation_id=id)

    async def rename(self, id: str, title: str) -> s.ConversationBrief:
        path = "/api/copilot/conversations/{conversation_id}"
        body = s.ConversationName(title=title)
        return await self.transport.call("PATCH", path, s.ConversationBrief, body, conversation_id=id)

    async def forget(self, id: str) -> None:
        path = "/api/copilot/conversations/{conversation_id}"
        await self.transport.call("DELETE", path, conversation_id=id)

    async def carry_out(self, id: str, proposal_id: str) -> s.Carried:
        """Do what was proposed."""
        path = "/api/copilot/conversations/{conversation_id}/proposals/{proposal_id}"
        return await self.transport.call("POST", path, s.Carried, conversation_id=id, proposal_id=proposal_id)

    async def tools(self) -> s.ToolList:
        return await self.transport.call("GET", "/api/copilot/tools", s.ToolList)

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> s.ToolAnswer:
        body = s.ToolAsked(arguments=arguments)
        return await self.transport.call("POST", "/api/copilot/tools/{name}", s.ToolAnswer, body, name=name)


class Knowledge(Noun):
    async def add(self, body: s.DocumentAdd) -> s.DocumentRead:
        return await self.transport.call("POST", "/api/knowledge", s.DocumentRead, body)

    async def list(self) -> Page[s.DocumentRead]:
        return await self.transport.call("GET", "/api/knowledge", Page[s.DocumentRead])

    async def search(self, q: str, limit: int = 5) -> s.HitList:
        return await self.transport.call("GET", "/api/knowledge/search", s.HitList, q=q, limit=limit)

    async def show(self, id: str) -> s.DocumentShown:
        return await self.transport.call("GET", "/api/knowledge/{document_id}", s.DocumentShown, document_id=id)

    async def remove(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/knowledge/{document_id}", document_id=id)
