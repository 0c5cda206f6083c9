"""/api/imports: customers out of a CSV file."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator
from itertools import islice
from typing import Annotated, Any, BinaryIO

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from backend.core.cells import inert
from backend.core.errors import Unauthenticated
from backend.core.text import OptionalLine
from backend.core.wire import Page
from backend.identity.gate import Caller
from backend.integrations.importing import imports, sheet
from backend.integrations.importing.schemas import Columns, ImportRead, Tried
from backend.unit import Router, RuntimeOf, Unit, Units

router = Router(prefix="/api/imports", tags=["imports"])
_CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
_IN_MEMORY = 262_144
_AT_ONCE = 1_000


@router.post("", status_code=201, openapi_extra=_CSV)
async def upload(request: Request, runtime: RuntimeOf, filename: OptionalLine = "customers.csv") -> ImportRead:
    """A CSV file as the body, in any usual encoding and with any usual separator. Nothing is brought in yet: the answer
    says what the columns were taken for."""
    caller: Caller | None = request.state.caller
    if caller is None:
        raise Unauthenticated("Sign in first.")
    units = Units(runtime, caller.business_id, caller.actor, request.state.request_id)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        async for chunk in request.stream():
            file.write(chunk)
        return await _kept(units, file, filename, caller.actor.id)  # type: ignore[arg-type]


async def _kept(units: Units, file: BinaryIO, filename: str, member_id: str | None) -> ImportRead:
    found = await asyncio.to_thread(sheet.look_at, file)
    id: str = await units.write(imports.begin, filename, found, member_id)
    try:
        parts = imports.parts_of(file, found)
        while some := await asyncio.to_thread(lambda: list(islice(parts, imports.PARTS_AT_ONCE))):
            await units.write(imports.keep_parts, id, some)
        return await units.write(imports.kept, id)
    except BaseException:
        await units.write(imports.drop, id)
        raise


@router.get("")
async def list_imports(unit: Unit, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> Page[ImportRead]:
    """The imports, the newest first."""
    return await unit.read(imports.list_imports, limit=limit)


@router.get("/{import_id}")
async def show_import(import_id: str, unit: Unit) -> ImportRead:
    """How far it is."""
    return await unit.read(imports.show, import_id)


@router.post("/{import_id}/dry-run")
async def dry_run(import_id: str, body: Columns, unit: Unit) -> Tried:
    """What it would do with these columns, and every row that would be refused. Nothing is done."""
    return await imports.dry_run(unit.unkept, import_id, body.columns)


@router.post("/{import_id}/start", status_code=202)
async def start(import_id: str, body: Columns, unit: Unit) -> ImportRead:
    """Bring it in. 409 when that was begun before."""
    return await unit.write(imports.start, import_id, body.columns)


@router.post("/{import_id}/cancel")
async def cancel(import_id: str, unit: Unit) -> ImportRead:
    """Stop it, and forget the rows that were not read. What was brought in stays."""
    return await unit.write(imports.cancel, import_id)


@router.get("/{import_id}/refusals", response_class=Response, responses=_FILE)
async def refusals(import_id: str, unit: Unit) -> Response:
    """The rows that were refused, as they stood in the file, with line and reason before them: a CSV file to be mended."""
    about: ImportRead = await unit.read(imports.show, import_id)
    headers = {"content-disposition": f'attachment; filename="refused-{about.id}.csv"'}
    return StreamingResponse(_report(unit, about), media_type="text/csv; charset=utf-8", headers=headers)


async def _report(unit: Units, about: ImportRead) -> AsyncIterator[bytes]:
    rows: list[list[Any]] = [["line", "reason", *about.header]]
    after = -1
    while rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows([inert(cell) for cell in row] for row in rows)
        yield text.getvalue().encode()
        found = await unit.read(imports.refusals, about.id, after, _AT_ONCE)
        rows = [[line, why, *cells] for line, why, cells in found]
        after = found[-1][0] if found else after
