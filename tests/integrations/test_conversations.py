"""What webhooks do to incidences: opened, gone on, assigned, resolved, reopened."""

import asyncio
from typing import Any

import pytest

from backend.customers.models import Customer
from backend.demo.outside.freshchat import Dialect, FreshchatDouble
from backend.events.models import EventRow
from backend.identity.models import Member
from backend.incidences.models import Incidence
from backend.integrations.models import Integration, WebhookDelivery
from backend.jobs.models import PendingJob
from backend.work import Work
from tests.integrations.conftest import Chat
from tests.support.backend import Backend

pytestmark = pytest.mark.alike


async def incidence_of(chat: Chat, conversation_id: str = "c1") -> Incidence:
    found = await chat.incidence(conversation_id)
    assert found is not None
    return found


async def deliveries(chat: Chat) -> list[Any]:
    return sorted(await chat.rows(WebhookDelivery), key=lambda row: row.id)


@pytest.mark.parametrize("dialect", ["2018", "2019", "2022"])
async def test_a_whole_conversation_in_each_dialect(chat: Chat, dialect: Dialect) -> None:
    freshchat = FreshchatDouble(chat.freshchat.private_key, dialect)
    agent = await chat.backend.member("agent")
    me = await agent.identity.me()
    user = {"first_name": "Meera", "last_name": "Iyer", "reference_id": "cust-7"}
    await chat.tell(freshchat.message_create("c1", "Is it vegan?", user_id="u1", at=chat.at(-9), user=user))
    incidence = await incidence_of(chat)
    assert (incidence.status, incidence.trigger, incidence.platform) == ("OPEN", "USER_INITIATED", "freshchat")
    assert incidence.waiting_since is not None
    (customer,) = await chat.rows(Customer)
    assert (customer.external_id, customer.name) == ("cust-7", "Meera Iyer")

    await chat.tell(freshchat.message_create("c1", "And gluten?", user_id="u1", at=chat.at(-8)))
    await chat.tell(freshchat.conversation_assignment("c1", to_agent_id=me.user.email, at=chat.at(-7)))
    assert (await incidence_of(chat)).agent_id == me.member_id
    await chat.tell(freshchat.message_create("c1", "Both", user_id="u1", at=chat.at(-6), agent_id="a1"))
    assert (await incidence_of(chat)).status == "WAITING"
    await chat.tell(freshchat.conversation_resolution("c1", agent_id="a1", at=chat.at(-5)))
    incidence = await incidence_of(chat)
    assert (incidence.status, incidence.outcome) == ("CLOSED", "RESOLVED")
    await chat.tell(freshchat.conversation_reopen("c1", user_id="u1", at=chat.at(-4)))
    incidence = await incidence_of(chat)
    assert (incidence.status, incidence.outcome, incidence.reopen_count) == ("OPEN", None, 1)

    assert await chat.told(incidence.id) == [
        ("message_received", "Is it vegan?"),
        ("message_received", "And gluten?"),
        ("message_sent", "Both"),
    ]
    assert len(await chat.rows(Incidence)) == 1
    assert {delivery.outcome for delivery in await deliveries(chat)} == {"applied"}


async def test_assignment_to_a_member_known_by_the_integrations_map(chat: Chat) -> None:
    agent = await chat.backend.member("agent")
    email = (await agent.identity.me()).user.email

    def connect(work: Work) -> None:
        work.add(Integration(platform="freshchat", config={"agents": {"fc-agent-1": email}}, created_at=work.now))

    await (await chat.backend.units()).write(connect)
    await chat.tell(
        chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-3)),
        chat.freshchat.conversation_assignment("c1", to_agent_id="fc-agent-1", at=chat.at(-2)),
    )
    member_id = (await incidence_of(chat)).agent_id
    (member,) = [row for row in await chat.rows(Member) if row.id == member_id]
    assert member.role == "agent"
    await chat.tell(
        chat.freshchat.conversation_assignment("c1", to_agent_id="", from_agent_id="fc-agent-1", at=chat.at(-1))
    )
    assert (await incidence_of(chat)).agent_id is None


async def test_assignment_to_somebody_unknown_is_told_and_takes_nobody_away(chat: Chat) -> None:
    await chat.tell(
        chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-3)),
        chat.freshchat.conversation_assignment("c1", to_agent_id="1b8d2418-89a3", at=chat.at(-2)),
    )
    incidence = await incidence_of(chat)
    assert incidence.agent_id is None
    events = [row.type for row in await chat.rows(EventRow) if row.incidence_id == incidence.id]
    assert "incidence.assigned" in events


async def test_hostile_text_reaches_the_timeline_without_its_teeth(chat: Chat) -> None:
    hostile = "\x1b]52;c;ZXZpbA==\x07Hi\u202e[/broken]\x1b[2J"
    await chat.tell(chat.freshchat.message_create("c1", hostile, user_id="u1", at=chat.at(-1)))
    incidence = await incidence_of(chat)
    assert await chat.told(incidence.id) == [("message_received", "]52;c;ZXZpbA==Hi[/broken][2J")]
    assert "\x1b" not in incidence.summary


