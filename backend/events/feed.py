"""The feed: after each commit, what is new in a business goes to everybody who follows it, in order, without a gap."""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Any

import orjson
from sqlalchemy.orm import Session
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from backend.core.clock import instant
from backend.core.db import Database
from backend.core.log import logger
from backend.core.outage import Outage
from backend.events import log
from backend.events.event import REGISTRY, Audience

PAGE = 500
AtOnce = Callable[[bytes, bool], bool]
"""Writes a packed frame to a socket now, given whether nothing more follows at once; False when the socket cannot take it."""
SLOW_AFTER = 2_000  # frames that wait for one client before it is cut off
_POLL_SECONDS = 1.0  # other processes write too; their commits are found at the latest then
RANKS: dict[Audience, int] = {"staff": 0, "supervisor": 1, "admin": 2}


class Frame:
    """One event, serialised once for everybody who may see it. `members` are those of a private one, else None."""

    __slots__ = ("_packed", "audience", "customer_id", "members", "seq", "shown", "type", "withheld")

    def __init__(self, row: Any) -> None:
        event = REGISTRY.get(row.type)
        self._packed: dict[str, bytes] = {}
        self.audience = RANKS[event.audience if event else "admin"]
        self.members: list[str] | None = None
        if event is not None and event.private:
            self.members = ((row.body or {}).get("data") or {}).get("memberIds", [])
        self.seq: int = row.seq
        self.type: str = row.type
        self.customer_id: str | None = row.customer_id
        self.shown = orjson.dumps(frame_of(row, row.state)).decode()
        self.withheld = orjson.dumps(
            {"kind": "event", "seq": row.seq, "type": "withheld", "subject": None, "state": None}
        ).decode()

    def for_whom(self, follower: "Follower") -> str:
        """What a follower gets: the event, or that there was one."""
        is_seen = follower.rank >= self.audience and (self.members is None or follower.member_id in self.members)
        return self.shown if is_seen else self.withheld

    def packed_for(self, follower: "Follower") -> bytes:
        """The same as it goes over a WebSocket, made once for all who get the same."""
        text = self.for_whom(follower)
        if text not in self._packed:
            self._packed[text] = WebSocketFrame(Opcode.TEXT, text.encode()).serialize(mask=False)
        return self._packed[text]


def frame_of(row: Any, state: dict[str, Any] | None = None) -> dict[str, Any]:
    """An event as /live and the timeline show it; timelines leave the state out."""
    body = row.body or {}
    return {
        "kind": "event",
        "seq": row.seq,
        "id": row.id,
        "type": row.type,
        "subject": {"type": row.type.partition(".")[0], "id": row.subject_id},
        "incidenceId": row.incidence_id,
        "customerId": row.customer_id,
        "actor": {"kind": row.actor_kind, "id": row.actor_id, "name": body.get("actorName", "")},
        "at": instant(row.occurred_at),
        "recordedAt": instant(row.recorded_at),
        "data": body.get("data"),
        "state": state,
    }


class Beat:
    """Stands in the queue where a heartbeat goes."""


class Follower:
    """One client's place in the feed. When too much waits for it, it gets nothing more and `cut_off` is set.

    While `is_idle`, it has all up to `sent` and waits for more: then an event goes straight to its socket by `at_once`,
    if that can take it.
    """

    def __init__(self, role: str | None, member_id: str | None, at_once: AtOnce | None = None) -> None:
        self.rank, self.member_id = rank_of(role), member_id
        self.at_once, self.is_idle, self.sent = at_once, False, 0
        self.queue: asyncio.Queue[Frame | Beat | str] = asyncio.Queue(SLOW_AFTER)
        self.cut_off = asyncio.Event()

    def put(self, frame: "Frame | Beat | str", is_last: bool = True) -> None:
        """`is_last`: nothing more follows at once."""
        if self.cut_off.is_set() or (isinstance(frame, Frame) and self._is_taken_at_once(frame, is_last)):
            return
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.cut_off.set()

    def _is_taken_at_once(self, frame: Frame, is_last: bool) -> bool:
        if self.at_once is None or not self.is_idle or not self.queue.empty() or frame.seq <= self.sent:
            return False
        if not self.at_once(frame.packed_for(self), is_last):
            return False
        self.sent = frame.seq
        return True

    async def next(self) -> "Frame | Beat | str":
        """What comes next, once there is something that has to wait for its turn."""
        self.is_idle = self.queue.empty()
        try:
            return await self.queue.get()
        finally:
            self.is_idle = False


