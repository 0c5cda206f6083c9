"""A customer with a subscription at the Stripe double who wants to cancel, spoken to over HTTP as the app does."""

from typing import Any

from sqlalchemy import select

from backend.billing.models import Subscription
from backend.client import Client
from backend.retention.schemas import DecisionAsked, OfferAsk, StartAsked, Started
from tests.billing.changing import World
from tests.support.backend import Backend
from tests.support.follows import frames

HIDDEN = 0.0001
"""Waiting for Stripe no longer than this: what is pending is seen as such."""


class Leaver(World):
    """`app` is the business's app with its key; nobody is in the group without offers unless the test says so."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.app: Client
        self.customer = ""
        self.run: Started

    async def arrive(self, **how: Any) -> "Leaver":
        """Subscribe, with the plan Basic beside Pro; then the rules are set."""
        await self.begin(**how)
        self.app = await self.backend.key("retention")
        self.customer = (await self.row()).customer_id
        await self.set(holdout=[{"fromRuns": 0, "share": 0}], waitSeconds=HIDDEN, explore=0)
        return self

    async def arrive_as(self, email: str, name: str) -> "Leaver":
        """The same as somebody in particular."""
        return await self.arrive(customer=self.double.customer(email, name))

    async def another(self) -> "Leaver":
        """Another customer of the same business, with a subscription to Pro."""
        runtime, key = self.backend.runtime, self.backend.settings.stripe_secret_key
        gateways = runtime.stripe
        other = Leaver(self.backend)
        runtime.stripe, self.backend.settings.stripe_secret_key = gateways, key
        other.double, other.wire, other.pro, other.owner = self.double, self.wire, self.pro, self.owner
        other.app, other.basic, other.began = self.app, self.basic, self.began
        other.stripe_id = self.double.subscribe(self.double.customer("grace@example.com"), self.pro)["id"]
        await other.look()
        other.customer = (await other.row()).customer_id
        return other

    async def set(self, **settings: Any) -> None:
        """Other settings of the flow rules."""
        now = await self.owner.rules.show("flow")
        body = {"version": now["version"], "settings": now["settings"] | settings, "reason": "for a test"}
        await self.owner.rules.publish("flow", body)

    async def row(self) -> Subscription:
        """The subscription here."""
        query = select(Subscription).where(Subscription.stripe_subscription_id == self.stripe_id)
        return await self.backend.runtime.database.read(lambda session: session.scalars(query).one())

    async def mark(self, **columns: Any) -> None:
        """Have the mirror show the subscription otherwise."""

        def marked(session: Any) -> None:
            row = session.scalars(
                select(Subscription).where(Subscription.stripe_subscription_id == self.stripe_id)
            ).one()
            for name, value in columns.items():
                setattr(row, name, value)

        await self.backend.runtime.database.write(marked)

    async def start(self, client: Client | None = None, **more: Any) -> Started:
        body = {"customerId": self.customer, "subscriptionId": self.sub, **more}
        self.run = await (client or self.app).retention.start(StartAsked.model_validate(body))
        return self.run

    async def decide(self, offer_type: str, accepted: bool = True, client: Client | None = None, **more: Any) -> Any:
        """The answer to a decision, as JSON."""
        body = DecisionAsked.model_validate({"offerType": offer_type, "accepted": accepted, **more})
        answer = await (client or self.app).retention.decide(self.run.run_id, body)
        return answer.model_dump(mode="json", by_alias=True)

    async def leave(self, reason: str = "too_expensive") -> Any:
        """Begin, and say why: the answer shows the first offer."""
        await self.start()
        return await self.decide("SURVEY", reason=reason)

    async def offer(self, offer_type: str, client: Client | None = None, **more: Any) -> Started:
        body = {"subscriptionId": self.sub, "offerType": offer_type, **more}
        self.run = await (client or self.owner).retention.offer(OfferAsk.model_validate(body))
        return self.run

    async def shown(self) -> Any:
        """The run as the desk sees it."""
        return (await self.owner.retention.show(self.run.run_id)).model_dump(mode="json", by_alias=True)

    async def types(self) -> list[str]:
        """What was told of runs since it began."""
        told = await frames(self.backend, self.owner, self.began)
        return [frame["type"] for frame in told if frame["type"].startswith("retention_run")]
