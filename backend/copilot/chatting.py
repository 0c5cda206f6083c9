"""Answering a question: with a model that may call tools a bounded number of times, or by the planner. A stream of parts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from backend.copilot import conversations, planner
from backend.copilot.beside import Beside
from backend.copilot.prompting import messages_of, offered
from backend.copilot.provider import Provider, ProviderTrouble, Turn
from backend.copilot.running import attempt, wrapped
from backend.copilot.schemas import CallRead, ChatAsked, ProposalRead
from backend.copilot.tool import TOOLS, Citation, Told
from backend.unit import Units

MOST_ROUNDS = 6
"""Turns of the model in which it may call tools."""
MOST_CALLS = 12
"""Calls for one question."""
WITHOUT = "*Answered without a model.*\n\n"
Part = dict[str, Any]


@dataclass
class Answer:
    """What has been said so far."""

    conversation_id: str
    text: str = ""
    by: str | None = None
    calls: list[CallRead] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    proposals: list[ProposalRead] = field(default_factory=list)
    customer_ids: set[str] = field(default_factory=set)
    trouble: str = ""
    is_whole: bool = False

    def say(self, text: str) -> Part:
        self.text += text
        return {"type": "text", "text": text}


@dataclass(frozen=True)
class Chat:
    """A question that was kept, and what it needs to be answered."""

    units: Units
    provider: Provider | None
    text: str
    conversation_id: str
    beside: Beside
    before: list[dict[str, str]]

    @classmethod
    async def begin(cls, units: Units, provider: Provider | None, body: ChatAsked) -> "Chat":
        """Keep the question. NotFound when the conversation, or what it is asked beside, is none of the caller's."""
        id, beside, before = await units.write(conversations.begin, body)
        return cls(units, provider, body.message, id, beside, before)

    async def parts(self) -> AsyncIterator[Part]:
        """start, then tool, text, citation and proposal as they come; error, if it broke off; and done with what was kept."""
        answer = Answer(self.conversation_id)
        model = self.provider.model if self.provider else None
        yield {"type": "start", "conversationId": self.conversation_id, "model": model}
        try:
            async for part in self._said(answer):
                yield part
            answer.is_whole = not answer.trouble
        finally:  # also when nobody listens any more: what was said is kept
            keeping = asyncio.create_task(self.units.write(_keep, answer))
            kept = await asyncio.shield(keeping)
        yield {"type": "done", "message": kept}

    async def _said(self, answer: Answer) -> AsyncIterator[Part]:
        if self.provider is None:
            async for part in self._planned(answer, WITHOUT):
                yield part
            return
        answer.by = self.provider.model
        try:
            async for part in self._modelled(answer, self.provider):
                yield part
        except ProviderTrouble as trouble:
            if answer.text or answer.proposals:
                answer.trouble = str(trouble)
                yield {"type": "error", "code": "MODEL_BROKE_OFF", "message": f"{trouble} Ask again for the rest."}
                return
            answer.by = None
            async for part in self._planned(answer, f"*{trouble} Answered without it.*\n\n"):
                yield part

    async def _planned(self, answer: Answer, note: str) -> AsyncIterator[Part]:
        plan = await planner.plan(self.units, self.text, self.beside)
        yield answer.say(note)
        if not plan.tool:
            yield answer.say(plan.words)
            return
        told, parts = await self._called(answer, plan.tool, plan.arguments)
        for part in parts:
            yield part
        yield answer.say(told.text)

    async def _modelled(self, answer: Answer, provider: Provider) -> AsyncIterator[Part]:
        role = self.units.actor.role or "agent"
        messages = messages_of(self.text, self.before, role=role, beside=self.beside)
        tools = offered(TOOLS.allowed(role))
        for round in range(MOST_ROUNDS + 1):
            turn = Turn()
            async for piece in provider.stream(messages, tools if round < MOST_ROUNDS else [], turn):
                yield answer.say(piece)
            if not turn.calls:
                if not answer.text.strip():
                    yield answer.say("The model had nothing to say.")
                return
            if round == MOST_ROUNDS:
                break
            messages.append(_asked(turn))
            for call in turn.calls:
                if len(answer.calls) >= MOST_CALLS:
                    content = "No more tools can be called for this question. Answer with what there is."
                else:
                    told, parts = await self._called(answer, call.name, call.parsed())
                    for part in parts:
                        yield part
                    content = wrapped(call.name if call.name in TOOLS.tools else "unknown", told)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
            if answer.text and not answer.text.endswith("\n"):
                yield answer.say("\n\n")
        yield answer.say("I looked at as much as I may for one question. Ask for a part of it.")

    async def _called(self, answer: Answer, name: str, arguments: Any) -> tuple[Told, list[Part]]:
        """A tool's answer, and what to tell of it. That it was called is kept, and of whom it spoke."""
        told, ok = await attempt(self.units, self.provider, name, arguments)
        given = arguments if isinstance(arguments, dict) else {}
        call = CallRead(tool=name[:60], arguments=given, ok=ok, words="" if ok else told.text)
        answer.calls.append(call)
        answer.customer_ids |= told.customer_ids
        proposals = conversations.proposed(told.proposals)
        answer.proposals += proposals
        parts: list[Part] = [{"type": "tool", **_plain(call)}]
        known = len(answer.citations)
        answer.citations += told.citations
        parts += [{"type": "citation", **one} for one in conversations.numbered(answer.citations)[known:]]
        parts += [{"type": "proposal", **_plain(one)} for one in proposals]
        return told, parts


def _keep(work: Any, answer: Answer) -> dict[str, Any]:
    conversations.mention(work, answer.conversation_id, answer.customer_ids)
    kept = conversations.answer(
        work,
        answer.conversation_id,
        answer.text,
        by=answer.by,
        calls=answer.calls,
        citations=answer.citations,
        proposals=answer.proposals,
        is_whole=answer.is_whole,
    )
    return _plain(kept)


def _asked(turn: Turn) -> dict[str, Any]:
    """The model's own turn, as it is told back to it."""
    calls = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
        for one in turn.calls
    ]
    return {"role": "assistant", "content": turn.text or None, "tool_calls": calls}


def _plain(one: Any) -> dict[str, Any]:
    return one.model_dump(mode="json", by_alias=True)  # type: ignore[no-any-return]
