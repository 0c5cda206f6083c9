"""Executions: started for a customer, listed, shown with their log, paused, resumed, tried again, cancelled.

Whoever changes one holds its customer first and then the row: of a step and a cancellation at once, the second sees
what the first did.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Conflict, Failure, Invalid, NotFound, StaleVersion, Unprocessable
from backend.core.ids import new_id
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import Event
from backend.events.feed import frame_of
from backend.incidences.service import incidence_of, require_staff
from backend.playbooks import documents as d
from backend.playbooks import events, repository, service, words
from backend.playbooks.models import OPEN, Playbook, PlaybookExecution, PlaybookStep
from backend.playbooks.schemas import ExecutionAct, TriggerAsk, WaitChange
from backend.work import Work

State = dict[str, Any]
_SINCE = 10


def trigger(work: Work, body: TriggerAsk) -> State:
    """Start a playbook by hand: Triggered data. For one customer a refusal is raised, for several it is told of each.

    NotFound, Unprocessable for an archived playbook or a case of somebody else, Conflict when they have it now.
    """
    me = require_staff(work)
    playbook = service.playbook_of(work, body.playbook_id)
    if playbook.status == "ARCHIVED":
        raise Unprocessable(
            f"{playbook.name!r} is archived. Let a supervisor bring it back first.", code="PLAYBOOK_ARCHIVED"
        )
    log.head(work.session, work.business_id)  # of two who start it for one customer, the second sees the first
    playbook = service.kept(work, playbook)
    why = f"by {work.actor.name}"
    started: list[PlaybookExecution] = []
    refused: list[State] = []
    for customer_id, incidence_id in _wanted(body):
        try:
            customer, case_id = _whom(work, customer_id, incidence_id)
            started.append(start(work, playbook, customer, case_id, cause=f"hand:{new_id()}", why=why, by=me))
        except Failure as failure:
            if body.customer_id is not None:
                raise
            refused.append(_told_refused(work, customer_id or incidence_id or "", failure))
    items = _read_all(work, started)
    return {"executionId": started[0].id if started else None, "items": items, "refused": refused}


def _wanted(body: TriggerAsk) -> list[tuple[str | None, str | None]]:
    """(customer, case) each, none twice."""
    if body.incidence_ids is not None:
        return [(None, id) for id in dict.fromkeys(body.incidence_ids)]
    return [(id, body.incidence_id) for id in dict.fromkeys(body.customer_ids or [body.customer_id or ""])]


def _whom(work: Work, customer_id: str | None, incidence_id: str | None) -> tuple[Customer, str | None]:
    case = None if incidence_id is None else incidence_of(work, incidence_id)
    customer = customers.find_customer(work, customer_id or (case.customer_id if case else ""))
    if case is not None and case.customer_id != customer.id:
        raise Unprocessable("This case is one of another customer.", code="OTHER_CUSTOMER", field="incidenceId")
    return customer, case.id if case else None


def _told_refused(work: Work, id: str, failure: Failure) -> State:
    found = work.session.get(Customer, failure.details.get("customerId", id))
    name = (found.name or found.external_id) if found is not None and found.business_id == work.business_id else id
    return {
        "customerId": found.id if found is not None and found.business_id == work.business_id else id,
        "customerName": name,
        "code": failure.error_code,
        "why": failure.message,
    }


def start(
    work: Work,
    playbook: Playbook,
    customer: Customer,
    incidence_id: str | None,
    *,
    cause: str,
    why: str,
    by: str | None,
) -> PlaybookExecution:
    """Begin an execution; the log must be held. Conflict when the customer has the playbook now."""
    latest = repository.latest_of(work.session, work.business_id, playbook.id, [customer.id]).get(customer.id)
    if latest is not None and latest[2]:
        said = f"{customer.name or customer.external_id} goes through {playbook.name!r} already."
        raise Conflict(said, code="ALREADY_RUNNING", customerId=customer.id)
    document = service.document_of(playbook)
    row = work.add(
        PlaybookExecution(
            playbook_id=playbook.id,
            number=playbook.number,
            document=playbook.document,
            customer_id=customer.id,
            incidence_id=incidence_id,
            cause=cause,
            why=why[:400],
            started_by=by,
            started_at=work.now,
            status="RUNNING",
            step_id=document.steps[0].id,
            ended_how="",
            version=0,
        )
    )
    record(work, row, events.ExecutionStarted, {"why": row.why})
    go_on(work, row)
    return row


def list_executions(
    work: Work,
    *,
    status: str | None,
    is_open: bool | None,
    playbook_id: str | None,
    customer_id: str | None,
    limit: int,
    cursor: str | None,
) -> State:
    """A page of executions, the newest first: ExecutionPage data."""
    after = cursors.decode(cursor)
    if after is not None and not (len(after) == 2 and isinstance(after[1], str) and not isinstance(after[0], str)):
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    as_of = log.head_of(work.session, work.business_id)
    statuses: Collection[str] | None = None if status is None else (status,)
    if is_open is not None:
        ended = ("COMPLETED", "FAILED", "CANCELLED")
        statuses = [one for one in (OPEN if is_open else ended) if status in (None, one)]
    found = repository.page(
        work.session,
        work.business_id,
        statuses=statuses,
        playbook_id=playbook_id and service.playbook_of(work, playbook_id).id,
        customer_id=customer_id and customers.find_customer(work, customer_id).id,
        after=after,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return {
        "items": _read_all(work, found[:limit]),
        "nextCursor": cursors.encode([last.started_at, last.id]) if last else None,
        "asOf": as_of,
        "open": repository.open_count(work.session, work.business_id, None),
    }


def _read_all(work: Work, rows: Sequence[PlaybookExecution]) -> list[State]:
    """ExecutionRead data of several, in as many statements as of one."""
    done = repository.done_counts(work.session, work.business_id, [one.id for one in rows])
    names = repository.names_of(work.session, work.business_id)
    with repository.held(work.session, rows):
        return [read_of(work, one, done.get(one.id, 0), names) for one in rows]


def show(work: Work, id: str) -> State:
    """An execution with its log: ExecutionShown data."""
    row = work.get(PlaybookExecution, id, "playbook execution")
    document, names = document_of(row), repository.names_of(work.session, work.business_id)
    logged = repository.steps_of(work.session, work.business_id, [row.id])
    kinds = {step.id: (step.kind, words.step_words(step, names)) for step, _ in d.walk(document.steps)}
    order = {id: place for place, id in enumerate(kinds)}  # steps are done in the order in which they are written
    entries = [
        {
            "stepId": one.step_id,
            "kind": kinds[one.step_id][0],
            "words": kinds[one.step_id][1],
            "state": one.state,
            "attempts": one.attempts,
            "startedAt": instant(one.started_at),
            "doneAt": one.done_at and instant(one.done_at),
            "told": one.told,
            "result": one.result,
            "error": one.error,
        }
        for one in sorted(logged, key=lambda one: order[one.step_id])
    ]
    more = {"steps": words.document_words(document, names), "goalWords": words.goal_words(document)}
    return read_of(work, row) | {"log": entries} | more


# -- what a person does to one


def pause(work: Work, id: str, body: ExecutionAct) -> State:
    """Stop it until somebody resumes it: no step begins meanwhile."""
    row = _to_change(work, id, body.version)
    if row.status == "PAUSED":
        return read_of(work, row)
    _require_open(row)
    row.status = "PAUSED"
    work.cancel(key_of(row.id))
    return record(work, row, events.ExecutionPaused, {"reason": body.reason})


def resume(work: Work, id: str, body: ExecutionAct) -> State:
    """Let it go on: a wait whose time has come meanwhile is over."""
    row = _to_change(work, id, body.version)
    if row.status != "PAUSED":
        raise Conflict(f"It is not paused: it is {row.status.lower()}.", code="NOT_PAUSED", current=read_of(work, row))
    row.status = "RUNNING" if row.next_at is None else "WAITING"
    go_on(work, row)
    return record(work, row, events.ExecutionResumed, {"reason": body.reason})


def cancel(work: Work, id: str, body: ExecutionAct) -> State:
    """End it where it is. What its steps have done stays."""
    row = _to_change(work, id, body.version)
    if row.status == "CANCELLED":
        return read_of(work, row)
    if row.status != "FAILED":
        _require_open(row)
    reason = f": {body.reason}" if body.reason else ""
    return end(work, row, "CANCELLED", f"cancelled by {work.actor.name}{reason}")


def retry(work: Work, id: str, body: ExecutionAct) -> State:
    """Try the step that failed once more, and go on from there."""
    row = _to_change(work, id, body.version)
    if row.status != "FAILED":
        raise Conflict(
            f"No step of it has failed: it is {row.status.lower()}.", code="NOT_FAILED", current=read_of(work, row)
        )
    log.head(work.session, work.business_id)
    latest = repository.latest_of(work.session, work.business_id, row.playbook_id, [row.customer_id])
    if latest[row.customer_id][2]:
        raise Conflict("The customer goes through this playbook anew already.", code="ALREADY_RUNNING")
    row.status, row.ended_at, row.ended_how, row.is_success = "RUNNING", None, "", None
    go_on(work, row)
    return record(work, row, events.ExecutionResumed, {"step": row.step_id, "reason": body.reason})


def change_wait(work: Work, id: str, body: WaitChange) -> State:
    """Another end of the wait that it is in, or was paused in. Conflict when it waits for nothing."""
    row = _to_change(work, id, body.version)
    if row.next_at is None or row.ended_at is not None:
        raise Conflict("It is in no wait now.", code="NOT_WAITING", current=read_of(work, row))
    if body.next_at.tzinfo is None:
        raise Invalid("nextAt: say until when, with a time zone", field="nextAt")
    before, row.next_at = row.next_at, body.next_at
    step = _step_row(work, row)
    assert step is not None, "a wait has a row"
    step.told = f"waits until {instant(row.next_at)[:16].replace('T', ' ')} UTC, as {work.actor.name} said"[:400]
    if row.status == "WAITING":
        go_on(work, row)
    return record(work, row, events.WaitChanged, {"nextAt": [instant(before), instant(row.next_at)]})


# -- for those that carry them out


def held(work: Work, id: str) -> PlaybookExecution | None:
    """The execution, which nobody else changes until the end, nor erases its customer; None when there is none."""
    known = work.session.get(PlaybookExecution, id)
    if known is None or known.business_id != work.business_id:
        return None
    work.session.execute(select(Customer.id).where(Customer.id == known.customer_id).with_for_update(key_share=True))
    work.session.refresh(known, with_for_update=True)
    return known


def go_on(work: Work, row: PlaybookExecution) -> None:
    """Want its next step: at once, or when its wait is over."""
    at = None if row.next_at is None else max(row.next_at, work.now)
    work.enqueue("playbooks.advance", at=at, key=key_of(row.id), execution_id=row.id, step=row.step_id)


def end(work: Work, row: PlaybookExecution, status: str, how: str, is_success: bool | None = None) -> State:
    """It is over. Where it was stays, so that a failed step can be tried again."""
    row.status, row.ended_at, row.ended_how, row.is_success = status, work.now, how[:400], is_success
    row.next_at = None
    if status == "COMPLETED":
        row.step_id = None
    work.cancel(key_of(row.id))
    event = events.ExecutionFailed if status == "FAILED" else events.ExecutionEnded
    return record(work, row, event, {"status": status, "how": row.ended_how, "isSuccess": is_success})


def key_of(id: str) -> str:
    """The key of the job that does the next step."""
    return f"playbook:{id}"


def document_of(row: PlaybookExecution) -> d.PlaybookDocument:
    """The document that it goes by."""
    return d.PlaybookDocument.model_validate(row.document)


def record(work: Work, row: PlaybookExecution, event: type[Event], data: State) -> State:
    """Finish a verb: the execution gets its next version, and the event carries the state after it."""
    row.version += 1
    work.session.flush()
    state = read_of(work, row)
    is_told = event in _TOLD  # in the case's story, steps would be noise
    said = {name: value for name, value in data.items() if value not in (None, "")}
    work.emit(
        event(
            subject_id=row.id,
            customer_id=row.customer_id,
            incidence_id=row.incidence_id if is_told else None,
            state=state,
            data={"playbook": state["playbookName"], **said},
        )
    )
    return state


# -- inside


def _to_change(work: Work, id: str, version: int | None) -> PlaybookExecution:
    require_staff(work)
    row = held(work, id)
    if row is None:
        raise NotFound(f"There is no playbook execution {id!r} here.", id=id)
    if version is not None and version != row.version:
        newer = max(1, min(row.version - version, _SINCE))
        seen = [one.type for one in _MOVES]
        rows = log.latest(work.session, work.business_id, seen=seen, before=None, limit=newer, subject_id=row.id)
        since = [{key: frame_of(one)[key] for key in ("seq", "type", "actor", "at", "data")} for one in reversed(rows)]
        said = "It has moved on meanwhile. Look at it as it is now and try again."
        raise StaleVersion(said, current=read_of(work, row), since=since)
    return row


_TOLD = (events.ExecutionStarted, events.ExecutionEnded, events.ExecutionFailed)
_MOVES: Sequence[type[Event]] = (
    events.ExecutionStarted,
    events.StepDone,
    events.WaitChanged,
    events.ExecutionPaused,
    events.ExecutionResumed,
    events.ExecutionEnded,
    events.ExecutionFailed,
)


def _require_open(row: PlaybookExecution) -> None:
    if row.ended_at is not None:
        raise Conflict(f"It is over: {row.ended_how or row.status.lower()}.", code="EXECUTION_ENDED", status=row.status)


def _step_row(work: Work, row: PlaybookExecution) -> PlaybookStep | None:
    return work.session.get(PlaybookStep, (row.business_id, row.id, row.step_id or ""))


def read_of(work: Work, row: PlaybookExecution, done: int | None = None, names: dict[str, str] | None = None) -> State:
    """ExecutionRead data; how many steps are behind it and what members are called is looked up unless given."""
    customer = work.session.get_one(Customer, row.customer_id)
    document = document_of(row)
    if done is None:
        done = repository.done_counts(work.session, work.business_id, [row.id]).get(row.id, 0)
    said = ""
    if row.step_id is not None:
        names = repository.names_of(work.session, work.business_id) if names is None else names
        said = words.step_words(d.step_of(document, row.step_id), names)
    return {
        "executionId": row.id,
        "version": row.version,
        "playbookId": row.playbook_id,
        "playbookName": work.session.get_one(Playbook, row.playbook_id).name,
        "number": row.number,
        "customerId": customer.id,
        "userId": customer.external_id,
        "customerName": customer.name or customer.external_id,
        "incidenceId": row.incidence_id,
        "status": row.status,
        "stepId": row.step_id,
        "stepWords": said,
        "done": done,
        "total": sum(1 for _ in d.walk(document.steps)),
        "nextAt": row.next_at and instant(row.next_at),
        "why": row.why,
        "isAutomatic": row.started_by is None,
        "startedBy": row.started_by,
        "startedAt": instant(row.started_at),
        "endedAt": row.ended_at and instant(row.ended_at),
        "endedHow": row.ended_how,
        "isSuccess": row.is_success,
    }
