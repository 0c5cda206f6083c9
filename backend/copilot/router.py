"""/api/copilot and /api/knowledge."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from backend.copilot import conversations, knowledge, running
from backend.copilot.chatting import Chat
from backend.copilot.mcp_server import McpResponse
from backend.copilot.provider import Provider
from backend.copilot.schemas import (
    Carried,
    ChatAsked,
    CitationRead,
    ConversationBrief,
    ConversationName,
    ConversationRead,
    DocumentAdd,
    DocumentRead,
    DocumentShown,
    HitList,
    ToolAnswer,
    ToolAsked,
    ToolList,
    ToolRead,
)
from backend.copilot.tools import TOOLS
from backend.core.errors import Failure
from backend.core.wire import Page
from backend.runtime import Runtime
from backend.unit import RequestUnits, Router, RuntimeOf, Unit

router = Router(prefix="/api", tags=["copilot"])
mcp_router = Router(tags=["copilot"])
NDJSON = "application/x-ndjson"


@router.post("/copilot/chat", response_class=StreamingResponse)
async def chat(body: ChatAsked, unit: Unit, runtime: RuntimeOf) -> StreamingResponse:
    """Ask. The answer streams as NDJSON, a part a line, each with a `type`: start, tool, text, citation, proposal, error,
    and done with the message that was kept. 429 when one asks faster than anybody reads."""
    runtime.copilot_limit.hit(unit.caller.actor.id or "")
    begun = await Chat.begin(unit.unkept, Provider.of(runtime.settings), body)
    return StreamingResponse(_lines(begun), media_type=NDJSON, headers={"Cache-Control": "no-store"})


async def _lines(chat: Chat) -> AsyncIterator[bytes]:
    async for part in chat.parts():
        yield orjson.dumps(part) + b"\n"


@router.get("/copilot/conversations")
async def list_conversations(
    unit: Unit,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ConversationBrief]:
    """One's own conversations, the one that was last gone on with first."""
    return await unit.read(conversations.list_own, cursor=cursor, limit=limit)


@router.get("/copilot/conversations/{conversation_id}")
async def show_conversation(conversation_id: str, unit: Unit) -> ConversationRead:
    """One of one's own conversations, with its messages."""
    return await unit.read(conversations.show, conversation_id)


@router.patch("/copilot/conversations/{conversation_id}")
async def rename_conversation(conversation_id: str, body: ConversationName, unit: Unit) -> ConversationBrief:
    """Give one of one's own conversations another name."""
    return await unit.write(conversations.rename, conversation_id, body.title)


@router.delete("/copilot/conversations/{conversation_id}", status_code=204)
async def forget_conversation(conversation_id: str, unit: Unit) -> None:
    """Erase one of one's own conversations."""
    await unit.write(conversations.forget, conversation_id)


@router.post("/copilot/conversations/{conversation_id}/proposals/{proposal_id}")
async def carry_out(conversation_id: str, proposal_id: str, unit: Unit) -> Carried:
    """Do what was proposed, once, as the member who asked. 409 when it is done already."""
    return await unit.write(conversations.carry_out, conversation_id, proposal_id)


@router.get("/copilot/tools")
async def list_tools(unit: Unit, runtime: RuntimeOf) -> ToolList:
    """The tools that the caller may use, with the schemas of their arguments."""
    provider = Provider.of(runtime.settings)
    return ToolList(items=_tools_of(unit), model=provider.model if provider else None)


@router.post("/copilot/tools/{name}")
async def call_tool(name: str, body: ToolAsked, unit: Unit, runtime: RuntimeOf) -> ToolAnswer:
    """Call a tool. One that changes something answers with a proposal, and changes nothing."""
    return await _called(unit, runtime, name, body.arguments)


async def _called(unit: RequestUnits, runtime: Runtime, name: str, arguments: dict[str, Any]) -> ToolAnswer:
    told = await running.run(unit, Provider.of(runtime.settings), name, arguments)
    return ToolAnswer(
        data=dict(told.data),
        text=told.text,
        citations=[CitationRead.model_validate(one) for one in conversations.numbered(told.citations)],
        proposals=conversations.proposed(told.proposals),
    )


def _tools_of(unit: RequestUnits) -> list[ToolRead]:
    return [
        ToolRead(name=tool.name, description=tool.description, schema=tool.schema, changes=tool.changes)
        for tool in TOOLS.allowed(unit.caller.actor.role)
    ]


@mcp_router.post("/mcp", response_class=Response)
async def speak_mcp(unit: Unit, runtime: RuntimeOf) -> McpResponse:
    """The Model Context Protocol by streamable HTTP: the same tools, as the member whose token it is."""

    async def listed() -> list[ToolRead]:
        return _tools_of(unit)

    async def called(name: str, arguments: dict[str, Any]) -> ToolAnswer:
        return await _called(unit, runtime, name, arguments)

    return McpResponse(listed, called, Failure)


@router.post("/knowledge", status_code=201)
async def add_document(body: DocumentAdd, unit: Unit) -> DocumentRead:
    """Add a document, in Markdown, HTML or plain text. One of the same title is replaced."""
    return await unit.write(knowledge.add, body)


@router.get("/knowledge")
async def list_documents(unit: Unit) -> Page[DocumentRead]:
    """Every document, by title."""
    return await unit.read(knowledge.list_all)


@router.get("/knowledge/search")
async def search_knowledge(
    unit: Unit,
    runtime: RuntimeOf,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> HitList:
    """The pieces of documents that say most about `q`: by words, and by meaning where a model gives embeddings."""
    provider = Provider.of(runtime.settings)
    vector = await provider.embed_one(q) if provider else None
    return await unit.read(knowledge.search, q, limit=limit, vector=vector)


@router.get("/knowledge/{document_id}")
async def show_document(document_id: str, unit: Unit) -> DocumentShown:
    """A document with its pieces."""
    return await unit.read(knowledge.show, document_id)


@router.delete("/knowledge/{document_id}", status_code=204)
async def remove_document(document_id: str, unit: Unit) -> None:
    """Forget a document."""
    await unit.write(knowledge.remove, document_id)


router.take_in(mcp_router)
