"""A floor whose customer Priya pays for a subscription at a Stripe double."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
from pydantic import SecretStr

from backend.billing.gateway import Gateways
from backend.billing.pace import Time
from backend.billing.schemas import SyncAsked
from backend.demo.outside.stripe import StripeDouble
from backend.demo.outside.stripe.rows import Body
from tests.console.desk.floor import Floor, Row
from tests.support.stripe import API, DoubleTransport

USER = "CUST-1"


class Paying:
    """`floor` is the desk, `stripe` the double, `sub` the subscription there and `row` the customer's case."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.stripe = StripeDouble(floor.clock)
        self.http = httpx.AsyncClient(transport=DoubleTransport(self.stripe))
        runtime = floor.backend.runtime
        runtime.stripe = Gateways(runtime.outside, API, http=self.http)
        runtime.stripe.time = Time(sleep=_at_once)
        floor.backend.settings.stripe_secret_key = SecretStr(self.stripe.key)
        self.sub: Body = {}
        self.row: Row = {}

    async def begin(self) -> None:
        """Priya has a case, and Family Thali for ₹2,900 a month."""
        self.row = await self.floor.incidence(USER, "Priya Raman")
        who = self.stripe.customer("cust-1@mail.com", "Priya Raman", metadata={"externalId": USER})
        self.stripe.plan("Small Thali", 120_000, currency="inr")
        self.sub = self.stripe.subscribe(who, self.stripe.plan("Family Thali", 290_000, currency="inr"))
        rules = await self.floor.api.rules.show("flow")
        settings = rules["settings"] | {
            "holdout": [{"fromRuns": 0, "share": 0}],
            "explore": 0,
        }  # nothing is left to chance
        body = {"version": rules["version"], "settings": settings, "reason": "for a test"}
        await self.floor.api.rules.publish("flow", body)
        await self.floor.api.stripe.sync(self.floor.me.business.id, SyncAsked(is_full=True))
        await self.floor.backend.drain()

    @property
    def at_stripe(self) -> Body:
        """The subscription as Stripe has it."""
        return self.stripe.subscription(self.sub["id"])


async def _at_once(_seconds: float) -> None:
    pass


@pytest_asyncio.fixture
async def floor(database_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    """See `tests.console.desk.floor.Floor`."""
    async with Floor(database_url, tmp_path / "data") as floor:
        yield floor


@pytest_asyncio.fixture
async def paying(floor: Floor) -> AsyncIterator[Paying]:
    made = Paying(floor)
    await made.begin()
    yield made
    await made.http.aclose()
