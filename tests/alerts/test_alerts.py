"""Alerts: whom each cause concerns, told once, counted together, settled, muted, and seen by nobody else."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from backend.alerts import pruning, service
from backend.alerts.events import AlertsRaised
from backend.alerts.models import Alert
from backend.alerts.schemas import AlertRead, Muted
from backend.client import ApiError, Client
from backend.identity import availability
from backend.incidences.bulk_schemas import BulkStart
from backend.incidences.schemas import EscalationTrigger, IncidenceChange, IncidenceRead, NoteAdd
from backend.incidences.service import incidence_of
from tests.agent.asks import ask, decide
from tests.support.backend import Backend
from tests.support.follows import frames
from tests.support.incidences import open_case
from tests.support.sla import OFFICE, change, publish
from tests.support.socket import Socket

pytestmark = pytest.mark.alike


async def unread(client: Client) -> list[AlertRead]:
    page = await client.alerts.list(unread=True)
    assert page.unread == len(page.items)
    return page.items


async def kinds(backend: Backend, *clients: Client) -> list[list[tuple[str, int]]]:
    """Per client, the kinds and counts of what is unread once everybody was told."""
    await backend.drain()
    return [[(alert.kind, alert.count) for alert in await unread(client)] for client in clients]


async def escalate(client: Client, case: IncidenceRead, reason: str = "EMOTIONAL") -> str:
    body = EscalationTrigger.model_validate({"incidenceId": case.incidence_id, "reason": reason})
    return (await client.escalations.trigger(body)).escalation_id


async def name_of(client: Client) -> str:
    return "".join((await client.identity.me()).user.name.split())


async def test_an_escalation_concerns_who_may_take_it(backend: Backend) -> None:
    agent, supervisor, owner = await backend.member("agent"), await backend.member("supervisor"), await backend.owner()
    case = await open_case(await backend.key(), orderValue=60_000)
    await escalate(supervisor, case, "HIGH_VALUE")
    assert await kinds(backend, agent, supervisor, owner) == [[], [], [("ESCALATED", 1)]], "nobody of their own deed"
    (alert,) = await unread(owner)
    assert (alert.message, alert.severity) == ("handed up to senior agent: order value 60,000", "warning")
    assert (alert.ref, alert.incidence_id, alert.customer_name) == (case.ref, case.incidence_id, "u-1")
    assert (alert.at, alert.created_at, alert.read, alert.read_at) == (backend.clock.now(),) * 2 + (False, None)
    backend.clock.advance(minutes=15)
    assert await kinds(backend, agent, supervisor, owner) == [[], [("ESCALATED", 1)], [("ESCALATED", 2)]]
    (alert,) = await unread(owner)
    assert alert.message == "handed up to supervisor: nobody acknowledged it in time"
    assert (alert.at - alert.created_at).total_seconds() == 900, "one row since the first, with the newest words"


async def test_who_may_take_it_is_data(backend: Backend) -> None:
    agent, supervisor, owner = await backend.member("agent"), await backend.member("supervisor"), await backend.owner()
    settings = (await owner.escalations.rules())["settings"]
    takers = settings["takers"] | {"TECH_TEAM": "owner"}
    await owner.escalations.set_rules({"version": 1, "settings": settings | {"takers": takers}})
    await escalate(agent, await open_case(await backend.key()), "SYSTEM_BUG")
    assert await kinds(backend, supervisor, owner) == [[], [("ESCALATED", 1)]]


@pytest.mark.parametrize(
    ("verb", "did"), [("acknowledge", "took it on"), ("hand_back", "handed it back"), ("resolve", "settled it")]
)
async def test_who_raised_it_hears_and_nobody_else_has_to_look_any_more(backend: Backend, verb: str, did: str) -> None:
    agent, one, other = await backend.member("agent"), await backend.member("supervisor"), await backend.member("admin")
    escalation = await escalate(agent, await open_case(await backend.key()))
    assert await kinds(backend, one, other) == [[("ESCALATED", 1)]] * 2
    await getattr(one.escalations, verb)(escalation)
    assert await kinds(backend, agent, one, other) == [[("ESCALATION_ANSWERED", 1)], [], []]
    assert (await unread(agent))[0].message == f"{(await one.identity.me()).user.name} {did} at senior agent"
    assert (await other.alerts.list(unread=False)).items[0].kind == "ESCALATED", "read, not lost"


async def test_assigned_by_somebody_else(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case, me = await open_case(await backend.key()), (await agent.identity.me()).member_id
    await agent.incidences.take(case.incidence_id)
    assert await kinds(backend, agent) == [[]]
    for agent_id in (None, me):
        version = (await agent.incidences.show(case.incidence_id)).version
        body = IncidenceChange(version=version, agent_id=agent_id)
        case = await supervisor.incidences.change(case.incidence_id, body)
    assert await kinds(backend, agent, supervisor) == [[("ASSIGNED", 1)], []]


async def test_named_in_a_note_and_watching(backend: Backend) -> None:
    agent, named, watcher = [await backend.member("agent") for _ in range(3)]
    case = await open_case(await backend.key())
    await watcher.incidences.watch(case.incidence_id)
    text = f"@{await name_of(named)} and @{await name_of(agent)} look"
    await agent.agent.note(case.incidence_id, NoteAdd(text=text))
    assert await kinds(backend, agent, named, watcher) == [[], [("MENTIONED", 1)], [("WATCHED", 1)]]
    for _ in range(2):
        await agent.agent.note(case.incidence_id, NoteAdd(text="and again"))
    assert await kinds(backend, named, watcher) == [[("WATCHED", 2), ("MENTIONED", 1)], [("WATCHED", 3)]]
    await agent.incidences.change(case.incidence_id, IncidenceChange(version=5, outcome="RESOLVED"))
    await backend.drain()
    assert (await unread(watcher))[0].message == f"{(await agent.identity.me()).user.name} closed it"


async def test_approvals_asked_for_and_decided(backend: Backend) -> None:
    agent, one, other = await backend.member("agent"), await backend.member("supervisor"), await backend.member("admin")
    case = await open_case(await backend.key(), orderValue=31_000)
    first = await ask(agent, case)
    backend.clock.advance(seconds=1)
    second = await ask(agent, case, "CUSTOM_PRICING")
    assert await kinds(backend, agent, one, other) == [[], [("APPROVAL_REQUESTED", 2)], [("APPROVAL_REQUESTED", 2)]]
    assert (await unread(one))[0].message == f"{(await agent.identity.me()).user.name} asks for custom pricing"
    await decide(one, second, "deny", note="she is rich")
    assert await kinds(backend, agent, other) == [[("APPROVAL_DECIDED", 1)], [("APPROVAL_REQUESTED", 2)]]
    assert (await unread(agent))[0].message == f"{(await one.identity.me()).user.name} denied custom pricing"
    await decide(one, first)
    assert await kinds(backend, agent, other) == [[("APPROVAL_DECIDED", 2)], []], "the last one is decided"


async def test_a_target_that_is_near_is_the_owners_a_missed_one_supervisors_too(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    await publish(await backend.owner(), targets=(400, None, None))
    case = await open_case(await backend.key())
    await agent.incidences.take(case.incidence_id)
    backend.clock.advance(seconds=300)
    assert await kinds(backend, agent, supervisor) == [[("SLA_WARNED", 1)], []]
    backend.clock.advance(seconds=100)
    assert await kinds(backend, agent, supervisor) == [[("SLA_BREACHED", 1)]] * 2
    (alert,) = await unread(agent)
    assert (alert.message, alert.severity) == ("first response was missed", "danger")
    await change(agent, case, outcome="RESOLVED")
    assert await kinds(backend, agent, supervisor) == [[], []], "what is closed needs nobody's eye"


async def test_a_warning_waits_for_the_morning(backend: Backend) -> None:
    """It is due when the office closes: nobody is woken, and the owner finds it when they come."""
    agent, owner, zone = await backend.member("agent"), await backend.owner(), ZoneInfo("Asia/Kolkata")
    await publish(owner, targets=(4_000, None, None), hours=OFFICE)
    closes = datetime.combine(backend.clock.now().astimezone(zone), time(18), zone)
    while closes.weekday() > 3:  # the day after is a working day too
        closes += timedelta(days=1)
    backend.clock.advance(seconds=(closes - backend.clock.now()).total_seconds() - 3_000)
    case = await open_case(await backend.key())
    await agent.incidences.take(case.incidence_id)
    backend.clock.advance(seconds=3_000)
    await backend.drain()
    assert (await agent.incidences.show(case.incidence_id)).sla_state == "AT_RISK"
    assert await kinds(backend, agent) == [[]]
    backend.clock.advance(hours=15)
    assert await kinds(backend, agent) == [[("SLA_WARNED", 1)]]


async def test_told_once_however_often_its_job_runs(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key())
    await escalate(agent, case)
    await backend.drain()
    units, seq = await backend.units(), (await agent.incidences.show(case.incidence_id)).last_seq
    before = (await supervisor.alerts.list()).as_of
    for _ in range(2):
        await units.write(service.raise_for, seq)
    page = await supervisor.alerts.list()
    assert ([alert.count for alert in page.items], page.as_of) == ([1], before)
    await supervisor.alerts.read(page.items[0].id)
    await units.write(service.raise_for, seq)
    assert await unread(supervisor) == []


async def test_many_causes_at_once_count_up_one_row(backend: Backend) -> None:
    agents, watcher = [await backend.member("agent") for _ in range(4)], await backend.member("agent")
    case = await open_case(await backend.key())
    await watcher.incidences.watch(case.incidence_id)
    for agent in agents:
        await agent.agent.note(case.incidence_id, NoteAdd(text="me too"))
    head, units = (await watcher.alerts.list()).as_of or 0, await backend.units()
    await asyncio.gather(*(units.write(service.raise_for, head - place) for place in range(4)))
    assert await kinds(backend, watcher) == [[("WATCHED", 4)]], "and the jobs, which come second, add nothing"


async def test_one_event_tells_of_them_all_and_nobody_else_sees_it(backend: Backend) -> None:
    agent, supervisors = await backend.member("agent"), [await backend.member("supervisor") for _ in range(3)]
    case = await open_case(await backend.key())
    after = (await agent.alerts.list()).as_of or 0
    await escalate(agent, case)
    await backend.drain()
    told = [frame for frame in await frames(backend, agent, after) if frame["type"].startswith("alert.")]
    (raised,) = told
    assert raised["type"] == AlertsRaised.type
    ids = {(await one.identity.me()).member_id for one in (*supervisors, await backend.owner())}
    assert set(raised["data"]["memberIds"]) == ids
    assert len(raised["data"]["alertIds"]) == 4
    seen = {}
    for name, client in (("agent", agent), ("supervisor", supervisors[0])):
        token = client.transport.access_token
        async with Socket(backend.app, f"/live?after={raised['seq'] - 1}", token=token) as socket:
            while (frame := await socket.next())["kind"] != "event":
                pass
            seen[name] = frame["type"]
    assert seen == {"agent": "withheld", "supervisor": "alert.raised"}


async def test_reading_one_and_all(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    key = await backend.key()
    for user in ("a", "b", "c"):
        await escalate(agent, await open_case(key, user))
        await backend.drain()
        backend.clock.advance(seconds=1)
    first = (await supervisor.alerts.list(limit=1)).items[0]
    assert first.customer_name == "c", "the newest first"
    read = await supervisor.alerts.read(first.id)
    assert (read.read, read.read_at) == (True, backend.clock.now())
    backend.clock.advance(seconds=1)
    head = (await supervisor.alerts.list()).as_of
    assert await supervisor.alerts.read(first.id) == read, "reading it again changes nothing"
    pages, cursor = [], None
    while True:
        page = await supervisor.alerts.list(limit=1, cursor=cursor)
        pages.append(page.items[0].customer_name)
        if (cursor := page.next_cursor) is None:
            break
    assert pages == ["b", "a", "c"], "unread first"
    assert page.as_of == head
    with pytest.raises(ApiError) as error:
        await (await backend.owner()).alerts.read(first.id)
    assert (error.value.status, len(await unread(await backend.owner()))) == (404, 3)
    assert (await supervisor.alerts.read_all()).read == 2
    assert (await supervisor.alerts.read_all()).read == 0
    assert await unread(supervisor) == []


async def test_muted_kinds_are_not_raised(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    assert (await supervisor.alerts.muted()).kinds == []
    assert (await supervisor.alerts.mute(Muted(kinds=["ESCALATED", "ASSIGNED"]))).kinds == ["ASSIGNED", "ESCALATED"]
    key = await backend.key()
    await escalate(agent, await open_case(key))
    assert await kinds(backend, supervisor, await backend.owner()) == [[], [("ESCALATED", 1)]]
    await supervisor.alerts.mute(Muted(kinds=[]))
    await escalate(agent, await open_case(key, "b"))
    assert await kinds(backend, supervisor) == [[("ESCALATED", 1)]]


async def test_a_verb_on_many_is_told_once(backend: Backend) -> None:
    agent, supervisor, key = await backend.member("agent"), await backend.member("supervisor"), await backend.key()
    cases = [await open_case(key, f"u-{number}") for number in range(3)]
    chosen = [{"incidenceId": case.incidence_id, "version": case.version} for case in cases]
    me = (await agent.identity.me()).member_id
    body = {"verb": "assign", "args": {"agentId": me}, "ids": chosen}
    await supervisor.bulks.start(BulkStart.model_validate(body))
    assert await kinds(backend, agent) == [[("ASSIGNED", 1)]]
    (alert,) = await unread(agent)
    assert alert.message == f"{(await supervisor.identity.me()).user.name} gave you 3 cases"
    assert (alert.incidence_id, alert.ref) == (None, None)


async def test_what_was_read_long_ago_is_forgotten(backend: Backend) -> None:
    agent, owner, key = await backend.member("agent"), await backend.owner(), await backend.key()
    for user in ("a", "b"):
        await escalate(agent, await open_case(key, user))
    await backend.drain()
    first, second = await unread(owner)
    await owner.alerts.read(first.id)
    units = await backend.units()
    forget = lambda work: pruning.forget_read(work, work.now, "")  # noqa: E731
    assert await units.write(forget) == (0, None), "not longer ago than that"
    backend.clock.advance(seconds=1)
    assert await units.write(forget) == (1, "")
    assert [alert.id for alert in (await owner.alerts.list()).items] == [second.id]


async def test_who_has_left_and_other_businesses_hear_nothing(backend: Backend) -> None:
    agent, owner = await backend.member("agent"), await backend.owner()
    gone, stranger = await backend.member("supervisor"), await backend.another_owner()
    me = await gone.identity.me()
    await owner.businesses.remove_member(me.business.id, me.member_id)
    await escalate(agent, await open_case(await backend.key()))
    await backend.drain()
    assert await unread(stranger) == []
    count: Any = select(func.count()).select_from(Alert)
    assert await backend.runtime.database.read(lambda session: session.scalar(count)) == 1, "the owner's"


async def test_an_erased_customer_is_in_no_alert(backend: Backend) -> None:
    agent, owner = await backend.member("agent"), await backend.owner()
    case = await open_case(await backend.key(), summary="Priya Raman cannot pay")
    await escalate(agent, case)
    await backend.drain()
    await owner.customers.erase(case.customer.id)
    (alert,) = await unread(owner)
    assert (alert.summary, "Priya" in str(alert.model_dump())) == ("", False)


async def test_telling_waits_for_nobody_who_waits_for_the_log(backend: Backend) -> None:
    """Who tells holds the log; who changes a case, or gives a member work, holds that and waits for the log."""
    if backend.url.startswith("sqlite"):
        pytest.skip("one writer")
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case, me = await open_case(await backend.key()), (await supervisor.identity.me()).member_id
    await escalate(agent, case)
    seq, units = (await agent.incidences.show(case.incidence_id)).last_seq, await backend.units()

    def holds(session: Session) -> None:
        work = units.work(session)
        incidence_of(work, case.incidence_id, to_change=True)
        availability.locked(work, me)

    engine = create_async_engine(backend.url.replace("postgresql:", "postgresql+asyncpg:"), poolclass=NullPool)
    async with AsyncSession(engine) as changing:
        await changing.run_sync(holds)
        await asyncio.wait_for(units.write(service.raise_for, seq), 5)
    assert [alert.kind for alert in await unread(supervisor)] == ["ESCALATED"]


async def test_who_reads_alerts_waits_for_who_tells_before_taking_any(backend: Backend) -> None:
    if backend.url.startswith("sqlite"):
        pytest.skip("one writer")
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    await escalate(agent, await open_case(await backend.key()))
    await backend.drain()
    (alert,) = await unread(supervisor)
    business_id = (await backend.units()).business_id
    for reads in (lambda: supervisor.alerts.read(alert.id), supervisor.alerts.read_all):
        with psycopg.connect(backend.url) as telling:
            telling.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [business_id])
            reading = asyncio.create_task(reads())
            await asyncio.sleep(0.3)
            telling.execute("SET LOCAL lock_timeout = '2s'")
            telling.execute("UPDATE alerts SET count = count + 1, read_at = NULL WHERE id = %s", [alert.id])
        await reading
    (read,) = (await supervisor.alerts.list(unread=False)).items
    assert read.count == 3
