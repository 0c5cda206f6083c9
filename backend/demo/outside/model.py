"""A double of a model behind OpenAI's chat completions: it says what a script says, piece by piece, and has mishaps."""

import asyncio
import hashlib
import json
import math
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

WIDE = 64
"""Numbers in an embedding."""
_MEANINGS = (
    {"money", "refund", "pay", "payment", "paid", "price", "cost", "charge", "cash", "reimburse", "fee"},
    {"late", "delay", "delayed", "slow", "overdue", "tardy", "waiting"},
    {"deliver", "delivery", "courier", "shipping", "transport", "driver", "bring"},
    {"allergen", "allergy", "nut", "peanut", "dairy", "gluten", "celiac", "lactose", "intolerance"},
    {"vegan", "vegetarian", "jain", "plant"},
    {"gift", "voucher", "present", "card", "coupon"},
    {"cancel", "cancelled", "cancellation", "abort", "withdraw"},
    {"guest", "people", "headcount", "attendee", "person"},
)  # fmt: skip
"""Words that mean alike: one direction each, which is what embeddings are for."""


@dataclass
class Say:
    """One turn: text, then calls of tools as (name, arguments), which may be any text. `dies` hangs up in the middle;
    `status` refuses."""

    text: str = ""
    calls: Sequence[tuple[str, Any]] = ()
    dies: bool = False
    status: int = 200
    pause: float = 0.0
    """Seconds between pieces."""


@dataclass
class ModelDouble:
    """An ASGI app. `script` is said turn by turn; after it (or with `mind`, which sees the messages) it makes up its own."""

    script: list[Say] = field(default_factory=list)
    mind: Callable[[list[dict[str, Any]]], Say] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The bodies of all requests."""
    embeds: bool = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.json()
        self.asked.append(body)
        response: Response
        if request.url.path.endswith("/embeddings"):
            response = self._embedded(body)
        else:
            said = self._next(body["messages"])
            if said.status != 200:
                response = JSONResponse({"error": {"message": said.text or "over capacity"}}, said.status)
            elif said.dies:
                await _hang_up(said, send)
                return
            else:
                response = StreamingResponse(_pieces(said), media_type="text/event-stream")
        await response(scope, receive, send)

    def _next(self, messages: list[dict[str, Any]]) -> Say:
        if self.mind is not None:
            return self.mind(messages)
        return self.script.pop(0) if self.script else Say("I have said all I had to say.")

    def _embedded(self, body: dict[str, Any]) -> Response:
        if not self.embeds:
            return JSONResponse({"error": "this model embeds nothing"}, 404)
        data = [{"index": place, "embedding": embedding(text)} for place, text in enumerate(body["input"])]
        return JSONResponse({"object": "list", "data": data[::-1]})


def embedding(text: str) -> list[float]:
    """A text as a vector, the same each time: words that mean alike point alike."""
    vector = [0.0] * WIDE
    for word in re.findall(r"[a-z]+", text.lower()):
        stem = word[:-1] if word.endswith("s") else word
        place = next((place for place, words in enumerate(_MEANINGS) if stem in words or word in words), None)
        if place is not None:
            vector[place] += 3.0
        elif len(word) > 3:
            digest = hashlib.sha256(stem.encode()).digest()
            vector[len(_MEANINGS) + digest[0] % (WIDE - len(_MEANINGS))] += 0.5
    length = math.sqrt(sum(number * number for number in vector)) or 1.0
    return [number / length for number in vector]


def _line(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return (
        b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).encode() + b"\n\n"
    )


def _deltas(said: Say) -> list[bytes]:
    lines = [_line({"role": "assistant", "content": ""})]
    lines += [_line({"content": piece}) for piece in re.findall(r"\S+\s*|\s+", said.text)]
    for place, (name, arguments) in enumerate(said.calls):
        given = arguments if isinstance(arguments, str) else json.dumps(arguments)
        half = len(given) // 2
        lines.append(_line({"tool_calls": [{"index": place, "id": f"call_{place}", "function": {"name": name}}]}))
        lines += [
            _line({"tool_calls": [{"index": place, "function": {"arguments": part}}]})
            for part in (given[:half], given[half:])
        ]
    return lines


async def _pieces(said: Say) -> AsyncIterator[bytes]:
    for line in _deltas(said):
        yield line
        await asyncio.sleep(said.pause)
    yield _line({}, "tool_calls" if said.calls else "stop")
    yield b"data: [DONE]\n\n"


async def _hang_up(said: Say, send: Send) -> None:
    """Begin to answer, promise more, and go."""
    headers = [(b"content-type", b"text/event-stream"), (b"content-length", b"1000000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    lines = _deltas(said)
    for line in lines[: max(1, len(lines) // 2 + 1)]:
        await send({"type": "http.response.body", "body": line, "more_body": True})
    raise ConnectionAbortedError("the model goes away")
