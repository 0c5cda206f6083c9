"""A WebSocket client that speaks ASGI to the app, so that a test decides when the client reads."""

import asyncio
from types import TracebackType
from typing import Any

import orjson
from starlette.types import ASGIApp


class Socket:
    """`async with Socket(app, "/live?after=3", token=…) as socket: await socket.next()`.

    `status` is 101 once accepted, else what the handshake was refused with. While `reads` is not set, the client
    reads nothing and the app's sends wait, as they do when TCP's buffers are full.
    """

    def __init__(self, app: ASGIApp, path: str = "/live", *, token: str | None = None, key: str | None = None) -> None:
        self.app = app
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        headers += [(b"x-api-key", key.encode())] if key else []
        self.scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path.partition("?")[0],
            "raw_path": path.partition("?")[0].encode(),
            "query_string": path.partition("?")[2].encode(),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 50_000),
            "server": ("holdfast", 80),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self.reads = asyncio.Event()
        self.reads.set()
        self.status = 0
        self.close_code: int | None = None
        self.closed = asyncio.Event()
        self.refusal: dict[str, Any] = {}
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answered = asyncio.Event()

    async def __aenter__(self) -> "Socket":
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._run())
        await self._answered.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
        self.reads.set()
        async with asyncio.timeout(5):
            await self._task

    async def _run(self) -> None:
        try:
            await self.app(self.scope, self._to_app.get, self._take)
        finally:
            self._answered.set()
            self.closed.set()

    async def _take(self, message: Any) -> None:
        match message["type"]:
            case "websocket.accept":
                self.status = 101
                self._answered.set()
            case "websocket.http.response.start":
                self.status = message["status"]
            case "websocket.http.response.body":
                self.refusal = orjson.loads(message["body"])
                self._answered.set()
            case "websocket.close":
                await self.reads.wait()
                self.close_code = message["code"]
                self.closed.set()
            case "websocket.send":
                await self.reads.wait()
                self._from_app.put_nowait(orjson.loads(message["text"]))

    def say(self, message: Any) -> None:
        """Send a frame: text as it is, anything else as JSON."""
        text = message if isinstance(message, str) else orjson.dumps(message).decode()
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self, code: int = 1000) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code})

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame; with `kind`, the next of that kind."""
        async with asyncio.timeout(5):
            while True:
                frame = await self._from_app.get()
                if kind is None or frame["kind"] == kind:
                    return frame

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next `count` events."""
        return [await self.next("event") for _ in range(count)]
