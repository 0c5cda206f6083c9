"""Which case is next for an agent, and that it is one agent's only."""

import asyncio

from tests.support.backend import Backend
from tests.support.incidences import open_case


async def test_next_is_the_best_that_waits(backend: Backend) -> None:
    agent, other, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    await open_case(key, "small", orderValue=100)
    usual = await open_case(key, "usual", orderValue=6_000)
    backend.clock.advance(minutes=3)
    large = await open_case(key, "large", orderValue=90_000)
    first, second, none = await agent.agent.next(), await other.agent.next(), await agent.agent.next()
    assert first.incidence is not None
    assert second.incidence is not None
    assert (first.incidence.ref, second.incidence.ref) == (large.ref, usual.ref)
    assert "priority 2" in first.reasons[0]
    assert none.incidence is None
    assert none.reasons == ["Nothing waits for an agent."]


async def test_next_never_hands_out_a_case_twice(backend: Backend) -> None:
    agents, key = [await backend.member("agent") for _ in range(8)], await backend.key()
    for number in range(6):
        await open_case(key, f"u-{number}")
    claimed = [answer.incidence for answer in await asyncio.gather(*(agent.agent.next() for agent in agents))]
    refs = [case.ref for case in claimed if case is not None]
    assert sorted(refs) == [f"INC-{number}" for number in range(1, 7)]
