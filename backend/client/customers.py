"""Customers."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.customers import schemas as s
from backend.incidences.schemas import TimelineEntry
from backend.risk.schemas import RiskShown
from backend.signals.schemas import VisitPage

Customer = s.CustomerRead


class Customers(Noun):
    async def list(self, **query: Any) -> Page[Customer]:
        """`q, sort, limit, cursor`."""
        return await self.transport.call("GET", "/api/customers", Page[Customer], **query)

    async def show(self, id: str, *, reveal: bool = False) -> Customer:
        """By our id or the external one. With `reveal`, e-mail and phone in full, which is recorded."""
        path = "/api/customers/{customer_id}"
        return await self.transport.call("GET", path, Customer, customer_id=id, reveal="true" if reveal else None)

    async def change(self, id: str, body: s.CustomerChange) -> Customer:
        return await self.transport.call("PATCH", "/api/customers/{customer_id}", Customer, body, customer_id=id)

    async def erase(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/customers/{customer_id}", customer_id=id)

    async def export(self, id: str) -> s.CustomerExport:
        """Everything that is held of the customer, which is recorded."""
        return await self.transport.call("GET", "/api/customers/{customer_id}/export", s.CustomerExport, customer_id=id)

    async def risk(self, id: str) -> RiskShown:
        """The risk score as of now, and the scores of before."""
        return await self.transport.call("GET", "/api/customers/{customer_id}/risk", RiskShown, customer_id=id)

    async def sessions(self, id: str, **query: Any) -> VisitPage:
        """`limit, cursor`."""
        path = "/api/customers/{customer_id}/sessions"
        return await self.transport.call("GET", path, VisitPage, customer_id=id, **query)

    async def timeline(self, id: str, **query: Any) -> Page[TimelineEntry]:
        path = "/api/customers/{customer_id}/timeline"
        return await self.transport.call("GET", path, Page[TimelineEntry], customer_id=id, **query)
