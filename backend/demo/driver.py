"""Makes the demo live: customers who struggle, chat, pay, come back, and react to what agents answer.

It speaks to the backend as the outside does: by the public API with a key, and by a chat platform. What an agent sends
there reaches the customer's phone by that platform; whoever has only the app hears by the live feed.
"""

import asyncio
from random import Random
from typing import Any

from backend.client import ApiError, Client, Offline
from backend.core.clock import Clock
from backend.core.log import logger
from backend.demo import talk
from backend.demo.casebook import PLATFORM, conversation_of
from backend.demo.cast import HOSTILE
from backend.demo.chat import Chat
from backend.demo.colleagues import Colleagues
from backend.demo.desks import Desks
from backend.demo.entry import enter
from backend.demo.handing_up import HandsUp
from backend.demo.pace import Pace
from backend.demo.shopper import GaveUp, Shopper
from backend.demo.stories import STORIES, Story, hostile

FIRST_AFTER, EVERY, AT_ONCE = 4.0, 45.0, 6
"""Seconds to the first story and between two; how many go on at the same time."""
REPLIES_AT_MOST = 2
"""How often a customer of the past reacts, for each case."""
_NAMES = ("Ishaan Bhatt", "Tanvi Rao", "Gurleen Sethi", "Mohammed Faiz", "Ponni Selvan", "Debjani Sen", "Kunal Shinde")


class Driver:
    """All customers of one running demo."""

    def __init__(self, url: str, *, api_key: str, chat: Chat, seed: int, pace: Pace, clock: Clock) -> None:
        self.url, self.pace = url, pace
        self._api = Client(url, api_key=api_key)
        self._watch = Client(url)
        self._chat, self._clock, self._rng = chat, clock, Random(seed)
        chat.speak_to(self._api)
        self._shoppers: dict[str, Shopper] = {}
        self._replies: dict[str, int] = {}
        self._colleagues = Colleagues(url, self._watch, seed=seed, pace=pace)
        self._hands_up = HandsUp(url, self._watch, seed=seed, pace=pace)
        self._count = 0

    async def run(self) -> None:
        """Live until cancelled."""
        async with self._api, self._watch, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(tasks))
            tasks.create_task(self._tell(tasks))
            tasks.create_task(Desks(self.url, pace=self.pace, clock=self._clock).run())
            tasks.create_task(self._colleagues.ask_now_and_then())
            tasks.create_task(self._hands_up.now_and_then())

    async def _tell(self, tasks: asyncio.TaskGroup) -> None:
        """Begin one story after the other; the first of each kind in turn, then by chance."""
        await self.pace.wait(FIRST_AFTER)
        while True:
            if len(self._shoppers) < AT_ONCE:
                place = self._count
                story = STORIES[place] if place < len(STORIES) else self._rng.choice(STORIES)
                tasks.create_task(self._live(story))
            await self.pace.wait(EVERY)

    def _shopper(self, story: Story) -> Shopper:
        self._count += 1
        name = self._rng.choice(HOSTILE[:2] if story is hostile else _NAMES)
        user_id = f"live-{self._rng.getrandbits(32):08x}"
        return Shopper(user_id, name, api=self._api, chat=self._chat, pace=self.pace)

    async def _live(self, story: Story) -> None:
        one = self._shopper(story)
        self._shoppers[one.user_id] = one
        try:
            await story(one, self._rng, self._clock.now())
        except GaveUp as gone:
            logger.debug("a customer left", story=story.__name__, why=str(gone))
        except (ApiError, Offline) as error:
            logger.warning("a story broke off", story=story.__name__, error=str(error))
        finally:
            self._shoppers.pop(one.user_id, None)

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        """Carry what agents do to the customers, through every drop of the connection."""
        seen: int | None = None
        while True:
            try:
                if self._watch.transport.access_token is None:
                    await enter(self._watch)
                async with self._watch.live.connect(seen) as line:
                    async for frame in line:
                        seen = frame.get("seq") or frame.get("head") or seen
                        self._carry(frame, tasks)
            except (ApiError, Offline) as error:
                logger.debug("the driver lost the feed", error=str(error))
            await asyncio.sleep(1)

    def _carry(self, frame: dict[str, Any], tasks: asyncio.TaskGroup) -> None:
        state, type = frame.get("state"), frame.get("type")
        if isinstance(state, dict) and type == "approval.requested":
            tasks.create_task(self._colleagues.answer(state))
        if not isinstance(state, dict) or type not in ("incidence.message_sent", "incidence.closed"):
            return
        shopper = self._shoppers.get(state["userId"])
        if type == "incidence.closed":
            if shopper:
                shopper.hear(None)
        elif shopper:
            if not frame["data"].get("via"):  # else the platform carries it
                shopper.hear(frame["data"]["text"])
        elif frame["actor"]["kind"] == "member" and state["platform"] == PLATFORM:
            tasks.create_task(self._react(state))

    async def _react(self, state: dict[str, Any]) -> None:
        """A customer of the past was answered and says something back, a few times at most."""
        ref = state["ref"]
        if self._replies.get(ref, 0) >= REPLIES_AT_MOST:
            return
        self._replies[ref] = self._replies.get(ref, 0) + 1
        is_first = self._replies[ref] == 1
        words = self._rng.choice(talk.FOLLOW_UPS if is_first and self._rng.random() < 0.5 else talk.GRATITUDE)
        date = str(state["userInputs"].get("eventDate") or "that day")
        agent = (state["agentName"] or "").split(" ")[0]
        await self.pace.wait(self._rng.uniform(6, 20))
        user_id = state["userId"]
        conversation_id = conversation_of(user_id, int(ref.removeprefix("INC-")))
        try:
            await self._chat.say(conversation_id, words.format(date=date, agent=agent), user_id=user_id)
        except (ApiError, Offline) as error:
            logger.warning("a reaction was not taken", ref=ref, error=str(error))
