"""/api/playbooks and /api/v1/playbooks/trigger: playbooks, starting them, and what goes on."""

import asyncio
from typing import Annotated

from fastapi import Query, Response

from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.playbooks import executions, service, triggering
from backend.playbooks.playbook_text import given
from backend.playbooks.schemas import (
    Candidates,
    CandidatesRead,
    ExecutionAct,
    ExecutionPage,
    ExecutionRead,
    ExecutionShown,
    ExecutionStatus,
    PlaybookChange,
    PlaybookListed,
    PlaybookMake,
    PlaybookRead,
    PlaybookShown,
    PlaybookStatus,
    TriggerAsk,
    Triggered,
    WaitChange,
)
from backend.unit import Router, Unit

router = Router(tags=["playbooks"])
Limit = Annotated[int, Query(ge=1, le=200)]
Key = Annotated[str | None, Query(max_length=128)]
Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/api/playbooks", response_model=Page[PlaybookListed])
async def list_playbooks(unit: Unit, status: PlaybookStatus | None = None) -> Response:
    """Every playbook with its numbers of the last 30 days."""
    return JsonResponse(await unit.read(service.list_playbooks, status=status))


@router.post("/api/playbooks", status_code=201, response_model=PlaybookRead)
async def make_playbook(body: PlaybookMake, unit: Unit) -> Response:
    """A new playbook; its steps as JSON or YAML. It starts nobody by itself until it is let."""
    told, document = await asyncio.to_thread(given, body)
    return JsonResponse(await unit.write(service.make, body, told, document), 201)


@router.post("/api/v1/playbooks/trigger", status_code=201, response_model=Triggered)
async def trigger_playbook(body: TriggerAsk, unit: Unit) -> Response:
    """Start a playbook for a customer, or for several; for whom it was not, the answer says why."""
    return JsonResponse(await unit.write(executions.trigger, body), 201)


@router.get("/api/playbooks/executions", response_model=ExecutionPage)
async def list_executions(
    unit: Unit,
    status: ExecutionStatus | None = None,
    open: bool | None = None,
    playbook_id: Annotated[Key, Query(alias="playbookId")] = None,
    customer_id: Annotated[Key, Query(alias="customerId")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Executions, the newest first."""
    found = await unit.read(
        executions.list_executions,
        status=status,
        is_open=open,
        playbook_id=playbook_id,
        customer_id=customer_id,
        limit=limit,
        cursor=cursor,
    )
    return JsonResponse(found)


@router.get("/api/playbooks/executions/{execution_id}", response_model=ExecutionShown)
async def show_execution(execution_id: str, unit: Unit) -> Response:
    """One of them, with what each step did."""
    return JsonResponse(await unit.read(executions.show, execution_id))


@router.patch("/api/playbooks/executions/{execution_id}", response_model=ExecutionRead)
async def change_wait(execution_id: str, body: WaitChange, unit: Unit) -> Response:
    """Another end of the wait that it is in."""
    return JsonResponse(await unit.write(executions.change_wait, execution_id, body))


@router.post("/api/playbooks/executions/{execution_id}/pause", response_model=ExecutionRead)
async def pause_execution(execution_id: str, unit: Unit, body: ExecutionAct | None = None) -> Response:
    """Stop it until somebody resumes it."""
    return JsonResponse(await unit.write(executions.pause, execution_id, body or ExecutionAct()))


@router.post("/api/playbooks/executions/{execution_id}/resume", response_model=ExecutionRead)
async def resume_execution(execution_id: str, unit: Unit, body: ExecutionAct | None = None) -> Response:
    """Let it go on."""
    return JsonResponse(await unit.write(executions.resume, execution_id, body or ExecutionAct()))


@router.post("/api/playbooks/executions/{execution_id}/cancel", response_model=ExecutionRead)
async def cancel_execution(execution_id: str, unit: Unit, body: ExecutionAct | None = None) -> Response:
    """End it where it is; what its steps have done stays."""
    return JsonResponse(await unit.write(executions.cancel, execution_id, body or ExecutionAct()))


@router.post("/api/playbooks/executions/{execution_id}/retry", response_model=ExecutionRead)
async def retry_execution(execution_id: str, unit: Unit, body: ExecutionAct | None = None) -> Response:
    """Try the step that failed once more."""
    return JsonResponse(await unit.write(executions.retry, execution_id, body or ExecutionAct()))


@router.get("/api/playbooks/{playbook_id}", response_model=PlaybookShown)
async def show_playbook(playbook_id: str, unit: Unit) -> Response:
    """A playbook by its id or name, also in YAML and in words, with how each step does."""
    return JsonResponse(await unit.read(service.show, playbook_id))


@router.patch("/api/playbooks/{playbook_id}", response_model=PlaybookRead)
async def change_playbook(playbook_id: str, body: PlaybookChange, unit: Unit) -> Response:
    """Other words or steps, whether it starts by itself, or archive it."""
    told, document = await asyncio.to_thread(given, body)
    return JsonResponse(await unit.write(service.change, playbook_id, body, told, document))


@router.post("/api/playbooks/{playbook_id}/candidates", response_model=CandidatesRead)
async def find_candidates(playbook_id: str, body: Candidates, unit: Unit) -> Response:
    """For whom its trigger, or that of the document given, would start it now. Starts nobody."""
    _, document = await asyncio.to_thread(given, body)
    id, own = await unit.read(service.trigger_of, playbook_id)
    trigger = own if document is None else document.trigger
    looked = await triggering.everybody(unit, {} if trigger is None else {id: trigger})
    return JsonResponse(await unit.read(triggering.told, looked, id, body.limit))
