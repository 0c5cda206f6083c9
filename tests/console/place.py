"""A business at a real server, and consoles on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from backend.client import Client
from backend.core.clock import RealClock
from backend.identity.schemas import MemberAdd, SignInRead, SignUp
from backend.incidences.schemas import IncidenceChange, IncidenceOpen, NoteAdd
from console.app import ConsoleApp
from console.connection import Target
from console.live import Live
from console.snapshot import load
from console.store import Store
from tests.support.server import Server
from tests.support.wait import until as until
from tests.support.wait import watching

EMAIL, PASSWORD = "asha@feast.co", "correct horse"
MODES = {
    "queue": "tests.console.tiny:TinyQueue",
    "settings": "console.setup.settings:SettingsScreen",
    "outbox": "console.setup.outbox:OutboxScreen",
}


@dataclass
class Desk:
    server: Server
    api: Client
    me: SignInRead

    @classmethod
    async def open(cls, server: Server, api: Client) -> "Desk":
        me = await api.identity.sign_up(SignUp(email=EMAIL, password=PASSWORD, name="Asha", business_name="Feast"))
        return cls(server, api, me)

    async def colleague(self, name: str = "Ravi", role: str = "agent") -> Client:
        email = f"{name.lower()}@feast.co"
        body = MemberAdd(email=email, name=name, role=role, password=PASSWORD)  # type: ignore[arg-type]
        await self.api.businesses.add_member(self.me.business.id, body)
        client = Client(self.server.url)
        await client.identity.sign_in(email, PASSWORD)
        return client

    async def incidence(self, user: str = "u-1", **fields: Any) -> dict[str, Any]:
        body = {"user_id": user, "stage": "PRE_ORDER", "channel": "IN_APP_CHAT", "trigger": "USER_INITIATED", **fields}
        opened = await self.api.incidences.open(IncidenceOpen(**body))
        return opened.model_dump(mode="json", by_alias=True)

    async def note(self, id: str, text: str = "noted") -> None:
        await self.api.agent.note(id, NoteAdd(text=text))

    async def change(self, id: str, **fields: Any) -> dict[str, Any]:
        now = await self.api.incidences.show(id)
        changed = await self.api.incidences.change(id, IncidenceChange(version=now.version, **fields))
        return changed.model_dump(mode="json", by_alias=True)

    async def snapshot(self) -> Store:
        """What a console that starts now would hold."""
        store = Store(self.me.member_id)
        await load(self.api, store, self.me.business.id)
        return store

    def live(self, store: Store, **hooks: Any) -> Live:
        return Live(self.api, store, lambda: load(self.api, store, self.me.business.id), RealClock(), **hooks)

    @asynccontextmanager
    async def console(
        self, *, size: tuple[int, int] = (120, 32), **kwargs: Any
    ) -> AsyncIterator[tuple[ConsoleApp, Pilot[None]]]:
        """A signed-in console, live."""
        target = Target(self.server.url, email=EMAIL, password=PASSWORD)
        app = ConsoleApp(target, modes=MODES, incidence="tests.console.tiny:TinyCase", **kwargs)
        async with app.run_test(size=size) as pilot:
            await until(lambda: app.feed.kind == "live" and app.current_mode == "queue")
            await pilot.pause()
            with watching(pilot):
                yield app, pilot


def burst(app: ConsoleApp, keys: str, *more: str) -> None:
    """Keys that arrive in one packet."""
    for key in [*keys, *more]:
        is_letter = len(key) == 1
        app.post_message(events.Key(_character_to_key(key) if is_letter else key, key if is_letter else None))
