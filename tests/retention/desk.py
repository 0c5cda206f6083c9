"""A double of what a page meets of Holdfast when a customer cancels: two answers, scripted, and every failure of a network."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from backend import retention

FILE = Path(retention.__file__).with_name("retention.js")
PRICE = {"code": "price", "label": "It costs too much", "followUps": []}
UNUSED = {
    "code": "unused",
    "label": "I do not use it enough",
    "followUps": [{"code": "season", "label": "Only in the season"}, {"code": "never", "label": "Never got started"}],
}
SURVEY = {
    "number": 0,
    "kind": "survey",
    "offerType": "SURVEY",
    "id": "why",
    "title": "Why are you leaving?",
    "text": "",
}
SURVEY |= {"reasons": [PRICE, UNUSED]}
OFFER = {
    "number": 1,
    "kind": "offer",
    "offerType": "DOWNGRADE",
    "id": "smaller",
    "title": "A smaller plan?",
    "text": "",
}
OFFER |= {
    "offer": {"offerType": "DOWNGRADE", "offer": "DOWNGRADE", "params": {}, "words": "Mini Meals for ₹499 a month"}
}
MESSAGE = {
    "number": 2,
    "kind": "message",
    "offerType": "MESSAGE",
    "id": "word",
    "title": "Before you go",
    "text": "Recipes stay.",
}
CONFIRM = {
    "number": 3,
    "kind": "confirm",
    "offerType": "CONFIRM",
    "id": "sure",
    "title": "Cancel Feast Club?",
    "text": "",
}
STEPS: dict[str, dict[str, Any]] = {"survey": SURVEY, "offer": OFFER, "message": MESSAGE, "confirm": CONFIRM}


def started(step: dict[str, Any] | None = SURVEY, **fields: Any) -> dict[str, Any]:
    run = {"runId": "run-1", "flowId": "flow-1", "step": step, "reasons": [PRICE, UNUSED], "outcome": None}
    return {**run, "pending": False, "periodEnd": "2026-12-24T00:00:00Z", "cancelUrl": "", **fields}


def decided(outcome: str | None = None, *, step: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"runId": "run-1", "nextStep": step, "outcome": outcome, "pending": False, "message": "", **fields}


class Desk:
    """Answers each call with the next of `answers`: a body, a status that it fails with, that and an error code, or "lost": done, but the answer
    never comes. A repeated Idempotency-Key gets what was answered first. `calls` are (path, body, key), each as it came."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any] | int | tuple[int, str] | str] = []
        self.calls: list[tuple[str, dict[str, Any], str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._known: dict[str, dict[str, Any]] = {}

    @property
    def done(self) -> list[dict[str, Any]]:
        """The bodies of what was asked, each once however often it came."""
        return list({key: body for _, body, key in self.calls}.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        request = Request(scope, receive)
        if request.url.path == "/retention.js":
            await Response(FILE.read_bytes(), media_type="text/javascript")(scope, receive, send)
            return
        cors = {
            "access-control-allow-origin": request.headers["origin"],
            "access-control-expose-headers": "Retry-After",
        }
        if request.method == "OPTIONS":
            cors["access-control-allow-headers"] = "content-type,idempotency-key"
            await Response(status_code=204, headers=cors)(scope, receive, send)
            return
        assert request.query_params["key"] == "hfk_page"
        key, body = request.headers["idempotency-key"], orjson.loads(await request.body())
        self.calls.append((request.url.path, body, key))
        await self.gate.wait()
        answer = self._known.get(key) or self.answers.pop(0)
        if isinstance(answer, int | tuple):
            status, code = (answer, "TROUBLE") if isinstance(answer, int) else answer
            error = {"success": False, "error": {"code": code, "message": f"answered {status}", "details": {}}}
            await JSONResponse(error, status, cors)(scope, receive, send)
        elif answer == "lost":
            self._known[key] = self.answers.pop(0)  # type: ignore[assignment]
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": False})
        else:
            assert isinstance(answer, dict)
            self._known[key] = answer
            await JSONResponse(answer, 201 if request.url.path.endswith("start") else 200, cors)(scope, receive, send)
