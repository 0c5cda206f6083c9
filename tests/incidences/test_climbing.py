"""Escalations climb to the second: when nobody takes them, what stops them or starts their clock anew, and a restart."""

from pathlib import Path

import pytest

from backend.incidences.schemas import ChannelEscalate
from tests.agent.asks import refused
from tests.incidences.escalating import WITHIN, kinds_of, level_of, timers_of, trigger
from tests.support.backend import PASSWORD, Backend
from tests.support.follows import follows
from tests.support.incidences import open_case
from tests.support.sla import change

pytestmark = pytest.mark.alike


@pytest.mark.parametrize(
    ("value", "event"), [(12_000, None), (30_000, None), (100, "WEDDING"), (4_999.99, None), (None, None)]
)
async def test_unresolved_for_fifteen_minutes(backend: Backend, value: float | None, event: str | None) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key, orderValue=value, eventType=event)
    assert await timers_of(backend) == ([] if case.is_self_serve else [backend.clock.now() + WITHIN])
    backend.clock.advance(minutes=14, seconds=59)
    await backend.drain()
    assert await level_of(agent, case) is None
    backend.clock.advance(seconds=1)
    await backend.drain()
    assert await level_of(agent, case) == (None if case.is_self_serve else "SUPERVISOR")
    queue = (await agent.escalations.queue()).items
    assert [(one.reason, one.raised_by, one.next_climb_at) for one in queue] == (
        [] if case.is_self_serve else [("UNRESOLVED", None, None)]
    )
    assert await timers_of(backend) == []


async def test_nothing_climbs_that_was_closed_in_time(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    backend.clock.advance(minutes=14, seconds=59)
    await change(agent, case, outcome="RESOLVED")
    assert await timers_of(backend) == []
    backend.clock.advance(minutes=30)
    await backend.drain()
    assert await kinds_of(agent, case) == ["opened", "closed"]


async def test_what_nobody_acknowledges_climbs_to_the_top(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    for reason in ("EMOTIONAL", "SYSTEM_BUG"):
        case = await open_case(key, reason)
        backend.clock.advance(minutes=14)
        raised = await trigger(agent, case, reason)
        # The case's own fifteen minutes come first: being handed up early puts nothing off.
        assert raised.next_climb_at == case.created_at + WITHIN
        backend.clock.advance(seconds=59)
        await backend.drain()
        assert await level_of(agent, case) == raised.level
        backend.clock.advance(seconds=1)
        await backend.drain()
        (climbed,) = (await agent.escalations.queue(level="SUPERVISOR")).items
        assert (climbed.escalation_id, climbed.reason, climbed.status) == (raised.escalation_id, reason, "OPEN")
        assert climbed.next_climb_at is None
        entry = (await agent.incidences.timeline(case.incidence_id)).items[-1]
        assert entry.actor["kind"] == "system"
        assert entry.data is not None
        assert entry.data["level"] == [raised.level, "SUPERVISOR"]
        backend.clock.advance(hours=2)
        await backend.drain()
        assert (await kinds_of(agent, case)).count("escalated") == 2
        await change(agent, case, outcome="RESOLVED")


async def test_a_late_escalation_has_its_own_fifteen_minutes(backend: Backend) -> None:
    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key())
    backend.clock.advance(minutes=15)
    await backend.drain()
    await supervisor.escalations.resolve((await supervisor.escalations.queue()).items[0].escalation_id)
    backend.clock.advance(hours=1)
    raised = await trigger(supervisor, case, "EMOTIONAL")
    assert raised.next_climb_at == backend.clock.now() + WITHIN
    backend.clock.advance(minutes=14, seconds=59)
    await backend.drain()
    assert await level_of(supervisor, case) == "SENIOR_AGENT"
    backend.clock.advance(seconds=1)
    await backend.drain()
    assert await level_of(supervisor, case) == "SUPERVISOR"


async def test_acknowledging_stops_the_ladder(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key())
    raised = await trigger(agent, case, "EMOTIONAL")
    backend.clock.advance(minutes=14, seconds=59)
    taken = await supervisor.escalations.acknowledge(raised.escalation_id, "I call her")
    me = (await supervisor.identity.me()).member_id
    assert (taken.status, taken.acknowledged_by, taken.note) == ("ACKNOWLEDGED", me, "I call her")
    assert (taken.acknowledged_at, taken.next_climb_at) == (backend.clock.now(), None)
    assert await timers_of(backend) == []
    backend.clock.advance(hours=5)
    await backend.drain()
    assert await level_of(agent, case) == "SENIOR_AGENT"
    assert [one.status for one in (await agent.escalations.queue()).items] == ["ACKNOWLEDGED"]
    error = await refused(supervisor.escalations.acknowledge(raised.escalation_id))
    assert (error.status, error.code, error.details["acknowledgedBy"]) == (409, "ALREADY_ACKNOWLEDGED", me)


async def test_handed_back_its_clock_starts_again(backend: Backend) -> None:
    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key())
    raised = await trigger(supervisor, case, "EMOTIONAL")
    backend.clock.advance(minutes=5)
    await supervisor.escalations.acknowledge(raised.escalation_id)
    backend.clock.advance(hours=1)
    returned = await supervisor.escalations.hand_back(raised.escalation_id, "you can do it")
    assert (returned.status, returned.ended_at, returned.note) == ("RETURNED", backend.clock.now(), "you can do it")
    assert (returned.incidence.escalation_id, returned.incidence.escalation_level) == (None, None)
    assert returned.incidence.status == "OPEN"
    assert (await supervisor.escalations.queue()).items == []
    backend.clock.advance(minutes=14, seconds=59)
    await backend.drain()
    assert await level_of(supervisor, case) is None
    backend.clock.advance(seconds=1)
    await backend.drain()
    (again,) = (await supervisor.escalations.queue()).items
    assert (again.level, again.reason) == ("SUPERVISOR", "UNRESOLVED")
    assert again.escalation_id != raised.escalation_id


