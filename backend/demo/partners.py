"""The demo's other systems: a CRM, a payment provider and somebody who gets webhooks. Each is a double on a port of its own,
connected once it answers, so that what the integrations show is real and a sweep has something to read.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

from backend.client import ApiError, Client, Offline
from backend.core.clock import Clock
from backend.core.log import logger
from backend.demo.entry import enter
from backend.demo.outside.hubspot import HubSpotDouble
from backend.demo.outside.razorpay import RazorpayDouble
from backend.demo.outside.receiver import Receiver
from backend.demo.outside.serve import served
from backend.integrations.schemas import IntegrationAdd, IntegrationChange
from backend.integrations.standard_webhooks import new_secret

CUSTOMERS = 12
"""Of whom the CRM knows something: few, for each that it changes is told in the log."""
_NAME = "Warehouse"


class Partners:
    """What they know is made of the customers that the backend has."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.rng = Random(seed)
        self.crm, self.payments = HubSpotDouble(clock), RazorpayDouble(clock)
        self.receiver = Receiver(clock, new_secret())
        self.receiver.answers = [503, 204, 204, 500]

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[None]:
        """Answer meanwhile, connected to the backend at `url`."""
        async with AsyncExitStack() as stack:
            crm, payments, receiver = [
                await stack.enter_async_context(served(double)) for double in (self.crm, self.payments, self.receiver)
            ]
            try:
                async with Client(url) as owner:
                    await enter(owner)
                    await self._fill(owner)
                    await self._connect(owner, crm, payments, receiver)
            except (ApiError, Offline) as error:
                logger.warning("the demo's partners are not connected", error=str(error))
            yield

    async def _fill(self, owner: Client) -> None:
        """Contacts of the CRM and payments, from what customers there are."""
        found = (await owner.customers.list(limit=CUSTOMERS)).items
        for place, one in enumerate(found):
            region = self.rng.choice(("IN-KA", "IN-MH", "IN-DL", "IN-TN"))
            phone = "call the office" if place == 7 else None  # what a CRM holds is not always a number
            self.crm.put(customer_id=one.user_id, firstname=one.name, state=region, phone=phone)
            if place % 4 == 0:
                amount = self.rng.randrange(40_000, 900_000, 500)
                self.payments.pay(amount, is_failed=place == 4, customer_id=one.user_id)

    async def _connect(self, owner: Client, crm: str, payments: str, receiver: str) -> None:
        wanted: list[dict[str, Any]] = [
            {"platform": "hubspot", "base_url": crm, "token": self.crm.token},
            {
                "platform": "razorpay",
                "base_url": payments,
                "token": self.payments.key,
                "account_id": self.payments.key_id,
                "webhook_secret": self.payments.secret,
            },
            {
                "platform": "webhook",
                "name": _NAME,
                "base_url": receiver,
                "events": ["incidence.opened", "incidence.closed"],
                "webhook_secret": self.receiver.secret,
            },
        ]
        known = {(one.platform, one.name): one.id for one in (await owner.integrations.list()).items}
        for body in wanted:
            id = known.get((body["platform"], body.get("name", "")))
            if id is None:
                made = await owner.integrations.add(IntegrationAdd.model_validate(body))
                id = made.id
            else:
                given = {name: value for name, value in body.items() if name not in ("platform", "name")}
                await owner.integrations.change(id, IntegrationChange.model_validate(given))
            if body["platform"] != "webhook":
                await owner.integrations.sync(id)


async def live(partners: Partners, url: str) -> None:
    """Be there until the demo ends."""
    async with partners.open(url):
        await asyncio.Event().wait()