def rank_of(role: str | None) -> int:
    """What a role may see, as the rank of an audience."""
    return {"agent": 0, "supervisor": 1}.get(role or "", 2)


class Channel:
    """The followers of one business in this process, fed by one reader of the log."""

    def __init__(self, database: Database, business_id: str, head: int) -> None:
        self.database, self.business_id, self.head = database, business_id, head
        self.followers: set[Follower] = set()
        self.wake = asyncio.Event()
        self.wake.set()  # what was committed since `head` was read woke nobody
        self.task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self.wake.wait()
            self.wake.clear()
            try:
                await self._hand_out()
            except Outage:  # clients notice by the heartbeats, and we go on when it is back
                pass
            except Exception:
                logger.exception("feed could not read", business_id=self.business_id)

    async def _hand_out(self) -> None:
        while rows := await self.database.read(self._after_head):
            for row in rows:
                frame, is_last = Frame(row), row is rows[-1]
                for follower in self.followers:
                    follower.put(frame, is_last)
                self.head = row.seq
            if len(rows) < PAGE:
                break

    def _after_head(self, session: Session) -> Any:
        return log.after(session, self.business_id, self.head, PAGE)


class Feed:
    """All channels of this process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.channels: dict[str, Channel] = {}

    def wake(self, businesses: set[str]) -> None:
        """Something was committed for these businesses."""
        for business_id in businesses & self.channels.keys():
            self.channels[business_id].wake.set()

    async def follow(
        self,
        business_id: str,
        role: str | None,
        member_id: str | None,
        at_once: AtOnce | None = None,
    ) -> tuple[Follower, int]:
        """Follow a business as a member: the follower, and the seq that its first frame comes after."""
        follower = Follower(role, member_id, at_once)
        return follower, await self.join(business_id, follower)

    async def join(self, business_id: str, follower: Follower) -> int:
        """Let a follower into a business's channel. The seq that its first frame comes after."""
        if business_id not in self.channels:
            head = await self.database.read(lambda session: log.head_of(session, business_id))
            if business_id not in self.channels:  # somebody may have opened it while we read
                self.channels[business_id] = Channel(self.database, business_id, head)
        channel = self.channels[business_id]
        channel.followers.add(follower)
        return channel.head

    def followers_of(self, business_id: str) -> Collection[Follower]:
        """Who follows a business in this process."""
        channel = self.channels.get(business_id)
        return channel.followers if channel else ()

    def lines_of(self, business_id: str, member_id: str | None) -> int:
        """How many followers a member has."""
        return sum(one.member_id == member_id for one in self.followers_of(business_id))

    def leave(self, business_id: str, follower: Follower) -> None:
        """Stop following; the last one out closes the channel."""
        channel = self.channels.get(business_id)
        if channel is None:
            return
        channel.followers.discard(follower)
        if not channel.followers:
            channel.task.cancel()
            del self.channels[business_id]

    def broadcast(self, business_id: str, message: dict[str, Any]) -> None:
        """Send something that is not kept (presence) to everybody who follows."""
        if channel := self.channels.get(business_id):
            text = orjson.dumps(message).decode()
            for follower in channel.followers:
                follower.put(text)

    async def close(self) -> None:
        tasks = [channel.task for channel in self.channels.values()]
        self.channels.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
