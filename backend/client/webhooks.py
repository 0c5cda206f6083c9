"""Webhooks, as chat platforms and Stripe post them: raw bytes and headers, signed by the caller."""

from typing import Any

from backend.client.noun import Noun


class Webhooks(Noun):
    async def freshchat(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        response = await self.transport.raw("POST", "/webhooks/freshchat", content=body, headers=headers)
        return dict(response.json())

    async def intercom(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        response = await self.transport.raw("POST", "/webhooks/intercom", content=body, headers=headers)
        return dict(response.json())

    async def chatwoot(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        response = await self.transport.raw("POST", "/webhooks/chatwoot", content=body, headers=headers)
        return dict(response.json())

    async def generic(self, integration_id: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        path = "/webhooks/generic/{integration_id}"
        ids = {"integration_id": integration_id}
        response = await self.transport.raw("POST", path, ids=ids, content=body, headers=headers)
        return dict(response.json())

    async def stripe(self, body: bytes, headers: dict[str, str], *, business: str | None = None) -> dict[str, Any]:
        query = {"business": business} if business else None
        response = await self.transport.raw("POST", "/webhooks/stripe", content=body, headers=headers, params=query)
        return dict(response.json())
