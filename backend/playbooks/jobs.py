"""Steps are done one after the other, waits end, and playbooks start by themselves."""

from typing import Any

from backend.alerts.causes import Cause, Notice, roles_from
from backend.alerts.jobs import tells_of
from backend.core.errors import Failure, kept
from backend.delivery.channels import installed
from backend.jobs.registry import JobContext, cron, job, on
from backend.playbooks import events, running, triggering
from backend.playbooks.models import PlaybookExecution
from backend.work import Work

_RETRIES = 3


@job(retries=_RETRIES)
async def advance(ctx: JobContext, *, execution_id: str, step: str) -> None:
    """Do the step that an execution is at. What cannot be done fails there, and can be tried again by hand."""
    try:
        await ctx.write(running.advance, execution_id, step, tuple(installed(ctx.runtime.settings)))
    except Exception as error:
        refusal = error if isinstance(error, Failure) else None
        is_last = ctx.attempt > _RETRIES
        if refusal is None or not running.is_final(refusal):
            if not is_last:
                raise
            if refusal is None:
                await ctx.write(running.fail, execution_id, step, kept(error))
                raise  # nobody foresaw it: it has to be found among the dead letters too
        await ctx.write(running.fail, execution_id, step, refusal.message)


@on(*triggering.OCCASIONS)
@job(is_gathering=True)
async def consider(ctx: JobContext, *, seq: int) -> None:
    """Start what has happened since the last time is an occasion for."""
    while await ctx.write(triggering.consider, seq):
        pass


@cron("25 2 * * *")
@job(queue="slow")
async def look_daily(ctx: JobContext) -> None:
    """Days go by without an event: look at everybody, after they were rated and predicted."""
    triggers = await ctx.read(triggering.daily)
    looked = await triggering.everybody(ctx, triggers)
    day = ctx.runtime.clock.now().date().isoformat()
    for id, trigger in triggers.items():
        chosen = looked.found[id][: trigger.at_most]
        for start in range(0, len(chosen), triggering.STARTS):
            await ctx.write(triggering.start_found, id, chosen[start : start + triggering.STARTS], day)


@tells_of(events.StaffNotified)
def notified(_work: Work, _row: Any, data: dict[str, Any], _by: str) -> Cause:
    """A step tells colleagues something: those of a role and above, or some by name."""
    roles = tuple(dict.fromkeys(role for least in data["roles"] for role in roles_from(least)))
    message = f"{data['text']} (playbook {data['playbook']})"
    return Cause((Notice("PLAYBOOK", message, tuple(data["members"]), roles, severity="warning"),))


@tells_of(events.ExecutionFailed)
def failed(work: Work, row: Any, data: dict[str, Any], _by: str) -> Cause:
    """A step could not be done: whoever started it hears of it, of one that started by itself all supervisors."""
    by = work.session.get_one(PlaybookExecution, row.subject_id).started_by
    message = f"playbook {data['playbook']} failed at {data['how']}"
    roles = () if by else roles_from("supervisor")
    return Cause((Notice("PLAYBOOK_FAILED", message, (by,) if by else (), roles, severity="warning"),))
