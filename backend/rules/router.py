"""/api/rules: every rule set, its version in force and its history, and putting another in force."""

from typing import Any

from fastapi import APIRouter

from backend.rules import dry_run as trial
from backend.rules import service
from backend.rules.schemas import Draft, Publish, Rollback
from backend.unit import RuntimeOf, Unit

router = APIRouter(prefix="/api/rules", tags=["rules"])


@router.get("")
async def list_sets(unit: Unit) -> dict[str, Any]:
    """Every rule set."""
    return {"items": await unit.read(service.list_sets), "nextCursor": None}


@router.get("/{kind}")
async def read(kind: str, unit: Unit) -> dict[str, Any]:
    """The rule set in force, with the facts its conditions may use."""
    return await unit.read(service.read, kind)


@router.get("/{kind}/versions")
async def versions(kind: str, unit: Unit) -> dict[str, Any]:
    """What was published, newest first."""
    return {"items": await unit.read(service.versions, kind), "nextCursor": None}


@router.post("/{kind}/dry-run")
async def dry_run(kind: str, body: Draft, unit: Unit, runtime: RuntimeOf) -> dict[str, Any]:
    """What a draft would have decided of the last `days`, beside what the rules in force say of it. Changes nothing."""
    run = await unit.read(trial.begin, kind, body, runtime.settings)
    while await unit.read(run.turn_page):  # one short unit a page, so that nobody waits for a long past
        pass
    return run.answer()


@router.post("/{kind}/publish")
async def publish(kind: str, body: Publish, unit: Unit) -> dict[str, Any]:
    """Put other settings and rules in force, for a reason."""
    return await unit.write(service.publish, kind, body)


@router.post("/{kind}/rollback")
async def rollback(kind: str, body: Rollback, unit: Unit) -> dict[str, Any]:
    """Put an old version in force again, as a new one."""
    return await unit.write(service.rollback, kind, body)