async def test_resolved_it_climbs_no_more(backend: Backend) -> None:
    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key())
    raised = await trigger(supervisor, case, "SYSTEM_BUG")
    resolved = await supervisor.escalations.resolve(raised.escalation_id)
    assert (resolved.status, resolved.incidence.escalation_level) == ("RESOLVED", None)
    backend.clock.advance(hours=5)
    await backend.drain()
    assert await level_of(supervisor, case) is None
    assert "escalation_resolved" in await kinds_of(supervisor, case)
    for verb in ("acknowledge", "hand_back", "resolve"):
        error = await refused(getattr(supervisor.escalations, verb)(raised.escalation_id))
        assert (error.status, error.code) == (409, "ESCALATION_ENDED"), verb


async def test_closing_settles_and_reopening_starts_the_clock(backend: Backend) -> None:
    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key())
    raised = await trigger(supervisor, case, "EMOTIONAL")
    closed = await change(supervisor, case, outcome="RESOLVED")
    assert (closed.escalation_id, closed.escalation_level) == (None, None)
    assert (await supervisor.escalations.queue()).items == []
    assert await timers_of(backend) == []
    entry = (await supervisor.incidences.timeline(case.incidence_id)).items[-1]
    assert entry.data is not None
    assert entry.data["changes"]["escalation_level"] == ["SENIOR_AGENT", None]
    error = await refused(supervisor.escalations.resolve(raised.escalation_id))
    assert (error.code, "resolved already" in error.message) == ("ESCALATION_ENDED", True)
    error = await refused(trigger(supervisor, case, "EMOTIONAL"))
    assert (error.status, error.code) == (422, "INCIDENCE_CLOSED")
    backend.clock.advance(hours=3)
    await change(supervisor, case, status="OPEN")
    assert await timers_of(backend) == [backend.clock.now() + WITHIN]
    backend.clock.advance(minutes=15)
    await backend.drain()
    assert await level_of(supervisor, case) == "SUPERVISOR"


