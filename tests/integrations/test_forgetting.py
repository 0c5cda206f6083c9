"""After a customer was erased, nothing that a platform told of them is left, and nothing comes back."""

import asyncio

import orjson
import psycopg
import pytest

from backend.integrations.models import ConversationMark, ToldMessage, WebhookDelivery
from tests.integrations.conftest import Chat


async def erase(chat: Chat, conversation_id: str) -> None:
    incidence = await chat.incidence(conversation_id)
    assert incidence is not None
    await (await chat.backend.owner()).customers.erase(incidence.customer_id)


async def test_webhooks_that_were_ignored_or_not_looked_at_yet_are_emptied(chat: Chat) -> None:
    note = {"conversation_id": "c1", "message_type": "private", "actor_type": "agent", "id": "n1"}
    note["message_parts"] = [{"text": {"content": "Meera is cross"}}]  # type: ignore[assignment]
    ignored = chat.freshchat.signed(orjson.dumps({"action": "message_create", "data": {"message": note}}))
    await chat.tell(chat.freshchat.message_create("c1", "I am Meera", user_id="u1", at=chat.at(-3)), ignored)
    waiting = chat.freshchat.message_create("c9", "Meera again", user_id="u1", at=chat.at(-2))
    other = chat.freshchat.message_create("c12", "Not hers", user_id="u12", at=chat.at(-1))
    await chat.backend.rest()
    for webhook in (waiting, other):
        assert (await chat.post(webhook)).status_code == 200
    await erase(chat, "c1")
    await chat.backend.drain()
    assert [b"Meera" in delivery.body for delivery in await chat.rows(WebhookDelivery)] == [False] * 4
    assert await chat.incidence("c9") is None
    assert await chat.incidence("c12") is not None


async def test_a_conversation_that_goes_on_is_that_of_a_new_customer(chat: Chat) -> None:
    await chat.tell(chat.freshchat.message_create("c1", "I am Meera", user_id="u1", at=chat.at(-3)))
    before = await chat.incidence("c1")
    await erase(chat, "c1")
    assert await chat.rows(ConversationMark) == []
    await chat.tell(chat.freshchat.message_create("c1", "Meera here", user_id="u1", at=chat.at(-1)))
    after = await chat.incidence("c1")
    assert before is not None
    assert after is not None
    assert (after.id != before.id, after.customer_id != before.customer_id) == (True, True)
    await erase(chat, "c1")
    owner = await chat.backend.owner()
    page = (await owner.transport.call("GET", "/incidences"))["items"]
    assert "Meera" not in orjson.dumps(page).decode()
    assert (await owner.audit.verify())["isWhole"]


async def test_who_is_erased_while_a_webhook_is_applied_leaves_nothing_of_it_behind(chat: Chat) -> None:
    if chat.backend.url.startswith("sqlite"):
        pytest.skip("one writer")
    await chat.tell(chat.freshchat.message_create("c1", "I am Meera", user_id="u1", at=chat.at(-3)))
    business_id = (await chat.backend.units()).business_id
    with psycopg.connect(chat.backend.url) as applying:
        applying.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{business_id}/freshchat/c1"])
        erasing = asyncio.create_task(erase(chat, "c1"))
        await asyncio.sleep(0.2)
        assert not erasing.done()
        told = "INSERT INTO told_messages (business_id, platform, conversation_id, message_id) VALUES (%s, %s, %s, %s)"
        applying.execute(told, [business_id, "freshchat", "c1", "m2"])
        applying.commit()
    await erasing
    assert await chat.rows(ToldMessage) == []
