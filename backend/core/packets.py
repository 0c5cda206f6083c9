"""What uvicorn leaves open: how answers leave (one packet each; hundreds at once), and how long a request may take to come."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from backend.core.http import AT_ONCE

_AT_ONCE = 64 * 1024
"""Bytes that are not held back, so that a long answer is written, and slowed down, as it is made."""


HEAD_SECONDS = 20.0
"""From the first byte of a request, or of a connection, to the end of its head: who holds lines open takes them from others."""
LONGEST_HEAD = 64 * 1024
"""Bytes; the parser itself would take any number."""
NUDGE_SECONDS = 5.0
"""Whoever reads a body that has not ended gets an empty piece of it this often, to look at the time."""


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

    def write_now(self, data: bytes) -> None:
        """As `write`, of what is whole by itself; what was held back goes first."""
        self._flush()
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

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
    """HTTP/1.1 as uvicorn speaks it, on a :class:`Gathering` transport; a head that does not end is not waited for, and a body
    that has stopped is told of by empty pieces. Most requests come whole, and need no timer."""

    _head_length = 0
    _giving_up: asyncio.TimerHandle | None = None
    _nudging: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Gathering(transport))  # type: ignore[arg-type]
        # Taken back by the first byte, as after an answer.
        self.timeout_keep_alive_task = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self not in self.connections:  # it is a WebSocket now
            return
        is_in_head = self.scope is not None and "method" not in self.scope
        if is_in_head or self.cycle is None or self.cycle.response_complete:  # the next request has not come whole
            self._head_length += len(data) if is_in_head else 0
            if self._head_length > LONGEST_HEAD:
                self.send_400_response("The head of the request is too long.")
            elif self._giving_up is None:
                seconds = HEAD_SECONDS if is_in_head else self.timeout_keep_alive
                self._giving_up = self.loop.call_later(seconds, self.timeout_keep_alive_handler)
            return
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up, self._head_length = None, 0
        if self._nudging is None and self._is_in_body():
            self._nudging = self.loop.call_later(NUDGE_SECONDS, self._nudge)

    def _is_in_body(self) -> bool:
        """Whether somebody may wait for more of a body; when the answer is there, nobody does."""
        return self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete

    def _nudge(self) -> None:
        self._nudging = None
        if self._is_in_body():
            self.cycle.message_event.set()
            self._nudging = self.loop.call_later(NUDGE_SECONDS, self._nudge)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._giving_up, self._nudging):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket as uvicorn speaks it, with AT_ONCE: a frame that is made once for all takes no turn of the loop each."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][AT_ONCE] = {"write": self._write_at_once}
        await super().run_asgi()

    def _write_at_once(self, frame: bytes, is_last: bool) -> bool:
        """False when the client is behind, or leaves: then it waits for its turn. What more follows goes in one piece."""
        if not self.handshake_complete or self.close_sent or not self.writable.is_set() or self.transport.is_closing():
            return False
        if is_last:
            self.transport.write_now(frame)  # type: ignore[attr-defined]
        else:
            self.transport.write(frame)
        return True
