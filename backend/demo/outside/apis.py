"""What the doubles of CRM, support and payment APIs share: who may ask, and mishaps on demand."""

import asyncio
import base64
import json
from abc import ABC, abstractmethod
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from backend.core.clock import Clock
from backend.demo.outside.talks import Mishap, Refusal

Record = dict[str, Any]


def basic(user: str, password: str) -> str:
    """The header of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class ApiDouble(ABC):
    """An ASGI app. `requests` are (method, path, query or body) of what was asked; `mishaps` go wrong one by one."""

    authorization = ""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.mishaps: list[Mishap] = []
        self.requests: list[tuple[str, str, Record]] = []

    @abstractmethod
    def answer(self, method: str, path: str, asked: Record) -> Any:
        """The body of the answer. Refusal otherwise."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        asked = dict(request.query_params) | (json.loads(body) if body else {})
        self.requests.append((request.method, request.url.path, asked))
        await (await self._respond(request, asked))(scope, receive, send)

    async def _respond(self, request: Request, asked: Record) -> Response:
        if request.headers.get("authorization") != self.authorization:
            return self.refused(401, "the token is not valid")
        about = f"{request.method} {request.url.path}"
        mishap = next((one for one in self.mishaps if one.on in about), None)
        if mishap is not None:
            self.mishaps.remove(mishap)
            match mishap.how:
                case "throttle":
                    return self.refused(429, "slow down", {"Retry-After": f"{mishap.seconds:g}"})
                case "refuse":
                    return self.refused(400, "no")
                case "break":
                    return self.refused(500, "we broke")
                case _:
                    await asyncio.sleep(mishap.seconds)
        try:
            return JSONResponse(self.answer(request.method, request.url.path, asked))
        except Refusal as refusal:
            return self.refused(refusal.status, refusal.words)

    def refused(self, status: int, words: str, headers: dict[str, str] | None = None) -> JSONResponse:
        """An error as this API words it."""
        return JSONResponse({"message": words}, status, headers)