async def test_private_notes_stay_out_of_the_timeline(chat: Chat) -> None:
    await chat.tell(
        chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-3)),
        chat.freshchat.message_create(
            "c1", "difficult one", user_id="u1", at=chat.at(-2), agent_id="a1", message_type="private"
        ),
    )
    assert await chat.told((await incidence_of(chat)).id) == [("message_received", "Hi")]
    assert [delivery.outcome for delivery in await deliveries(chat)] == ["applied", "ignored"]


async def test_what_comes_before_the_conversation_waits_for_it(chat: Chat) -> None:
    freshchat = chat.freshchat
    await chat.tell(
        freshchat.conversation_resolution("c1", agent_id="a1", at=chat.at(-1)),
        freshchat.message_create("c1", "Hello, this is Anu", user_id="u1", at=chat.at(-2), agent_id="a1"),
    )
    assert await chat.rows(Incidence) == []
    assert [delivery.outcome for delivery in await deliveries(chat)] == ["waiting", "waiting"]
    await chat.tell(freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-3)))
    incidence = await incidence_of(chat)
    assert incidence.status == "CLOSED"
    assert await chat.told(incidence.id) == [("message_received", "Hi"), ("message_sent", "Hello, this is Anu")]
    assert [delivery.outcome for delivery in await deliveries(chat)] == ["applied"] * 3
    assert await chat.rows(PendingJob) == []  # nobody comes back for what has been applied


async def test_what_waits_is_given_up_after_a_day(chat: Chat) -> None:
    await chat.tell(chat.freshchat.conversation_resolution("c1", agent_id="a1", at=chat.at(-1)))
    chat.backend.clock.advance(hours=23, minutes=59)
    await chat.backend.drain()
    assert [delivery.outcome for delivery in await deliveries(chat)] == ["waiting"]
    chat.backend.clock.advance(minutes=1)
    await chat.backend.drain()
    (delivery,) = await deliveries(chat)
    assert (delivery.outcome, delivery.processed_at) == ("expired", chat.at(0))
    await chat.tell(chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-90)))
    assert (await incidence_of(chat)).status == "OPEN"


async def test_an_older_assignment_does_not_undo_a_newer_one(chat: Chat) -> None:
    first, second = await chat.backend.member("agent"), await chat.backend.member("agent")
    emails = [(await client.identity.me()).user.email for client in (first, second)]
    await chat.tell(
        chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-5)),
        chat.freshchat.conversation_assignment("c1", to_agent_id=emails[1], at=chat.at(-2)),
    )
    newer = (await incidence_of(chat)).agent_id
    assert newer is not None
    await chat.tell(chat.freshchat.conversation_assignment("c1", to_agent_id=emails[0], at=chat.at(-3)))
    assert (await incidence_of(chat)).agent_id == newer


async def test_a_late_message_is_told_but_reopens_nothing(chat: Chat) -> None:
    await chat.tell(
        chat.freshchat.message_create("c1", "one", user_id="u1", at=chat.at(-5)),
        chat.freshchat.conversation_resolution("c1", agent_id="a1", at=chat.at(-2)),
        chat.freshchat.message_create("c1", "two", user_id="u1", at=chat.at(-4)),
    )
    incidence = await incidence_of(chat)
    assert incidence.status == "CLOSED"
    assert await chat.told(incidence.id) == [("message_received", "one"), ("message_received", "two")]
    await chat.tell(chat.freshchat.message_create("c1", "three", user_id="u1", at=chat.at(-1)))
    assert (await incidence_of(chat)).status == "OPEN"


async def test_an_answer_told_late_does_not_hide_a_newer_question(chat: Chat) -> None:
    await chat.tell(
        chat.freshchat.message_create("c1", "one", user_id="u1", at=chat.at(-5)),
        chat.freshchat.message_create("c1", "three?", user_id="u1", at=chat.at(-3)),
        chat.freshchat.message_create("c1", "two", user_id="u1", at=chat.at(-4), agent_id="a1"),
    )
    incidence = await incidence_of(chat)
    assert incidence.status == "OPEN"
    assert incidence.last_message is not None
    assert incidence.last_message["text"] == "three?"


async def test_messages_of_one_conversation_at_once_open_one_incidence(chat: Chat) -> None:
    webhooks = [
        chat.freshchat.message_create("c1", f"{number}", user_id="u1", at=chat.at(-10 + number)) for number in range(8)
    ]
    await asyncio.gather(*(chat.post(webhook) for webhook in webhooks))
    await chat.backend.drain()
    (incidence,) = await chat.rows(Incidence)
    assert [text for _, text in await chat.told(incidence.id)] == [f"{number}" for number in range(8)]


async def test_conversations_of_one_new_customer_at_once_make_one_customer(chat: Chat, backend: Backend) -> None:
    webhooks = [chat.freshchat.message_create(f"c{number}", "Hi", user_id="u1", at=chat.at(-1)) for number in range(6)]
    await asyncio.gather(*(chat.post(webhook) for webhook in webhooks))
    for _ in range(3):
        await backend.drain()
        backend.clock.advance(seconds=10)
    assert len(await chat.rows(Incidence)) == 6
    assert len(await chat.rows(Customer)) == 1
