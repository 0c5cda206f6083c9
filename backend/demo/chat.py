"""The demo's Freshchat, whole: customers write in it and hear from it, the backend is told by webhooks and calls its API.

It lives in the demo's process and answers on a port of its own. What it forgets when the demo ends, it takes from the
backend's calls again.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from backend.client import ApiError, Client, Offline
from backend.core.clock import Clock
from backend.core.log import logger
from backend.core.security import new_token
from backend.demo.cast import STAFF
from backend.demo.entry import enter
from backend.demo.outside.freshchat import FreshchatDouble
from backend.demo.outside.freshchat_rest import FreshchatRest
from backend.demo.outside.talks import Line, Talk
from backend.integrations.schemas import IntegrationAdd, IntegrationChange

LATENCY = 0.4
"""Seconds that its API takes, so that one sees an answer on its way."""
Hear = Callable[[str], None]


class Chat:
    """One Freshchat account, and the phones of customers that listen to it."""

    def __init__(self, webhooks: FreshchatDouble, clock: Clock) -> None:
        self.double = FreshchatRest(clock, webhooks, token=new_token("fc"))
        self.double.agents = {colleague.email: f"fc-{place}" for place, colleague in enumerate(STAFF, 1)}
        self.double.is_open, self.double.latency = True, LATENCY
        self.double.on_answer, self.double.on_told = self._heard, self._tell
        self._phones: dict[str, Hear] = {}
        self._api: Client | None = None
        self._telling = asyncio.Lock()

    async def connect(self, url: str, address: str) -> None:
        """Tell the backend at `url` that the platform's API is at `address` now."""
        given: dict[str, Any] = {
            "base_url": address,
            "agent_id": self.double.agent_id,
            "token": self.double.token,
            "per_minute": 3_000,
        }
        async with Client(url) as owner:
            await enter(owner)
            known = [one for one in (await owner.integrations.list()).items if one.platform == "freshchat"]
            if known:
                await owner.integrations.change(known[0].id, IntegrationChange(**given))
            else:
                await owner.integrations.add(IntegrationAdd(platform="freshchat", **given))

    def speak_to(self, api: Client) -> None:
        """Post webhooks by `api` from now on; what happens before is told by none."""
        self._api = api

    def listen(self, conversation_id: str, hear: Hear) -> None:
        """A phone wants to hear what is answered there."""
        self._phones[conversation_id] = hear

    async def say(self, conversation_id: str, text: str, *, user_id: str, name: str = "") -> None:
        """A customer writes. ApiError or Offline when the backend does not take it."""
        self.double.customer_says(conversation_id, text, customer=user_id, external_id=user_id, name=name)
        await self._post()

    def _heard(self, talk: Talk, line: Line) -> None:
        if hear := self._phones.get(talk.id):
            hear(line.text)

    async def _tell(self) -> None:
        try:
            await self._post()
        except (ApiError, Offline) as error:
            logger.debug("an echo was not taken", error=str(error))

    async def _post(self) -> None:
        async with self._telling:  # in their order
            told, self.double.told = self.double.told, []
            for webhook in told if self._api else ():
                assert self._api is not None
                await self._api.webhooks.freshchat(*webhook)
