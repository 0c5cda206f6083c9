"""People on the floor of a test: who is connected, what the assignment rules say."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from backend.client import Client
from backend.customers.schemas import CustomerChange
from backend.incidences.schemas import IncidenceRead
from tests.support.backend import Backend
from tests.support.socket import Socket


async def assignment(backend: Backend, **changes: Any) -> None:
    """Put other settings of the assignment rules in force; `rules` are other rules."""
    owner = await backend.owner()
    now = await owner.rules.show("assignment")
    rules = changes.pop("rules", now["rules"])
    body = {"version": now["version"], "settings": now["settings"] | changes, "rules": rules, "reason": "a test"}
    await owner.rules.publish("assignment", body)


async def member_id(client: Client) -> str:
    return (await client.identity.me()).member_id


async def speaking(backend: Backend, case: IncidenceRead, language: str) -> None:
    """The customer of a case speaks that language."""
    owner = await backend.owner()
    customer = await owner.customers.show(case.customer.id)
    await owner.customers.change(customer.id, CustomerChange(version=customer.version, language=language))


@asynccontextmanager
async def online(backend: Backend, *clients: Client) -> AsyncIterator[None]:
    """Consoles of these members are connected, and gone afterwards; the process has written down both."""
    async with AsyncExitStack() as lines:
        for client in clients:
            line = Socket(backend.app, "/live", token=client.transport.access_token)
            await (await lines.enter_async_context(line)).next("hello")
        await backend.runtime.attendance.beat()
        yield
    await backend.runtime.attendance.beat()


async def availability_of(client: Client) -> str:
    me = await member_id(client)
    return next(one.member.availability for one in (await client.agent.floor()).members if one.member.id == me)
