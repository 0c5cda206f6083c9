"""Channels to staff, and what left by them."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.delivery import schemas as s


class Delivery(Noun):
    async def channels(self) -> Page[s.ChannelRead]:
        return await self.transport.call("GET", "/api/delivery/channels", Page[s.ChannelRead])

    async def add(self, body: s.ChannelAdd) -> s.ChannelRead:
        return await self.transport.call("POST", "/api/delivery/channels", s.ChannelRead, body)

    async def change(self, id: str, body: s.ChannelChange) -> s.ChannelRead:
        path = "/api/delivery/channels/{channel_id}"
        return await self.transport.call("PATCH", path, s.ChannelRead, body, channel_id=id)

    async def test(self, id: str) -> s.LetterAccepted:
        path = "/api/delivery/channels/{channel_id}/test"
        return await self.transport.call("POST", path, s.LetterAccepted, channel_id=id)

    async def remove(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/delivery/channels/{channel_id}", channel_id=id)

    async def letters(self, **query: Any) -> s.LetterPage:
        """`state, channel, limit, cursor`."""
        return await self.transport.call("GET", "/api/delivery/letters", s.LetterPage, **query)

    async def letter(self, id: str) -> s.LetterShown:
        return await self.transport.call("GET", "/api/delivery/letters/{letter_id}", s.LetterShown, letter_id=id)

    async def retry(self, id: str) -> s.LetterAccepted:
        path = "/api/delivery/letters/{letter_id}/retry"
        return await self.transport.call("POST", path, s.LetterAccepted, letter_id=id)
