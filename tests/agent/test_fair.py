"""Fair routing: off unless wanted; whoever is there and has room, the least busy first; many at once; languages."""

import asyncio
from random import Random

import pytest

from backend.agent import fair
from backend.client import ApiError, Client
from backend.events.event import Actor
from backend.identity.schemas import AvailabilitySay, MemberChange
from backend.incidences.schemas import EscalationTrigger, IncidenceChange, IncidenceRead
from backend.incidences.service import apply, incidence_of
from backend.work import Work
from tests.agent.floor import assignment, member_id, online, speaking
from tests.support.backend import Backend, business_of
from tests.support.follows import follows, frames
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

ONE_EACH = dict.fromkeys(("agent", "supervisor", "admin", "owner"), 1)


async def owner_of(client: Client, case: IncidenceRead) -> str | None:
    return (await client.incidences.show(case.incidence_id)).agent_name


async def loads(client: Client, role: str = "agent") -> list[int]:
    return [one.load for one in (await client.agent.floor()).members if one.member.role == role]


async def test_nothing_is_given_out_unless_the_rules_say_so(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key)
    async with online(backend, agent):
        await backend.drain()
        assert await owner_of(agent, case) is None


async def test_what_waits_is_given_to_whoever_is_there(backend: Backend) -> None:
    await assignment(backend, isAutomatic=True)
    here, away, gone = [await backend.member("agent") for _ in range(3)]
    key = await backend.key()
    before = await open_case(key, "before")
    await backend.drain()
    assert await owner_of(here, before) is None, "nobody is there"
    async with online(backend, here, away):
        await away.agent.say_availability(AvailabilitySay(availability="AWAY"))
        async with follows(backend, gone) as seen:
            await open_case(key, "after")
            await backend.drain()
        assert await loads(here) == [2, 0, 0]
        assert "incidence.assigned" in [frame["type"] for frame in seen]
        entry = (await here.incidences.timeline(before.incidence_id)).items[-1]
        assert (entry.type, entry.actor["kind"]) == ("incidence.assigned", "system")
        assert entry.data == {
            "changes": {"agent_id": [None, await member_id(here)]},
            "reason": "fair routing: the least busy, now 1 of 12",
        }


async def test_the_next_comes_when_somebody_has_room(backend: Backend) -> None:
    await assignment(backend, isAutomatic=True, capacity=ONE_EACH)
    agent, supervisor, key = await backend.member("agent"), await backend.member("supervisor"), await backend.key()
    cases = [await open_case(key, f"u-{number}") for number in range(3)]
    async with online(backend, agent, supervisor):
        await backend.drain()
        assert await loads(agent) == [1]
        first = await agent.incidences.show(cases[0].incidence_id)
        await agent.incidences.change(first.incidence_id, IncidenceChange(version=first.version, outcome="RESOLVED"))
        await backend.drain()
        assert [await owner_of(agent, case) for case in cases] == ["Agent 2", "Agent 2", None]
        await supervisor.agent.set_capacity(await member_id(agent), 2)
        await backend.drain()
        assert await owner_of(agent, cases[2]) == "Agent 2"
        assert await loads(agent, "supervisor") == [0], "supervisors are not among the automatic roles"


async def test_work_of_who_went_away_goes_to_who_is_there(backend: Backend) -> None:
    await assignment(backend, isAutomatic=True)
    first, second = await backend.member("agent"), await backend.member("agent")
    async with online(backend, first):
        case = await open_case(await backend.key())
        await backend.drain()
        assert await owner_of(first, case) == "Agent 2"
        async with online(backend, second):
            await first.agent.say_availability(AvailabilitySay(availability="AWAY"))
            backend.clock.advance(minutes=5)
            await backend.drain()
            assert await owner_of(first, case) == "Agent 3"


async def test_a_customer_gets_somebody_who_speaks_their_language(backend: Backend) -> None:
    await assignment(backend, isAutomatic=True, capacity=ONE_EACH | {"agent": 2})
    tamil, other, owner = await backend.member("agent"), await backend.member("agent"), await backend.owner()
    business, key = await business_of(owner), await backend.key()
    for agent, language in ((tamil, "ta"), (other, "hi")):
        await owner.businesses.change_member(business, await member_id(agent), MemberChange(languages=[language]))
    cases = [await open_case(key, f"u-{number}") for number in range(4)]
    for case in cases[:3]:
        await speaking(backend, case, "ta")
    await speaking(backend, cases[3], "bn")
    async with online(backend, tamil, other):
        await backend.drain()
        assert [await owner_of(owner, case) for case in cases] == ["Agent 2", "Agent 2", None, "Agent 3"]
        entry = (await owner.incidences.timeline(cases[0].incidence_id)).items[-1]
        assert entry.data is not None
        assert entry.data["reason"].endswith("now 1 of 2, speaks ta")


