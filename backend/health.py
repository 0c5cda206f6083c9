"""/health (the process is up), /ready (it can serve), /metrics (Prometheus)."""

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.responses import Response

from backend.core.errors import Forbidden, Unavailable
from backend.core.outage import Outage
from backend.core.security import same
from backend.migrations.run import revisions
from backend.unit import Router, RuntimeOf

router = Router(tags=["health"])
_REVISION = revisions()[-1]
_ROOM = 65_536
"""Characters that must find room on the disk after it was full."""
_LOOPBACK = ("127.0.0.1", "::1", "testclient")
_PASSED_ON = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


@router.get("/health")
async def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(runtime: RuntimeOf) -> dict[str, object]:
    """The database answers, takes what is written, and its schema is the one this version needs. 503 otherwise."""
    database = runtime.database
    try:
        found = await database.read(lambda session: session.scalar(text("SELECT version_num FROM alembic_version")))
        if database.outage is not None:  # nobody may have tried since
            await database.write(_need_room)
    except Outage:
        raise
    except Exception as error:
        raise Unavailable("The database does not answer, or `holdfast migrate` has not been run.") from error
    if found != _REVISION:
        raise Unavailable(
            f"The database is at revision {found}, and this release needs {_REVISION}. Run `holdfast migrate`."
        )
    return {"status": "ready", "database": database.name, "jobs": runtime.jobs_state}


def _need_room(session: Session) -> None:
    for statement in ("CREATE TABLE room (words TEXT)", "INSERT INTO room VALUES (:words)", "DROP TABLE room"):
        session.execute(text(statement), {"words": "-" * _ROOM})


@router.get("/metrics")
async def metrics(request: Request, runtime: RuntimeOf) -> Response:
    """Prometheus text; for loopback, or with `Authorization: Bearer <metrics token>`. What a proxy on this machine passes
    on is not from here."""
    token = runtime.settings.metrics_token.get_secret_value()
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    host = request.client.host if request.client else ""
    is_near = host in _LOOPBACK and not any(name in request.headers for name in _PASSED_ON)
    if not is_near and not (token and same(given, token)):
        raise Forbidden("Metrics are for this machine, or for those with the metrics token.")
    return Response(generate_latest(runtime.registry), media_type=CONTENT_TYPE_LATEST)
