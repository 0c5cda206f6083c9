"""A shift of a whole floor against `holdfast serve`, in a hurry: fifty agents, five supervisors, two thousand cases that
arrive over ten minutes sped up, people who drop off the line, and a server that is killed twice.

Everybody keeps a ledger of what was acknowledged to them. In the end it is held against the database: nothing lost, nothing
twice, no case without an owner or a reason, the chain whole, and every service level as a model of its own says.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.client import ApiError, Client, Offline
from backend.core.clock import RealClock
from backend.core.ids import new_id
from backend.identity.schemas import MemberAdd, SignUp
from backend.incidences.schemas import (
    EscalationTrigger,
    IncidenceChange,
    IncidenceOpen,
    IncidenceRead,
    MessageSend,
    NoteAdd,
    TimelineEntry,
)
from tests.support.server import Server

AGENTS, SUPERVISORS, CASES = 50, 5, 2_000
SPEED_UP = 8
ARRIVE_WITHIN = 600 / SPEED_UP
"""Seconds in which the cases arrive."""
KILLS_AT = (0.3, 0.65)
"""Parts of the arrivals after which the server is killed."""
FIRST_RESPONSE, RESOLUTION, UNRESOLVED, CLIMB = 6, 25, 20, 8
"""Seconds: targets and timers short enough that many are missed in such a shift."""
PASSWORD = "correct horse"
WRITTEN = ("incidence.note_added", "incidence.message_sent")
REASONS = ("SYSTEM_BUG", "EMOTIONAL", "POLICY_EXCEPTION")


@dataclass
class Ledger:
    """What was acknowledged: texts of notes and messages by case, and cases by how they were last known to stand."""

    opened: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    closed: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)


class Floor:
    """Everybody who works, and the ledger they share."""

    def __init__(self, server: Server) -> None:
        self.server, self.ledger, self.chance = server, Ledger(), random.Random(11)
        self.clients: list[Client] = []
        self.arrived = 0
        self.is_over = False

    async def client(self, email: str) -> Client:
        client = Client(self.server.url)
        await client.identity.sign_in(email, PASSWORD)
        self.clients.append(client)
        return client

    async def insist(self, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do it until the server has answered: each try carries the same Idempotency-Key or version."""
        while True:
            try:
                return await act()
            except Offline:
                await asyncio.sleep(0.2 + self.chance.random() * 0.3)

    # -- those who act

    async def arrivals(self, api: Client) -> None:
        """Cases of all bands arrive, evenly."""
        began = asyncio.get_running_loop().time()
        for number in range(CASES):
            await asyncio.sleep(max(0.0, began + number * ARRIVE_WITHIN / CASES - asyncio.get_running_loop().time()))
            body = IncidenceOpen(
                user_id=f"guest-{number % 700}",
                stage="PRE_ORDER",
                channel=("IN_APP_CHAT", "CALL", "WHATSAPP")[number % 3],
                trigger="USER_INITIATED",
                order_id=f"order-{number}",
                order_value=5_000 + (number * 977) % 80_000,
            )
            key = new_id()
            case = await self.insist(lambda body=body, key=key: api.incidences.open(body, idempotency_key=key))
            self.ledger.opened[case.incidence_id] = body.order_id or ""
            self.arrived += 1

    async def agent(self, api: Client, name: str) -> None:
        """Take what is best next, work on it, now and then drop off the line, until there is nothing left."""
        while True:
            got = await self.insist(api.agent.next)
            if got.incidence is None:
                if self.is_over:
                    return
                await asyncio.sleep(1)
                continue
            self.ledger.taken[got.incidence.incidence_id] += 1
            await self.work(api, name, got.incidence)
            if self.chance.random() < 0.05:  # gone for a moment, with whatever was on its way
                await api.transport.close()
                await asyncio.sleep(self.chance.random())
                fresh = Client(self.server.url)
                fresh.transport.access_token = api.transport.access_token
                self.clients.append(fresh)
                api = fresh

    async def work(self, api: Client, name: str, case: IncidenceRead) -> None:
        """Note, answer, escalate, solve: each once, whatever happens to the server meanwhile."""
        id, dice = case.incidence_id, self.chance.random()
        await asyncio.sleep(self.chance.random() * 0.4)
        if dice < 0.5:
            await self.write(
                f"{name} notes {new_id()}",
                lambda text, key: api.agent.note(id, NoteAdd(text=text), idempotency_key=key),
                id,
            )
        if dice < 0.8:
            await self.write(
                f"{name} answers {new_id()}",
                lambda text, key: api.incidences.send(
                    id, MessageSend(text=text, last_seen_seq=2**40), idempotency_key=key
                ),
                id,
            )
        if dice < 0.15:
            body = EscalationTrigger(incidence_id=id, reason=REASONS[int(dice * 20)])
            key = new_id()
            await self.allowed(lambda: api.escalations.trigger(body, idempotency_key=key))
        if dice < 0.9:
            await self.close(api, id)

    async def write(self, text: str, send: Callable[[str, str], Awaitable[Any]], id: str) -> None:
        key = new_id()
        if await self.allowed(lambda: send(text, key)) is not None:
            self.ledger.texts[text] = id

    async def close(self, api: Client, id: str) -> None:
        """Close it at whatever version it stands: others may have escalated it meanwhile."""
        while True:
            now = await self.insist(lambda: api.incidences.show(id))
            if now.status == "CLOSED":  # our own answer may have been lost with the server
                self.ledger.closed.add(id)
                return
            change = IncidenceChange(version=now.version, outcome="RESOLVED")
            try:
                await self.insist(lambda change=change: api.incidences.change(id, change))
            except ApiError as error:
                assert error.code == "STALE_VERSION", error
                continue
            self.ledger.closed.add(id)
            return

    async def supervisor(self, api: Client) -> None:
        """Acknowledge what is handed up and settle it."""
        while not self.is_over:
            page = await self.insist(lambda: api.escalations.queue(limit=20))
            for one in page.items:
                if one.status == "OPEN" and self.chance.random() < 0.5:
                    await self.allowed(lambda one=one: api.escalations.acknowledge(one.escalation_id))
                elif one.status == "ACKNOWLEDGED":
                    await self.allowed(lambda one=one: api.escalations.resolve(one.escalation_id))
            await asyncio.sleep(0.5)

    async def allowed(self, act: Callable[[], Awaitable[Any]]) -> Any:
        """Insist, but take no for an answer: a race lost is no failure."""
        try:
            return await self.insist(act)
        except ApiError as error:
            assert error.status in (403, 409, 422), error
            self.ledger.refused[error.code] += 1
            return None

    async def killer(self) -> None:
        for part in KILLS_AT:
            while self.arrived < part * CASES:  # noqa: ASYNC110 - there is nothing to be told by
                await asyncio.sleep(0.1)
            self.server.kill()
            await asyncio.sleep(0.5)
            await asyncio.to_thread(self.server.start)


