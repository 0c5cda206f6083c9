"""Escalations: every trigger at its boundary, the ladder to the second, who may take them, and many at once."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.client import ApiError, Client
from backend.incidences.schemas import (
    ChannelEscalate,
    EscalationRead,
    EscalationTrigger,
    IncidenceChange,
    IncidenceRead,
)
from backend.jobs.models import PendingJob
from tests.support.backend import PASSWORD, Backend
from tests.support.follows import follows
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

WITHIN = timedelta(minutes=15)


async def trigger(client: Client, case: IncidenceRead, reason: str, **fields: Any) -> EscalationRead:
    body = {"incidenceId": case.incidence_id, "reason": reason, **fields}
    return await client.escalations.trigger(EscalationTrigger.model_validate(body))


async def refused(doing: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await doing
    return error.value


async def level_of(client: Client, case: IncidenceRead) -> str | None:
    return (await client.incidences.show(case.incidence_id)).escalation_level


async def timers_of(backend: Backend, job: str = "incidences.climb") -> list[datetime]:
    """When the pending timers are due."""
    query = select(PendingJob.due_at).where(PendingJob.job == job).order_by(PendingJob.due_at)
    return await backend.runtime.database.read(lambda session: list(session.scalars(query)))


async def kinds_of(client: Client, case: IncidenceRead) -> list[str]:
    entries = (await client.incidences.timeline(case.incidence_id)).items
    return [entry.type.removeprefix("incidence.") for entry in entries]


async def change(client: Client, case: IncidenceRead, **fields: Any) -> IncidenceRead:
    version = (await client.incidences.show(case.incidence_id)).version
    return await client.incidences.change(
        case.incidence_id, IncidenceChange.model_validate({"version": version, **fields})
    )


@pytest.mark.parametrize(
    ("reason", "value", "level"),
    [
        ("HIGH_VALUE", 49_999.99, None),
        ("HIGH_VALUE", 50_000, None),
        ("HIGH_VALUE", 50_000.01, "SENIOR_AGENT"),
        ("HIGH_VALUE", None, None),
        ("SYSTEM_BUG", 12_000, "TECH_TEAM"),
        ("SYSTEM_BUG", 50_000.01, "TECH_TEAM"),
        ("POLICY_EXCEPTION", 12_000, "SUPERVISOR"),
        ("EMOTIONAL", 12_000, "SENIOR_AGENT"),
        ("UNRESOLVED", 12_000, "SUPERVISOR"),
    ],
)
async def test_every_trigger(backend: Backend, reason: str, value: float | None, level: str | None) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key(), orderValue=value)
    if level is None:
        error = await refused(trigger(agent, case, reason))
        assert (error.status, error.code, error.details["facts"]["order_value"]) == (422, "NO_ESCALATION", value)
        assert await level_of(agent, case) is None
        return
    raised = await trigger(agent, case, reason, note="look at this")
    me = (await agent.identity.me()).member_id
    assert (raised.level, raised.reason, raised.status, raised.raised_by) == (level, reason, "OPEN", me)
    assert (raised.raised_at, raised.note) == (backend.clock.now(), "look at this")
    assert (raised.rule, raised.rule_version) == (reason.lower(), 1)
    now = await agent.incidences.show(case.incidence_id)
    assert (now.escalation_id, now.escalation_level, now.version) == (raised.escalation_id, level, 2)
    assert raised.incidence == now
    entry = (await agent.incidences.timeline(case.incidence_id)).items[-1]
    assert (entry.type, entry.actor["id"]) == ("incidence.escalated", me)
    assert entry.data is not None
    assert entry.data | {"why": ""} == {
        "escalationId": raised.escalation_id,
        "level": [None, level],
        "reason": reason,
        "why": "",
        "rule": reason.lower(),
        "ruleVersion": 1,
        "facts": {
            "reason": reason,
            "order_value": value,
            "minutes_open": 0,
            "event_type": None,
            "priority": case.priority,
        },
        "note": "look at this",
    }


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


async def test_one_is_open_at_a_time(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key())
    first = await trigger(agent, case, "EMOTIONAL")
    error = await refused(trigger(agent, case, "EMOTIONAL"))
    assert (error.status, error.code) == (409, "ALREADY_ESCALATED")
    assert (error.details["escalationId"], error.details["level"]) == (first.escalation_id, "SENIOR_AGENT")
    await supervisor.escalations.acknowledge(first.escalation_id)
    higher = await trigger(agent, case, "POLICY_EXCEPTION")
    assert (higher.escalation_id, higher.level, higher.status) == (first.escalation_id, "SUPERVISOR", "OPEN")
    assert (higher.acknowledged_by, higher.raised_at, higher.reason) == (None, first.raised_at, "POLICY_EXCEPTION")
    for reason in ("POLICY_EXCEPTION", "EMOTIONAL", "SYSTEM_BUG", "UNRESOLVED"):
        assert (await refused(trigger(agent, case, reason))).code == "ALREADY_ESCALATED", reason
    stale = await refused(trigger(agent, await open_case(await backend.key(), "b"), "EMOTIONAL", version=7))
    assert (stale.status, stale.code) == (409, "STALE_VERSION")


async def test_the_queue_is_by_level_then_by_age(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    reasons = ["EMOTIONAL", "SYSTEM_BUG", "POLICY_EXCEPTION", "EMOTIONAL", "POLICY_EXCEPTION", "SYSTEM_BUG"]
    cases = [await open_case(key, f"u-{number}") for number in range(len(reasons))]
    for case, reason in zip(cases, reasons, strict=True):
        await trigger(agent, case, reason)
        backend.clock.advance(seconds=1)
    wanted = [cases[place].ref for place in (2, 4, 1, 5, 0, 3)]
    assert [one.ref for one in (await agent.escalations.queue()).items] == wanted
    assert [one.ref for one in (await agent.escalations.queue(level="TECH_TEAM")).items] == wanted[2:4]
    seen, cursor = [], None
    while True:
        page = await agent.escalations.queue(limit=1, cursor=cursor)
        seen += [one.ref for one in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == wanted
    assert (await agent.incidences.counts())["escalated"] == 6
    assert len((await agent.incidences.list(view="escalated")).items) == 6
    other = (await agent.incidences.list(limit=1)).next_cursor
    assert (await refused(agent.escalations.queue(cursor=other))).status == 400


async def test_it_is_routed_to_who_may_take_it(backend: Backend) -> None:
    agent, owner = await backend.member("agent"), await backend.owner()
    supervisor, admin = await backend.member("supervisor"), await backend.member("admin")
    rules = await owner.escalations.rules()
    takers = rules["settings"]["takers"] | {"TECH_TEAM": "admin"}
    await owner.escalations.set_rules({"version": 1, "settings": rules["settings"] | {"takers": takers}})
    case = await open_case(await backend.key())
    raised = await trigger(agent, case, "SYSTEM_BUG")
    assert {one.role for one in raised.takers} == {"admin", "owner"}
    assert raised.rule_version == 2
    for client in (agent, supervisor):
        assert (await refused(client.escalations.acknowledge(raised.escalation_id))).status == 403
    assert (await refused(agent.escalations.resolve(raised.escalation_id))).status == 403
    assert (await refused(agent.escalations.hand_back(raised.escalation_id))).status == 403
    assert (await admin.escalations.acknowledge(raised.escalation_id)).status == "ACKNOWLEDGED"
    error = await refused((await backend.another_owner()).escalations.resolve(raised.escalation_id))
    assert (error.status, await level_of(agent, case)) == (404, "TECH_TEAM")


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


@pytest.mark.parametrize(
    "wrong",
    [
        {"ladder": ["SENIOR_AGENT", "SUPERVISOR"]},
        {"climbsTo": {"SUPERVISOR": "TECH_TEAM"}},
        {"climbsTo": {"TECH_TEAM": "TECH_TEAM"}},
        {"takers": {"SUPERVISOR": "supervisor"}},
        {"takers": dict.fromkeys(("SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR"), "agent")},
        {"climbAfterSeconds": 0},
        {"unresolvedAfterSeconds": "soon"},
    ],
)
async def test_settings_that_cannot_be(backend: Backend, wrong: dict[str, Any]) -> None:
    owner = await backend.owner()
    settings = (await owner.escalations.rules())["settings"]
    assert (await refused(owner.escalations.set_rules({"version": 1, "settings": settings | wrong}))).status == 400
    assert (await owner.escalations.rules())["version"] == 1


async def test_twenty_acknowledge_at_once(backend: Backend) -> None:
    supervisors = [await backend.member("supervisor") for _ in range(20)]
    raised = await trigger(supervisors[0], await open_case(await backend.key()), "EMOTIONAL")
    answers = await asyncio.gather(
        *(one.escalations.acknowledge(raised.escalation_id) for one in supervisors), return_exceptions=True
    )
    (won,) = [answer for answer in answers if isinstance(answer, EscalationRead)]
    lost = [answer for answer in answers if isinstance(answer, ApiError)]
    assert {(error.status, error.code) for error in lost} == {(409, "ALREADY_ACKNOWLEDGED")}
    assert {error.details["acknowledgedBy"] for error in lost} == {won.acknowledged_by}
    assert len(lost) == 19


async def test_twenty_escalate_at_once(backend: Backend) -> None:
    agents = [await backend.member("agent") for _ in range(20)]
    case = await open_case(await backend.key())
    answers = await asyncio.gather(*(trigger(one, case, "EMOTIONAL") for one in agents), return_exceptions=True)
    assert sum(isinstance(answer, EscalationRead) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, ApiError)} == {"ALREADY_ESCALATED"}
    assert len((await agents[0].escalations.queue()).items) == 1


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


@pytest.mark.parametrize("verb", ["trigger", "acknowledge", "hand_back", "resolve", "climb", "close", "unresolved"])
async def test_follows(backend: Backend, verb: str) -> None:
    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key(), orderValue=30_000)
    raised = None if verb in ("trigger", "unresolved") else await trigger(supervisor, case, "EMOTIONAL")
    async with follows(backend, supervisor) as seen:
        if verb == "trigger":
            await trigger(supervisor, case, "SYSTEM_BUG")
        elif verb == "close":
            await change(supervisor, case, outcome="DROPPED")
        elif raised is None or verb == "climb":
            backend.clock.advance(minutes=15)
            await backend.drain()
        else:
            await getattr(supervisor.escalations, verb)(raised.escalation_id)
    kind = {"trigger": "escalated", "acknowledge": "escalation_acknowledged", "hand_back": "escalation_returned"}
    kind |= {"resolve": "escalation_resolved", "climb": "escalated", "unresolved": "escalated", "close": "closed"}
    assert [frame["type"] for frame in seen if frame["incidenceId"]][-1] == f"incidence.{kind[verb]}"


async def test_its_case_carries_it(backend: Backend) -> None:
    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key())
    assert case.escalation is None
    raised = await trigger(supervisor, case, "EMOTIONAL", note="she cried")
    me, now = (await supervisor.identity.me()).member_id, backend.clock.now()
    carried = (await supervisor.incidences.show(case.incidence_id)).escalation
    assert carried is not None
    assert (carried.reason, carried.status, carried.raised_by, carried.note) == ("EMOTIONAL", "OPEN", me, "she cried")
    assert (carried.raised_at, carried.next_climb_at, carried.acknowledged_at) == (now, now + WITHIN, None)
    taken = await supervisor.escalations.acknowledge(raised.escalation_id)
    (listed,) = (await supervisor.incidences.list(view="escalated")).items
    assert listed == taken.incidence
    assert listed.escalation is not None
    assert (listed.escalation.acknowledged_by, listed.escalation.next_climb_at) == (me, None)
    assert (await supervisor.escalations.hand_back(raised.escalation_id)).incidence.escalation is None


async def test_erasing_the_customer_takes_the_notes(backend: Backend) -> None:
    owner, case = await backend.owner(), await open_case(await backend.key())
    await trigger(owner, case, "EMOTIONAL", note="she cried")
    await owner.customers.erase(case.customer.id)
    (one,) = (await owner.escalations.queue()).items
    assert (one.note, one.level) == (None, "SENIOR_AGENT")
