"""The demo's other agents: their consoles are connected, and one of them goes to lunch and comes back."""

import asyncio
from datetime import timedelta

from backend.client import ApiError, Client, Offline
from backend.core.clock import Clock
from backend.core.log import logger
from backend.demo.cast import AGENTS, PASSWORD, Colleague
from backend.demo.pace import Pace
from backend.identity.schemas import AvailabilitySay

COME_AFTER, LUNCH_AFTER, LUNCH = 3.0, 90.0, 900.0
"""Seconds until they are at their desks, from then to lunch, and for lunch; of the customers' time."""
STAYS, LUNCHES = AGENTS[1], AGENTS[2]


class Desks:
    """Both of them, in one running demo. What waits for the one at lunch is offered to the others after the grace."""

    def __init__(self, url: str, *, pace: Pace, clock: Clock) -> None:
        self.url, self.pace, self.clock = url, pace, clock

    async def run(self) -> None:
        """Be at the desk until cancelled."""
        await self.pace.wait(COME_AFTER)
        async with Client(self.url) as stays, Client(self.url) as lunches, asyncio.TaskGroup() as tasks:
            for api, colleague in ((stays, STAYS), (lunches, LUNCHES)):
                tasks.create_task(self._be_connected(api, colleague))
            tasks.create_task(self._go_to_lunch(lunches))

    async def _be_connected(self, api: Client, colleague: Colleague) -> None:
        """Keep a line open, as a console does, through every drop of the connection."""
        while True:
            try:
                if api.transport.access_token is None:
                    await api.identity.sign_in(colleague.email, PASSWORD)
                async with api.live.connect(None) as line:
                    async for _ in line:
                        pass
            except (ApiError, Offline) as error:
                logger.debug("a colleague lost the feed", who=colleague.name, error=str(error))
            await asyncio.sleep(1)

    async def _go_to_lunch(self, api: Client) -> None:
        while True:
            await self.pace.wait(LUNCH_AFTER)
            back_at = self.clock.now() + timedelta(seconds=LUNCH / self.pace.speed)
            await self._say(api, AvailabilitySay(availability="AWAY", reason="lunch", back_at=back_at))
            await self.pace.wait(LUNCH)
            await self._say(api, AvailabilitySay(availability="ONLINE"))

    async def _say(self, api: Client, body: AvailabilitySay) -> None:
        try:
            await api.agent.say_availability(body)
        except (ApiError, Offline) as error:
            logger.debug("a colleague could not say where they are", error=str(error))
