"""A floor whose customers pay for subscriptions at a Stripe double, and want to cancel them."""

from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import select

from backend.billing.gateway import Gateways
from backend.billing.pace import Time
from backend.billing.schemas import SyncAsked
from backend.demo.outside.stripe import StripeDouble
from backend.retention.holdout import group_of
from backend.retention.models import RetentionRun
from backend.retention.schemas import DecisionAsked, StartAsked, Started
from backend.work import Work
from tests.console.desk.floor import Floor
from tests.retention.past import Bill, Past, Place
from tests.support.stripe import API, DoubleTransport

GUESTS = ("Priya Raman", "Arjun Mehta", "Lakshmi Narayanan", "Chloé Dubois", "李小龍")
HIDDEN = 0.0001
"""Seconds that a decision waits for Stripe: what is carried out is seen as such."""


class Leaving:
    """`subscriptions` are the ids here by customer, CUST-0 and so on; nobody is in the holdout unless it is said."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.stripe = StripeDouble(floor.clock)
        self.http = httpx.AsyncClient(transport=DoubleTransport(self.stripe))
        runtime = floor.backend.runtime
        runtime.stripe = Gateways(runtime.outside, API, http=self.http)
        runtime.stripe.time = Time(sleep=_at_once)
        floor.backend.settings.stripe_secret_key = SecretStr(self.stripe.key)
        self.subscriptions: dict[str, str] = {}
        self.cases: dict[str, dict[str, Any]] = {}

    async def begin(self) -> "Leaving":
        """Guests with a case and a subscription each."""
        small = self.stripe.plan("Small Thali", 120_000, currency="inr")
        for number, name in enumerate(GUESTS):
            user = f"CUST-{number}"
            self.cases[user] = await self.floor.incidence(user, name)
            who = self.stripe.customer(f"{user.lower()}@mail.com", name, metadata={"externalId": user})
            family = self.stripe.plan("Family Thali", 290_000 - 1_000 * number, currency="inr")
            self.stripe.subscribe(who, small if number == 2 else family)
            self.floor.clock.advance(minutes=1)
        api = self.floor.api
        await api.stripe.sync(self.floor.me.business.id, SyncAsked(is_full=True))
        await self.floor.backend.drain()
        self.subscriptions = {one.customer.external_id: one.id for one in (await api.subscriptions.list()).items}
        await self.set(holdout=[{"fromRuns": 0, "share": 0}], waitSeconds=HIDDEN, explore=0)
        return self

    async def set(self, **settings: Any) -> None:
        """Other settings of the flow rules."""
        now = await self.floor.api.rules.show("flow")
        body = {"version": now["version"], "settings": now["settings"] | settings, "reason": "for a test"}
        await self.floor.api.rules.publish("flow", body)

    async def keep_out(self, user: str) -> None:
        """Draw the holdout anew until the customer is in it."""
        who, business = (await self.floor.api.customers.show(user)).id, self.floor.me.business.id
        salt = next(salt for salt in map(str, range(200)) if group_of(business, who, salt, 0.5) == "HOLDOUT")
        await self.set(holdout=[{"fromRuns": 0, "share": 0.5}], holdoutSalt=salt)

    async def start(self, user: str) -> Started:
        """The customer wants to cancel."""
        body = StartAsked(customer_id=user, subscription_id=self.subscriptions[user])
        return await self.floor.api.retention.start(body)

    async def decide(self, run: Started, offer_type: str, accepted: bool = True, **more: Any) -> Any:
        """What they make of a step."""
        body = DecisionAsked.model_validate({"offerType": offer_type, "accepted": accepted, **more})
        return await self.floor.api.retention.decide(run.run_id, body)

    async def settle(self) -> None:
        """Carry out what was accepted at Stripe."""
        await self.floor.backend.drain()


async def _at_once(_seconds: float) -> None:
    pass


async def filled(leaving: Leaving) -> None:
    """One saved, one gone, one in the holdout, two deciding."""
    floor = leaving.floor
    saved = await leaving.start("CUST-0")
    await leaving.decide(saved, "SURVEY", reason="too_expensive", followUp="budget", comment="It is a lot.")
    floor.clock.advance(minutes=1)
    await leaving.decide(saved, "DISCOUNT")
    await leaving.settle()
    floor.clock.advance(minutes=11)
    gone = await leaving.start("CUST-1")
    await leaving.decide(gone, "SURVEY", reason="too_complex")
    floor.clock.advance(minutes=2)
    await leaving.decide(gone, "CANCEL", reason="too_complex")
    await leaving.settle()
    floor.clock.advance(minutes=7)
    deciding = await leaving.start("CUST-3")
    await leaving.decide(deciding, "SURVEY", reason="unused", followUp="for_now", comment="Back after Diwali!")
    floor.clock.advance(minutes=3)
    await leaving.keep_out("CUST-4")
    await leaving.start("CUST-4")
    floor.clock.advance(minutes=1)
    await leaving.set(holdout=[{"fromRuns": 0, "share": 0}])
    await leaving.start("CUST-2")
    floor.clock.advance(minutes=2)


async def past(floor: Floor) -> None:
    """Half a year of runs, a fifth of the customers without offers."""
    pasts = []
    for number in range(60):
        is_held = number % 5 == 0
        outcome = (
            ("SAVED", "CANCELLED", "SAVED", "ABANDONED")[number % 4]
            if not is_held
            else ("CANCELLED", "SAVED")[number % 2]
        )
        bills = tuple(Bill(after=after, paid=290_000, tax=10_000) for after in (10.0, 40.0, 70.0))
        pasts.append(
            Past(
                customer=number,
                days_ago=3.0 * number,
                outcome=outcome,
                reason=("too_expensive", "unused", "missing_features", None)[number % 4],
                mrr=290_000,
                bills=bills[:1] if is_held else bills,  # the same in each group: the draws of a bootstrap show no luck
                shown=0 if is_held else 1,
                group="HOLDOUT" if is_held else "TREATED",
            )
        )
    place = Place(floor.units, floor.clock.now())
    await place.put(pasts)
    await place.learn()
    await floor.units.write(_complete)


def _complete(work: Work) -> None:
    """These runs had no flow, so no order of offers; decided they are."""
    for run in work.session.scalars(select(RetentionRun).where(RetentionRun.flow_id.is_(None))):
        run.decided_at, run.ranking = run.started_at, []
