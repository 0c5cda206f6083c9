"""/api/monitoring: how every part does."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

from backend.backup import copying
from backend.monitoring import service
from backend.monitoring.schemas import Monitored
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api", tags=["monitoring"])


@router.get("/monitoring")
async def show_monitoring(unit: Unit, runtime: RuntimeOf) -> Monitored:
    """Every part of the whole: whether it does well, in words and figures."""
    began = time.perf_counter()
    await runtime.database.read(lambda session: session.scalar(text("SELECT 1")))
    took = time.perf_counter() - began
    found = await unit.read(service.parts, runtime.settings, runtime.vault)
    known = await asyncio.to_thread(copying.list_backups, copying.folder_of(runtime.settings))
    now = runtime.clock.now()
    first = service.database(runtime.database.name, took, _bytes(runtime))
    last = service.backups(now, known[0] if known else None, runtime.settings)
    return service.whole(now, [first, *found, last, service.process(runtime.meters)])


def _bytes(runtime: Runtime) -> int | None:
    """The size of an SQLite file."""
    url = runtime.settings.resolved_database_url()
    with suppress(OSError):
        if url.startswith("sqlite:///"):
            return Path(url.removeprefix("sqlite:///")).stat().st_size
    return None
