"""Which case is next for an agent: what each rule weighs, that it is one agent's only, and never more than one can have."""

import asyncio
from typing import Any

import pytest

from backend.agent.schemas import Next
from backend.client import ApiError, Client
from backend.customers.schemas import CustomerChange
from backend.identity.schemas import MemberChange
from backend.incidences.schemas import IncidenceChange, IncidenceRead
from tests.agent.floor import assignment, member_id, speaking
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def ref_of(agent: Client) -> str:
    claimed = (await agent.agent.next()).incidence
    assert claimed is not None
    return claimed.ref


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
    assert first.reasons == ["priority 2", "order value 90,000", "you are at 1 of 12"]
    assert second.reasons == ["priority 3", "waiting for 3 min", "you are at 1 of 12"]
    assert (none.incidence, none.load, none.capacity) == (None, 1, 12)
    assert none.reasons == ["Nothing waits for an agent."]
    entry = (await agent.incidences.timeline(large.incidence_id)).items[-1]
    assert entry.data is not None
    assert entry.data["reasons"] == first.reasons


@pytest.mark.parametrize(
    ("left", "reason"), [(301, "in 5 min"), (299, "in 4 min"), (90, "in 90 s"), (-61, "missed 61 s ago")]
)
async def test_a_deadline_weighs_more_the_nearer_it_is(backend: Backend, left: int, reason: str) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    due = await open_case(key, "due", orderValue=9_000)
    assert due.sla_due_at is not None
    backend.clock.advance(seconds=(due.sla_due_at - backend.clock.now()).total_seconds() - left)
    await open_case(key, "fresh", orderValue=9_000)
    answer = await agent.agent.next()
    assert answer.incidence is not None
    assert answer.incidence.ref == due.ref
    assert next(said for said in answer.reasons if said.startswith("SLA")) == f"SLA first response {reason}"


async def to_language(backend: Backend, case: IncidenceRead, agent: Client) -> None:
    await speaking(backend, case, "ta")
    body = MemberChange(languages=["TA"])
    owner = await backend.owner()
    await owner.businesses.change_member((await owner.identity.me()).business.id, await member_id(agent), body)


async def to_skill(backend: Backend, case: IncidenceRead, agent: Client) -> None:
    owner = await backend.owner()
    await owner.incidences.change(case.incidence_id, IncidenceChange(version=case.version, issue_category="Payments"))
    body = MemberChange(skills=["payments"])
    await owner.businesses.change_member((await owner.identity.me()).business.id, await member_id(agent), body)


async def to_first(backend: Backend, case: IncidenceRead, _: Client) -> None:
    await (await backend.owner()).incidences.change(
        case.incidence_id, IncidenceChange(version=case.version, priority=1)
    )


async def to_mine_before(backend: Backend, case: IncidenceRead, agent: Client) -> None:
    taken = await agent.incidences.take(case.incidence_id)
    await agent.incidences.change(case.incidence_id, IncidenceChange(version=taken.version, agent_id=None))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (to_language, "you speak ta"),
        (to_skill, "you know payments"),
        (to_first, "priority 1"),
        (to_mine_before, "it was yours before"),
    ],
)
async def test_what_makes_a_later_case_come_first(backend: Backend, make: Any, reason: str) -> None:
    """Of two equal cases the older one is next, unless something speaks for the other."""
    agent, key = await backend.member("agent"), await backend.key()
    older, later = await open_case(key, "older", orderValue=9_000), await open_case(key, "later", orderValue=9_000)
    await make(backend, later, agent)
    answer = await agent.agent.next()
    assert answer.incidence is not None
    assert (answer.incidence.ref, await ref_of(agent)) == (later.ref, older.ref)
    assert reason in answer.reasons


