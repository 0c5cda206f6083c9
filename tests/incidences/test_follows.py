"""Old snapshot + events = fresh snapshot, for every verb on an incidence."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from backend.client import Client
from backend.customers.schemas import CustomerChange
from backend.identity.schemas import UserChange
from backend.incidences.schemas import (
    ChannelEscalate,
    IncidenceChange,
    IncidenceRead,
    LabelsChange,
    MessageSend,
    NoteAdd,
)
from tests.support.backend import Backend
from tests.support.follows import follows
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

Verb = Callable[[Backend, Client, IncidenceRead], Awaitable[object]]


def changing(**fields: object) -> Verb:
    async def verb(_: Backend, agent: Client, case: IncidenceRead) -> object:
        body = IncidenceChange.model_validate({"version": case.version, **fields})
        return await agent.incidences.change(case.incidence_id, body)

    return verb


async def assign(backend: Backend, agent: Client, case: IncidenceRead) -> object:
    member = (await (await backend.member("agent")).identity.me()).member_id
    return await changing(agentId=member)(backend, agent, case)


async def snooze_and_wake(backend: Backend, agent: Client, case: IncidenceRead) -> None:
    until = backend.clock.now() + timedelta(minutes=5)
    await changing(snoozedUntil=until.isoformat())(backend, agent, case)
    backend.clock.advance(minutes=5)
    await backend.drain()


async def close_and_reopen(backend: Backend, agent: Client, case: IncidenceRead) -> None:
    closed = await agent.incidences.change(case.incidence_id, IncidenceChange(version=case.version, outcome="DROPPED"))
    await changing(status="OPEN")(backend, agent, closed)


async def channel_escalates(backend: Backend, agent: Client, case: IncidenceRead) -> None:
    backend.clock.advance(minutes=10)
    await backend.drain()


async def rename_customer(backend: Backend, agent: Client, case: IncidenceRead) -> None:
    customer = await agent.customers.show(case.customer.id)
    await agent.customers.change(customer.id, CustomerChange(version=customer.version, name="Anita Rao", tier="GOLD"))


async def rename_agent(backend: Backend, agent: Client, case: IncidenceRead) -> None:
    await agent.incidences.take(case.incidence_id)
    await agent.identity.change_profile(UserChange(name="Another Name"))


async def erase_customer(backend: Backend, agent: Client, case: IncidenceRead) -> None:
    await (await backend.owner()).customers.erase(case.customer.id)


VERBS: dict[str, Verb] = {
    "take": lambda _, agent, case: agent.incidences.take(case.incidence_id, case.version),
    "next": lambda _, agent, case: agent.agent.next(),
    "assign": assign,
    "unassign": changing(agentId=None),
    "send": lambda _, agent, case: agent.incidences.send(
        case.incidence_id, MessageSend(text="Hello", last_seen_seq=case.last_seq)
    ),
    "note": lambda _, agent, case: agent.agent.note(case.incidence_id, NoteAdd(text="@owner1 look")),
    "label": lambda _, agent, case: agent.incidences.label(case.incidence_id, LabelsChange(add=["vip"])),
    "set labels": changing(labels=["vip", "refund"]),
    "watch": lambda _, agent, case: agent.incidences.watch(case.incidence_id),
    "status": changing(status="WAITING"),
    "close": changing(outcome="RESOLVED", rootCause="menu"),
    "reopen": close_and_reopen,
    "snooze": snooze_and_wake,
    "edit": changing(summary="Other words", priority=1, orderValue=60_000, eventType="WEDDING"),
    "escalate channel": lambda _, agent, case: agent.channels.escalate(
        ChannelEscalate(incidence_id=case.incidence_id, reason="asked")
    ),
    "channel escalates": channel_escalates,
    "customer renamed": rename_customer,
    "customer erased": erase_customer,
    "agent renamed": rename_agent,
}


@pytest.mark.parametrize("name", VERBS)
async def test_follows(backend: Backend, name: str) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key)
    await open_case(key, "somebody else")
    async with follows(backend, agent) as seen:
        await VERBS[name](backend, agent, case)
    assert seen or name == "unassign"


async def test_opening_follows(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    async with follows(backend, agent) as seen:
        await open_case(key)
    assert [frame["type"] for frame in seen] == ["incidence.opened"]
