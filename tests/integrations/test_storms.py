"""Webhook storms: every body one to five times, in any order, some an hour late: the case ends as if they had come once
and in order. The stories are made by chance: who writes, who has it, how often it is closed and opened again.
"""

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backend.incidences.models import Conversation, Incidence
from backend.integrations import service
from backend.integrations.models import WebhookDelivery
from tests.integrations.conftest import Chat
from tests.integrations.test_platforms import trust
from tests.integrations.voices import PLATFORMS, Voice, voice_of

NUMBERS = count(1)
KINDS = ("message", "answer", "assign", "give back", "resolve", "reopen")
Story = list[str]
Delivery = tuple[int, bool]
"""Which webhook of the story, and whether an hour passes before it comes."""


@st.composite
def storms(draw: st.DrawFn) -> tuple[Story, list[Delivery]]:
    """A story, which a customer begins, and how its webhooks come."""
    story = ["message", *draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=8))]
    times = [draw(st.integers(1, 5)) for _ in story]
    places = [place for place, often in enumerate(times) for _ in range(often)]
    shuffled = draw(st.permutations(places))
    late = draw(st.sets(st.integers(0, len(shuffled) - 1), max_size=3))
    return story, [(place, index in late) for index, place in enumerate(shuffled)]


class Teller:
    """Tells one story to a new conversation."""

    def __init__(self, chat: Chat, voice: Voice, email: str, story: Story) -> None:
        self.chat, self.voice, self.number = chat, voice, next(NUMBERS)
        self.platform = voice.setting.partition("_")[0]
        self.conversation_id = f"c{self.number}" if self.platform == "freshchat" else f"{self.number}"
        self.bodies = [self._body(place, kind, email) for place, kind in enumerate(story)]
        self.is_dated = self.platform == "chatwoot"

    def _body(self, place: int, kind: str, email: str) -> Any:
        about, at = self.number, self.chat.at(-100 + place)
        said: dict[str, Any] = {"customer": about, "at": at, "id": 100 * about + place}
        match kind:
            case "message":
                return self.voice.message(about, f"m{place}", **said)
            case "answer":
                return self.voice.answer(about, f"a{place}", **said)
            case "assign":
                return self.voice.assigned(about, email, at=at)
            case "give back":
                return self.voice.given_back(about, at=at)
            case "resolve":
                return self.voice.resolved(about, at=at)
        return self.voice.reopened(about, at=at)

    async def tell(self, deliveries: list[Delivery]) -> dict[str, Any]:
        """How the case stands after these deliveries."""
        units = await self.chat.backend.units()
        seen: set[int] = set()
        for place, is_late in deliveries:
            if is_late:
                self.chat.backend.clock.advance(hours=1)
            body, headers = self.bodies[place]
            if self.is_dated:  # a new time in each try, and the same delivery
                body, headers = self.voice.signed_again(body, headers)
            answer = await self.chat.post((body, headers), f"/webhooks/{self.platform}")
            assert answer.json() == {"accepted": place not in seen, "duplicate": place in seen}
            seen.add(place)
            for id in await self._waiting():
                await units.write(service.process, id)
        while waiting := await self._waiting():
            for id in waiting:
                await units.write(service.process, id)
        return await self._end()

    async def _waiting(self) -> list[str]:
        query = select(WebhookDelivery.id).where(
            WebhookDelivery.conversation_id == self.conversation_id, WebhookDelivery.processed_at.is_(None)
        )
        return await self.chat.backend.runtime.database.read(
            lambda session: list(session.scalars(query.order_by(WebhookDelivery.id.desc())))
        )

    async def _end(self) -> dict[str, Any]:
        query = select(Incidence).join(Conversation, Conversation.incidence_id == Incidence.id)
        of = query.where(Conversation.conversation_id == self.conversation_id)
        (case,) = await self.chat.backend.runtime.database.read(lambda session: list(session.scalars(of)))
        last = case.last_message or {}
        return {
            "status": case.status,
            "outcome": case.outcome,
            "agent": case.agent_id,
            "reopened": case.reopen_count,
            "waits": case.waiting_since is not None,
            "last": (str(last.get("text")), last.get("by")),
            "told": await self.chat.told(case.id),
        }


IN_BETWEEN = ["message", "answer", "resolve", "reopen"]


@pytest.mark.alike  # one after the other: at once they come in test_inbox and test_arrivals
@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@example(storm=(IN_BETWEEN, [(0, False), (3, False), (1, False), (2, True)]))  # closed in between, told last
@example(storm=(["message", "resolve", "message", "answer"], [(3, False), (2, False), (1, False), (0, True)]))
@example(storm=(["message", "answer", "assign", "resolve"], [(3, False), (2, True), (1, False), (0, True), (0, True)]))
@given(storm=storms())
async def test_a_storm_ends_as_in_order(chat: Chat, platform: str, storm: tuple[Story, list[Delivery]]) -> None:
    story, deliveries = storm
    voice = voice_of(platform, chat.backend.clock, chat.freshchat)
    trust(chat, voice, voice.secret)
    email = (await (await chat.backend.owner()).identity.me()).user.email
    stormy = await Teller(chat, voice, email, story).tell(deliveries)
    assert stormy == await Teller(chat, voice, email, story).tell([(place, False) for place in range(len(story))])
