"""Carrying an execution on: one step, its row, and the wish for the next one are one transaction.

Killed before its commit, nothing of a step was done and its job runs again; killed after it, the job finds the
execution at another step and does nothing. So each step's effect is there exactly once.
"""

from collections.abc import Collection

from backend.core.errors import Failure
from backend.customers.models import Customer
from backend.delivery.address import Kind
from backend.playbooks import documents as d
from backend.playbooks import events, executions, steps
from backend.playbooks.conditions import answer
from backend.playbooks.facts import facts_of
from backend.playbooks.models import PlaybookExecution, PlaybookStep
from backend.playbooks.outcome import Outcome
from backend.work import Work

DONE = ("DONE", "SKIPPED")
_ERROR_LENGTH = 400


def advance(work: Work, execution_id: str, step_id: str, installed: Collection[Kind] = ()) -> None:
    """Do the step, unless the execution is somewhere else by now. Failures of its verb leave everything as it was.

    `installed` are the kinds of channels that the installation has.
    """
    row = _due(work, execution_id, step_id)
    if row is None:
        return
    document = executions.document_of(row)
    step = d.step_of(document, step_id)
    if row.status == "WAITING":
        if row.next_at is not None and row.next_at > work.now:
            return  # somebody moved the end: there is a timer for that
        row.status, row.next_at = "RUNNING", None
        _move(work, row, document, step, Outcome("the wait is over"))
        return
    outcome = steps.do(work, row, step, installed)
    if outcome.state == "WAITING":
        row.status, row.next_at = "WAITING", outcome.until
        _note(work, row, step, outcome)
        executions.go_on(work, row)
        _record(work, row, step, outcome)
        return
    _move(work, row, document, step, outcome)


def fail(work: Work, execution_id: str, step_id: str, error: str) -> None:
    """The step could not be done: the execution ends there, until somebody has it tried again."""
    row = _due(work, execution_id, step_id)
    if row is None or row.status == "WAITING":
        return
    step = d.step_of(executions.document_of(row), step_id)
    _note(work, row, step, Outcome("could not be done", state="FAILED"), error[:_ERROR_LENGTH])
    executions.end(work, row, "FAILED", f"{step_id}: {error}", is_success=False)


def is_final(failure: Failure) -> bool:
    """Whether a service's refusal stays one; a conflict, a limit or something unavailable may pass."""
    return failure.status in (400, 401, 403, 404, 413, 422)


def _due(work: Work, execution_id: str, step_id: str) -> PlaybookExecution | None:
    row = executions.held(work, execution_id)
    if row is None or row.step_id != step_id or row.status not in ("RUNNING", "WAITING"):
        return None
    if work.session.get_one(Customer, row.customer_id).erased_at is not None:
        executions.end(work, row, "CANCELLED", "the customer was erased")
        return None
    return row


def _move(work: Work, row: PlaybookExecution, document: d.PlaybookDocument, step: d.Step, outcome: Outcome) -> None:
    """The step is behind it: on to the next one, or to the end."""
    _note(work, row, step, outcome)
    how = "came to its end"
    if isinstance(step, d.ConditionStep) and not outcome.holds:
        following = step.otherwise[0].id if step.otherwise else None
        how = f"stopped at {step.id}: {outcome.told}"
    else:
        following = d.following(document.steps, step.id)
    if following is not None:
        row.step_id = following
        executions.go_on(work, row)
        _record(work, row, step, outcome)
        return
    _record(work, row, step, outcome)
    executions.end(work, row, "COMPLETED", how, is_success=_reached_goal(work, row, document))


def _note(work: Work, row: PlaybookExecution, step: d.Step, outcome: Outcome, error: str | None = None) -> None:
    """Write what the step did: once for each, since the row's key is the step."""
    known = work.session.get(PlaybookStep, (row.business_id, row.id, step.id))
    is_over = outcome.state in (*DONE, "FAILED")
    if known is None:
        new = PlaybookStep(execution_id=row.id, step_id=step.id, attempts=1, started_at=work.now)
        new.state, new.told, new.result = outcome.state, "", {}
        known = work.add(new)
    elif known.state == "FAILED":
        known.attempts += 1
    known.state, known.told, known.error = outcome.state, outcome.told[:400], error
    known.result, known.done_at = outcome.result, work.now if is_over else None
    work.session.flush()


def _record(work: Work, row: PlaybookExecution, step: d.Step, outcome: Outcome) -> None:
    data = {"step": step.id, "kind": step.kind, "state": outcome.state, "told": outcome.told}
    executions.record(work, row, events.StepDone, data)


def _reached_goal(work: Work, row: PlaybookExecution, document: d.PlaybookDocument) -> bool:
    if document.goal is None:
        return True
    facts = facts_of(work, [row.customer_id], row).get(row.customer_id, {})
    return answer(document.goal, facts).holds
