"""What can be done to a subscription; a part of the noun `subscriptions`."""

from typing import Any

from backend.billing import change_schemas as s
from backend.client.noun import Noun
from backend.core.wire import Page


class SubscriptionChanges(Noun):
    """`more` of each: `wait`, seconds for which the outcome is waited for, and `idempotency_key`."""

    async def pause(self, id: str, body: s.PauseAsk, **more: Any) -> s.ChangeRead:
        path = "/api/subscriptions/{subscription_id}/pause"
        return await self.transport.call("POST", path, s.ChangeRead, body, subscription_id=id, **more)

    async def resume(self, id: str, body: s.ResumeAsk, **more: Any) -> s.ChangeRead:
        path = "/api/subscriptions/{subscription_id}/resume"
        return await self.transport.call("POST", path, s.ChangeRead, body, subscription_id=id, **more)

    async def downgrade(self, id: str, body: s.DowngradeAsk, **more: Any) -> s.ChangeRead:
        path = "/api/subscriptions/{subscription_id}/downgrade"
        return await self.transport.call("POST", path, s.ChangeRead, body, subscription_id=id, **more)

    async def discount(self, id: str, body: s.DiscountAsk, **more: Any) -> s.ChangeRead:
        path = "/api/subscriptions/{subscription_id}/discount"
        return await self.transport.call("POST", path, s.ChangeRead, body, subscription_id=id, **more)

    async def extend_trial(self, id: str, body: s.TrialAsk, **more: Any) -> s.ChangeRead:
        path = "/api/subscriptions/{subscription_id}/trial"
        return await self.transport.call("POST", path, s.ChangeRead, body, subscription_id=id, **more)

    async def cancel(self, id: str, body: s.CancelAsk, **more: Any) -> s.ChangeRead:
        path = "/api/subscriptions/{subscription_id}/cancel"
        return await self.transport.call("POST", path, s.ChangeRead, body, subscription_id=id, **more)

    async def keep(self, id: str, body: s.KeepAsk, **more: Any) -> s.ChangeRead:
        path = "/api/subscriptions/{subscription_id}/keep"
        return await self.transport.call("POST", path, s.ChangeRead, body, subscription_id=id, **more)

    async def preview(self, id: str, body: s.PreviewAsk) -> s.PreviewRead:
        """What a change would come to."""
        path = "/api/subscriptions/{subscription_id}/preview"
        return await self.transport.call("POST", path, s.PreviewRead, body, subscription_id=id)

    async def changes(self, id: str, **query: Any) -> Page[s.ChangeRead]:
        """`limit, cursor`; the newest first."""
        path = "/api/subscriptions/{subscription_id}/changes"
        return await self.transport.call("GET", path, Page[s.ChangeRead], subscription_id=id, **query)