async def test_a_timer_that_was_overtaken_does_nothing(backend: Backend) -> None:
    """It may have been handed over in the very moment in which the case was closed and opened again."""
    from backend.incidences import escalation

    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key())
    backend.clock.advance(minutes=15)
    await change(supervisor, case, outcome="RESOLVED")
    await (await backend.units()).write(escalation.climb, case.incidence_id)
    await change(supervisor, case, status="OPEN")
    await (await backend.units()).write(escalation.climb, case.incidence_id)
    assert await kinds_of(supervisor, case) == ["opened", "closed", "reopened"]


async def test_a_case_that_gets_a_channel_late_climbs_from_then(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    routed, asked = [await open_case(key, user, orderValue=100) for user in ("a", "b")]
    backend.clock.advance(hours=1)
    await change(agent, routed, orderValue=12_000)
    await agent.channels.escalate(ChannelEscalate(incidence_id=asked.incidence_id, reason="asks for a person"))
    assert await timers_of(backend) == [backend.clock.now() + WITHIN] * 2


async def test_the_numbers_are_data(backend: Backend) -> None:
    agent, owner, key = await backend.member("agent"), await backend.owner(), await backend.key()
    rules = await owner.escalations.rules()
    assert (await refused(agent.escalations.set_rules({"version": 1, "settings": {}}))).status == 403
    settings = rules["settings"] | {"unresolvedAfterSeconds": 120, "climbAfterSeconds": 30}
    settings["climbsTo"] = {"SENIOR_AGENT": "TECH_TEAM", "TECH_TEAM": "SUPERVISOR"}
    rows = [dict(rule) for rule in rules["rules"]]
    rows[0]["when"] = {"fact": "order_value", "op": "ge", "value": 10_000}
    assert (await owner.escalations.set_rules({"version": 1, "settings": settings, "rules": rows}))["version"] == 2
    case, waiting = await open_case(key), await open_case(key, "b")
    raised = await trigger(agent, case, "HIGH_VALUE")
    assert raised.rule_version == 2
    levels = []
    for _ in range(4):
        levels.append(await level_of(agent, case))
        backend.clock.advance(seconds=30)
        await backend.drain()
    assert levels == ["SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR", "SUPERVISOR"]
    assert await level_of(agent, waiting) == "SENIOR_AGENT"  # by the rule as it is now, which asks for the value alone


async def test_a_ladder_made_shorter_meanwhile(backend: Backend) -> None:
    owner, case = await backend.owner(), await open_case(await backend.key())
    settings = (await owner.escalations.rules())["settings"]
    raised = await trigger(owner, case, "EMOTIONAL")
    await owner.escalations.set_rules({"version": 1, "settings": settings | {"climbsTo": {}}})
    backend.clock.advance(minutes=15)
    async with follows(backend, owner):
        await backend.drain()
    (left,) = (await owner.escalations.queue()).items
    assert (left.escalation_id, left.level, left.next_climb_at) == (raised.escalation_id, "SENIOR_AGENT", None)


async def test_timers_survive_a_restart(database_url: str, tmp_path: Path) -> None:
    """The process ends with one timer running towards its minute and one that is overdue when the next one starts."""
    async with Backend(database_url, tmp_path / "data") as before:
        agent = await before.member("agent")
        email, key = (await agent.identity.me()).user.email, await before.key()
        case = await open_case(key)
        before.clock.advance(minutes=10)
        await before.drain()
        later = await open_case(key, "b")
        await trigger(agent, later, "SYSTEM_BUG")
    async with Backend(database_url, tmp_path / "data") as after:
        after.clock.advance(minutes=17)
        client = after.client()
        await client.identity.sign_in(email, PASSWORD)
        await after.drain()
        assert await level_of(client, case) == "SUPERVISOR"
        assert await level_of(client, later) == "TECH_TEAM"
        after.clock.advance(minutes=8)
        await after.drain()
        assert await level_of(client, later) == "SUPERVISOR"
