"""/notifications/{userId}/live: one customer's notifications over a WebSocket, for their app.

What is not theirs never enters the queue of the line: it cannot be sent by mistake.
"""

import asyncio
import contextlib

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backend.core.errors import Forbidden, NotFound, Unauthenticated
from backend.core.log import logger
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import door
from backend.events.door import CLOSE_UNKNOWN, Entry
from backend.events.event import Actor
from backend.events.feed import Beat, Follower, Frame
from backend.events.live import CLOSE_SIGNED_OUT, CLOSE_SLOW, CLOSE_TOO_MANY
from backend.notifications import service
from backend.notifications.schemas import NotificationPage
from backend.runtime import Runtime
from backend.unit import Units
from backend.work import Work

PATH = "/notifications/{user_id}/live"
_PAGE = 200


class CustomerFollower(Follower):
    """Hears of one customer's notifications, and of nothing else."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(None, None)
        self.customer_id = customer_id

    def put(self, frame: Frame | Beat | str, is_last: bool = True) -> None:
        if isinstance(frame, Beat) or (
            isinstance(frame, Frame)
            and frame.customer_id == self.customer_id
            and frame.type.partition(".")[0] == "notification"
        ):
            super().put(frame, is_last)


async def live(socket: WebSocket) -> None:
    """API key (or token) in the header, or as the first frame `{"key": "…"}`; `after` is the last seq one has."""
    runtime: Runtime = socket.app.state.runtime
    user_id, customer_id = socket.path_params["user_id"], ""

    async def meet(business_id: str, actor: Actor) -> None:
        nonlocal customer_id, user_id
        user_id = customer_id = await Units(runtime, business_id, actor).read(_id_of, user_id)

    entry = await door.admit(socket, PATH, meet)
    if entry is not None:
        await _Line(socket, runtime, Units(runtime, entry.business_id, entry.actor), entry, customer_id).serve()


def _id_of(work: Work, user_id: str) -> str:
    return customers.find_customer(work, user_id).id


class _Line:
    """One app on the line."""

    def __init__(self, socket: WebSocket, runtime: Runtime, units: Units, entry: Entry, customer_id: str) -> None:
        self.socket, self.runtime, self.units, self.entry = socket, runtime, units, entry
        self.customer_id, self.follower = customer_id, CustomerFollower(customer_id)
        self.beat_seconds = runtime.settings.heartbeat_seconds

    async def serve(self) -> None:
        head = await self.runtime.feed.join(self.entry.business_id, self.follower)
        if self._lines() > self.runtime.settings.live_per_customer:
            self.runtime.feed.leave(self.entry.business_id, self.follower)
            await self._close(CLOSE_TOO_MANY, "This customer has too many lines; close some of them.")
            return
        parts = (self._speak(head), self._listen(), self._beat(), self._slow())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.runtime.feed.leave(self.entry.business_id, self.follower)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            code = task.result()
            if code:
                await self._close(code)

    def _lines(self) -> int:
        """Of this customer, in this process."""
        followers = self.runtime.feed.followers_of(self.entry.business_id)
        return sum(isinstance(one, CustomerFollower) and one.customer_id == self.customer_id for one in followers)

    async def _close(self, code: int, reason: str = "") -> None:
        if self.socket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(1.0):  # who reads nothing hears no goodbye either
                    await self.socket.close(code, reason)

    async def _speak(self, head: int) -> int:
        with contextlib.suppress(WebSocketDisconnect):
            await self._send({"kind": "hello", "head": head, "heartbeatSeconds": self.beat_seconds})
            sent = await self._catch_up(head)
            while True:
                frame = await self.follower.queue.get()
                if isinstance(frame, Frame) and frame.seq > sent:
                    sent = frame.seq
                    await self._tell(sent, orjson.loads(frame.shown)["state"])
                elif isinstance(frame, Beat):
                    await self._send({"kind": "heartbeat", "head": sent})
        return 0

    async def _catch_up(self, head: int) -> int:
        """Send what the app has missed, or without a seq of its own what is to be shown now. The seq it is at then."""
        after = self.entry.after
        if after is None:
            page = await self._page(None)
            for one in page.items:
                if one.id in page.to_show:
                    await self._tell(one.seq, one.model_dump(mode="json", by_alias=True))
            return max(head, page.after)
        while (page := await self._page(after)).items:
            for one in page.items:
                await self._tell(one.seq, one.model_dump(mode="json", by_alias=True))
            after = page.after
        return after

    async def _page(self, after: int | None) -> NotificationPage:
        def read(work: Work) -> NotificationPage:
            return service.changes(work, work.session.get_one(Customer, self.customer_id), after, _PAGE)

        return await self.units.read(read)

    async def _listen(self) -> int:
        """The app has nothing to say: it is heard only to notice that it left."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, KeyError):
            while True:
                await self.socket.receive_text()
        return 0

    async def _beat(self) -> int:
        """A heartbeat every so often, as long as the credentials hold."""
        while True:
            await asyncio.sleep(self.beat_seconds)
            try:
                await self.entry.whoami()
            except (Unauthenticated, Forbidden):
                return CLOSE_SIGNED_OUT
            except NotFound:  # erased meanwhile
                return CLOSE_UNKNOWN
            except Exception:  # the database is away: we shall know at the next beat
                logger.exception("could not look up who is on the line", business_id=self.entry.business_id)
            self.follower.put(Beat())

    async def _slow(self) -> int:
        await self.follower.cut_off.wait()
        return CLOSE_SLOW

    async def _tell(self, seq: int, notification: object) -> None:
        await self._send({"kind": "notification", "seq": seq, "notification": notification})

    async def _send(self, message: dict[str, object]) -> None:
        await self.socket.send_text(orjson.dumps(message).decode())
