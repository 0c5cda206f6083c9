"""Everything that lives from signing in to signing out: the client's identity, the mirror, the feed, outbox and drafts."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.alerts.inbox import Inbox
from console.copilot.talk import Talk
from console.drafts import Drafts
from console.files import data_dir
from console.live import FeedState, Live, Missed
from console.outbox import Outbox
from console.snapshot import load
from console.store import Store, Update

if TYPE_CHECKING:
    from backend.client import Client
    from backend.core.clock import Clock
    from backend.identity.schemas import MeRead


class Session:
    """A signed-in member at one server."""

    def __init__(
        self,
        api: "Client",
        me: "MeRead",
        clock: "Clock",
        *,
        on_state: Callable[[FeedState], Any],
        on_missed: Callable[[Missed], Any],
        on_trouble: Callable[[Exception], Any],
        on_alerts: Callable[[list[dict[str, Any]]], Any],
        on_header: Callable[[], Any],
        talk: Talk,
    ) -> None:
        self.api, self.me = api, me
        self.store = Store(me.member_id)
        mark = hashlib.sha256(f"{api.transport.url} {me.member_id}".encode()).hexdigest()[:16]
        self.folder = folder = data_dir() / mark
        self.outbox = Outbox(folder / "outbox.json", on_header)
        self.drafts = Drafts(folder / "drafts")
        self.inbox = Inbox(api, self.store, on_alerts)
        self.inbox.listeners.append(on_header)
        self.talk = talk
        self.live = Live(
            api,
            self.store,
            lambda: load(api, self.store, me.business.id),
            clock,
            on_state=on_state,
            on_missed=on_missed,
            on_trouble=on_trouble,
        )
        self.store.listen("incidence", self._follow_merge)
        self._following: asyncio.Task[None] | None = None

    def _follow_merge(self, update: Update) -> None:
        """What was being written in a case that is part of another now goes on there."""
        if into := (update.row or {}).get("mergedInto"):
            self.drafts.move(update.id, into["incidenceId"])

    def start(self) -> None:
        """Load and follow."""
        self._following = asyncio.get_running_loop().create_task(self.live.follow(), name="live")

    async def rest(self) -> None:
        """Follow no more, until it is started again."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None

    async def close(self) -> None:
        """Stop following; what was being written is on disk when this returns."""
        await self.rest()
        await self.inbox.close()
        await self.drafts.close()
