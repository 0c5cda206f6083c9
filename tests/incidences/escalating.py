"""Escalations for tests: raised, and how far they have climbed."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.client import Client
from backend.incidences.schemas import EscalationRead, EscalationTrigger, IncidenceRead
from backend.jobs.models import PendingJob
from tests.support.backend import Backend

WITHIN = timedelta(minutes=15)


async def trigger(client: Client, case: IncidenceRead, reason: str, **fields: Any) -> EscalationRead:
    body = {"incidenceId": case.incidence_id, "reason": reason, **fields}
    return await client.escalations.trigger(EscalationTrigger.model_validate(body))


async def level_of(client: Client, case: IncidenceRead) -> str | None:
    return (await client.incidences.show(case.incidence_id)).escalation_level


async def timers_of(backend: Backend) -> list[datetime]:
    """When the pending timers are due."""
    query = select(PendingJob.due_at).where(PendingJob.job == "incidences.climb").order_by(PendingJob.due_at)
    return await backend.runtime.database.read(lambda session: list(session.scalars(query)))


async def kinds_of(client: Client, case: IncidenceRead) -> list[str]:
    entries = (await client.incidences.timeline(case.incidence_id)).items
    return [entry.type.removeprefix("incidence.") for entry in entries]
