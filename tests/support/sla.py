"""Policies and clocks for tests."""

import copy
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.agent.schemas import SlaPanel
from backend.client import Client
from backend.customers.schemas import CustomerChange
from backend.incidences.schemas import IncidenceChange, IncidenceRead, MessageSend
from backend.incidences.service import incidence_of, receive_message
from backend.jobs.models import PendingJob
from backend.work import Work
from tests.support.backend import Backend
from tests.support.incidences import open_case

OFFICE = {day: [{"start": "09:00", "end": "18:00"}] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
FIRST, NEXT, RESOLUTION = "first_response", "next_response", "resolution"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def publish(
    client: Client, *, targets: tuple[int | None, int | None, int | None] | None = None, **settings: Any
) -> None:
    """Put a policy in force that promises everybody these seconds, or what the one in force does, with other settings."""
    seen = await client.rules.show("sla")
    body: dict[str, Any] = {"version": seen["version"], "reason": "test", "settings": seen["settings"] | settings}
    if targets is not None:
        rule = copy.deepcopy(seen["rules"][-1])
        names = ("firstResponseSeconds", "nextResponseSeconds", "resolutionSeconds")
        body["rules"] = [rule | {"id": "everybody", "then": dict(zip(names, targets, strict=True))}]
    await client.rules.publish("sla", body)


async def gold_case(backend: Backend, key: Client, user: str = "u-1", **fields: Any) -> IncidenceRead:
    """A case of a gold customer: 5 min, 10 min and 8 h as shipped."""
    owner = await backend.owner()
    first = await open_case(key, user, orderValue=1)  # self-service: it makes the customer
    known = await owner.customers.show(first.customer.id)
    await owner.customers.change(known.id, CustomerChange(version=known.version, tier="GOLD"))
    await backend.drain()
    return await open_case(key, user, **fields)


async def change(client: Client, case: IncidenceRead, **fields: Any) -> IncidenceRead:
    now = await client.incidences.show(case.incidence_id)
    body = IncidenceChange.model_validate({"version": now.version, **fields})
    return await client.incidences.change(case.incidence_id, body)


async def answer(client: Client, case: IncidenceRead, text: str = "Namaste") -> IncidenceRead:
    return (await client.incidences.send(case.incidence_id, MessageSend(text=text, last_seen_seq=2**40))).incidence


async def says(backend: Backend, case: IncidenceRead, text: str = "Hello?") -> None:
    """The customer writes."""

    def write(work: Work) -> None:
        receive_message(work, incidence_of(work, case.incidence_id, to_change=True), text, {})

    await (await backend.units()).write(write)


async def told_of(client: Client, case: IncidenceRead) -> list[tuple[str, str]]:
    """What the timers told of: (warned or breached, target), the oldest first."""
    entries = (await client.incidences.timeline(case.incidence_id, limit=200)).items
    said = [entry for entry in entries if entry.type in ("incidence.sla_warned", "incidence.sla_breached")]
    return [(entry.type.removeprefix("incidence.sla_"), (entry.data or {})["target"]) for entry in said]


async def timers_of(backend: Backend) -> list[datetime]:
    """When the pending timers of clocks are due."""
    query = select(PendingJob.due_at).where(PendingJob.job == "incidences.watch_sla").order_by(PendingJob.due_at)
    return await backend.runtime.database.read(lambda session: list(session.scalars(query)))


async def panel_of(client: Client, case: IncidenceRead) -> SlaPanel:
    panel = (await client.agent.dashboard(case.incidence_id)).sla
    assert panel is not None
    return panel


async def to(backend: Backend, at: datetime) -> None:
    """Let the time pass to `at`, and do what is due."""
    backend.clock.advance(seconds=(at - backend.clock.now()).total_seconds())
    await backend.drain()
