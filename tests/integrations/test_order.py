"""However webhooks are shuffled and repeated, the conversation ends as if they had come once and in order."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.ids import new_id
from backend.demo.outside.freshchat import Webhook
from backend.integrations.models import WebhookDelivery
from tests.integrations.conftest import Chat

STORY = ["m1", "m2", "assign", "resolve", "reopen", "m3"]


def webhooks_of(chat: Chat, conversation_id: str, agent: str) -> dict[str, Webhook]:
    """The story in order, a minute between any two."""
    double, customer = chat.freshchat, f"u-{conversation_id}"

    def message(name: str, minute: int) -> Webhook:
        return double.message_create(
            conversation_id, name, user_id=customer, at=chat.at(minute), message_id=f"{name}-{conversation_id}"
        )

    return {
        "m1": message("m1", -10),
        "m2": message("m2", -9),
        "assign": double.conversation_assignment(conversation_id, to_agent_id=agent, at=chat.at(-8)),
        "resolve": double.conversation_resolution(conversation_id, agent_id=agent, at=chat.at(-7)),
        "reopen": double.conversation_reopen(conversation_id, user_id=customer, at=chat.at(-6)),
        "m3": message("m3", -5),
    }


async def end_of(chat: Chat, names: list[str], agent: str) -> dict[str, Any]:
    """The state of a new conversation after those webhooks of the story."""
    conversation_id = new_id()
    webhooks = webhooks_of(chat, conversation_id, agent)
    seen: set[str] = set()
    for name in names:
        assert await chat.tell_without_worker(webhooks[name]) is (name not in seen)
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
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@PATIENT
@given(names=shuffles(STORY))
async def test_any_order_ends_as_in_order(chat: Chat, names: list[str]) -> None:
    agent = (await (await chat.backend.owner()).identity.me()).user.email
    end = await end_of(chat, names, agent)
    assert end == await end_of(chat, STORY, agent)
    assert (end["status"], end["last"], end["waits"]) == ("OPEN", "m3", True)
    assert end["agent"] is not None
    assert [text for _, text in end["told"]] == ["m1", "m2", "m3"]


@PATIENT
@given(names=shuffles(STORY[:4]))
async def test_any_order_that_ends_resolved_stays_resolved(chat: Chat, names: list[str]) -> None:
    agent = (await (await chat.backend.owner()).identity.me()).user.email
    end = await end_of(chat, names, agent)
    assert end == await end_of(chat, STORY[:4], agent)
    assert (end["status"], end["outcome"], end["last"]) == ("CLOSED", "RESOLVED", "m2")
