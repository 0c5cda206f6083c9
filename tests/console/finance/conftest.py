"""The floor of the desk's tests with money on it: a month of charges, and Stripe as a double that is a platform's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from pydantic import SecretStr

from backend.billing import takings_keeping
from backend.billing.gateway import Gateways
from backend.billing.pace import Time
from backend.demo.outside.stripe import StripeDouble
from backend.finance import advising, keeping
from backend.identity.schemas import BusinessChange
from tests.console.desk.floor import Floor
from tests.support.stripe import API, DoubleTransport

DAY = 86_400


@dataclass
class Till:
    """A floor, and Stripe beside it."""

    floor: Floor
    stripe: StripeDouble


async def _at_once(_seconds: float) -> None:
    pass


@pytest_asyncio.fixture
async def till(database_url: str, tmp_path: Path) -> AsyncIterator[Till]:
    async with Floor(database_url, tmp_path / "data") as floor:
        stripe = StripeDouble(floor.clock)
        runtime = floor.backend.runtime
        outside = httpx.AsyncClient(transport=DoubleTransport(stripe))
        runtime.stripe = Gateways(runtime.outside, API, http=outside)
        runtime.stripe.time = Time(lambda: 0.0, _at_once, lambda: 0.0)
        floor.backend.settings.stripe_connect_client_id = "ca_double"
        floor.backend.settings.stripe_secret_key = SecretStr(stripe.key)
        await floor.api.stripe.disconnect(floor.me.business.id)  # the server's own account: it wants another
        business = await floor.api.businesses.show(floor.me.business.id)
        body = BusinessChange(version=business.version, time_zone="UTC")
        await floor.api.businesses.change(business.id, body)
        yield Till(floor, stripe)
        await outside.aclose()


async def month(floor: Floor) -> None:
    """Forty days of charges that grow, some of the last taken back; kept day by day, and what follows recommended."""
    start = int(floor.clock.now().timestamp())
    for day in range(40):
        charges = [_charge(f"ch_{day}_{n}", 40_000 + 1_000 * day, start + day * DAY + n * 3_600) for n in range(4)]
        await floor.units.write(takings_keeping.keep_charges, charges, 1)
        payout = {"id": f"po_{day}", "status": "paid" if day % 9 else "failed", "amount": 9, "currency": "inr"}
        payout |= {"created": start + day * DAY, "arrival_date": start + day * DAY}
        await floor.units.write(takings_keeping.keep_payouts, [payout], 1)
        floor.clock.advance(days=1)
        if day > 30:
            await floor.units.write(keeping.keep_metrics)
            await floor.units.write(keeping.keep_readiness)
    await floor.units.write(_dispute, 5)
    await floor.units.write(keeping.keep_metrics)
    await floor.units.write(keeping.keep_readiness)
    await floor.units.write(advising.refresh)


def _charge(id: str, amount: int, created: int) -> dict[str, Any]:
    return {"id": id, "amount": amount, "currency": "inr", "status": "succeeded", "created": created}


def _dispute(work: Any, number: int) -> None:
    from datetime import timedelta

    from backend.billing.models import Dispute

    for place in range(number):
        about = {"status": "lost", "reason": "fraudulent", "amount": 40_000, "currency": "INR", "read_at": work.now}
        work.add(Dispute(stripe_dispute_id=f"du_{place}", created_at=work.now - timedelta(days=3), **about))
    takings_keeping.forget_days(work, [work.now - timedelta(days=3)])
