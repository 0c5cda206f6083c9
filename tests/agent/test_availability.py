"""Who is there: said, connected, lost, back again; across restarts and between two processes; and what becomes of work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from backend.app import create_app
from backend.client import ApiError, Client
from backend.identity.schemas import AvailabilitySay, MemberChange
from backend.incidences import conversations
from backend.incidences.schemas import IncidenceChange, IncidenceRead, MessageSend
from backend.jobs.models import PendingJob
from backend.runtime import Runtime
from backend.work import Work
from console.store import Store
from tests.agent.floor import assignment, availability_of, member_id, online
from tests.support.backend import Backend, business_of
from tests.support.follows import follows, frames
from tests.support.incidences import open_case
from tests.support.socket import Socket

pytestmark = pytest.mark.alike

AWAY = AvailabilitySay(availability="AWAY", reason="lunch")
HERE = AvailabilitySay(availability="ONLINE")
OFFLINE_AFTER, GRACE = timedelta(seconds=20), timedelta(minutes=5)


async def agent_of(client: Client, case: IncidenceRead) -> str | None:
    return (await client.incidences.show(case.incidence_id)).agent_id


async def told(backend: Backend) -> list[tuple[str, list[str]]]:
    """Who became what, in order."""
    owner = await backend.owner()
    seen = await frames(backend, owner, 0)
    changes = [frame for frame in seen if frame["type"] == "member.availability_changed"]
    return [(frame["state"]["name"], frame["data"]["availability"]) for frame in changes]


async def pass_by(backend: Backend, span: timedelta) -> None:
    """Everything due a second before it, and at it."""
    backend.clock.advance(seconds=span.total_seconds() - 1)
    await backend.drain()


async def tick(backend: Backend) -> None:
    backend.clock.advance(seconds=1)
    await backend.drain()


async def says(backend: Backend, case: IncidenceRead, text: str = "Hello?") -> None:
    """The customer writes, as a chat platform would tell."""

    def write(work: Work) -> None:
        conversations.receive_message(
            work, conversations.incidence_of(work, case.incidence_id, to_change=True), text, {"text": text}
        )

    await (await backend.units()).write(write)


async def test_connected_is_online_until_lost_for_a_while(backend: Backend) -> None:
    agent = await backend.member("agent")
    assert await availability_of(agent) == "OFFLINE"
    async with online(backend, agent):
        assert await availability_of(agent) == "ONLINE"
    await pass_by(backend, OFFLINE_AFTER)
    assert await availability_of(agent) == "ONLINE", "a connection that breaks for a moment is no absence"
    await tick(backend)
    assert await availability_of(agent) == "OFFLINE"
    assert await told(backend) == [("Agent 2", ["OFFLINE", "ONLINE"]), ("Agent 2", ["ONLINE", "OFFLINE"])]


async def test_who_connects_again_in_time_was_never_gone(backend: Backend) -> None:
    agent = await backend.member("agent")
    async with online(backend, agent):
        pass
    await pass_by(backend, OFFLINE_AFTER)
    async with online(backend, agent):
        backend.clock.advance(hours=1)
        await backend.drain()
        assert await availability_of(agent) == "ONLINE"
    assert len(await told(backend)) == 1


async def test_away_is_said_with_a_reason_and_kept_over_a_reconnect(backend: Backend) -> None:
    agent = await backend.member("agent")
    back_at = backend.clock.now() + timedelta(hours=1)
    async with online(backend, agent):
        said = await agent.agent.say_availability(AWAY.model_copy(update={"back_at": back_at}))
        assert (said.availability, said.away_reason, said.back_at) == ("AWAY", "lunch", back_at)
        again = await agent.agent.say_availability(AvailabilitySay(availability="AWAY", reason="doctor"))
        assert (again.away_reason, again.back_at) == ("doctor", None)
    async with online(backend, agent):
        assert await availability_of(agent) == "AWAY"
        back = await agent.agent.say_availability(HERE)
        assert (back.availability, back.away_reason) == ("ONLINE", None)
        assert (await agent.agent.say_availability(HERE)).availability_since == back.availability_since
    assert [became for _, became in await told(backend)] == [
        ["OFFLINE", "ONLINE"],
        ["ONLINE", "AWAY"],
        ["AWAY", "AWAY"],
        ["AWAY", "ONLINE"],
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"availability": "OFFLINE"},
        {"availability": "AWAY", "backAt": "2026-03-02T09:00:00Z"},
        {"availability": "AWAY", "reason": "x" * 201},
    ],
)
async def test_what_cannot_be_said(backend: Backend, body: dict[str, Any]) -> None:
    agent = await backend.member("agent")
    with pytest.raises(ApiError) as error:
        await agent.transport.call("PUT", "/agent/availability", None, body)
    assert error.value.status in (400, 422)
    assert await told(backend) == []


async def test_work_of_an_absent_agent_is_offered_again_to_the_second(backend: Backend) -> None:
    agent, other, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    waits, answered, other_case = [await open_case(key, f"u-{number}") for number in range(3)]
    for case in (waits, answered):
        await agent.incidences.take(case.incidence_id)
    await other.incidences.take(other_case.incidence_id)
    await agent.incidences.send(answered.incidence_id, MessageSend(text="Which day?", last_seen_seq=9_999))
    async with online(backend, agent, other):
        await agent.agent.say_availability(AWAY)
        await pass_by(backend, GRACE)
        assert await agent_of(agent, waits) == await member_id(agent)
        await tick(backend)
        assert await agent_of(agent, waits) is None
        assert await agent_of(agent, answered) == await member_id(agent), "it waits for the customer: theirs still"
        assert await agent_of(agent, other_case) == await member_id(other)
        entry = (await agent.incidences.timeline(waits.incidence_id)).items[-1]
        assert (entry.type, entry.actor["kind"]) == ("incidence.offered_again", "system")
        assert entry.data == {
            "changes": {"agent_id": [await member_id(agent), None]},
            "from": "Agent 2",
            "reason": "Agent 2 is away (lunch), gone for 5 min",
        }
        await says(backend, answered)
        await backend.drain()
        assert await agent_of(agent, answered) is None, "the customer wrote, and nobody is there"


async def test_coming_back_within_the_grace_keeps_everything(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    await agent.incidences.take(case.incidence_id)
    async with online(backend, agent):
        await agent.agent.say_availability(AWAY)
        await pass_by(backend, GRACE)
        await agent.agent.say_availability(HERE)
        backend.clock.advance(hours=2)
        await backend.drain()
        assert await agent_of(agent, case) == await member_id(agent)


async def test_what_is_given_to_somebody_absent_has_a_grace_of_its_own(backend: Backend) -> None:
    agent, owner, key = await backend.member("agent"), await backend.owner(), await backend.key()
    async with online(backend, agent, owner):
        await agent.agent.say_availability(AWAY)
        backend.clock.advance(hours=1)
        await backend.drain()
        case = await open_case(key)
        backend.clock.advance(minutes=9)
        body = IncidenceChange(version=case.version, agent_id=await member_id(agent))
        await owner.incidences.change(case.incidence_id, body)
        await pass_by(backend, GRACE)
        assert await agent_of(agent, case) == await member_id(agent)
        await tick(backend)
        assert await agent_of(agent, case) is None


async def test_nobody_else_is_there_so_it_waits_where_all_see_it(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    await agent.incidences.take(case.incidence_id)
    async with online(backend, agent):
        pass
    for span in (OFFLINE_AFTER, GRACE):
        backend.clock.advance(seconds=span.total_seconds())
        await backend.drain()
    owner = await backend.owner()
    assert [one.ref for one in (await owner.incidences.list(view="unassigned")).items] == [case.ref]
    entry = (await owner.incidences.timeline(case.incidence_id)).items[-1]
    assert entry.data is not None
    assert entry.data["reason"] == ("Agent 2 is offline, gone for 5 min; nobody is online, so it waits in Unassigned")
    floor = await owner.agent.floor()
    assert (floor.unassigned.waiting, floor.unassigned.why) == (1, "nobody is online, so it waits in Unassigned")


async def test_who_works_here_no_more_keeps_no_case(backend: Backend) -> None:
    agent, owner, key = await backend.member("agent"), await backend.owner(), await backend.key()
    waits, answered = await open_case(key, "u-1"), await open_case(key, "u-2")
    for case in (waits, answered):
        await agent.incidences.take(case.incidence_id)
    await agent.incidences.send(answered.incidence_id, MessageSend(text="Which day?", last_seen_seq=9_999))
    async with follows(backend, owner) as seen:
        await owner.businesses.remove_member(await business_of(owner), await member_id(agent))
        await backend.drain()
    assert [frame["type"] for frame in seen].count("incidence.offered_again") == 2
    assert [await agent_of(owner, case) for case in (waits, answered)] == [None, None]
    entry = (await owner.incidences.timeline(answered.incidence_id)).items[-1]
    assert entry.data is not None
    assert entry.data["reason"].startswith("Agent 2 works here no more")


async def test_timers_survive_a_restart(backend: Backend) -> None:
    """The process stops while an agent is connected, and the next one goes on."""
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    await agent.incidences.take(case.incidence_id)
    token = agent.transport.access_token
    async with another_process(backend) as (runtime, app), Socket(app, "/live", token=token) as line:
        await line.next("hello")
        await runtime.attendance.beat()
        assert await availability_of(agent) == "ONLINE"
    backend.clock.advance(seconds=20)
    await backend.drain()
    assert await availability_of(agent) == "OFFLINE"
    backend.clock.advance(minutes=5)
    await backend.drain()
    assert await agent_of(agent, case) is None


@asynccontextmanager
async def another_process(backend: Backend) -> AsyncIterator[tuple[Runtime, FastAPI]]:
    """A second process on the same database, as far as the first one can tell."""
    runtime = Runtime.build(backend.settings, backend.clock)
    runtime.attendance.watch.place = "elsewhere"
    app = create_app(runtime, run_jobs=False)
    async with app.router.lifespan_context(app):
        yield runtime, app


async def test_two_processes_agree(backend: Backend) -> None:
    """An agent with a console at each is online until the last is gone; a process that falls silent is found out."""
    agent = await backend.member("agent")
    now = [0.0]
    backend.runtime.attendance.watch._monotonic = lambda: now[0]
    token = agent.transport.access_token
    async with another_process(backend) as (second, app), Socket(app, "/live", token=token) as there:
        await there.next("hello")
        await second.attendance.beat()
        async with online(backend, agent):
            pass
        backend.clock.advance(minutes=1)
        await backend.drain()
        assert await availability_of(agent) == "ONLINE", "the other console is still there"
        for _ in range(4):
            now[0] += 20
            await second.attendance.beat()
            await backend.runtime.attendance.beat()
        await backend.drain()
        backend.clock.advance(minutes=1)
        await backend.drain()
        assert await availability_of(agent) == "ONLINE", "it beats, so it lives"
        for _ in range(3):  # and now it is silent: whatever the clock says, what counts is what was seen
            now[0] += 20
            await backend.runtime.attendance.beat()
        backend.clock.advance(seconds=20)
        await backend.drain()
        assert await availability_of(agent) == "OFFLINE"
        await second.attendance.beat()  # it was only suspended: it says again who is connected
        assert await availability_of(agent) == "ONLINE"


async def test_the_sweep_repairs_what_a_crash_missed(backend: Backend) -> None:
    """Even when every timer is lost."""
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    await agent.incidences.take(case.incidence_id)
    async with online(backend, agent):
        await backend.drain()  # schedules begin with their next instant
        await agent.agent.say_availability(AWAY)
        await backend.runtime.database.write(
            lambda session: session.execute(delete(PendingJob).where(PendingJob.job.startswith("agent."))) and None
        )
        backend.clock.advance(minutes=11)
        await backend.drain()
        assert await agent_of(agent, case) is None


async def test_supervisors_set_capacity_and_admins_what_one_speaks(backend: Backend) -> None:
    agent, supervisor, admin = [await backend.member(role) for role in ("agent", "supervisor", "admin")]
    id, business = await member_id(agent), await business_of(agent)
    assert (await supervisor.agent.set_capacity(id, 3)).capacity == 3
    body = MemberChange(languages=["ta", "EN", "ta"], skills=["Wedding"])
    changed = await admin.businesses.change_member(business, id, body)
    assert (changed.languages, changed.skills, changed.role) == (["en", "ta"], ["wedding"], "agent")
    (mine,) = [one for one in (await agent.agent.floor()).members if one.member.id == id]
    assert (mine.capacity, mine.member.languages) == (3, ["en", "ta"])
    assert (await supervisor.agent.set_capacity(id, None)).capacity is None
    for doing in (
        agent.agent.set_capacity(id, 40),
        supervisor.businesses.change_member(business, id, body),
        supervisor.agent.set_capacity("nobody", 3),
        admin.transport.call("PATCH", f"/agent/floor/{id}", None, {"capacity": -1}),
        admin.transport.call("PATCH", f"/api/businesses/{business}/members/{id}", None, {}),
    ):
        with pytest.raises(ApiError) as error:
            await doing
        assert error.value.status in (400, 403, 404)
    (mine,) = [one for one in (await agent.agent.floor()).members if one.member.id == id]
    assert (mine.capacity, mine.member.capacity) == (12, None)


async def test_a_mirror_knows_who_is_there(backend: Backend) -> None:
    """What the events say of members is what a fresh look shows."""
    agent, owner = await backend.member("agent"), await backend.owner()
    business, mirror = await business_of(owner), Store()
    path = "/api/businesses/{business_id}/members"

    async def people() -> dict[str, Any]:
        page = await owner.transport.call("GET", path, business_id=business)
        return {row["id"]: row for row in page["items"]}

    mirror.install({"member": await people()}, len(await frames(backend, owner, 0)))
    async with online(backend, agent):
        await agent.agent.say_availability(AWAY)
        await owner.agent.set_capacity(await member_id(agent), 4)
    backend.clock.advance(minutes=1)
    await backend.drain()
    for frame in await frames(backend, owner, mirror.seq or 0):
        mirror.apply(frame)
    assert mirror.members == await people()
    assert mirror.members[await member_id(agent)]["availability"] == "OFFLINE"


async def test_many_go_and_come_at_once(backend: Backend) -> None:
    agents = [await backend.member("agent") for _ in range(6)]
    async with online(backend, *agents):
        said = [agent.agent.say_availability(body) for agent in agents for body in (AWAY, HERE, AWAY, HERE)]
        await asyncio.gather(*said)
        floor = await agents[0].agent.floor()
        became = {name: change[1] for name, change in await told(backend)}
    there = {one.member.name: one.member.availability for one in floor.members if one.member.name in became}
    assert there == became


async def test_grace_is_data(backend: Backend) -> None:
    await assignment(backend, graceSeconds=30, offlineAfterSeconds=0)
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    await agent.incidences.take(case.incidence_id)
    async with online(backend, agent):
        pass
    await backend.drain()
    assert await availability_of(agent) == "OFFLINE"
    await pass_by(backend, timedelta(seconds=30))
    assert await agent_of(agent, case) is not None
    await tick(backend)
    assert await agent_of(agent, case) is None
