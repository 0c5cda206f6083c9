"""A double of who gets webhooks: it checks signatures, keeps what it got, and has mishaps on demand."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.core.clock import Clock
from backend.core.errors import Failure
from backend.integrations.standard_webhooks import verify


@dataclass
class Got:
    """One webhook that was taken."""

    id: str
    body: dict[str, Any]
    at: datetime
    headers: dict[str, str]

    @property
    def type(self) -> str:
        return str(self.body["type"])


class Receiver:
    """An ASGI app. `answers` are the statuses that it answers next, -1 for hanging up; after those it takes everything."""

    def __init__(self, clock: Clock, secret: str = "") -> None:
        self.clock, self.secret = clock, secret
        self.answers: list[int] = []
        self.always: int | None = None
        self.retry_after = ""
        self.got: list[Got] = []
        self.tries: list[str] = []
        """The ids of all that came, taken or not."""
        self.pause = 0.0
        self.together = self.most_together = 0

    @property
    def types(self) -> list[str]:
        return [one.type for one in self.got]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        raw = await request.body()
        self.tries.append(request.headers.get("webhook-id", ""))
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        await asyncio.sleep(self.pause)
        self.together -= 1
        status = self.always or (self.answers.pop(0) if self.answers else 204)
        if status == -1:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            return
        if status < 300:
            try:
                id = verify(raw, request.headers, self.secret, self.clock.now())
            except Failure:
                status = 401
            else:
                self.got.append(Got(id, json.loads(raw), self.clock.now(), dict(request.headers)))
        headers = {"Retry-After": self.retry_after} if status == 429 else {}
        await Response(status_code=status, headers=headers)(scope, receive, send)
