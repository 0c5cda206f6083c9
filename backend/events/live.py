"""/live: the feed over a WebSocket. Resume by seq, resync when too old, heartbeats with the head, slow clients cut off."""

import asyncio
import contextlib
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.text import clean_line
from backend.events import log
from backend.events.event import Actor
from backend.events.feed import PAGE, Feed, Follower, Frame
from backend.events.presence import Presence

CLOSE_SLOW = 4008
CLOSE_SIGNED_OUT = 4001


class Line:
    """One connection of one member to the feed of one business."""

    def __init__(
        self,
        socket: WebSocket,
        *,
        database: Database,
        feed: Feed,
        presence: Presence,
        business_id: str,
        actor: Actor,
        keep_events: int,
        heartbeat_seconds: float,
    ) -> None:
        self.socket, self.database, self.feed, self.presence = socket, database, feed, presence
        self.business_id, self.actor = business_id, actor
        self.keep_events, self.heartbeat_seconds = keep_events, heartbeat_seconds
        self.connection = new_id()

    async def serve(self, after: int | None) -> None:
        """Speak until the client leaves. `after` is the last seq it has; None starts at the head."""
        follower, head = await self.feed.follow(self.business_id, self.actor.role)
        listening = asyncio.create_task(self._listen())
        try:
            await self._send({"kind": "hello", "head": head})
            sent = head if after is None else await self._replay(after, head, follower)
            for frame in self.presence.all(self.business_id):
                await self._send(frame)
            await self._stream(follower, sent, listening)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client left while we spoke
        finally:
            self.feed.leave(self.business_id, follower)
            self.presence.move(self.business_id, self.connection, self._member, None, "viewing")
            listening.cancel()

    @property
    def _member(self) -> tuple[str, str]:
        return self.actor.id or "", self.actor.name

    async def _replay(self, after: int, head: int, follower: Follower) -> int:
        """Send what lies between the client's cursor and the channel's. Too old, or from another history: resync."""
        if after < head - self.keep_events or after > head:
            await self._send({"kind": "resync", "oldest": max(head - self.keep_events, 0), "head": head})
            return head
        while after < head:
            start = after
            rows = await self.database.read(lambda session, start=start: log.after(session, self.business_id, start, PAGE))  # type: ignore[misc]
            for row in rows:
                if row.seq > head:
                    break
                await self.socket.send_text(Frame(row).for_rank(follower.rank))
                after = row.seq
            if not rows:
                break
        return after

    async def _stream(self, follower: Follower, sent: int, listening: "asyncio.Task[None]") -> None:
        while not listening.done():
            try:
                async with asyncio.timeout(self.heartbeat_seconds):
                    frame = await follower.queue.get()
            except TimeoutError:
                await self._send({"kind": "heartbeat", "head": sent})
                continue
            if frame is None:
                await self.socket.close(CLOSE_SLOW, "too slow; resume from your last seq")
                return
            if isinstance(frame, str):
                await self.socket.send_text(frame)
            elif frame.seq > sent:
                await self.socket.send_text(frame.for_rank(follower.rank))
                sent = frame.seq

    async def _listen(self) -> None:
        """What the client says: where it is. Anything else is ignored."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                try:
                    said = orjson.loads(await self.socket.receive_text())
                except (orjson.JSONDecodeError, KeyError):
                    continue
                if isinstance(said, dict) and said.get("kind") == "presence":
                    place = said.get("incidenceId")
                    place = clean_line(place)[:64] if isinstance(place, str) and place else None
                    doing = "typing" if said.get("doing") == "typing" else "viewing"
                    self.presence.move(self.business_id, self.connection, self._member, place, doing)  # type: ignore[arg-type]

    async def _send(self, message: dict[str, Any]) -> None:
        await self.socket.send_text(orjson.dumps(message).decode())
