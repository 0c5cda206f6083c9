"""The double of a chat's incoming webhook, as Slack and Teams have them: keeps what is posted, or answers otherwise."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

SLACK_PATH = "/services/T0DEMO/B0DEMO/X0DEMO"
TEAMS_PATH = "/workflows/demo/triggers/manual/paths/invoke"


@dataclass
class Pigeonhole:
    """`answers` are the next statuses, with Retry-After in seconds where one is given; after them everything is taken."""

    answers: list[tuple[int, int | None]] = field(default_factory=list)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What was taken: path and body."""
    tries: int = 0
    delay: float = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.tries += 1
        await asyncio.sleep(self.delay)
        response = self._answer(request.url.path, body)
        await response(scope, receive, send)

    def _answer(self, path: str, body: bytes) -> Response:
        status, after = self.answers.pop(0) if self.answers else (200, None)
        if 300 <= status < 400:
            return PlainTextResponse("", status, {"location": "http://127.0.0.1:9/elsewhere"})
        if status != 200:
            return PlainTextResponse("no_service", status, {} if after is None else {"retry-after": str(after)})
        self.posts.append((path, orjson.loads(body)))
        return PlainTextResponse("ok") if path.startswith("/services/") else PlainTextResponse("", 202)

    @property
    def texts(self) -> list[str]:
        """The words of what was taken, titles too."""
        return [orjson.dumps(body).decode() for _, body in self.posts]
