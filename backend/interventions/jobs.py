"""Reminders of what is due, and whom they concern."""

from typing import Any

from backend.alerts.causes import Cause, Notice, roles_from
from backend.alerts.jobs import tells_of
from backend.interventions import service
from backend.interventions.events import InterventionOverdue
from backend.jobs.registry import JobContext, job
from backend.work import Work


@job()
async def remind(ctx: JobContext, *, intervention_id: str) -> None:
    """It is due: tell so unless it is done."""
    await ctx.write(service.remind, intervention_id)


@tells_of(InterventionOverdue)
def tell_overdue(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    """Whoever has it, else who asked for it, else the supervisors."""
    state = row.state or {}
    member = state.get("assigneeId") or state.get("createdBy")
    message = f"an intervention is overdue: {data['type']}"
    if member is None:
        return Cause((Notice("INTERVENTION_OVERDUE", message, roles=roles_from("supervisor"), severity="warning"),))
    return Cause((Notice("INTERVENTION_OVERDUE", message, (member,), severity="warning"),))
