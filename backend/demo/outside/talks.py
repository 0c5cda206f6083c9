"""What the doubles of the chat platforms' REST APIs share: conversations with a state, and mishaps on demand.

A double is an ASGI app. What happens in it becomes webhooks, in `told` until somebody posts them.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from backend.core.clock import Clock
from backend.demo.outside.freshchat import Webhook

How = Literal["throttle", "refuse", "break", "cut", "delay", "accept"]


@dataclass
class Mishap:
    """Something that goes wrong with the next request whose method and path hold `on`.

    `how`: 429, 400, 500, the connection is cut in the answer's midst, a delay, or (messages) 202 and delivered later.
    `is_done` says whether what was asked is done first. `seconds` are those of the delay or of Retry-After.
    """

    how: How
    on: str = "POST"
    is_done: bool = False
    seconds: float = 0.0


@dataclass
class Line:
    """Something said."""

    id: str
    text: str
    at: datetime
    agent_id: str = ""
    """"" when the customer said it."""
    is_note: bool = False


@dataclass
class Talk:
    """A conversation."""

    id: str
    customer: str
    external_id: str = ""
    name: str = ""
    lines: list[Line] = field(default_factory=list)
    is_resolved: bool = False
    agent_id: str | None = None
    group_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    updated_at: datetime | None = None

    @property
    def answers(self) -> list[str]:
        """What the customer was told, in order."""
        return [line.text for line in self.lines if line.agent_id and not line.is_note]

    @property
    def notes(self) -> list[str]:
        return [line.text for line in self.lines if line.is_note]


class Refusal(Exception):
    """The API says no."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class RestDouble(ABC):
    """One account of one platform. `agents` are its agents' ids by e-mail address; `agent_id` is whose the token is."""

    page = 20
    """How many things a list answers at once."""

    def __init__(self, clock: Clock, *, agent_id: str, token: str = "double-token") -> None:
        self.clock, self.agent_id, self.token = clock, agent_id, token
        self.agents: dict[str, str] = {}
        self.talks: dict[str, Talk] = {}
        self.mishaps: list[Mishap] = []
        self.requests: list[str] = []
        self.told: list[Webhook] = []
        self.on_told: Callable[[], Awaitable[None]] | None = None
        self.on_answer: Callable[[Talk, Line], None] | None = None
        self.latency = 0.0
        """Seconds that every answer takes."""
        self.is_open = False
        """Whether a conversation that nobody began is made when it is asked for."""
        self._numbers = count(1_001)
        self._accepted: list[tuple[str, str]] = []

    # -- what people do

    def customer_says(
        self, conversation_id: str, text: str, *, customer: str = "7", external_id: str = "", name: str = ""
    ) -> Line:
        """The customer writes, which begins the conversation and opens a resolved one."""
        talk = self.talks.setdefault(conversation_id, Talk(conversation_id, customer, external_id, name))
        was_resolved, talk.is_resolved = talk.is_resolved, False
        line = self._add(talk, Line(self.new_id(), text, self.clock.now()))
        self.told.append(self.said(talk, line))
        if was_resolved:
            self.told.append(self.reopened(talk))
        return line

    def agent_says(self, conversation_id: str, text: str, *, agent_id: str, is_note: bool = False) -> Line:
        """An agent writes, on the platform or by its API."""
        talk = self.talk(conversation_id)
        line = self._add(talk, Line(self.new_id(), text, self.clock.now(), agent_id, is_note))
        if self.on_answer and not is_note:
            self.on_answer(talk, line)
        self.told.append(self.said(talk, line))
        return line

    def set_resolved(self, conversation_id: str, is_resolved: bool) -> None:
        """Somebody closes it, or opens it again."""
        talk = self.talk(conversation_id)
        if talk.is_resolved != is_resolved:
            talk.is_resolved, talk.updated_at = is_resolved, self.clock.now()
            self.told.append(self.resolved(talk) if is_resolved else self.reopened(talk))

    def give(self, conversation_id: str, agent_id: str | None, group_id: str | None = None) -> None:
        """Somebody assigns it."""
        talk = self.talk(conversation_id)
        talk.agent_id, talk.group_id, talk.updated_at = agent_id, group_id or talk.group_id, self.clock.now()
        self.told.append(self.assigned(talk))

    def deliver_accepted(self) -> None:
        """What was answered with 202 happens."""
        for conversation_id, text in self._accepted:
            self.agent_says(conversation_id, text, agent_id=self.agent_id)
        self._accepted.clear()

    # -- what a vendor's double adds

    @abstractmethod
    def said(self, talk: Talk, line: Line) -> Webhook: ...

    @abstractmethod
    def resolved(self, talk: Talk) -> Webhook: ...

    @abstractmethod
    def reopened(self, talk: Talk) -> Webhook: ...

    @abstractmethod
    def assigned(self, talk: Talk) -> Webhook: ...

    @abstractmethod
    def is_known(self, headers: Any) -> bool:
        """Whether the request carries the token."""

    @abstractmethod
    def answer(self, method: str, path: str, query: Any, body: dict[str, Any]) -> Any:
        """Do what is asked and answer the body. Refusal otherwise."""

    def new_id(self) -> str:
        return str(next(self._numbers))

    # -- serving

    def talk(self, id: str) -> Talk:
        """The conversation; a Refusal (404) when there is none."""
        if id not in self.talks and self.is_open:
            self.talks[id] = Talk(id, id)
        if id not in self.talks:
            raise Refusal(404, "no such conversation")
        return self.talks[id]

    def write(self, conversation_id: str, text: str, *, is_note: bool) -> Line:
        """What the API does with a message."""
        return self.agent_says(conversation_id, text, agent_id=self.agent_id, is_note=is_note)

    def _add(self, talk: Talk, line: Line) -> Line:
        talk.lines.append(line)
        talk.updated_at = line.at
        return line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        asked = f"{request.method} {request.url.path}"
        self.requests.append(asked)
        body = await request.body()
        mishap = next((one for one in self.mishaps if one.on in asked), None)
        if mishap:
            self.mishaps.remove(mishap)
        given = json.loads(body) if body else {}
        response = await self._respond(request, asked, given, mishap)
        if response is None:  # half an answer, and the line is dead
            start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]}
            await send(start)
            return
        await response(scope, receive, send)
        if self.told and self.on_told:
            await self.on_told()

    async def _respond(
        self, request: Request, asked: str, body: dict[str, Any], mishap: Mishap | None
    ) -> Response | None:
        if not self.is_known(request.headers):
            return JSONResponse({"message": "the token is not valid"}, 401)
        delay = mishap.seconds if mishap and mishap.how == "delay" else 0.0
        is_done_first = mishap is not None and mishap.is_done
        if seconds := self.latency + (0.0 if is_done_first else delay):
            await asyncio.sleep(seconds)
        if mishap and mishap.how == "accept":
            self._accepted.append((request.url.path.split("/")[-2], _words(body)))
            return JSONResponse({}, 202)
        answer: Any = {}
        if mishap is None or mishap.is_done or mishap.how == "delay":
            try:
                answer = self.answer(request.method, request.url.path, request.query_params, body)
            except Refusal as refusal:
                return JSONResponse({"message": refusal.words}, refusal.status)
        if is_done_first and delay:
            await asyncio.sleep(delay)
        match mishap.how if mishap else None:
            case "throttle":
                assert mishap is not None
                return JSONResponse({"message": "slow down"}, 429, {"Retry-After": f"{mishap.seconds:g}"})
            case "refuse":
                return JSONResponse({"message": "Fragment not supported in conversation"}, 400)
            case "break":
                return JSONResponse({"message": "we broke"}, 500)
            case "cut":
                return None
        return JSONResponse(answer)


def _words(body: dict[str, Any]) -> str:
    parts = body.get("message_parts") or []
    return str(parts[0]["text"]["content"]) if parts else str(body.get("content") or body.get("body") or "")