async def every(client: Client, **query: Any) -> list[IncidenceRead]:
    found: list[IncidenceRead] = []
    cursor = None
    while True:
        page = await client.incidences.list(sort="created", limit=200, cursor=cursor, **query)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def missed(entries: list[TimelineEntry], end: datetime) -> dict[str, datetime]:
    """Which targets a case missed and when they were due, by its story alone: an independent reading of what the policy says.

    The first answer is due FIRST_RESPONSE after the opening. Resolution counts only while we are not waiting for the
    customer. Nothing here is reopened, and nobody writes but us.
    """
    opened = next(one.at for one in entries if one.type == "incidence.opened")
    answered = next((one.at for one in entries if one.type == "incidence.message_sent"), None)
    closed = next((one.at for one in entries if one.type == "incidence.closed"), None)
    found: dict[str, datetime] = {}
    due = opened + timedelta(seconds=FIRST_RESPONSE)
    if min(filter(None, (answered, closed, end))) > due:
        found["first_response"] = due
    due = opened + timedelta(seconds=RESOLUTION)
    stops = min(filter(None, (answered, closed, end)))
    if stops > due:
        found["resolution"] = due
    return found


@pytest.mark.soak
@pytest.mark.timeout(1_500)
async def test_a_shift(database_url: str, tmp_path: Path) -> None:
    server = Server(database_url, tmp_path / "server", attendance_seconds="5").start()
    floor = Floor(server)
    owner = Client(server.url)
    floor.clients.append(owner)
    try:
        me = await owner.identity.sign_up(SignUp(email="o@example.com", password=PASSWORD, name="Owner"))
        people = [("agent", f"agent{number}") for number in range(AGENTS)]
        people += [("supervisor", f"supervisor{number}") for number in range(SUPERVISORS)]
        for role, name in people:
            body = MemberAdd(email=f"{name}@example.com", name=name, role=role, password=PASSWORD)
            await owner.businesses.add_member(me.business.id, body)
        await hurry(owner)
        staff = {name: await floor.client(f"{name}@example.com") for _, name in people}
        agents = [floor.agent(api, name) for name, api in staff.items() if name.startswith("agent")]
        agents_at_work = asyncio.gather(*agents)
        others = [asyncio.create_task(floor.supervisor(api)) for name, api in staff.items() if "supervisor" in name]
        await asyncio.gather(floor.arrivals(owner), floor.killer())
        floor.is_over = True
        await agents_at_work
        await asyncio.gather(*others)
        await asyncio.sleep(RESOLUTION + 5)  # what is still open runs out of its time
        await caught_up(owner)
        await settle(floor, owner)
    finally:
        for client in floor.clients:
            with suppress(Exception):
                await client.transport.close()
        server.kill()


