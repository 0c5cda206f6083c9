"""Cancel flows, and the runs of customers through them."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.retention import figure_schemas as g
from backend.retention import flow_schemas as f
from backend.retention import schemas as s


class Flows(Noun):
    async def list(self, **query: Any) -> Page[f.FlowRead]:
        """`status`."""
        return await self.transport.call("GET", "/api/flows", Page[f.FlowRead], **query)

    async def make(self, body: f.FlowMake) -> f.FlowRead:
        return await self.transport.call("POST", "/api/flows", f.FlowRead, body)

    async def show(self, id: str) -> f.FlowShown:
        """By id or name."""
        return await self.transport.call("GET", "/api/flows/{flow_id}", f.FlowShown, flow_id=id)

    async def change(self, id: str, body: f.FlowChange) -> f.FlowRead:
        return await self.transport.call("PATCH", "/api/flows/{flow_id}", f.FlowRead, body, flow_id=id)

    async def activate(self, id: str, body: f.FlowActivate) -> f.FlowRead:
        return await self.transport.call("POST", "/api/flows/{flow_id}/activate", f.FlowRead, body, flow_id=id)

    async def dry_run(self, id: str, body: f.FlowTrial) -> f.FlowTried:
        """What a document (the newest when left out) would have shown in the last days."""
        return await self.transport.call("POST", "/api/flows/{flow_id}/dry-run", f.FlowTried, body, flow_id=id)

    async def versions(self, id: str) -> Page[f.FlowVersionRead]:
        path = "/api/flows/{flow_id}/versions"
        return await self.transport.call("GET", path, Page[f.FlowVersionRead], flow_id=id)

    async def diff(self, id: str, before: int, after: int) -> f.FlowDiff:
        path = "/api/flows/{flow_id}/diff"
        return await self.transport.call("GET", path, f.FlowDiff, flow_id=id, before=before, after=after)

    async def ranking(self, id: str, **query: Any) -> g.FlowRanking:
        """`days, horizon` (30, 90 or 180)."""
        path = "/api/flows/{flow_id}/ranking"
        return await self.transport.call("GET", path, g.FlowRanking, flow_id=id, **query)


class Retention(Noun):
    async def start(self, body: s.StartAsked) -> s.Started:
        return await self.transport.call("POST", "/api/retention/start", s.Started, body)

    async def decide(self, run_id: str, body: s.DecisionAsked, **more: Any) -> s.Decided:
        """`idempotency_key`."""
        path = "/api/retention/{run_id}/decision"
        return await self.transport.call("POST", path, s.Decided, body, run_id=run_id, **more)

    async def runs(self, **query: Any) -> s.RunPage:
        """`open, outcome, group, channel, reason, flowId, customerId, subscriptionId, incidenceId, since, until, limit,
        cursor`."""
        return await self.transport.call("GET", "/api/retention/runs", s.RunPage, **query)

    async def show(self, run_id: str) -> s.RunShown:
        return await self.transport.call("GET", "/api/retention/runs/{run_id}", s.RunShown, run_id=run_id)

    async def offers(self, subscription_id: str, *, reason: str | None = None) -> s.OffersRead:
        query = {"subscriptionId": subscription_id, "reason": reason}
        return await self.transport.call("GET", "/api/retention/offers", s.OffersRead, **query)

    async def offer(self, body: s.OfferAsk, **more: Any) -> s.Started:
        """`idempotency_key`."""
        return await self.transport.call("POST", "/api/retention/offer", s.Started, body, **more)

    async def summary(self, **query: Any) -> g.Summary:
        """`days, horizon` (30, 90 or 180), here and in the next four."""
        return await self.transport.call("GET", "/api/retention/analytics/summary", g.Summary, **query)

    async def saved_revenue(self, **query: Any) -> g.SavedRevenue:
        return await self.transport.call("GET", "/api/retention/analytics/saved-revenue", g.SavedRevenue, **query)

    async def saved_users(self, **query: Any) -> g.SavedUsers:
        return await self.transport.call("GET", "/api/retention/analytics/saved-users", g.SavedUsers, **query)

    async def offers_performance(self, **query: Any) -> g.Offers:
        return await self.transport.call("GET", "/api/retention/analytics/offers", g.Offers, **query)

    async def churn_reasons(self, **query: Any) -> g.Reasons:
        return await self.transport.call("GET", "/api/retention/analytics/churn-reasons", g.Reasons, **query)
