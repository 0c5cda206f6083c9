"""A business at a real server over a socket, whose clock stands still, and consoles of its members."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from textual.pilot import Pilot

from backend.client import Client
from backend.core.clock import FrozenClock
from backend.customers.schemas import CustomerChange
from backend.identity.schemas import MemberAdd, SignUp
from backend.incidences import conversations
from backend.incidences.schemas import IncidenceOpen
from backend.server import KEEP_ALIVE_SECONDS
from backend.unit import Units
from backend.work import Work
from console import app
from console.actions import BY_ID
from console.app import ConsoleApp
from console.connection import Target
from tests.support.backend import Backend
from tests.support.server import free_port
from tests.support.wait import until as until
from tests.support.wait import watching
from tests.widgets.stage import screen_lines

EMAIL, PASSWORD = "asha@feast.co", "correct horse"
Row = dict[str, Any]


class Console(ConsoleApp):
    """The console, with the floor's clock."""

    CSS_PATH = Path(app.__file__).with_name("app.tcss")  # it is looked for beside the class otherwise
    frozen: FrozenClock

    @property
    def clock(self) -> FrozenClock:
        return self.frozen


class Floor:
    """`api` is the owner's client, `ben` an agent's; both speak HTTP to `url`."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.backend = Backend(database_url, folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api, self.ben = Client(self.url), Client(self.url)
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def clock(self) -> FrozenClock:
        return self.backend.clock

    async def __aenter__(self) -> "Floor":
        await self.backend.__aenter__()
        await self.open()
        body = SignUp(email=EMAIL, password=PASSWORD, name="Asha Iyer", business_name="Feast")
        self.me = await self.api.identity.sign_up(body)
        member = MemberAdd(email="ben@feast.co", name="Ben Carter", role="agent", password=PASSWORD)
        self.ben_id = (await self.api.businesses.add_member(self.me.business.id, member)).id
        await self.ben.identity.sign_in("ben@feast.co", PASSWORD)
        self.units = Units(self.backend.runtime, self.me.business.id)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in (self.api, self.ben):
            await client.transport.close()
        await self.close()
        await self.backend.__aexit__(None, None, None)

    async def open(self) -> None:
        """Answer on the port."""
        config = uvicorn.Config(
            self.backend.app,
            port=self.port,
            lifespan="off",
            log_config=None,
            ws_per_message_deflate=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._serving = asyncio.create_task(self._server._serve())
        await until(lambda: self._server is not None and self._server.started)

    async def close(self) -> None:
        """Answer no more, as if the network were gone."""
        assert self._server is not None
        assert self._serving is not None
        self._server.should_exit = self._server.force_exit = True
        for connection in list(self._server.server_state.connections):
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()
        await self._serving

    # -- the world

    async def incidence(self, user: str = "CUST-1", name: str = "", **fields: Any) -> Row:
        """A new case; with a name, of a customer who is called that."""
        body = {"user_id": user, "stage": "PRE_ORDER", "channel": "IN_APP_CHAT", "trigger": "USER_INITIATED"}
        values = {"order_value": 48_000, "summary": "Cannot change the guests", **fields}
        row = await self.api.incidences.open(IncidenceOpen(**(body | values)))
        if name:
            who = await self.api.customers.show(row.customer.id)
            change = CustomerChange(
                version=who.version, name=name, email=f"{user.lower()}@mail.com", phone="+919876543210"
            )
            await self.api.customers.change(who.id, change)
        return (await self.api.incidences.show(row.incidence_id)).model_dump(mode="json", by_alias=True)

    async def says(self, row: Row, text: str) -> None:
        """The customer writes in a case, as a chat platform would tell."""

        def write(work: Work) -> None:
            incidence = conversations.incidence_of(work, row["incidenceId"], to_change=True)
            conversations.receive_message(work, incidence, text, {"text": text})

        await self.units.write(write)

    async def now(self, row: Row) -> Row:
        """The case as the server has it."""
        return (await self.api.incidences.show(row["incidenceId"])).model_dump(mode="json", by_alias=True)

    @asynccontextmanager
    async def console(
        self, *, size: tuple[int, int] = (140, 45), theme: str = "holdfast-night", email: str = EMAIL, **options: Any
    ) -> AsyncIterator[tuple[Console, Pilot[None]]]:
        """A console (the owner's, unless another's `email` is given), signed in and live, on the tab that shows
        everything; `driver` takes the terminal's place."""
        driver = options.pop("driver", None)
        console = Console(Target(self.url, email=email, password=PASSWORD), **options)
        console.frozen = self.clock
        if driver is not None:
            console.driver_class = driver
        async with console.run_test(size=size, headless=driver is None) as pilot:
            await until(lambda: console.feed.kind == "live" and console.current_mode == "queue")
            console.theme = theme
            await pilot.pause()
            await pilot.press("3")
            await pilot.pause(0.05)
            with watching(pilot):
                yield console, pilot


async def still(app: ConsoleApp, pilot: Pilot[Any]) -> None:
    """Wait until the screen stands still: however slow the machine is, what was asked for has come and is painted."""
    for written in app.screen.query("Input, TextArea"):
        written.cursor_blink = False  # type: ignore[attr-defined]
    seen: list[list[str]] = []
    for _ in range(50):  # a line that was broken off in the midst of a question is not idle, and asks nothing
        if not is_asking(app):
            break
        await pilot.pause(0.08)
    async with asyncio.timeout(20):
        while len(seen) < 3 or any(lines != seen[-1] for lines in seen[-3:]):
            await pilot.pause()
            await pilot.pause(0.08)
            seen.append(screen_lines(app))


def is_asking(app: ConsoleApp) -> bool:
    """Whether an answer of the server is on its way."""
    assert app.session is not None
    pool = app.session.api.transport._http._transport._pool  # type: ignore[attr-defined]
    return any(not (one.is_idle() or one.is_closed()) for one in pool.connections)


def why_not(app: ConsoleApp, id: str) -> str:
    """Why an action cannot be done now; empty when it can."""
    return app.screen.refusal(BY_ID[id])  # type: ignore[attr-defined,no-any-return]