async def test_a_customer_one_knows_comes_first(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    before = await open_case(key, "known")
    await agent.incidences.take(before.incidence_id)
    await open_case(key, "stranger")
    again = await open_case(key, "known")
    answer = await agent.agent.next()
    assert answer.incidence is not None
    assert answer.incidence.ref == again.ref
    assert "you know the customer" in answer.reasons


async def test_an_admin_weighs_anew(backend: Backend) -> None:
    """The weights are data: what counts for nothing today decides tomorrow."""
    agent, key, owner = await backend.member("agent"), await backend.key(), await backend.owner()
    rules = await owner.rules.show("assignment")
    high = next(rule for rule in rules["rules"] if rule["id"] == "large_order")
    third = next(rule for rule in rules["rules"] if rule["id"] == "first")
    high["then"]["points"], third["then"]["points"] = 0, 500
    await assignment(backend, rules=rules["rules"])
    large, small = await open_case(key, "large", orderValue=90_000), await open_case(key, "small", orderValue=6_000)
    await to_first(backend, small, agent)
    assert [await ref_of(agent), await ref_of(agent)] == [small.ref, large.ref]


async def test_next_never_hands_out_a_case_twice(backend: Backend) -> None:
    agents, key = [await backend.member("agent") for _ in range(8)], await backend.key()
    for number in range(6):
        await open_case(key, f"u-{number}")
    claimed = [answer.incidence for answer in await asyncio.gather(*(agent.agent.next() for agent in agents))]
    refs = [case.ref for case in claimed if case is not None]
    assert sorted(refs) == [f"INC-{number}" for number in range(1, 7)]


async def test_nobody_gets_more_than_they_can_have(backend: Backend) -> None:
    """Three agents with room for one more each ask ten times at once: three cases are given, none beyond."""
    await assignment(backend, capacity={"agent": 2, "supervisor": 2, "admin": 2, "owner": 2})
    agents, key = [await backend.member("agent") for _ in range(3)], await backend.key()
    for number in range(12):
        await open_case(key, f"u-{number}")
    for agent in agents:
        await agent.agent.next()
    asked = [agent.agent.next() for agent in agents for _ in range(10)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    given = [answer.incidence.ref for answer in answers if isinstance(answer, Next) and answer.incidence]
    refused = [answer for answer in answers if isinstance(answer, ApiError)]
    assert (len(set(given)), len(given), len(refused)) == (3, 3, 27)
    assert {(error.status, error.code, error.details["load"], error.details["capacity"]) for error in refused} == {
        (409, "AT_CAPACITY", 2, 2)
    }
    assert "You have 2 of 2 open cases." in refused[0].message
    floor = await agents[0].agent.floor()
    assert sorted(one.load for one in floor.members) == [0, 2, 2, 2]


async def test_force_goes_beyond_and_is_on_record(backend: Backend) -> None:
    await assignment(backend, capacity={"agent": 0, "supervisor": 1, "admin": 1, "owner": 1})
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    with pytest.raises(ApiError, match="0 of 0"):
        await agent.agent.next()
    forced = await agent.agent.next(force=True)
    assert forced.incidence is not None
    assert (forced.incidence.ref, forced.load, forced.reasons[-1]) == (case.ref, 1, "you are at 1 of 0")
    entry = (await agent.incidences.timeline(case.incidence_id)).items[-1]
    assert entry.data is not None
    assert entry.data["overCapacity"] == {"load": 1, "capacity": 0}


async def test_sleeping_and_closed_cases_take_no_room(backend: Backend) -> None:
    await assignment(backend, capacity={"agent": 1, "supervisor": 1, "admin": 1, "owner": 1})
    agent, key = await backend.member("agent"), await backend.key()
    for number in range(3):
        await open_case(key, f"u-{number}")
    for change in ({"outcome": "RESOLVED"}, {"snoozedUntil": "2026-03-03T09:00:00Z"}):
        claimed = (await agent.agent.next()).incidence
        assert claimed is not None
        with pytest.raises(ApiError, match="1 of 1"):
            await agent.agent.next()
        body = IncidenceChange.model_validate({"version": claimed.version, **change})
        await agent.incidences.change(claimed.incidence_id, body)
    assert (await agent.agent.next()).incidence is not None


async def test_a_language_nobody_speaks_waits_for_longer(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    foreign, plain = await open_case(key, "foreign"), await open_case(key, "plain")
    await to_language(backend, plain, agent)
    customer = await agent.customers.show(foreign.customer.id)
    await agent.customers.change(customer.id, CustomerChange(version=customer.version, language="bn-IN"))
    first, second = await agent.agent.next(), await agent.agent.next()
    assert first.incidence is not None
    assert second.incidence is not None
    assert (first.incidence.ref, second.incidence.ref) == (plain.ref, foreign.ref)
    assert "you do not speak bn-IN" in second.reasons
