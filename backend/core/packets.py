"""How answers leave: one packet each (uvicorn writes head and body apart), and what goes to hundreds at once."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from backend.core.http import AT_ONCE

_AT_ONCE = 64 * 1024
"""Bytes that are not held back, so that a long answer is written, and slowed down, as it is made."""


class Gathering:
    """A transport that writes what one turn of the event loop wants written as one piece."""

    __slots__ = ("_length", "_loop", "_pieces", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._loop = transport, asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._length = 0

    def write(self, data: bytes) -> None:
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._length += len(data)
        if self._length > _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._pieces:
            whole = b"".join(self._pieces)
            self._pieces, self._length = [], 0
            if not self._transport.is_closing():
                self._transport.write(whole)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, on a :class:`Gathering` transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Gathering(transport))  # type: ignore[arg-type]


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket as uvicorn speaks it, with AT_ONCE: a frame that is made once for all takes no turn of the loop each."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][AT_ONCE] = {"write": self._write_at_once}
        await super().run_asgi()

    def _write_at_once(self, frame: bytes) -> bool:
        """False when the client is behind, or leaves: then it waits for its turn."""
        if not self.handshake_complete or self.close_sent or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True
