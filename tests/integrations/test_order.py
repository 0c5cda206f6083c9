"""However webhooks are shuffled and repeated, the conversation ends as if they had come once and in order."""

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.demo.outside.freshchat import Webhook
from backend.integrations.models import WebhookDelivery
from tests.integrations.conftest import Chat
from tests.integrations.test_platforms import trust
from tests.integrations.voices import PLATFORMS, Voice, voice_of

NUMBERS = count(1)
STORY = ["m1", "m2", "assign", "resolve", "reopen", "m3"]


def webhooks_of(chat: Chat, voice: Voice, number: int, agent: str) -> dict[str, Webhook]:
    """The story of conversation `number` in order, a minute between any two."""

    def message(name: str, minute: int, id: int) -> Webhook:
        return voice.message(number, name, customer=number, at=chat.at(minute), id=10 * number + id)

    return {
        "m1": message("m1", -10, 1),
        "m2": message("m2", -9, 2),
        "assign": voice.assigned(number, agent, at=chat.at(-8)),
        "resolve": voice.resolved(number, at=chat.at(-7)),
        "reopen": voice.reopened(number, at=chat.at(-6)),
        "m3": message("m3", -5, 3),
    }


async def end_of(chat: Chat, voice: Voice, names: list[str], agent: str) -> dict[str, Any]:
    """The state of a new conversation after those webhooks of the story."""
    number = next(NUMBERS)
    conversation_id = f"c{number}" if voice.setting.startswith("freshchat") else f"{number}"
    path = f"/webhooks/{voice.setting.partition('_')[0]}"
    webhooks = webhooks_of(chat, voice, number, agent)
    seen: set[str] = set()
    for name in names:
        assert await chat.tell_without_worker(webhooks[name], path) is (name not in seen)
        seen.add(name)
    incidence = await chat.incidence(conversation_id)
    deliveries = [row for row in await chat.rows(WebhookDelivery) if row.conversation_id == conversation_id]
    assert len(deliveries) == len(seen)
    assert {delivery.outcome for delivery in deliveries} == {"applied"}
    assert incidence is not None
    return {
        "status": incidence.status,
        "outcome": incidence.outcome,
        "agent": incidence.agent_id,
        "waits": incidence.waiting_since is not None,
        "last": (incidence.last_message or {}).get("text"),
        "told": await chat.told(incidence.id),
    }


def shuffles(story: list[str]) -> st.SearchStrategy[list[str]]:
    """The story's webhooks, each one to three times, in any order."""
    times = st.lists(st.integers(1, 3), min_size=len(story), max_size=len(story))
    return times.flatmap(
        lambda counts: st.permutations([name for name, count in zip(story, counts, strict=True) for _ in range(count)])
    )


PATIENT = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.mark.parametrize("platform", PLATFORMS)
@PATIENT
@given(names=shuffles(STORY))
async def test_any_order_ends_as_in_order(chat: Chat, platform: str, names: list[str]) -> None:
    voice = voice_of(platform, chat.backend.clock, chat.freshchat)
    trust(chat, voice, voice.secret)
    agent = (await (await chat.backend.owner()).identity.me()).user.email
    end = await end_of(chat, voice, names, agent)
    assert end == await end_of(chat, voice, STORY, agent)
    assert (end["status"], end["last"], end["waits"]) == ("OPEN", "m3", True)
    assert end["agent"] is not None
    assert [text for _, text in end["told"]] == ["m1", "m2", "m3"]


@pytest.mark.parametrize("platform", PLATFORMS)
@PATIENT
@given(names=shuffles(STORY[:4]))
async def test_any_order_that_ends_resolved_stays_resolved(chat: Chat, platform: str, names: list[str]) -> None:
    voice = voice_of(platform, chat.backend.clock, chat.freshchat)
    trust(chat, voice, voice.secret)
    agent = (await (await chat.backend.owner()).identity.me()).user.email
    end = await end_of(chat, voice, names, agent)
    assert end == await end_of(chat, voice, STORY[:4], agent)
    assert (end["status"], end["outcome"], end["last"]) == ("CLOSED", "RESOLVED", "m2")
