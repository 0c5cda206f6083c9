"""A customer with a phone: what their app and their chat send, and what comes back to them."""

import asyncio
from decimal import Decimal
from typing import Any

from backend.client import Client
from backend.core.ids import new_id
from backend.demo.chat import Chat
from backend.demo.pace import Pace
from backend.incidences.schemas import IncidenceOpen
from backend.notifications.schemas import Suppress
from backend.signals.schemas import CartPut, Prompt, ScreenPut, SignalPost

PATIENCE = 900.0
"""Seconds of their own time that customers wait for an answer."""


class GaveUp(Exception):
    """Nobody answered, and the customer went away."""


class Shopper:
    """One customer, who acts only through the public API and the chat platform."""

    def __init__(self, user_id: str, name: str, *, api: Client, chat: Chat, pace: Pace) -> None:
        self.user_id, self.name = user_id, name
        self.pace, self.conversation_id = pace, f"chat-{user_id}-{new_id()[-6:]}"
        self._api, self._chat = api, chat
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()
        chat.listen(self.conversation_id, self.hear)

    async def see(self, screen: str) -> None:
        """Open a screen of the app."""
        await self._api.context.set_screen(self.user_id, ScreenPut(screen=screen))
        await self.pace.wait(3)

    async def fill_cart(self, order: dict[str, Any]) -> None:
        """Put an order (see `menu.order`) into the cart."""
        cart = CartPut(
            cart_items=order["items"],
            selected_platter={"name": order["platter"]},
            guest_count=order["guests"],
            event_date=order["date"],
            event_type=order["occasion"],
            estimated_value=Decimal(order["value"]),
        )
        await self._api.context.set_cart(self.user_id, cart)
        await self.pace.wait(2)

    async def do(self, type: str, times: int = 1, *, value: float | None = None, screen: str = "") -> Prompt | None:
        """Behave `times` times in a way that the app signals; the help offered last, if any was."""
        prompt: Prompt | None = None
        for _ in range(times):
            post = SignalPost(signal_type=type, value=value, flow="order", screen=screen or None, id=new_id())
            prompt = (await self._api.context.signal(self.user_id, post)).prompt or prompt
            await self.pace.wait(4)
        return prompt

    async def answer_offer(self, offered: Prompt, *, is_wanted: bool) -> None:
        """Look at help that the app offers, and take it or wave it away."""
        await self._api.notifications.see(offered.id)
        await self.pace.wait(4)
        if is_wanted:
            await self._api.notifications.accept(offered.id)
        else:
            await self._api.notifications.suppress(self.user_id, Suppress(notification_id=offered.id))

    async def ask_for_help(self, order: dict[str, Any], *, channel: str, summary: str, screen: str) -> str:
        """Press the app's help button: an incidence by the API. Its ref."""
        body = IncidenceOpen(
            user_id=self.user_id,
            stage="PRE_ORDER",
            channel=channel,
            trigger="USER_INITIATED",
            order_value=Decimal(order["value"]),
            event_type=order["occasion"],
            app_screen=screen,
            selected_items=order["items"],
            summary=summary,
        )
        return (await self._api.incidences.open(body, idempotency_key=new_id())).ref

    async def say(self, text: str) -> None:
        """Write in the chat."""
        await self._chat.say(self.conversation_id, text, user_id=self.user_id, name=self.name)

    def hear(self, text: str | None) -> None:
        """An agent's answer arrives on the phone; None says that the case was closed."""
        self._heard.put_nowait(text)

    async def answer(self) -> str:
        """Wait for the next answer of an agent and read it. GaveUp when none comes, or the case was closed."""
        text = await self._next()
        if text is None:
            raise GaveUp(f"{self.user_id}'s case was closed")
        await self.pace.wait(min(3 + len(text) / 25, 15))
        return text

    async def farewell(self) -> None:
        """Wait until the case is closed. GaveUp when that does not happen."""
        while await self._next() is not None:
            pass

    async def _next(self) -> str | None:
        hearing = asyncio.ensure_future(self._heard.get())
        waiting = asyncio.ensure_future(self.pace.wait(PATIENCE))
        try:
            done, _ = await asyncio.wait({hearing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if hearing not in done:
                raise GaveUp(f"{self.user_id} waited for {PATIENCE:.0f} s")
            return hearing.result()
        finally:
            hearing.cancel()
            waiting.cancel()
