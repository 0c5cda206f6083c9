"""Follow the feed for ever: resume where it broke off, notice silence and gaps, reload when it is too late to resume."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from console.store import Gap, Store

if TYPE_CHECKING:
    from backend.client import Client
    from backend.client.live import LiveConnection
    from backend.core.clock import Clock

FIRST_WAIT, LONGEST_WAIT = 0.25, 15.0
"""Seconds between tries: doubled each time, with jitter."""

SILENT_AFTER = 3
"""Heartbeats missed until a connection counts as dead."""

HEARTBEAT = 10.0
"""Seconds between heartbeats, unless the server says otherwise in its hello."""

GAPS_AT_MOST = 3
"""Gaps at the same place until everything is read anew."""

_BREATH = 200
"""Frames taken in before others get their turn."""

Kind = Literal["connecting", "loading", "live", "behind", "offline", "ended"]


@dataclass(frozen=True, slots=True)
class FeedState:
    """How the feed is: `behind` counts events not here yet, `since` is when it was lost."""

    kind: Kind
    behind: int = 0
    since: datetime | None = None
    why: str = ""
    """What the server said, when it answers but refuses; empty when it does not answer."""

    @property
    def is_online(self) -> bool:
        """Whether the server answers."""
        return self.kind in ("live", "behind", "loading")


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened while the connection was gone: events by type, and the incidences they touched."""

    types: Counter[str]
    incidences: frozenset[str]
    is_whole: bool = True
    """False after a reload, which tells what is, but not what happened."""


class _Resync(Exception):
    """The server no longer has the events after our cursor."""


class Live:
    """Keeps a store up to date. `follow` runs until it is cancelled or the sign-in has ended."""

    def __init__(
        self,
        api: "Client",
        store: Store,
        load: Callable[[], Awaitable[None]],
        clock: "Clock",
        *,
        on_state: Callable[[FeedState], Any] = lambda _: None,
        on_missed: Callable[[Missed], Any] = lambda _: None,
        on_trouble: Callable[[Exception], Any] = lambda _: None,
        silence: float | None = None,
    ) -> None:
        self.api, self.store, self._load, self.clock = api, store, load, clock
        self.on_state, self.on_missed, self.on_trouble = on_state, on_missed, on_trouble
        self.state = FeedState("connecting")
        self._silence = silence
        self._connection: LiveConnection | None = None
        self._place: tuple[str | None, str] = (None, "viewing")
        self._must_reload = True
        self._gaps: Counter[int] = Counter()
        self._lost_at: int | None = None
        self._wake = asyncio.Event()

    async def follow(self) -> None:
        """Connect, follow, and begin again. Returns when the sign-in has ended (state `ended`)."""
        from backend.client import ApiError, Offline

        tries = 0
        while True:
            why = ""
            try:
                if self._must_reload:
                    self._show(FeedState("loading") if self.state.is_online or tries == 0 else self.state)
                    await self._load()
                    self._must_reload = False
                    self._reloaded()
                if await self._listen():
                    tries = 0
            except Gap:
                self._gaps[self.store.seq or 0] += 1
                self._must_reload = self._gaps[self.store.seq or 0] >= GAPS_AT_MOST
            except _Resync:
                self._must_reload = True
                continue
            except ApiError as error:
                if error.status in (401, 403) and not await self._still_signed_in():
                    self._show(FeedState("ended"))
                    return
                why = error.message
            except Offline:
                pass
            except Exception as error:  # a frame nobody foresaw: read everything anew rather than stand still
                why, self._must_reload = str(error), True
                self.on_trouble(error)
            self._lost(why)
            tries += 1
            await self._wait(tries)

    async def be_at(self, incidence_id: str | None, doing: str = "viewing") -> None:
        """Tell colleagues where one is; told again after a reconnect."""
        self._place = (incidence_id, doing)
        if self._connection is not None:
            with contextlib.suppress(Exception):  # a dying connection is noticed by the one who reads it
                await self._connection.be_at(incidence_id, doing)

    def try_now(self) -> None:
        """Do not wait for the next try."""
        self._wake.set()

    def reload(self) -> None:
        """Read everything anew with the next connection."""
        self._must_reload = True

    async def _listen(self) -> bool:
        """Follow one connection to its end; whether it ever brought anything."""
        start = self.store.seq
        missed: Counter[str] = Counter()
        touched: set[str] = set()
        until = 0
        silence = self._silence or HEARTBEAT * SILENT_AFTER
        async with self.api.live.connect(start) as connection, aclosing(connection.__aiter__()) as frames:
            self._connection = connection
            try:
                count = 0
                while True:
                    try:
                        async with asyncio.timeout(silence):
                            frame = await anext(frames)
                    except (StopAsyncIteration, TimeoutError):
                        return count > 0
                    count += 1
                    match frame["kind"]:
                        case "event":
                            self.store.apply(frame)
                            if frame["seq"] <= until:
                                missed[frame["type"]] += 1
                                if frame.get("incidenceId"):
                                    touched.add(frame["incidenceId"])
                        case "presence":
                            self.store.see(frame)
                        case "hello":
                            until = frame["head"] if self._lost_at is not None else 0
                            silence = self._silence or SILENT_AFTER * float(frame.get("heartbeatSeconds", HEARTBEAT))
                            self.store.head = frame["head"]
                            await self.be_at(*self._place)
                        case "heartbeat":
                            self.store.head = max(self.store.head, frame["head"])
                            if frame["head"] > (self.store.seq or 0):
                                raise Gap(f"the head is {frame['head']}, we have {self.store.seq}")
                        case "resync":
                            raise _Resync
                    self._show_place()
                    if self._lost_at is not None and (self.store.seq or 0) >= until and until:
                        self._caught_up(missed, touched)
                    if count % _BREATH == 0:
                        await asyncio.sleep(0)
            finally:
                self._connection = None

    def _caught_up(self, missed: Counter[str], touched: set[str]) -> None:
        """What was missed is here: tell about it, once."""
        self._lost_at = None
        self._gaps.clear()
        if missed:
            self.on_missed(Missed(missed, frozenset(touched)))

    def _reloaded(self) -> None:
        """After a reload what is there is right, but what happened on the way is not known."""
        self._gaps.clear()
        if self._lost_at is not None:
            self._lost_at = None
            self.on_missed(Missed(Counter(), frozenset(), is_whole=False))

    def _show_place(self) -> None:
        behind = max(0, self.store.head - (self.store.seq or 0))
        if behind == 0:
            self._show(FeedState("live"))
        elif self.state.kind != "behind" or behind % 50 == 0:
            self._show(FeedState("behind", behind))

    def _lost(self, why: str) -> None:
        if self._lost_at is None:
            self._lost_at = self.store.seq
        self.store.forget_presence()
        if self.state.kind != "offline":
            self._show(FeedState("offline", since=self.clock.now(), why=why))

    def _show(self, state: FeedState) -> None:
        if state != self.state:
            self.state = state
            self.on_state(state)

    async def _still_signed_in(self) -> bool:
        """Asking who we are makes the client refresh its tokens when it can."""
        from backend.client import ApiError, Offline

        try:
            await self.api.identity.me()
        except ApiError as error:
            return error.status != 401
        except Offline:
            pass
        return True

    async def _wait(self, tries: int) -> None:
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 10))
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest * random.uniform(0.5, 1.0)):  # jitter: not everybody at once
                await self._wake.wait()
