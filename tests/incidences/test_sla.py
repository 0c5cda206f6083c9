"""Service levels to the second: every clock at its boundary, pauses, reopening, a restart, and what the queue shows."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from backend.core.clock import instant
from backend.incidences import conversations
from backend.work import Work
from console.query import compile_filter
from console.store import Store
from console.views import sla_order
from tests.support.backend import PASSWORD, Backend
from tests.support.follows import follows, snapshot
from tests.support.incidences import open_case
from tests.support.sla import (
    FIRST,
    HOUR,
    MINUTE,
    NEXT,
    RESOLUTION,
    answer,
    change,
    gold_case,
    panel_of,
    publish,
    says,
    timers_of,
    to,
    told_of,
)

pytestmark = pytest.mark.alike


async def test_first_response_is_warned_of_and_missed_to_the_second(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    start = backend.clock.now()
    assert (case.sla_state, case.sla_target, case.sla_due_at) == ("ON_TRACK", FIRST, start + 5 * MINUTE)
    assert (case.first_response_due_at, case.next_response_due_at) == (start + 5 * MINUTE, None)
    assert (case.resolution_due_at, case.sla_breached_at, case.sla_breached) == (start + 8 * HOUR, None, [])
    assert case.sla_policy is not None
    assert case.sla_policy.model_dump() == {"rule": "gold_chat", "text": "GOLD customer by chat", "version": 1}
    warned = start + timedelta(seconds=225)  # three quarters of the five minutes
    assert case.sla_risk_at == warned
    async with follows(backend, agent):
        for at, told, state in (
            (warned - timedelta(seconds=1), [], "ON_TRACK"),
            (warned, [("warned", FIRST)], "AT_RISK"),
            (start + timedelta(seconds=299), [("warned", FIRST)], "AT_RISK"),
            (start + timedelta(seconds=300), [("warned", FIRST), ("breached", FIRST)], "BREACHED"),
            (start + HOUR, [("warned", FIRST), ("breached", FIRST)], "BREACHED"),
        ):
            await to(backend, at)
            assert await told_of(agent, case) == told, at
            assert (await agent.incidences.show(case.incidence_id)).sla_state == state
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_breached_at, now.sla_breached, now.sla_due_at) == (start + 5 * MINUTE, [FIRST], case.sla_due_at)
    entry = next(
        entry
        for entry in (await agent.incidences.timeline(case.incidence_id)).items
        if entry.type == "incidence.sla_breached"
    )
    assert entry.actor["kind"] == "system"
    due = "2026-03-02T09:05:00.000000Z"
    said = {"target": FIRST, "dueAt": due, "breachedAt": due, "rule": "gold_chat", "ruleVersion": 1}
    assert entry.data == said


@pytest.mark.parametrize(("seconds", "is_missed"), [(299, False), (300, True), (301, True)])
async def test_an_answer_on_either_side_of_the_second(backend: Backend, seconds: int, is_missed: bool) -> None:
    """The timer tells of a miss, also when the answer came before the timer had its turn; and never without one."""
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    start = backend.clock.now()
    backend.clock.advance(seconds=seconds)
    answered = await answer(agent, case)
    assert answered.sla_state == "PAUSED"
    assert (answered.sla_due_at, answered.sla_breached) == (None, [FIRST] if is_missed else [])
    await backend.drain()
    await to(backend, start + 7 * HOUR)
    assert await told_of(agent, case) == [("breached", FIRST)] * is_missed
    now = await agent.incidences.show(case.incidence_id)
    assert now.sla_breached_at == (start + 5 * MINUTE if is_missed else None)
    assert await timers_of(backend) == []


async def test_next_response_runs_from_the_first_message_that_waits(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    await says(backend, case)
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_target, now.next_response_due_at) == (FIRST, None)
    await answer(agent, case)
    backend.clock.advance(hours=1)
    asked = backend.clock.now()
    await says(backend, case)
    backend.clock.advance(minutes=3)
    await says(backend, case, "Still there?")
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_target, now.sla_due_at) == (NEXT, asked + 10 * MINUTE)
    await to(backend, asked + 10 * MINUTE - timedelta(seconds=1))
    assert await told_of(agent, case) == [("warned", NEXT)]
    await answer(agent, case)
    await to(backend, asked + 20 * MINUTE)
    assert await told_of(agent, case) == [("warned", NEXT)]
    await says(backend, case)
    again = backend.clock.now()
    await to(backend, again + 10 * MINUTE)
    assert await told_of(agent, case) == [("warned", NEXT), ("breached", NEXT)], "it is too late for a warning"
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_breached, now.sla_breached_at) == ([NEXT], again + 10 * MINUTE)


async def test_waiting_for_the_customer_pauses_and_sleep_does_not(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(60, None, 3600))
    case = await open_case(key)
    start = backend.clock.now()
    backend.clock.advance(seconds=30)
    now = await answer(agent, case)
    assert (now.sla_state, now.resolution_due_at) == ("PAUSED", None)
    backend.clock.advance(minutes=20)
    await change(agent, case, snoozedUntil=(backend.clock.now() + HOUR).isoformat())
    assert (await panel_of(agent, case)).targets[0].used_seconds == 30, "put away while we wait: still paused"
    backend.clock.advance(minutes=20)
    await says(backend, case)
    paused = backend.clock.now() - start - timedelta(seconds=30)
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_state, now.sla_target, now.sla_due_at) == ("ON_TRACK", RESOLUTION, start + HOUR + paused)
    now = await change(agent, case, snoozedUntil=(backend.clock.now() + 2 * HOUR).isoformat())
    assert now.sla_due_at == start + HOUR + paused, "an agent's sleep stops no clock"
    assert await timers_of(backend) == [now.sla_risk_at]
    await to(backend, start + HOUR + paused)
    assert await told_of(agent, case) == [("breached", RESOLUTION)]
    await answer(agent, case)
    backend.clock.advance(hours=5)
    await says(backend, case)
    over = await agent.incidences.show(case.incidence_id)
    assert over.sla_state == "BREACHED"
    assert over.sla_due_at == backend.clock.now(), "over by as much as when it paused"
    await backend.drain()
    assert len(await told_of(agent, case)) == 1
    await publish(await backend.owner(), isPausedWhileWaiting=False)
    other = await open_case(key, "other")
    due = backend.clock.now() + HOUR
    assert (await answer(agent, other)).resolution_due_at == due
    backend.clock.advance(minutes=5)
    await says(backend, other)
    assert (await agent.incidences.show(other.incidence_id)).resolution_due_at == due


async def test_a_case_that_is_reopened_is_clocked_anew_and_keeps_its_record(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    missed = backend.clock.now() + 5 * MINUTE
    await to(backend, missed)
    closed = await change(agent, case, outcome="RESOLVED")
    assert (closed.sla_state, closed.sla_due_at, closed.resolution_due_at) == ("MISSED", None, None)
    assert await timers_of(backend) == []
    backend.clock.advance(days=2)
    await says(backend, case, "It is not solved")
    again = await agent.incidences.show(case.incidence_id)
    start = backend.clock.now()
    assert (again.sla_state, again.sla_target, again.reopen_count) == ("ON_TRACK", FIRST, 1)
    assert (again.first_response_due_at, again.resolution_due_at) == (start + 5 * MINUTE, start + 8 * HOUR)
    assert (again.sla_breached, again.sla_breached_at) == ([FIRST], missed)
    await to(backend, start + 5 * MINUTE - timedelta(seconds=1))
    answered = await answer(agent, case)
    assert (answered.first_response_due_at, len((await panel_of(agent, case)).breaches)) == (None, 1)
    met = await open_case(key)
    await answer(agent, met)
    assert (await change(agent, met, outcome="RESOLVED")).sla_state == "MET"


async def test_a_case_that_is_closed_late_was_missed_and_that_is_told(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(300, 600, 28_800))
    case = await open_case(key)
    start = backend.clock.now()
    backend.clock.advance(hours=9)  # the server slept
    closed = await change(agent, case, outcome="DROPPED")
    assert (closed.sla_state, closed.sla_breached_at) == ("MISSED", start + 5 * MINUTE)
    await backend.drain()
    assert await told_of(agent, case) == [("breached", FIRST), ("breached", RESOLUTION)]
    assert await timers_of(backend) == []


async def test_self_service_is_promised_nothing_until_somebody_waits(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key, orderValue=100)
    assert (case.sla_state, case.sla_due_at, await timers_of(backend)) == ("NONE", None, [])
    backend.clock.advance(hours=1)
    now = await change(agent, case, orderValue=60_000)
    assert now.first_response_due_at == backend.clock.now() + 30 * MINUTE
    assert await timers_of(backend) == [now.sla_risk_at]


async def test_what_a_platform_tells_late_counts_from_when_it_was_said(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(300, 600, 28_800))
    case, other = await open_case(key), await open_case(key, "u-2")
    start = backend.clock.now()
    backend.clock.advance(minutes=6)

    def tell(id: str, at: datetime) -> None:
        def write(work: Work) -> None:
            row = conversations.incidence_of(work, id, to_change=True)
            work.add(conversations.Conversation(platform="freshchat", conversation_id=id[-8:], incidence_id=row.id))
            said = {"platform": "freshchat", "conversation_id": id[-8:], "agent_name": "Ravi", "text": "Yes"}
            conversations.message_from_agent(work, **said, message_id="m", occurred_at=at)

        writes.append(write)

    writes: list[object] = []
    tell(case.incidence_id, start + 4 * MINUTE)
    tell(other.incidence_id, start + 5 * MINUTE)
    for write in writes:
        await (await backend.units()).write(write)  # type: ignore[arg-type]
    await backend.drain()
    assert (await told_of(agent, case), await told_of(agent, other)) == ([], [("breached", FIRST)])


async def test_the_tab_the_filter_and_the_order_agree_with_the_mirror(backend: Backend) -> None:
    """At each instant at which something changes, and a second before: server and console show the same."""
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(600, 600, 7200), warnAfterPercent=50, warnBeforeSeconds=600)
    start = backend.clock.now()
    cases = []
    for number in range(4):
        cases.append(await open_case(key, f"u-{number}"))
        backend.clock.advance(seconds=60)
    await answer(agent, cases[1])
    await change(agent, cases[2], snoozedUntil="2030-01-01T00:00:00Z")
    await open_case(key, "self-service", orderValue=1)
    closed = await open_case(key, "closed")
    await change(agent, closed, outcome="RESOLVED")
    texts = ("sla<5m", "sla>=5m", "sla<=0", "-sla<5m", "sla!=4m", "breached", "-breached", "breached sla<0")
    ids = [case.incidence_id for case in cases]
    near = {0: [], 299: [], 300: [0], 480: [0, 3], 600: [0, 3], 780: [0, 3]}
    for seconds, expected in near.items():
        if (start + timedelta(seconds=seconds)) > backend.clock.now():
            await to(backend, start + timedelta(seconds=seconds))
        elif seconds:
            continue
        at = instant(backend.clock.now())
        mirror, as_of = await snapshot(agent)
        store = Store()
        store.at(at)
        store.install({"incidence": mirror}, as_of)
        shown = {case.incidence_id for case in (await agent.incidences.list(view="sla_risk")).items}
        assert shown == {row["incidenceId"] for row in store.in_view("sla_risk")}, seconds
        assert (await agent.incidences.counts())["sla_risk"] == store.counts["sla_risk"] == len(shown)
        assert shown == {ids[number] for number in expected}, seconds
        for text in texts:
            holds = compile_filter(text, "", lambda at=at: at)  # type: ignore[misc]
            found = {case.incidence_id for case in (await agent.incidences.list(q=text)).items}
            assert found == {id for id, row in mirror.items() if holds(row)}, (seconds, text)
        order = [case.incidence_id for case in (await agent.incidences.list(sort="sla")).items]
        assert order == [row["incidenceId"] for row in sorted(mirror.values(), key=sla_order)]
        assert order[:3] == [ids[0], ids[2], ids[3]]
    over = (await agent.incidences.list(q="breached sla<=0")).items
    assert {case.incidence_id for case in over} == {ids[0], ids[2], ids[3]}


async def test_a_restart_between_warning_and_breach(database_url: str, tmp_path: Path) -> None:
    async with Backend(database_url, tmp_path / "data") as first:
        owner, key = await first.owner(), await first.key()
        case = await open_case(key)
        email = (await owner.identity.me()).user.email
        first.clock.advance(minutes=23)
        await first.drain()
        assert await told_of(owner, case) == [("warned", FIRST)]
    async with Backend(database_url, tmp_path / "data") as again:
        again.clock.advance(minutes=29, seconds=59)
        client = again.client()
        await client.identity.sign_in(email, PASSWORD)
        await again.drain()
        assert await told_of(client, case) == [("warned", FIRST)]
        again.clock.advance(seconds=1)
        await again.drain()
        await again.drain()
        assert await told_of(client, case) == [("warned", FIRST), ("breached", FIRST)]


async def test_replies_race_the_timer(backend: Backend) -> None:
    """Whoever is first: a case that was answered at its second or later was missed once, told once, and mirrors agree."""
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(60, 60, None))
    cases = [await open_case(key, f"u-{number}") for number in range(8)]
    backend.clock.advance(seconds=60)
    async with follows(backend, agent):
        await asyncio.gather(backend.drain(), *(answer(agent, case) for case in cases))
        await backend.drain()
    for case in cases:
        assert await told_of(agent, case) == [("breached", FIRST)]
        now = await agent.incidences.show(case.incidence_id)
        assert (now.sla_breached, now.sla_due_at, now.sla_state) == ([FIRST], None, "NONE")
    assert await timers_of(backend) == []
