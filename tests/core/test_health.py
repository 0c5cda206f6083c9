"""/ready says no when this release could not serve from that database; /metrics is not for everybody."""

import pytest
from sqlalchemy import text

from backend.client import ApiError
from tests.support.backend import Backend


async def test_ready_names_the_database(backend: Backend) -> None:
    ready = await backend.client().system.ready()
    assert (ready["status"], ready["database"]) == ("ready", backend.runtime.database.name)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE alembic_version SET version_num = '0000'", "DELETE FROM alembic_version", "DROP TABLE alembic_version"],
)
async def test_another_schema_is_not_ready(backend: Backend, statement: str) -> None:
    await backend.runtime.database.write(lambda session: session.execute(text(statement)) and None)
    with pytest.raises(ApiError, match="holdfast migrate") as refused:
        await backend.client().system.ready()
    assert (refused.value.status, refused.value.code) == (503, "UNAVAILABLE")
    assert await backend.client().system.health() == {"status": "ok"}


@pytest.mark.settings(metrics_token="let me see")
async def test_metrics_are_for_this_machine_or_for_a_token(backend: Backend) -> None:
    assert "holdfast_http_seconds" in await backend.client().system.metrics()
    away = backend.client(address="10.0.0.1")
    with pytest.raises(ApiError) as refused:
        await away.system.metrics()
    assert refused.value.status == 403
    right = await away.transport.raw("GET", "/metrics", headers={"authorization": "Bearer let me see"})
    assert right.status_code == 200
    with pytest.raises(ApiError):
        await away.transport.raw("GET", "/metrics", headers={"authorization": "Bearer let me in"})