async def hurry(owner: Client) -> None:
    """Short targets and timers, and room for everybody."""
    sla = await owner.rules.show("sla")
    for rule in sla["rules"]:
        rule["then"] |= {
            "firstResponseSeconds": FIRST_RESPONSE,
            "resolutionSeconds": RESOLUTION,
            "nextResponseSeconds": None,
        }
    await owner.rules.publish("sla", {"version": sla["version"], "rules": sla["rules"], "reason": "a shift in a hurry"})
    ladder = await owner.rules.show("escalation")
    settings = {**ladder["settings"], "unresolvedAfterSeconds": UNRESOLVED, "climbAfterSeconds": CLIMB}
    await owner.rules.publish(
        "escalation", {"version": ladder["version"], "settings": settings, "reason": "in a hurry"}
    )
    work = await owner.rules.show("assignment")
    capacity = dict.fromkeys(work["settings"]["capacity"], 1_000)
    settings = {**work["settings"], "capacity": capacity}
    await owner.rules.publish("assignment", {"version": work["version"], "settings": settings, "reason": "room"})


async def caught_up(owner: Client) -> None:
    """Wait until no timer is due any more: the shift is so much faster than life that jobs may lag behind it."""
    async with asyncio.timeout(300):
        while True:
            waiting = (await owner.jobs.list(status="waiting", limit=1))["items"]
            running = (await owner.jobs.list(status="running", limit=1))["items"]
            is_due = waiting and datetime.fromisoformat(waiting[0]["dueAt"]) <= RealClock().now()
            if not is_due and not running:
                return
            await asyncio.sleep(0.5)


async def settle(floor: Floor, owner: Client) -> None:
    """Hold the ledger against what the server says now."""
    ledger, now = floor.ledger, RealClock().now()
    cases = {case.incidence_id: case for case in await every(owner)}
    assert Counter(case.order_id for case in cases.values()) == Counter(f"order-{number}" for number in range(CASES))
    assert ledger.opened == {id: case.order_id for id, case in cases.items()}
    assert max(ledger.taken.values()) == 1, "nobody takes what somebody has"
    told: Counter[str] = Counter()
    wrong: list[str] = []
    for id, case in cases.items():
        entries = await story(owner, id)
        told.update((one.data or {})["text"] for one in entries if one.type in WRITTEN)
        if case.agent_id is None and not await owner.incidences.why(id):
            wrong.append(f"{case.ref} has neither owner nor reason")
        if (id in ledger.closed) != (case.status == "CLOSED"):
            wrong.append(f"{case.ref} is {case.status}; that it is closed was acknowledged: {id in ledger.closed}")
        expected = missed(entries, now)
        breaches = [one.data for one in entries if one.type == "incidence.sla_breached"]
        if sorted(one["target"] for one in breaches) != sorted(expected):
            wrong.append(f"{case.ref} missed {expected}, but was told of {breaches}")
        elif any(datetime.fromisoformat(one["dueAt"]) != expected[one["target"]] for one in breaches):
            wrong.append(f"{case.ref} missed {expected}, but {breaches} says other instants")
    assert not wrong, f"{len(wrong)}: {wrong[:10]}"
    assert {text: told[text] for text in ledger.texts if told[text] != 1} == {}
    assert max(told.values()) == 1, "what was not acknowledged may be there, but not twice"
    assert (await owner.audit.verify())["isWhole"]
    print(f"{len(cases)} cases, {len(told)} texts, {len(ledger.closed)} closed, refused: {dict(ledger.refused)}")


async def story(owner: Client, id: str) -> list[TimelineEntry]:
    """The whole timeline of a case, oldest first."""
    entries: list[TimelineEntry] = []
    cursor = None
    while True:
        page = await owner.incidences.timeline(id, limit=200, cursor=cursor)
        entries = page.items + entries
        cursor = page.next_cursor
        if cursor is None:
            return entries
