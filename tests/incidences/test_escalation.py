"""Escalations: every trigger at its boundary, one at a time, who may take them, what the case shows, and many at once."""

import asyncio
from typing import Any

import pytest

from backend.client import ApiError
from backend.incidences.schemas import EscalationRead
from tests.agent.asks import refused
from tests.incidences.escalating import WITHIN, level_of, trigger
from tests.support.backend import Backend
from tests.support.follows import follows
from tests.support.incidences import open_case
from tests.support.sla import change

pytestmark = pytest.mark.alike


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
