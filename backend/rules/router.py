"""/api/rules: every rule set, its version in force and its history."""

from typing import Any

from fastapi import APIRouter

from backend.rules import service
from backend.unit import Unit

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
