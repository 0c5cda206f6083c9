"""Subscriptions, plans, and the Stripe account."""

from typing import Any

from backend.billing import schemas as s
from backend.client.noun import Noun
from backend.client.subscription_changes import SubscriptionChanges
from backend.core.wire import Page


class Subscriptions(SubscriptionChanges):
    async def list(self, **query: Any) -> Page[s.SubscriptionRead]:
        """`customerId, status, plan, q, sort, cursor, limit`."""
        return await self.transport.call("GET", "/api/subscriptions", Page[s.SubscriptionRead], **query)

    async def show(self, id: str) -> s.SubscriptionRead:
        path = "/api/subscriptions/{subscription_id}"
        return await self.transport.call("GET", path, s.SubscriptionRead, subscription_id=id)

    async def plans(self, **query: Any) -> Page[s.PlanRead]:
        """`active`."""
        return await self.transport.call("GET", "/api/plans", Page[s.PlanRead], **query)


class Stripe(Noun):
    async def show(self, business_id: str) -> s.AccountRead:
        path = "/api/businesses/{business_id}/stripe"
        return await self.transport.call("GET", path, s.AccountRead, business_id=business_id)

    async def connect(self, business_id: str, body: s.AccountConnect) -> s.AccountRead:
        path = "/api/businesses/{business_id}/stripe"
        return await self.transport.call("POST", path, s.AccountRead, body, business_id=business_id)

    async def begin_connect(self, business_id: str) -> s.ConnectUrl:
        """A URL to open in a browser, where an owner of the Stripe account agrees."""
        path = "/api/businesses/{business_id}/stripe/connect"
        return await self.transport.call("POST", path, s.ConnectUrl, business_id=business_id)

    async def finish_connect(self, **query: Any) -> s.AccountRead:
        """What the browser does when Stripe sends it back: `state, code, error`."""
        return await self.transport.call("GET", "/api/stripe/callback", s.AccountRead, **query)

    async def agree_connect(self, business_id: str, replaces: str) -> s.AccountRead:
        """Agree that another account takes the place of the last one, which is named by its id."""
        path = "/api/businesses/{business_id}/stripe/connect/agree"
        body = s.Replaced(replaces=replaces)
        return await self.transport.call("POST", path, s.AccountRead, body, business_id=business_id)

    async def disconnect(self, business_id: str) -> None:
        await self.transport.call("DELETE", "/api/businesses/{business_id}/stripe", business_id=business_id)

    async def sync(self, business_id: str, body: s.SyncAsked) -> s.SyncAccepted:
        path = "/api/businesses/{business_id}/stripe/sync"
        return await self.transport.call("POST", path, s.SyncAccepted, body, business_id=business_id)
