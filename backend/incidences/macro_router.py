"""/api/macros, and a macro on a case."""

from fastapi import Response

from backend.core.http import JsonResponse
from backend.incidences import macros
from backend.incidences.macro_schemas import (
    MacroChange,
    MacroDone,
    MacroMake,
    MacroPreview,
    MacroRead,
    MacroRun,
    Macros,
)
from backend.unit import Router, Unit

router = Router(tags=["incidences"])


@router.get("/api/macros", response_model=Macros)
async def list_macros(unit: Unit) -> Response:
    """One's own and everybody's, by name."""
    return JsonResponse(await unit.read(macros.list_macros))


@router.post("/api/macros", status_code=201, response_model=MacroRead)
async def make_macro(body: MacroMake, unit: Unit) -> Response:
    """A new macro; for everybody, by a supervisor."""
    return JsonResponse(await unit.write(macros.make, body), 201)


@router.patch("/api/macros/{macro_id}", response_model=MacroRead)
async def change_macro(macro_id: str, body: MacroChange, unit: Unit) -> Response:
    """Another name, other steps, or for everybody."""
    return JsonResponse(await unit.write(macros.change, macro_id, body))


@router.delete("/api/macros/{macro_id}", status_code=204)
async def delete_macro(macro_id: str, unit: Unit) -> None:
    """Take it away; what it did stays."""
    await unit.write(macros.delete, macro_id)


@router.post("/incidences/{incidence_id}/macro", response_model=MacroDone | MacroPreview)
async def run_macro(incidence_id: str, body: MacroRun, unit: Unit) -> Response:
    """Do a macro to a case, all of it or nothing; with `dryRun`, tell what it comes to."""
    if body.dry_run:  # nothing is kept of it, not even the answer for a repeated Idempotency-Key
        return JsonResponse(await unit.read(macros.run, incidence_id, body))
    return JsonResponse(await unit.write(macros.run, incidence_id, body))
