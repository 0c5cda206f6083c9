"""/live: the feed over a WebSocket. Resume by seq, resync when too old, heartbeats with the head, slow clients cut off."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backend.core.db import Database
from backend.core.errors import Forbidden, Unauthenticated
from backend.core.http import AT_ONCE
from backend.core.ids import new_id
from backend.core.log import logger
from backend.core.text import clean_line
from backend.events import log
from backend.events.event import Actor
from backend.events.feed import PAGE, Beat, Feed, Follower, Frame, rank_of
from backend.events.presence import Doing, Presence

CLOSE_SIGNED_OUT = 4001
CLOSE_SLOW = 4008
CLOSE_TOO_MANY = 4029
"""The newest is refused, not the oldest ended: whatever is started later takes nobody's feed away, and two that throw each
other out would go on for ever. Lines that broke off are found out by pings within 40 s and stand in nobody's way."""
_REASONS = {
    CLOSE_SIGNED_OUT: "signed out; sign in again",
    CLOSE_SLOW: "too slow; resume from your last seq",
    CLOSE_TOO_MANY: "You follow the feed from too many places at once; close some of them.",
}
_GOODBYE_SECONDS = 1.0
_BETWEEN_MOVES_SECONDS = 0.1
"""Each move is told to everybody: a client that moves without end must not drown its colleagues."""

Whoami = Callable[[], Awaitable[Actor]]
"""Who the connection's credentials speak for now; Unauthenticated or Forbidden when they no longer hold."""


class Attendance(Protocol):
    """Who is told that a member has connected, and left."""

    def arrive(self, business_id: str, member_id: str, connection: str) -> None: ...

    def leave(self, connection: str) -> None: ...


class Line:
    """One connection of one member to the feed of one business."""

    def __init__(
        self,
        socket: WebSocket,
        *,
        database: Database,
        feed: Feed,
        presence: Presence,
        attendance: Attendance,
        business_id: str,
        actor: Actor,
        whoami: Whoami,
        keep_events: int,
        heartbeat_seconds: float,
        most: int,
    ) -> None:
        """`most`: lines that one member may have to this process."""
        self.socket, self.database, self.feed, self.presence = socket, database, feed, presence
        self.attendance = attendance
        self.business_id, self.actor, self.whoami = business_id, actor, whoami
        self.keep_events, self.heartbeat_seconds, self.most = keep_events, heartbeat_seconds, most
        self.connection = new_id()
        self._place: tuple[str | None, Doing] = (None, "viewing")
        self._moved = asyncio.Event()

    async def serve(self, after: int | None) -> None:
        """Speak until the client leaves, or must. `after` is the last seq it has; None starts at the head."""
        at_once = self.socket.scope.get("extensions", {}).get(AT_ONCE, {}).get("write")
        follower, head = await self.feed.follow(self.business_id, self.actor.role, self.actor.id, at_once)
        if self.feed.lines_of(self.business_id, self.actor.id) > self.most:
            self.feed.leave(self.business_id, follower)
            await self._close(CLOSE_TOO_MANY)
            return
        speaking, listening = self._speak(follower, after, head), self._listen()
        parts = (speaking, listening, self._move(), self._beat(follower), self._slow(follower))
        tasks = [asyncio.create_task(part) for part in parts]
        self.attendance.arrive(self.business_id, self.actor.id or "", self.connection)
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.feed.leave(self.business_id, follower)
            self.attendance.leave(self.connection)
            self.presence.move(self.business_id, self.connection, self._member, None, "viewing")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            if code := task.result():
                await self._close(code)

    @property
    def _member(self) -> tuple[str, str]:
        return self.actor.id or "", self.actor.name

    async def _close(self, code: int) -> None:
        if self.socket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(_GOODBYE_SECONDS):  # a client that reads nothing hears no goodbye either
                    await self.socket.close(code, _REASONS[code])

    async def _speak(self, follower: Follower, after: int | None, head: int) -> None:
        with contextlib.suppress(WebSocketDisconnect):  # it left while we spoke
            await self._send({"kind": "hello", "head": head, "heartbeatSeconds": self.heartbeat_seconds})
            follower.sent = head if after is None else await self._replay(after, head, follower)
            for presence in self.presence.all(self.business_id):
                await self._send(presence)
            while True:
                frame = await follower.next()
                if isinstance(frame, Beat):
                    await self._send({"kind": "heartbeat", "head": follower.sent})
                elif isinstance(frame, str):
                    await self.socket.send_text(frame)
                elif frame.seq > follower.sent:
                    await self.socket.send_text(frame.for_whom(follower))
                    follower.sent = frame.seq

    async def _replay(self, after: int, head: int, follower: Follower) -> int:
        """Send what lies between the client's cursor and the channel's head, and answer where the client is then.

        Too old, or from another history: resync. A cursor ahead of the channel may come from a quicker process.
        """
        if after > head and after <= await self.database.read(lambda session: log.head_of(session, self.business_id)):
            return after
        if after > head or after < head - self.keep_events:
            await self._send({"kind": "resync", "oldest": max(head - self.keep_events, 0), "head": head})
            return head
        while after < head:
            rows = await self.database.read(
                lambda session, start=after: log.after(session, self.business_id, start, min(PAGE, head - start))  # type: ignore[misc]
            )
            for row in rows:
                await self.socket.send_text(Frame(row).for_whom(follower))
            after = rows[-1].seq if rows else head
        return head

    async def _listen(self) -> None:
        """What the client says: where it is. Anything else is ignored."""
        # A RuntimeError says that the socket was closed on our side meanwhile, as when the server stops.
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                try:
                    said = orjson.loads(await self.socket.receive_text())
                except (orjson.JSONDecodeError, KeyError):  # no JSON, or bytes
                    continue
                if isinstance(said, dict) and said.get("kind") == "presence":
                    place = said.get("incidenceId")
                    place = clean_line(place)[:64] if isinstance(place, str) and place else None
                    self._place = place, "typing" if said.get("doing") == "typing" else "viewing"
                    self._moved.set()

    async def _move(self) -> None:
        """Tell where the member is now, each time that it changed, but not more often than others care to know."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            self.presence.move(self.business_id, self.connection, self._member, *self._place)
            await asyncio.sleep(_BETWEEN_MOVES_SECONDS)

    async def _beat(self, follower: Follower) -> int:
        """Ask for a heartbeat every so often, as long as the credentials hold; the role may have changed meanwhile."""
        while True:
            await asyncio.sleep(self.heartbeat_seconds)
            try:
                follower.rank = rank_of((await self.whoami()).role)
            except (Unauthenticated, Forbidden):
                return CLOSE_SIGNED_OUT
            except Exception:  # the database is away: we shall know at the next beat
                logger.exception("could not look up who is on the line", business_id=self.business_id)
            follower.put(Beat())

    async def _slow(self, follower: Follower) -> int:
        await follower.cut_off.wait()
        return CLOSE_SLOW

    async def _send(self, message: dict[str, Any]) -> None:
        await self.socket.send_text(orjson.dumps(message).decode())
