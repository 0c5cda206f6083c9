"""The live feed over a WebSocket: one connection. Following through drops is `console.live`'s work."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import quote

import orjson

from backend.client.noun import Noun
from backend.client.transport import ApiError, Offline

_TOO_MANY = 4029
"""The code by which `backend.events.live` closes it."""


class LiveConnection:
    """Frames in, presence out. Iterating ends when the connection does, with an ApiError when it was one too many."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def __aiter__(self) -> AsyncGenerator[dict[str, Any], None]:
        from websockets.exceptions import ConnectionClosed

        try:
            async for text in self._socket:
                yield orjson.loads(text)
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == _TOO_MANY:
                raise ApiError(429, "TOO_MANY_LINES", closed.rcvd.reason, {}) from closed
            return

    async def be_at(self, incidence_id: str | None, doing: str = "viewing") -> None:
        """Tell colleagues which incidence one is `viewing` or `typing` in; None is nowhere."""
        frame = {"kind": "presence", "incidenceId": incidence_id, "doing": doing}
        await self._socket.send(orjson.dumps(frame).decode())

    async def drop(self) -> None:
        """Cut the connection without a goodbye."""
        self._socket.transport.abort()


class Live(Noun):
    def connect(self, after: int | None = None) -> AbstractAsyncContextManager[LiveConnection]:
        """Connect after a seq (None: from now). Offline when nobody answers, ApiError when refused."""
        return self._connect("/live", after)

    def connect_customer(self, user_id: str, after: int | None = None) -> AbstractAsyncContextManager[LiveConnection]:
        """Follow the notifications of one customer, as their app does."""
        return self._connect("/notifications/{user_id}/live".format(user_id=quote(user_id, safe="")), after)

    @asynccontextmanager
    async def _connect(self, path: str, after: int | None) -> AsyncIterator[LiveConnection]:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidStatus, WebSocketException

        url = self.transport.url.replace("http", "ws", 1) + path + ("" if after is None else f"?after={after}")
        try:
            socket = await connect(
                url, additional_headers=self.transport.headers, proxy=None, max_size=2**24, ping_interval=20
            )
        except InvalidStatus as error:
            raise ApiError(error.response.status_code, "LIVE_REFUSED", "The live feed refused us.", {}) from error
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Offline(f"{self.transport.url} does not answer.") from error
        try:
            yield LiveConnection(socket)
        finally:
            await socket.close()
