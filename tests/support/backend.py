"""The whole backend in the test's own process, spoken to as users do: over HTTP, by the typed client."""

from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from backend.app import create_app
from backend.client import Client
from backend.core.clock import FrozenClock
from backend.identity.schemas import KeyCreate, MemberAdd, SignUp
from backend.runtime import Runtime
from backend.settings import Settings
from backend.unit import Units

BASE = "http://holdfast"
PASSWORD = "correct horse"


class Backend:
    """One backend on a database of its own, whose clock stands still until a test moves it."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.url = url
        self.clock = FrozenClock()
        plenty = {"sign_in_per_minute": 10_000, "track_per_minute": 10_000, "bcrypt_cost": 4, "private_addresses": True}
        plenty |= {"attendance_seconds": 3_600}  # a test says itself when the process looks who is connected
        plenty |= {
            "jobs_after_seconds": 3_600,
            "copilot_per_minute": 10_000,
        }  # the memory of this process is not the backend's to settle
        self.settings = Settings(**{"database_url": url, "data_dir": folder, **plenty, **settings})
        self.runtime = Runtime.build(self.settings, self.clock)
        self.app = create_app(self.runtime, run_jobs=False)
        self._lifespan = self.app.router.lifespan_context(self.app)
        self._clients: list[Client] = []
        self._owner: Client | None = None
        self._people = 0

    async def __aenter__(self) -> "Backend":
        await self._lifespan.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.transport.close()
        await self._lifespan.__aexit__(None, None, None)

    def client(self, *, api_key: str | None = None, address: str = "127.0.0.1") -> Client:
        """A client that calls the app directly, as if from `address`."""
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        client = Client(BASE, api_key=api_key, http=httpx.AsyncClient(transport=transport, base_url=BASE))
        self._clients.append(client)
        return client

    async def anonymous(self) -> Client:
        """A client that is not signed in."""
        return self.client()

    async def another_owner(self) -> Client:
        """The owner of a new business."""
        client, self._people = self.client(), self._people + 1
        body = SignUp(email=f"owner{self._people}@example.com", password=PASSWORD, name=f"Owner {self._people}")
        await client.identity.sign_up(body)
        return client

    async def owner(self) -> Client:
        """The owner of the business that members and keys belong to; the same client every time."""
        if self._owner is None:
            self._owner = await self.another_owner()
        return self._owner

    async def member(self, role: str = "agent", *, of: Client | None = None) -> Client:
        """A new member of the owner's business (or that of the owner `of`), signed in."""
        owner, self._people = of or await self.owner(), self._people + 1
        email = f"{role}{self._people}@example.com"
        body = MemberAdd(email=email, name=f"{role.title()} {self._people}", role=role, password=PASSWORD)
        await owner.businesses.add_member(await business_of(owner), body)
        client = self.client()
        await client.identity.sign_in(email, PASSWORD)
        return client

    async def key(self, *scopes: str, of: Client | None = None) -> Client:
        """A client with an API key of the owner's business, with those scopes (all when none are given)."""
        body = KeyCreate(name="web", scopes=list(scopes)) if scopes else KeyCreate(name="web")
        return self.client(api_key=(await (of or await self.owner()).keys.create(body)).key)

    async def units(self, client: Client | None = None) -> Units:
        """Runs services on the business of `client` (the owner's by default), as Holdfast itself."""
        return Units(self.runtime, await business_of(client or await self.owner()))

    async def drain(self) -> None:
        """Run every job that is due now, and what it makes due, to its end. Between two of these none runs."""
        if self.runtime.worker is None:
            self.runtime.worker = self.runtime.make_worker()
            await self.runtime.worker.start(by_hand=True)
        await self.runtime.worker.drain()

    async def rest(self) -> None:
        """Run no job until the next `drain`: whoever does a job's work by hand is then alone with it."""
        if self.runtime.worker is not None:
            await self.runtime.worker.stop()
            self.runtime.worker = None


async def business_of(client: Client) -> str:
    """The id of the business that `client` is signed in to."""
    return (await client.identity.me()).business.id