async def test_those_who_wait_for_a_language_hold_up_nobody_else(backend: Backend) -> None:
    """More of them than are compared at a time, all in front of the queue."""
    await assignment(backend, isAutomatic=True, candidates=2, capacity=ONE_EACH | {"agent": 1})
    tamil, other, owner = await backend.member("agent"), await backend.member("agent"), await backend.owner()
    business, key = await business_of(owner), await backend.key()
    for agent, language in ((tamil, "ta"), (other, "hi")):
        await owner.businesses.change_member(business, await member_id(agent), MemberChange(languages=[language]))
    cases = [await open_case(key, f"u-{number}") for number in range(7)]
    for case in cases[:6]:
        await speaking(backend, case, "ta")
    await speaking(backend, cases[6], "hi")
    async with online(backend, tamil, other):
        await backend.drain()
        assert [await owner_of(owner, case) for case in cases] == ["Agent 2", *[None] * 5, "Agent 3"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_unit_looks_at_some_of_a_long_queue_and_the_next_goes_on_there(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair, "PAGES", 1)
    await assignment(backend, isAutomatic=True, candidates=2, capacity=ONE_EACH | {"agent": 1})
    tamil, other, owner = await backend.member("agent"), await backend.member("agent"), await backend.owner()
    business, key = await business_of(owner), await backend.key()
    for agent, language in ((tamil, "ta"), (other, "hi")):
        await owner.businesses.change_member(business, await member_id(agent), MemberChange(languages=[language]))
    cases = [await open_case(key, f"u-{number}") for number in range(12)]
    for case in cases[:11]:
        await speaking(backend, case, "ta")
    await speaking(backend, cases[11], "hi")
    async with online(backend, tamil, other):
        units = await backend.units()
        turns = [await units.write(fair.assign)]
        while not turns[-1].is_over:
            turns.append(await units.write(fair.assign, turns[-1].at))
        assert [await owner_of(owner, case) for case in cases] == ["Agent 2", *[None] * 10, "Agent 3"]
    assert len(turns) > 3
    assert sum(turn.given for turn in turns) == 2


async def test_what_is_handed_up_goes_to_nobody_who_may_not_take_it(backend: Backend) -> None:
    await assignment(backend, isAutomatic=True, automaticRoles=["agent", "supervisor"])
    agent, supervisor, case = await backend.member("agent"), await backend.member("supervisor"), None
    case = await open_case(await backend.key())
    await agent.escalations.trigger(EscalationTrigger(incidence_id=case.incidence_id, reason="SYSTEM_BUG"))
    async with online(backend, agent):
        await backend.drain()
        assert await owner_of(agent, case) is None
        async with online(backend, supervisor):
            await backend.drain()
            assert await owner_of(agent, case) == "Supervisor 3"


async def test_two_loops_and_thirty_hands_give_each_case_once(backend: Backend) -> None:
    """Fair routing runs in two places while agents claim: nobody gets beyond their capacity, no case has two owners."""
    await assignment(backend, isAutomatic=True, capacity=ONE_EACH | {"agent": 3})
    agents, key = [await backend.member("agent") for _ in range(5)], await backend.key()
    async with online(backend, *agents):
        for number in range(20):
            await open_case(key, f"u-{number}")
        units = await backend.units()
        claims = [agent.agent.next() for agent in agents for _ in range(6)]
        answers = await asyncio.gather(
            units.write(fair.assign), units.write(fair.assign), *claims, return_exceptions=True
        )
        wrong = [one for one in answers if isinstance(one, BaseException) and getattr(one, "code", "") != "AT_CAPACITY"]
        assert wrong == []
        assert await loads(agents[0]) == [3] * 5


async def test_arrivals_are_shared_out_evenly(backend: Backend) -> None:
    """Whatever comes when, nobody who is there has two more than another; and among equals it goes round."""
    await assignment(backend, isAutomatic=True)
    agents, key, chance = [await backend.member("agent") for _ in range(4)], await backend.key(), Random(7)
    units, opened = await backend.units(), 0
    async with online(backend, *agents):
        while opened < 24:
            for _ in range(chance.randint(1, 4)):
                await open_case(key, f"u-{opened}", orderValue=chance.choice([6_000, 30_000, 90_000]))
                opened += 1
            if chance.random() < 0.6:
                await units.write(fair.assign)
                now = await loads(agents[0])
                assert sum(now) == opened
                assert max(now) - min(now) <= 1
    taken = [frame for frame in await frames(backend, agents[0], 0) if frame["type"] == "incidence.assigned"]
    rounds = [frame["state"]["agentId"] for frame in taken]
    assert all(len(set(rounds[start : start + 4])) == 4 for start in range(0, len(rounds) - 4, 4))


async def test_agents_keep_what_they_took_where_the_rules_say_so(backend: Backend) -> None:
    await assignment(backend, agentsMayReassign=False)
    agent, other, supervisor = [await backend.member(role) for role in ("agent", "agent", "supervisor")]
    key = await backend.key()
    case, free = await open_case(key, "u-1"), await open_case(key, "u-2")
    taken = await agent.incidences.take(case.incidence_id)
    mine = await agent.incidences.change(
        free.incidence_id, IncidenceChange(version=free.version, agent_id=await member_id(agent))
    )
    assert mine.agent_name == "Agent 2"
    for agent_id in (await member_id(other), None):
        with pytest.raises(ApiError, match="cannot be passed on") as error:
            await agent.incidences.change(case.incidence_id, IncidenceChange(version=taken.version, agent_id=agent_id))
        assert (error.value.status, error.value.code) == (403, "REASSIGN_FORBIDDEN")
    assert await owner_of(agent, case) == "Agent 2"
    body = IncidenceChange(version=taken.version, agent_id=await member_id(other))
    assert (await supervisor.incidences.change(case.incidence_id, body)).agent_name == "Agent 3"


async def test_beyond_capacity_by_hand_is_on_record_or_refused(backend: Backend) -> None:
    await assignment(backend, capacity=ONE_EACH)
    agent, owner, key = await backend.member("agent"), await backend.owner(), await backend.key()
    cases = [await open_case(key, f"u-{number}") for number in range(4)]
    id = await member_id(agent)
    await agent.incidences.take(cases[0].incidence_id)
    await owner.incidences.change(cases[1].incidence_id, IncidenceChange(version=1, agent_id=id))
    await agent.incidences.take(cases[2].incidence_id)
    recorded = [(await owner.incidences.timeline(case.incidence_id)).items[-1].data or {} for case in cases[:3]]
    assert [one.get("overCapacity") for one in recorded] == [
        None,
        {"load": 2, "capacity": 1},
        {"load": 3, "capacity": 1},
    ]
    await assignment(backend, refusesUnavailable=True)
    body = IncidenceChange(version=1, agent_id=id)
    with pytest.raises(ApiError, match="Agent 2 is offline") as error:
        await owner.incidences.change(cases[3].incidence_id, body)
    assert error.value.code == "MEMBER_UNAVAILABLE"
    async with online(backend, agent):
        with pytest.raises(ApiError, match="Agent 2 is at capacity: 3 of 1") as error:
            await owner.incidences.change(cases[3].incidence_id, body)
        assert error.value.code == "MEMBER_AT_CAPACITY"
        await agent.agent.say_availability(AvailabilitySay(availability="AWAY", reason="lunch"))
        with pytest.raises(ApiError, match=r"away \(lunch\)"):
            await owner.incidences.change(cases[3].incidence_id, body)
    assert await owner_of(agent, cases[3]) is None

    def told(work: Work) -> None:
        apply(replace_actor(work), incidence_of(work, cases[3].incidence_id, to_change=True), {"agent_id": id})

    await (await backend.units()).write(told)
    assert await owner_of(agent, cases[3]) == "Agent 2", "what a platform tells has happened, whatever the rules say"


def replace_actor(work: Work) -> Work:
    """The same work, as a chat platform's webhook does it."""
    work.actor = Actor("webhook", None, "Freshchat")
    return work
