"""The backend with a Stripe account beside it: the double, called without a socket, whose webhooks reach the backend."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import orjson
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import select

from backend.billing import relist
from backend.billing.gateway import Gateways
from backend.billing.models import StripeEvent, Subscription
from backend.billing.pace import Time
from backend.billing.schemas import SyncAsked
from backend.core.rows import Base
from backend.demo.outside.stripe import StripeDouble
from backend.demo.outside.stripe.mail import signature
from backend.events.models import EventRow
from tests.support.backend import BASE, Backend, business_of
from tests.support.stripe import API, DoubleTransport, client

WEBHOOK = "/webhooks/stripe"


class Billing:
    """The backend, and Stripe as its account's owner sees it."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.stripe = StripeDouble(backend.clock)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(backend.app), base_url=BASE)
        self.outside = httpx.AsyncClient(transport=DoubleTransport(self.stripe))
        runtime = backend.runtime
        runtime.stripe = Gateways(runtime.outside, API, http=self.outside)
        runtime.stripe.time = Time(lambda: 0.0, _at_once, lambda: 0.0)
        self.endpoint, self.secret = self.stripe.endpoint(BASE + WEBHOOK)
        backend.settings.stripe_secret_key = SecretStr(self.stripe.key)
        backend.settings.stripe_webhook_secret = SecretStr(self.secret)
        self.statuses: list[int] = []

    async def post(
        self, event: dict[str, Any] | bytes, *, secret: str = "", late: int = 0, business: str = ""
    ) -> httpx.Response:
        """The answer to an event, signed (by the endpoint's secret) `late` seconds before now."""
        body = event if isinstance(event, bytes) else orjson.dumps(event)
        at = int(self.backend.clock.now().timestamp()) - late
        headers = {"Stripe-Signature": signature(body, at, [secret or self.secret])}
        path = f"{WEBHOOK}?business={business}" if business else WEBHOOK
        return await self.http.post(path, content=body, headers=headers)

    async def call(self, method: str, path: str, **params: Any) -> Any:
        """A call of the account's owner, at Stripe itself."""
        return (await client(self.stripe).raw_request_async(method, f"/v1/{path}", **params)).data

    async def begin(self) -> None:
        """The first business is there, and all that the account has was read once."""
        await self.backend.owner()
        await self.read_all()

    async def read_all(self) -> None:
        """Sync now, everything; jobs done."""
        owner = await self.backend.owner()
        await owner.stripe.sync(await business_of(owner), SyncAsked(is_full=True))
        await self.backend.drain()

    async def read_changes(self) -> None:
        """Sync now, what happened since the last time; jobs done."""
        owner = await self.backend.owner()
        await owner.stripe.sync(await business_of(owner), SyncAsked())
        await self.backend.drain()

    async def deliver(self) -> None:
        """Webhooks reach the backend, and its jobs do what follows."""
        await self.stripe.deliver(self._post)
        await self.backend.drain()

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        response = await self.http.post(url, content=body, headers=headers)
        self.statuses.append(response.status_code)
        return response.status_code

    async def rows(self, model: type[Base]) -> list[Any]:
        """All rows of a table, the oldest first."""
        query = select(model).order_by(model.id)  # type: ignore[attr-defined]
        return await self.backend.runtime.database.read(lambda session: list(session.scalars(query)))

    async def mirror(self) -> dict[str, dict[str, Any]]:
        """Every subscription's columns by Stripe's id, but for what looks and versions make of them."""
        silent = {"id", "version", "look", "read_at", "business_id"}
        names = [column.key for column in Subscription.__table__.columns if column.key not in silent]
        rows = await self.rows(Subscription)
        return {row.stripe_subscription_id: {name: getattr(row, name) for name in names} for row in rows}

    async def subscription(self, id: str) -> Subscription:
        """The mirror's row by Stripe's id."""
        return next(row for row in await self.rows(Subscription) if row.stripe_subscription_id == id)

    async def told(self, prefix: str = "subscription.") -> list[str]:
        """Types of the events that were told, in their order."""
        query = select(EventRow.type).where(EventRow.type.startswith(prefix)).order_by(EventRow.seq)
        return await self.backend.runtime.database.read(lambda session: list(session.scalars(query)))

    async def outcomes(self) -> Sequence[str | None]:
        return [row.outcome for row in await self.rows(StripeEvent)]

    async def place(self) -> relist.Place | None:
        """Where the re-list of the business is."""
        return await (await self.backend.units()).read(relist.place_of)


async def _at_once(_seconds: float) -> None:
    pass


@pytest_asyncio.fixture
async def billing(backend: Backend) -> AsyncIterator[Billing]:
    made = Billing(backend)
    yield made
    await made.http.aclose()
    await made.outside.aclose()
